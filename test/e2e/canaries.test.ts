/**
 * The built program, at its most talkative, on roads and stores that fail and repeat what they were sent: no token, code,
 * verifier, client secret or key in its output, on a command line, in the environment of a process, in a crash report, or
 * in any file. The store itself is sealed, so it is no exception.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askKeychain } from '../../src/host/keychain.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type EchoServer, startEcho } from './echo-server.js'
import { type Ended, type Environment, makeHome, signIn, start } from './program.js'

// Below the range from which the system takes ports for connections.
const redirectUri = 'http://localhost:22703/'
const example = resolve('examples/exec-store/helper.mjs')
const token = /\/oauth2\/latest\/token$/u
const storeKey = randomBytes(32).toString('base64')
let sandbox: Sandbox
let echo: EchoServer
/** Everything that the program may write to. */
let home: ReturnType<typeof makeHome>
/** What only the user writes to. */
let safe: ReturnType<typeof makeHome>
let environment: Environment
const outputs: string[] = []

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  echo = await startEcho(sandbox.url)
  home = makeHome()
  safe = makeHome()
  for (const name of ['user', 'tmp', 'work', 'reports', 'seen']) mkdirSync(join(home.path, name))
  environment = {
    HOME: join(home.path, 'user'),
    TMPDIR: join(home.path, 'tmp'),
    BBSTATE_HOME: join(home.path, 'user'),
    BBSTATE_URL: echo.url,
    BBSTATE_CLIENT_ID: sandbox.clientId,
    BBSTATE_CLIENT_SECRET_FILE: safe.write('client-secret', sandbox.clientSecret),
    BBSTATE_STORE_KEY_FILE: safe.write('store-key', storeKey),
  }
})
afterEach(async () => {
  await echo.close()
  await sandbox.close()
  home.remove()
  safe.remove()
  outputs.length = 0
})

/** A helper that notes what anybody can read of it and of the program that runs it, before it does its work. */
function makeHelper(then = `printf %s "$in" | '${example}' "$@"`, processes = '$$ $PPID'): string {
  const seen = join(home.path, 'seen')
  const text = `#!/bin/bash
for pid in ${processes}; do cat /proc/$pid/cmdline /proc/$pid/environ > "$(mktemp '${seen}'/XXXXXX)"; done
in=$(cat)
${then}
`
  const path = home.write(`helper-${randomBytes(4).toString('hex')}`, text)
  chmodSync(path, 0o755)
  return path
}

const helperOptions = (path = makeHelper()): readonly string[] => [
  '--token-store',
  `exec:${path}`,
  '--store-argument',
  join(home.path, 'records'),
]

async function login(...more: readonly string[]): Promise<Ended> {
  const ended = await signIn(environment, redirectUri, '--verbose', ...more)
  outputs.push(ended.all)
  return ended
}

async function bbstate(args: readonly string[], more: Environment = {}): Promise<Ended> {
  const ended = await start([...args, '--verbose'], { ...environment, ...more }, join(home.path, 'work')).ended
  outputs.push(ended.all)
  return ended
}

/** Names and texts of every file below a directory. */
function filesBelow(directory: string): readonly (readonly [name: string, text: string])[] {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')])
}

/** How a secret shows: its beginning or end is enough, plain or in Base64. */
function shapesOf(secret: string): readonly string[] {
  const middle = Buffer.from(secret)
  return [
    secret.slice(0, 16),
    secret.slice(-16),
    ...[0, 1, 2].map((skip) => middle.subarray(skip, skip + 15).toString('base64')),
  ]
}

/** Looks everywhere. Answers how many secrets there were to be found. */
function expectNothingLeaked(): number {
  const issued = sandbox.state.tokens.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
  const secrets = [...new Set([...echo.secrets, ...issued, sandbox.clientSecret, storeKey])].filter(Boolean)
  const texts = [...outputs.map((text, index) => [`output ${index}`, text] as const), ...filesBelow(home.path)]
  for (const secret of secrets) {
    for (const shape of shapesOf(secret)) {
      for (const [name, text] of texts) if (text.includes(shape)) expect.fail(`${name} holds ${shape}:\n${text}`)
    }
  }
  return secrets.length
}

describe('a server that repeats what it was sent', () => {
  it('when somebody signs in', async () => {
    for (const treatment of ['refuse', 'fail', 'page', 'redirect', 'garble'] as const) {
      echo.treat(token, treatment)
      expect((await login()).code === 0, treatment).toBe(treatment === 'garble')
    }
    expect(echo.strayed).toEqual([])
    // Client secret, store key, and of five attempts a code and a verifier each.
    expect(expectNothingLeaked()).toBeGreaterThanOrEqual(12)
  }, 300_000)

  it('when a token is refreshed', async () => {
    for (const treatment of ['refuse', 'fail', 'page', 'redirect', 'cut', 'garble'] as const) {
      echo.treat(token, 'pass')
      expect((await login()).code).toBe(0)
      echo.treat(token, treatment)
      const ended = await bbstate(['auth', 'refresh'])
      expect(ended.code === 0, `${treatment}: ${ended.all}`).toBe(treatment === 'garble')
    }
    expect(echo.strayed).toEqual([])
    // Six sign-ins and two refreshes that were done; with code, verifier and what was presented.
    expect(expectNothingLeaked()).toBeGreaterThanOrEqual(2 + 6 * 4 + 4)
  }, 300_000)

  it('when a token is used', async () => {
    expect((await login()).code).toBe(0)
    home.write('work/bbstate.yaml', 'instance:\n  groups:\n    builders: {}\n')
    for (const treatment of ['fail', 'refuse', 'redirect', 'page'] as const) {
      echo.treat(/\/admin\/groups/u, treatment)
      expect((await bbstate(['plan', '--out', 'plan.json'])).code, treatment).not.toBe(0)
    }
    echo.treat(/^$/u, 'pass')
    expect((await bbstate(['apply', '--auto-approve', '--json'])).code).toBe(0)
    expect((await bbstate(['plan', '--out', 'plan.json'])).code).toBe(0)
    expect((await bbstate(['auth', 'status'])).code).toBe(0)
    expect((await bbstate(['doctor', '--json'])).stdout).toContain('"')
    echo.treat(/revoke/u, 'fail')
    expect((await bbstate(['auth', 'logout'])).code).toBe(0)
    expect(expectNothingLeaked()).toBeGreaterThanOrEqual(5)
  }, 300_000)
})

describe('a program that keeps the token', () => {
  it('shows nothing in its arguments and environment, nor does what runs it; and what it tells is not told on', async () => {
    const helper = helperOptions()
    expect((await login(...helper)).code).toBe(0)
    expect((await bbstate(['auth', 'refresh', ...helper])).code).toBe(0)
    const key = join(safe.path, 'recovery-key')
    expect((await bbstate(['auth', 'recovery-key', '--out', key])).code).toBe(0)
    const failing = [
      // Tells everything it gets, and does nothing.
      'printf %s "$in" >&2; exit 1',
      'printf %s "$in"',
      // Takes the mark, and not the token.
      `case "$in" in *'"write"'*) [ -e '${home.path}/mark' ] && { printf %s "$in" >&2; exit 1; }; touch '${home.path}/mark';; esac
printf %s "$in" | '${example}' "$@"`,
    ]
    for (const then of failing) {
      const broken = helperOptions(makeHelper(then))
      const sink = join(home.path, 'sink')
      const ended = await bbstate([
        'auth',
        'refresh',
        ...broken,
        '--recovery-key',
        `${key}.pub`,
        '--recovery-sink',
        sink,
      ])
      expect(ended.code, ended.all).toBe(6)
    }
    expect(existsSync(join(home.path, 'sink'))).toBe(true)
    expect((await bbstate(['auth', 'refresh', ...helper])).code).toBe(0)
    // The helper, and the program that ran it, each time.
    expect(readdirSync(join(home.path, 'seen')).length).toBeGreaterThan(40)
    expect(expectNothingLeaked()).toBeGreaterThanOrEqual(2 + 2 + 6)
  }, 300_000)

  it('or the key, learns nothing of the variables that hold secrets', async () => {
    const secrets = { BBSTATE_CLIENT_SECRET: sandbox.clientSecret, BBSTATE_STORE_KEY: storeKey }
    // Of itself alone: that they stand in the environment of the program, its user wanted.
    const keychain = makeHelper("printf '%s' the-key", '$$')
    expect(await askKeychain('linux', { ...environment, ...secrets }, keychain)).toEqual({ key: 'the-key' })
    expect(readdirSync(join(home.path, 'seen'))).toHaveLength(1)
    expect(expectNothingLeaked()).toBe(2)
  }, 300_000)
})

describe('a program that crashes', () => {
  it('while a refresh is under way leaves no secret in its report, although they came as variables', async () => {
    const crash = join(home.path, 'crash.mjs')
    home.write('crash.mjs', "process.once('SIGWINCH', () => { throw new Error('a defect') })")
    const reports = join(home.path, 'reports')
    const flags = ['uncaught-exception', 'on-fatalerror', 'on-signal', 'signal=SIGUSR2', `directory=${reports}`]
    const options = [...flags.map((flag) => `--report-${flag}`), `--import=${crash}`].join(' ')
    expect((await login()).code).toBe(0)
    echo.treat(token, 'hold')
    const { BBSTATE_CLIENT_SECRET_FILE: _file, BBSTATE_STORE_KEY_FILE: _key, ...rest } = environment
    const secrets = { BBSTATE_CLIENT_SECRET: sandbox.clientSecret, BBSTATE_STORE_KEY: storeKey }
    const refreshing = start(['auth', 'refresh', '--verbose'], { ...rest, ...secrets, NODE_OPTIONS: options })
    await echo.held()
    refreshing.kill('SIGUSR2')
    await expect.poll(() => readdirSync(reports).length, { timeout: 20_000 }).toBe(1)
    refreshing.kill('SIGWINCH')
    outputs.push((await refreshing.ended).all)
    expect(readdirSync(reports)).toHaveLength(2)
    for (const [, text] of filesBelow(reports)) expect(text).toContain('"environmentVariables"')
    expect(expectNothingLeaked()).toBeGreaterThanOrEqual(2 + 4)
  }, 300_000)
})
