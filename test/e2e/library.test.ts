/** The library against a sandbox, with what its page promises: a stored sign-in, a signal, the undo, no stray options. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  apply,
  type ApplyingOptions,
  InterruptedError,
  plan,
  type PlanningOptions,
  StoppedError,
  type Undo,
  UsageError,
  validate,
} from '../../src/index.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, environmentFor, makeHome, run, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
const redirectUri = 'http://localhost:23310/'
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  home = makeHome()
  environment = environmentFor(sandbox, home.path)
})
afterEach(async () => {
  await sandbox.close()
  home.remove()
})

const count = 8
/** As many new groups, and the options that reach the sandbox with a token. */
function wanted(): ApplyingOptions {
  const groups = Array.from({ length: count }, (_, index) => `    team-${index}: { members: [alice] }\n`).join('')
  return {
    files: [home.write('bbstate.yaml', `instance:\n  groups:\n${groups}`)],
    url: sandbox.url,
    credentials: { accessToken: sandbox.issueTokens().accessToken },
    parallelism: 1,
  }
}
const made = (): readonly string[] => Object.keys(sandbox.state.groups).filter((name) => name.startsWith('team-'))
const writes = (): number => sandbox.requests.filter(({ method }) => method !== 'GET').length
const refreshes = (): number =>
  sandbox.requests.filter(({ path }) => path.startsWith('/rest/oauth2/latest/token')).length

describe('a stored sign-in', () => {
  test('signs in, is renewed and kept, and is looked for only where the program says', async () => {
    const signedIn = await signIn(environment, redirectUri)
    expect(signedIn.code, signedIn.all).toBe(0)
    const { BBSTATE_HOME: there, BBSTATE_STORE_KEY: key, BBSTATE_CLIENT_SECRET: clientSecret = '' } = environment
    const credentials = { clientId: sandbox.clientId, clientSecret }
    const stored = { ...wanted(), credentials, environment: { BBSTATE_HOME: there, BBSTATE_STORE_KEY: key } }
    sandbox.forgetRequests()
    sandbox.killAccessTokens()
    const planned = await plan(stored)
    expect([planned.server.account, planned.summary.create]).toEqual([sandbox.username, 2 * count])
    expect(refreshes()).toBe(1)
    // The renewed token was stored: another run needs no refresh, and neither does the command line.
    await plan(stored)
    const { code, all } = await run(['plan', '-f', String(stored.files?.[0])], environment)
    expect(code, all).toBe(0)
    expect(refreshes()).toBe(1)

    const empty = makeHome()
    const elsewhere = { ...stored, environment: { BBSTATE_HOME: empty.path, BBSTATE_STORE_KEY: key } }
    await expect(plan(elsewhere)).rejects.toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED', exitCode: 6 })
    empty.remove()
  })
})

describe('a signal', () => {
  test('stops a plan at once', async () => {
    const whole = await plan(wanted())
    const stop = new AbortController()
    sandbox.forgetRequests()
    const stopped = plan({
      ...wanted(),
      signal: stop.signal,
      listen: ({ type }) => type === 'request' && stop.abort(),
    })
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError)
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    expect(sandbox.requests).toHaveLength(1)
    expect(whole.requests).toBeGreaterThan(1)
  })

  test('stops an apply after what is in flight, and the report says what was written', async () => {
    const options = wanted()
    const approved = await plan(options)
    const stop = new AbortController()
    let applied = 0
    const listen: ApplyingOptions['listen'] = (event) => {
      // In the midst of the writing: the third change is begun, and its request is not stopped.
      if (event.type === 'applying' && ++applied === 3) stop.abort()
    }
    const error = await apply(approved, { ...options, signal: stop.signal, listen }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoppedError)
    const { code, exitCode, report } = error as StoppedError
    expect([code, exitCode]).toEqual(['INTERRUPTED', 130])
    const of = (outcome: string) => report.outcomes.filter((one) => one.outcome === outcome)
    expect(of('done').map(({ address }) => address)).toEqual(made().map((name) => `instance.groups[${name}]`))
    expect(of('skipped').map(({ error: reason }) => reason?.code)).toEqual(
      Array.from({ length: report.summary.skipped }, () => 'INTERRUPTED'),
    )
    expect(report.summary).toEqual({ done: made().length, failed: 0, skipped: 2 * count - made().length })
    expect(made().length).toBeGreaterThan(0)
    expect(made().length).toBeLessThan(count)
    expect(report.converged).toBe(false)
  })
})

test('keepUndo gets the undo before the first write and when it is known what was done, and it takes the apply back', async () => {
  const options = wanted()
  const kept: { readonly undo: Undo; readonly writes: number }[] = []
  sandbox.forgetRequests()
  await apply(await plan(options), {
    ...options,
    keepUndo: async (undo) => void kept.push({ undo, writes: writes() }),
  })
  expect(
    kept.map(({ undo, writes: sent }) => [undo.items.length, undo.items.every(({ isRead }) => isRead), sent]),
  ).toEqual([
    [2 * count, false, 0],
    [2 * count, true, writes()],
  ])
  expect(made()).toHaveLength(count)
  const file = home.write('undo.json', JSON.stringify(kept[1]?.undo))
  const { code, all } = await run(
    ['undo', file, '-f', String(options.files?.[0]), '--auto-approve', '--allow', 'deletes-percent=67'],
    {
      ...environment,
      BBSTATE_TOKEN: sandbox.issueTokens().accessToken,
    },
  )
  expect(code, all).toBe(0)
  expect(made()).toEqual([])
})

test('keepUndo that fails lets nothing be written', async () => {
  const options = wanted()
  const approved = await plan(options)
  sandbox.forgetRequests()
  const full = new Error('no room left')
  await expect(apply(approved, { ...options, keepUndo: () => Promise.reject(full) })).rejects.toBe(full)
  expect([writes(), made()]).toEqual([0, []])
})

describe('an option that is not known', () => {
  const odd = (options: object): PlanningOptions => ({ ...wanted(), ...options }) as PlanningOptions
  test.each([
    ['misspelled', () => plan(odd({ targest: [] })), 'plan takes no "targest"', 'Did you mean targets?'],
    [
      'misspelled in the credentials',
      () => plan(odd({ credentials: { clientid: 'a' } })),
      'credentials takes no "clientid"',
      'Did you mean clientId?',
    ],
    ['of apply alone', () => plan(odd({ keepUndo: async () => undefined })), 'plan takes no "keepUndo"', undefined],
    ['of the functions that reach a server', () => validate(odd({})), 'validate takes no "url"', undefined],
    ['of plan alone', () => apply('digest', odd({ snapshot: 's.json' })), 'apply takes no "snapshot"', undefined],
  ])('%s is refused before anything is sent', async (_title, call, message, hint) => {
    sandbox.forgetRequests()
    const error = await call().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 1, message })
    if (hint !== undefined) expect(error).toMatchObject({ hint })
    expect(sandbox.requests).toEqual([])
  })
})
