/** The auth commands as people run them: moved, rescued, signed out; and nothing secret in what they print. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeRecoveryKey } from '../../src/host/recovery.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type FakeVault, startVault } from '../vault.js'
import { type Ended, type Environment, environmentFor, makeHome, run, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
const redirectUri = 'http://localhost:22701/'
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
  let vault: FakeVault
  beforeEach(async () => {
    // In this process: a helper would be a dozen processes a run.
    vault = await startVault()
  })
  afterEach(() => vault.close())

  /** Seals the Vault while Bitbucket thinks about the refresh. */
  async function refreshInto(broken: readonly string[]): Promise<Ended> {
    sandbox.addFault({ kind: 'delay', path: '/oauth2/latest/token$', milliseconds: 500 })
    const before = vault.requests.length
    const timer = setInterval(() => {
      const later = vault.requests.slice(before)
      const marked = later.findIndex(({ method, path }) => method === 'POST' && !path.endsWith('.lock'))
      // The mark is written, and the last look at the lock before sending has been taken.
      vault.isSealed ||= marked >= 0 && later.slice(marked).some(({ path }) => path.endsWith('.lock'))
    }, 5)
    const ended = await bbstate(['auth', 'refresh', ...broken])
    clearInterval(timer)
    vault.isSealed = false
    return ended
  }

  it('hands the pair to the recovery key, and another machine brings it back', async () => {
    const store = ['--token-store', `vault:${vault.url}/secret/bbstate`]
    environment = { ...environment, BBSTATE_VAULT_TOKEN: 'root' }
    await login(...store)
    const key = join(home.path, 'recovery-key')
    expect(await bbstate(['auth', 'recovery-key', '--out', key])).toMatchObject({ code: 0 })
    await expect(makeRecoveryKey(key)).rejects.toThrow()
    const lost = await refreshInto([...store, '--recovery-key', `${key}.pub`])
    expect(lost.code, lost.all).toBe(6)
    expect(lost.stderr).toContain('AUTH_RECOVERABLE')
    expect(lost.stderr).toMatch(/^bbstate-recovery-1[.]/mu)
    expect(lost.stderr).toMatch(/bbstate auth recover FILE --recovery-secret-file PRIVATE-KEY-FILE --url http/u)

    const elsewhere = { BBSTATE_HOME: join(home.path, 'elsewhere') }
    // It could not free its locks either.
    const held = await bbstate(['auth', 'unlock', ...store], elsewhere)
    expect(held).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/held by bbstate auth refresh, process \d+ on/u),
    })
    const freed = await bbstate(['auth', 'unlock', '--force', ...store], elsewhere)
    expect(freed.stdout, freed.all).toMatch(
      /^Freed: the rotation lock of bbstate auth refresh.*\nFreed: the use lease/u,
    )

    const recover = (file: string, secret = key): Promise<Ended> =>
      bbstate(['auth', 'recover', file, '--recovery-secret-file', secret, ...store], elsewhere)
    const other = join(home.path, 'other-key')
    await makeRecoveryKey(other)
    const log = home.write('log', lost.stderr)
    expect((await recover(log, other)).stderr).toContain('does not open with this recovery key')
    const back = await recover(log)
    expect(back.stdout, back.all).toContain('Recovered: generation 2')
    expect((await recover(log)).stdout).toContain('Nothing to recover')
    const next = await bbstate(['auth', 'refresh', '--json', ...store], elsewhere)
    expect(JSON.parse(next.stdout)).toMatchObject({ generation: 3 })
  }, 120_000)
})
