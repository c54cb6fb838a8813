/** A sign-in that ends in the middle of an apply: renewed once and nothing done twice, or an end that tells what is done. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openToken } from '../../src/host/token.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { rotateToken } from '../../src/oauth/rotation.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { createTransport } from '../../src/transport.js'
import { type Ended, type Environment, environmentFor, makeHome, signIn, start } from './program.js'

// Below the range from which the system takes ports for connections.
const redirectUri = 'http://localhost:22702/'
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
async function applyUntil(meanwhile: () => unknown): Promise<Ended> {
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

/** Another process of the same store, which refreshes under the running apply although that holds the use lease. */
async function refreshRegardless(): Promise<number> {
  const transport = createTransport({ baseUrl: sandbox.url, connections: 1 })
  try {
    const { tools } = await openToken({
      transport,
      clientId: sandbox.clientId,
      clientSecret: new Secret(sandbox.clientSecret),
      directory: join(home.path, 'data', 'tokens'),
      markDirectory: join(home.path, 'config', 'marks'),
      keys: { current: Buffer.from(environment['BBSTATE_STORE_KEY'] ?? '', 'base64') },
      scrubber: new Scrubber(),
      run: { holder: 'a rival', host: 'another-host', ephemeral: false },
      lockTimeoutMilliseconds: 10_000,
    })
    const stored = await tools.store.read()
    if (stored === null) throw new Error('nobody is signed in')
    return (await rotateToken(tools, stored.record)).generation
  } finally {
    await transport.close()
  }
}

const reportOf = ({ stdout }: Ended) =>
  (JSON.parse(stdout) as { report: { summary: { done: number; skipped: number } } }).report.summary

describe('a rival', () => {
  it('of the same store refreshes in between: its token is adopted, and no group is created twice', async () => {
    let rival: Promise<number> | undefined
    const ended = await applyUntil(() => (rival = refreshRegardless()))
    expect(await rival).toBe(2)
    expect(ended.code, ended.all).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ summary: { done: count, failed: 0 }, converged: true })
    expect(made()).toBe(count)
    expect(refreshes(), 'the rival alone refreshed').toBe(1)
    expect(sandbox.state.tokens.map(({ presented = 0 }) => presented)).toEqual([1, 0])
    expect(creations().filter(({ status }) => status !== 401)).toHaveLength(count)
  })

  it('whose token the server refuses, too: nothing more is tried, and the report tells what is done', async () => {
    let rival: Promise<number> | undefined
    const ended = await applyUntil(() => {
      rival = refreshRegardless()
      sandbox.addFault({ kind: 'anonymous', path: '/rest/api/', count: Number.POSITIVE_INFINITY })
    })
    expect(await rival).toBe(2)
    expect(ended.code, ended.all).toBe(5)
    expect(reportOf(ended).done).toBe(made())
    expect(reportOf(ended).done).toBeGreaterThan(0)
    expect(reportOf(ended).skipped).toBeGreaterThan(0)
    expect(refreshes(), 'the rival, or this run where it was faster and the rival adopted').toBe(1)
    expect(Math.max(...sandbox.state.tokens.map(({ presented = 0 }) => presented))).toBe(1)
  })

  it('with a copy of the token, and no store: the end says that another tool may use it, and what is done', async () => {
    const [pair] = sandbox.state.tokens
    const form = {
      grant_type: 'refresh_token',
      refresh_token: pair?.refreshToken ?? '',
      redirect_uri: redirectUri,
      client_id: sandbox.clientId,
      client_secret: sandbox.clientSecret,
    }
    let rival: Promise<Response> | undefined
    const ended = await applyUntil(() => {
      rival = fetch(`${sandbox.url}/rest/oauth2/latest/token`, { method: 'POST', body: new URLSearchParams(form) })
    })
    expect((await rival)?.status).toBe(200)
    expect(ended.code, ended.all).toBe(5)
    expect(ended.all).toContain('another tool')
    expect(reportOf(ended).done).toBe(made())
    expect(reportOf(ended).skipped).toBeGreaterThan(0)
    expect(refreshes()).toBe(2)
  })
})
