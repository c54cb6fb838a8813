/** The auth commands as people run them: moved, rescued, signed out; and nothing secret in what they print. */
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Ended, type Environment, environmentFor, makeHome, run, signIn } from './program.js'

const redirectUri = 'http://localhost:34128/'
const example = resolve('examples/exec-store/helper.mjs')
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment
const ended: Ended[] = []

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  home = makeHome()
  environment = environmentFor(sandbox, home.path)
})
afterEach(async () => {
  const canaries = [
    sandbox.clientSecret,
    environment['BBSTATE_STORE_KEY'] ?? '',
    ...sandbox.state.tokens.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
  ]
  await sandbox.close()
  home.remove()
  for (const { all } of ended.splice(0)) for (const canary of canaries) expect(all).not.toContain(canary)
})

async function bbstate(args: readonly string[], more: Environment = {}): Promise<Ended> {
  const result = await run([...args, '--verbose'], { ...environment, ...more })
  ended.push(result)
  return result
}

async function login(...more: readonly string[]): Promise<void> {
  const result = await signIn(environment, redirectUri, '--verbose', ...more)
  ended.push(result)
  expect(result.code, result.all).toBe(0)
}

const records = (directory: string): readonly string[] =>
  existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : []

describe('auth move', () => {
  it('leaves one store clear and the other in use, and says so when it is run again', async () => {
    await login()
    const other = join(home.path, 'other')
    const move = ['auth', 'move', '--to', `file:${other}`]
    expect(await bbstate(move)).toMatchObject({ code: 0 })
    expect(records(join(home.path, 'data', 'tokens'))).toEqual([])
    expect(records(other)).toHaveLength(1)
    expect((await bbstate(move)).stdout).toContain('Nothing is left to move')
    const refreshed = await bbstate(['auth', 'refresh', '--json'])
    expect(JSON.parse(refreshed.stdout)).toMatchObject({ generation: 2, location: expect.stringContaining(other) })
  })

  it('to a store with another sign-in moves nothing', async () => {
    const other = join(home.path, 'other')
    await login('--token-store', `file:${other}`)
    await login('--token-store', 'file')
    const moved = await bbstate(['auth', 'move', '--to', `file:${other}`])
    expect(moved).toMatchObject({ code: 6 })
    expect(moved.stderr).toContain('another sign-in')
    expect(await bbstate(['auth', 'refresh'])).toMatchObject({ code: 0 })
  })
})

describe('auth logout', () => {
  const revocations = () => sandbox.requests.filter(({ path }) => path.startsWith('/rest/oauth2/latest/revoke'))
  const alive = () => sandbox.state.tokens.filter(({ revoked }) => revoked !== true).length

  it('says where to click on a server that offers no revocation, whose token lives on', async () => {
    await login()
    const out = await bbstate(['auth', 'logout'])
    expect(out).toMatchObject({ code: 0, stdout: expect.stringContaining('is forgotten here') })
    expect(out.stderr).toContain('still knows the token')
    expect(out.stderr).toContain('as the user who signed in, Profile → Authorized applications → Revoke')
    expect(revocations().map(({ status }) => status)).toEqual([404])
    expect(alive()).toBe(1)
    expect(records(join(home.path, 'data', 'tokens'))).toEqual([])
    expect((await bbstate(['auth', 'logout'])).stdout).toContain('Nobody was signed in')
  })

  it('ends the token on a server that does, with nothing in the address, and claims what it saw', async () => {
    await sandbox.close()
    sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri, oauth: { revoke: 'present' } })
    environment = environmentFor(sandbox, home.path)
    await login()
    const out = await bbstate(['auth', 'logout'])
    expect(out).toMatchObject({ code: 0, stdout: expect.stringContaining('is forgotten here') })
    expect(out.stderr).toContain('Bitbucket has revoked it.')
    expect(out.stderr).not.toContain('Authorized applications')
    expect(revocations().map(({ path, status }) => [path, status])).toEqual(
      Array.from({ length: 2 }, () => ['/rest/oauth2/latest/revoke', 200]),
    )
    expect(alive()).toBe(0)
  })

  it('nor one that left the token alive', async () => {
    await login()
    sandbox.addFault({ kind: 'body', path: '/oauth2/latest/revoke$', body: {}, count: 2 })
    const out = await bbstate(['auth', 'logout', '--json'])
    expect(JSON.parse(out.stdout)).toEqual({ wasSignedIn: true, revocation: 'failed' })
  })
})

describe('a store that takes the mark but not the new token', () => {
  /** A helper that refuses every write after the first. */
  function makeBroken(): string {
    const count = join(home.path, 'count')
    const text = `#!/bin/sh
in=$(cat)
case "$in" in *'"write"'*) [ -e '${count}' ] && exit 5; touch '${count}';; esac
printf %s "$in" | '${example}' "$@"
`
    const path = home.write('broken-helper', text)
    chmodSync(path, 0o755)
    return path
  }

  it('hands the pair to the recovery key, and another machine brings it back', async () => {
    const kept = ['--store-argument', join(home.path, 'kept')]
    await login('--token-store', `exec:${example}`, ...kept)
    const key = join(home.path, 'recovery-key')
    expect(await bbstate(['auth', 'recovery-key', '--out', key])).toMatchObject({ code: 0 })
    expect(await bbstate(['auth', 'recovery-key', '--out', key])).toMatchObject({ code: 1 })
    const broken = ['--token-store', `exec:${makeBroken()}`, ...kept]
    const lost = await bbstate(['auth', 'refresh', ...broken, '--recovery-key', `${key}.pub`])
    expect(lost.code, lost.all).toBe(6)
    expect(lost.stderr).toContain('AUTH_RECOVERABLE')
    expect(lost.stderr).toMatch(/bbstate auth recover FILE --recovery-secret-file PRIVATE-KEY-FILE --url http/u)

    const elsewhere = { BBSTATE_HOME: join(home.path, 'elsewhere') }
    const store = ['--token-store', `exec:${example}`, ...kept]
    const recover = (file: string, secret = key): Promise<Ended> =>
      bbstate(['auth', 'recover', file, '--recovery-secret-file', secret, ...store], elsewhere)
    const other = join(home.path, 'other-key')
    await bbstate(['auth', 'recovery-key', '--out', other])
    const log = home.write('log', lost.stderr)
    expect((await recover(log, other)).stderr).toContain('does not open with this recovery key')
    expect((await recover(home.write('empty', 'nothing'))).code).toBe(6)
    const back = await recover(log)
    expect(back.stdout, back.all).toContain('Recovered: generation 2')
    expect((await recover(log)).stdout).toContain('Nothing to recover')
    const next = await bbstate(['auth', 'refresh', '--json', ...store], elsewhere)
    expect(JSON.parse(next.stdout)).toMatchObject({ generation: 3 })
    expect(readFileSync(log, 'utf8')).toContain('bbstate-recovery-1.')
  }, 120_000)
})
