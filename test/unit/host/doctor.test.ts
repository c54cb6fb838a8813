/** What `doctor` says where a link of its chain is broken: the line that names it, and what to do. */
import { randomBytes } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { examine } from '../../../src/host/doctor.js'
import { acquireLock } from '../../../src/host/lock.js'
import { connectionOptions } from '../../../src/host/options.js'
import { Settings } from '../../../src/host/settings.js'
import { openAuth } from '../../../src/host/sign-in.js'
import { systemClock } from '../../../src/host/token.js'
import { createWorld } from '../../../src/host/world.js'
import type { SandboxOptions } from '../../../src/sandbox/server.js'
import { startTokenBench, type TokenBench } from '../../token.js'

type Given = Readonly<Record<string, unknown>>

interface Doctor {
  readonly bench: TokenBench
  readonly directory: string
  signIn(more?: Given, scope?: string): Promise<void>
  /** The lines, `state name: message → advice`. @param days the clock of this machine is ahead */
  examine(more?: Given, options?: Given, days?: number): Promise<readonly string[]>
}

let bench: TokenBench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

async function begin(options: SandboxOptions = {}): Promise<Doctor> {
  const started = await startTokenBench(options)
  bench = started
  const { sandbox, home } = started
  const environment = {
    BBSTATE_HOME: home,
    BBSTATE_URL: sandbox.url,
    BBSTATE_CLIENT_ID: sandbox.clientId,
    BBSTATE_CLIENT_SECRET: sandbox.clientSecret,
    BBSTATE_STORE_KEY: randomBytes(32).toString('base64'),
  }
  const worldOf = (more: Given) => {
    const all = { ...environment, ...more } as Record<string, string>
    return createWorld(all, new AbortController().signal, '0.1.0', all['BBSTATE_STORE_KEY'] === '')
  }
  return {
    bench: started,
    directory: join(home, 'data', 'tokens'),
    async signIn(more = {}, scope = 'SYSTEM_ADMIN') {
      const world = worldOf(more)
      const auth = await openAuth(world, new Settings({}, connectionOptions, world.environment), 'auth login', () => {})
      const { clientId, redirectUri } = sandbox
      const request = { baseUrl: sandbox.url, clientId, redirectUri, scope }
      await auth.token.keep(request, await started.consent(undefined, scope), { allowsNamelessServer: false })
      await auth.close()
    },
    async examine(more = {}, given = {}, days = 0) {
      const world = worldOf(more)
      const clock = { ...world.clock, now: () => Date.now() + days * 86_400_000 }
      const settings = new Settings(given, connectionOptions, world.environment)
      const warned: string[] = []
      const checks = await examine({ ...world, clock }, settings, (event) => {
        if (event.type === 'warning') warned.push(event.warning.code)
      })
      expect(warned).toEqual([])
      return checks.map(({ name, state, message, advice }) => `${state} ${name}: ${message} → ${advice ?? 'nothing'}`)
    },
  }
}

const after = (lines: readonly string[], name: string): number =>
  lines.length - 1 - lines.findIndex((line) => line.split(' ')[1] === `${name}:`)
const lineOf = (lines: readonly string[], name: string): string =>
  lines.find((line) => line.split(' ')[1] === `${name}:`) ?? `no line ${name} in ${lines.join('\n')}`

it('a sound chain: every link is told, and nothing is to be done', async () => {
  const doctor = await begin()
  await doctor.signIn()
  doctor.bench.sandbox.forgetRequests()
  const lines = await doctor.examine()
  const names = ['URL', 'TLS', 'Clock', 'Reach', 'Token', 'Scopes', 'Store', 'Refresh', 'Secret', 'Recovery']
  const chain = lines.slice(0, names.length + 2).map((line) => line.split(/[ :]/u, 2).join(' '))
  expect(chain).toEqual([...names, 'Sign-in', 'Rights'].map((name) => `ok ${name}`))
  expect(doctor.bench.tokenRequests()).toBe(0)
  expect(lines.filter((line) => line.startsWith('failed'))).toEqual([])
})

describe('the way to the server', () => {
  it.each([
    ['http to another machine', 'http://git.example.com', /^failed URL: .* is not https.* → Use https/u],
    ['nothing listens', 'http://127.0.0.1:1', /^failed Reach: .* was refused.* → Check that the server is up/u],
    ['an unknown name', 'https://git.invalid', /^failed Reach: .*name is not known.* → Check the spelling/u],
  ])('%s ends the chain', async (_, url, expected) => {
    const lines = await (await begin()).examine({ BBSTATE_URL: url })
    expect(lines.at(-1)).toMatch(expected)
  })

  it('a wrong context path ends the chain before anybody is told to sign in there', async () => {
    const doctor = await begin()
    await doctor.signIn()
    const lines = await doctor.examine({ BBSTATE_URL: `${doctor.bench.sandbox.url}/wrong` })
    expect(lines.at(-1)).toMatch(
      /^failed Reach: no Bitbucket answers at .*404.* → .*context path is another one than .wrong/u,
    )
  })

  it('a missing context path is named as what to try', async () => {
    const lines = await (
      await begin({ contextPath: '/git' })
    ).examine({ BBSTATE_URL: new URL(bench?.sandbox.url ?? '').origin })
    expect(lines.at(-1)).toMatch(/^failed Reach: .* → Where Bitbucket has a context path it belongs into the URL/u)
  })

  it('a proxy that keeps /status to itself does not end the chain', async () => {
    const doctor = await begin()
    await doctor.signIn()
    doctor.bench.sandbox.addFault({ kind: 'html', path: '/status$' })
    const lines = await doctor.examine()
    expect(lineOf(lines, 'Reach')).toMatch(/^warning Reach: .*its REST API does answer/u)
    expect(lineOf(lines, 'Sign-in')).toMatch(/^ok/u)
  })

  it('a redirect is named without its query', async () => {
    const doctor = await begin()
    const location = 'https://sso.example.com/login?ticket=CANARY'
    doctor.bench.sandbox.addFault({ kind: 'redirect', location, count: 2 })
    const lines = await doctor.examine()
    expect(lines.at(-1)).toMatch(
      /^failed Reach: .status is redirected to https:\/\/sso.example.com\/login → .*single sign-on/u,
    )
  })

  it.each([
    [
      { kind: 'status', status: 429, retryAfter: 7 } as const,
      /no more requests for now \(for 7 s, it says\).* → Wait/u,
    ],
    [{ kind: 'status', status: 503 } as const, /no Bitbucket behind .*503 → Bitbucket is down or restarts/u],
    [{ kind: 'body', status: 503, body: { state: 'STARTING' } } as const, /is not running: .*STARTING.* → Wait/u],
  ])('%j is told for what it is', async (trouble, expected) => {
    const doctor = await begin()
    doctor.bench.sandbox.addFault({ ...trouble, path: '/status$' })
    expect(lineOf(await doctor.examine(), 'Reach')).toMatch(expected)
  })

  it('a certificate that nobody vouches for', async () => {
    const lines = await (await begin({ tls: true })).examine()
    expect(lines.at(-1)).toMatch(/^failed Reach: .*is not trusted: its certificate is self-signed → .*--ca-file/u)
  })

  it('clocks that differ, on their own line and nowhere else', async () => {
    const doctor = await begin()
    await doctor.signIn()
    const date = new Date(Date.now() + 600_000).toUTCString()
    doctor.bench.sandbox.addFault({ kind: 'body', path: '/status$', body: { state: 'RUNNING' }, headers: { date } })
    const line = lineOf(await doctor.examine(), 'Clock')
    expect(line).toMatch(/^warning Clock: .* (?:599|600) s behind the server's.* → Set the clock/u)
  })
})

describe('the token', () => {
  it('nobody is signed in: the command that does it, and no second line of the same', async () => {
    const lines = await (await begin()).examine()
    expect(lineOf(lines, 'Token')).toMatch(/^failed Token: Nobody is signed in here → bbstate auth login --url http/u)
    expect(lineOf(lines, 'Store')).toMatch(/^ok/u)
    expect(lineOf(lines, 'Sign-in')).toContain('no line')
  })

  it.each([
    [80, /^warning Token: .*about 9 of 90 days left.* → Let a weekly job run/u],
    [91, /^warning Token: .* → bbstate auth login$/u],
  ])('after %i days without a refresh', async (days, expected) => {
    const doctor = await begin()
    await doctor.signIn()
    expect(lineOf(await doctor.examine({}, {}, days), 'Token')).toMatch(expected)
  })

  it('a refresh token that the server does not know: said, and who to ask', async () => {
    const doctor = await begin()
    await doctor.signIn()
    for (const pair of doctor.bench.sandbox.state.tokens) pair.revoked = true
    const lines = await doctor.examine()
    expect(lines.at(-1)).toMatch(/^failed Sign-in: .*does not accept the stored refresh token.* → .*auth login/u)
  })

  it.each([
    [
      'none',
      { BBSTATE_CLIENT_SECRET: '' },
      /^warning Secret: no client secret.* → Give every run BBSTATE_CLIENT_SECRET/u,
    ],
    [
      'another store key',
      { BBSTATE_STORE_KEY: randomBytes(32).toString('base64') },
      /^failed Token: .*another key.* → .*PREVIOUS/u,
    ],
    [
      'a store key that is none',
      { BBSTATE_STORE_KEY: 'short' },
      /^failed Token: .*no key of 32 bytes.* → Make one with/u,
    ],
    [
      'a store key while in CI there is none',
      { BBSTATE_STORE_KEY: '', CI: '1' },
      /^failed Token: .*no key is given.* → Set BBSTATE/u,
    ],
  ])('%s', async (_, more, expected) => {
    const doctor = await begin()
    await doctor.signIn()
    const lines = await doctor.examine(more)
    expect(lineOf(lines, expected.source.includes('Secret') ? 'Secret' : 'Token')).toMatch(expected)
  })

  it('kept in plain text: one line, no warning beside it', async () => {
    const doctor = await begin()
    await doctor.signIn({ BBSTATE_STORE_KEY: '' })
    const line = lineOf(await doctor.examine({ BBSTATE_STORE_KEY: '' }), 'Token')
    expect(line).toMatch(/^warning Token: .*in plain text → Make a key/u)
  })

  it('a recovery key that is not there', async () => {
    const lines = await (await begin()).examine({}, { 'recovery-key': '/nowhere/key.pub' })
    expect(lineOf(lines, 'Token')).toMatch(
      /^failed Token: --recovery-key: cannot read .* → .*auth recovery-key --out FILE/u,
    )
  })
})

describe('the store', () => {
  it('whose lock is held: by whom, since when, and that it passes', async () => {
    const doctor = await begin()
    await doctor.signIn()
    const name = readdirSync(doctor.directory).find((file) => file.endsWith('.lock')) ?? ''
    const run = { holder: 'bbstate apply, process 4711', host: 'build-7', ephemeral: false }
    const lock = await acquireLock(join(doctor.directory, name), 1000, run, systemClock)
    const lines = await doctor.examine({}, { 'lock-timeout': 0 })
    await lock.release()
    expect(lineOf(lines, 'Store')).toMatch(
      /^warning Store: .*bbstate apply, process 4711 on build-7.*since 2\d+.* → Run again/u,
    )
    expect(lineOf(lines, 'Sign-in')).toMatch(/^ok/u)
  })

  it('that takes no writes', async () => {
    const doctor = await begin()
    const example = resolve('examples/exec-store/helper.mjs')
    const kept = join(doctor.bench.home, 'kept')
    await doctor.signIn({ BBSTATE_TOKEN_STORE: `exec:${example}`, BBSTATE_STORE_ARGUMENT: kept })
    const broken = join(doctor.bench.home, 'broken')
    const text = `#!/bin/sh\nin=$(cat)\ncase "$in" in *'"write"'*) exit 5;; esac\nprintf %s "$in" | '${example}' "$@"\n`
    writeFileSync(broken, text)
    chmodSync(broken, 0o755)
    const lines = await doctor.examine({ BBSTATE_TOKEN_STORE: `exec:${broken}`, BBSTATE_STORE_ARGUMENT: kept })
    expect(lineOf(lines, 'Store')).toMatch(/^failed Store: /u)
    expect(lineOf(lines, 'Store')).not.toMatch(/→ nothing$/u)
  })
})

describe('the rights', () => {
  it('a scope too low: one line says so for all settings', async () => {
    const doctor = await begin({ scopes: ['REPO_READ'] })
    await doctor.signIn({}, 'REPO_READ')
    const lines = await doctor.examine()
    expect(lineOf(lines, 'Scopes')).toMatch(/^warning Scopes: REPO_READ → .*SYSTEM_ADMIN/u)
    expect(lineOf(lines, 'Rights')).toMatch(
      /^failed Rights: admin lacks ADMIN and SYS_ADMIN, for \d+ of \d+ settings → .*scope/u,
    )
    expect(lines.filter((line) => line.startsWith('failed') && !line.endsWith('→ nothing'))).toHaveLength(1)
    expect(after(lines, 'Rights')).toBeGreaterThan(20)
  })

  it('an account that was demoted', async () => {
    const doctor = await begin()
    await doctor.signIn()
    const { state } = doctor.bench.sandbox
    for (const group of Object.values(state.groups)) group.members = group.members.filter((name) => name !== 'admin')
    state.userPermissions['admin'] = 'LICENSED_USER'
    const lines = await doctor.examine()
    expect(lineOf(lines, 'Rights')).toMatch(/^failed Rights: admin lacks/u)
  })

  it('a server that is older than what bbstate is written for', async () => {
    const doctor = await begin()
    await doctor.signIn()
    const path = '/application-properties'
    doctor.bench.sandbox.addFault({
      kind: 'body',
      path,
      body: { version: '7.6.0' },
      headers: { 'x-ausername': 'admin' },
    })
    expect(lineOf(await doctor.examine(), 'Sign-in')).toMatch(/^warning Sign-in: admin on Bitbucket 7.6.0 → .*7.21/u)
  })
})
