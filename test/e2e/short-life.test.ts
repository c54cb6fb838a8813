/**
 * Access tokens that live for less time than an apply takes: each is renewed before it ends, so that nothing is refused.
 * RENEWAL_SECONDS=120 runs it with the shortest life that servers were seen to give; half of a life is the margin.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, environmentFor, makeHome, run, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
const redirectUri = 'http://localhost:22704/'
const seconds = Number(process.env['RENEWAL_SECONDS'] ?? 6)
const count = 60
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

beforeEach(async () => {
  sandbox = await startSandbox({
    port: 0,
    autoConsent: true,
    redirectUri,
    accessTokenSeconds: seconds,
    // The groups alone take one life and a quarter.
    latencyMilliseconds: (seconds * 1250) / count,
  })
  home = makeHome()
  environment = environmentFor(sandbox, home.path)
})
afterEach(async () => {
  await sandbox.close()
  home.remove()
})

it(
  'an apply that outlives its token renews it in time, again and again',
  async () => {
    const signedIn = await signIn(environment, redirectUri)
    expect(signedIn.code, signedIn.all).toBe(0)
    sandbox.forgetRequests()
    const groups = Array.from({ length: count }, (_, index) => `    team-${index}: {}\n`).join('')
    const file = home.write('bbstate.yaml', `instance:\n  groups:\n${groups}`)
    const applied = ['apply', '-f', file, '--auto-approve', '--json', '--parallelism', '1']
    const ended = await run(applied, environment)
    expect(ended.code, ended.all).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ summary: { done: count, failed: 0 }, converged: true })
    expect(sandbox.requests.filter(({ status }) => status === 401)).toEqual([])
    const refreshes = sandbox.requests.filter(({ path }) => path.startsWith('/rest/oauth2/latest/token'))
    expect(refreshes.length).toBeGreaterThanOrEqual(2)
    expect(sandbox.state.tokens.slice(0, -1).map(({ presented }) => presented)).toEqual(refreshes.map(() => 1))
  },
  60_000 + seconds * 4000,
)
