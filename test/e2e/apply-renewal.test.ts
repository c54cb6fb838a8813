/** A sign-in that ends in the middle of an apply: renewed once and nothing done twice, or an end that tells what is done. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Ended, type Environment, environmentFor, makeHome, signIn, start } from './program.js'

const redirectUri = 'http://localhost:34129/'
const count = 30
let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri, latencyMilliseconds: 20 })
  home = makeHome()
  environment = environmentFor(sandbox, home.path)
  const signedIn = await signIn(environment, redirectUri)
  expect(signedIn.code, signedIn.all).toBe(0)
  sandbox.forgetRequests()
})
afterEach(async () => {
  await sandbox.close()
  home.remove()
})

const creations = () =>
  sandbox.requests.filter(({ method, path }) => method === 'POST' && path.includes('/admin/groups?name=team-'))
const refreshes = () => sandbox.requests.filter(({ path }) => path.startsWith('/rest/oauth2/latest/token')).length
const made = () => Object.keys(sandbox.state.groups).filter((name) => name.startsWith('team-')).length

/** Applies `count` groups; something happens after the fifth. */
async function applyUntil(meanwhile: () => void): Promise<Ended> {
  const groups = Array.from({ length: count }, (_, index) => `    team-${index}: {}\n`).join('')
  const file = home.write('bbstate.yaml', `instance:\n  groups:\n${groups}`)
  const applying = start(['apply', '-f', file, '--auto-approve', '--json', '--parallelism', '3'], environment)
  const timer = setInterval(() => {
    if (creations().length < 5) return
    clearInterval(timer)
    meanwhile()
  }, 5)
  const ended = await applying.ended
  clearInterval(timer)
  return ended
}

it('another run ended it: it is renewed once, and no group is created twice', async () => {
  const ended = await applyUntil(() => sandbox.killAccessTokens())
  expect(ended.code, ended.all).toBe(0)
  expect(JSON.parse(ended.stdout)).toMatchObject({ summary: { done: count, failed: 0 }, converged: true })
  expect(made()).toBe(count)
  expect(refreshes()).toBe(1)
  expect(creations().filter(({ status }) => status !== 401)).toHaveLength(count)
})

it('it was revoked: one refresh is tried, nothing more is sent, and the report tells what is done', async () => {
  const ended = await applyUntil(() => {
    for (const pair of sandbox.state.tokens) pair.revoked = true
  })
  expect(ended.code, ended.all).toBe(5)
  const { report } = JSON.parse(ended.stdout) as { report: { summary: { done: number; skipped: number } } }
  expect(report.summary.done).toBe(made())
  expect(report.summary.done).toBeGreaterThan(0)
  expect(report.summary.skipped).toBeGreaterThan(0)
  expect(refreshes()).toBe(1)
})
