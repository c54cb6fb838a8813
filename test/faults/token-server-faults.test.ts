/** What a server, its clock and its administrators can do to a refresh: one table, by what the run says and the next does. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient } from '../../src/bitbucket/client.js'
import { gatherTools } from '../../src/host/token.js'
import type { BbstateError } from '../../src/model/errors.js'
import { Scrubber } from '../../src/model/secret.js'
import { createSession, type Session } from '../../src/oauth/session.js'
import type { SandboxOptions } from '../../src/sandbox/server.js'
import type { Transport } from '../../src/transport.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'

let bench: TokenBench
let elsewhere: Server
const received: string[] = []
beforeEach(async () => {
  received.length = 0
  elsewhere = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`)
    response.end()
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await bench.close()
  await new Promise((resolve) => elsewhere.close(resolve))
})
const otherUrl = (): string => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/token`

/** As it was when the token was fetched. */
let clientSecret = ''
/** A run of its own. @param patience milliseconds for which it awaits an answer of the token endpoint */
async function open(patience?: number): Promise<Session> {
  const { request } = bench.transport
  const hurried: Transport = {
    ...bench.transport,
    request: (each) =>
      request(each.path.endsWith('/token') ? { ...each, answerTimeoutMilliseconds: patience ?? 0 } : each),
  }
  return createSession(await gatherTools(bench.options(patience === undefined ? {} : { transport: hurried })))
}

async function begin(options: SandboxOptions = {}): Promise<void> {
  bench = await startTokenBench(options)
  clientSecret = bench.sandbox.clientSecret
  await bench.signIn()
  bench.sandbox.forgetRequests()
}

function expectNoSecret(error: BbstateError): void {
  const shown = inspect(error, { depth: 9, showHidden: true }) + (error.stack ?? '') + JSON.stringify(error)
  const secrets = bench.sandbox.state.tokens.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
  // One that was killed is empty by now.
  for (const secret of [...secrets.filter(Boolean), clientSecret]) expect(shown).not.toContain(secret)
}

interface Row {
  readonly options?: SandboxOptions
  readonly does: () => void
  /** Milliseconds for which the run awaits the answer, to a second or so; absent: as long as always. */
  readonly patience?: number
  /** What the run says; absent: it refreshes. */
  readonly says?: string
  /** What the next run comes to: a generation, or what it says. */
  readonly next: number | string
}
const fault = (trouble: Parameters<TokenBench['sandbox']['addFault']>[0]) => (): void =>
  bench.sandbox.addFault({ ...trouble, path: '/token$' })
const odd = (change: (pair: { access_token: string; refresh_token: string }) => object) => (): void => {
  const { accessToken, refreshToken } = bench.sandbox.issueTokens()
  fault({ kind: 'body', body: change({ access_token: accessToken, refresh_token: refreshToken }) })()
}
const redirect = (status: number) => (): void => fault({ kind: 'redirect', location: otherUrl(), status })()
const lost = 'AUTH_SIGN_IN_REQUIRED'
const open500 = { says: 'AUTH_UNCERTAIN', next: 2 }

const rows: Readonly<Record<string, Row>> = {
  'drops the request': { does: fault({ kind: 'drop-before' }), ...open500 },
  'drops its answer': { does: fault({ kind: 'drop-after' }), says: 'AUTH_UNCERTAIN', next: lost },
  'drops its answer, and gives the same pair again': {
    options: { replay: 'same-pair' },
    does: fault({ kind: 'drop-after' }),
    says: 'AUTH_UNCERTAIN',
    next: 2,
  },
  'drops its answer, and gives another pair': {
    options: { replay: 'grace' },
    does: fault({ kind: 'drop-after' }),
    says: 'AUTH_UNCERTAIN',
    next: 2,
  },
  'drops its answer, and revokes the family': {
    options: { replay: 'revoke-family' },
    does: fault({ kind: 'drop-after' }),
    says: 'AUTH_UNCERTAIN',
    next: lost,
  },
  'answers when nobody waits any more': {
    ...{ does: fault({ kind: 'delay', milliseconds: 3000 }), patience: 200 },
    ...{ says: 'AUTH_UNCERTAIN', next: lost },
  },
  'answers when nobody waits any more, and gives another pair': {
    options: { replay: 'grace' },
    ...{ does: fault({ kind: 'delay', milliseconds: 3000 }), patience: 200 },
    ...{ says: 'AUTH_UNCERTAIN', next: 2 },
  },
  'cuts its answer short': { does: fault({ kind: 'truncate' }), says: 'AUTH_UNCERTAIN', next: lost },
  'names no token type': { does: odd((pair) => ({ ...pair, expires_in: 60 })), next: 3 },
  'sends the scope as a list': { does: odd((pair) => ({ ...pair, expires_in: 60, scope: ['SYSTEM_ADMIN'] })), next: 3 },
  'sends the lifetime as text': { does: odd((pair) => ({ ...pair, expires_in: '60' })), next: 3 },
  'sends no lifetime': { does: odd((pair) => pair), next: 3 },
  'sends a lifetime of nonsense': { does: odd((pair) => ({ ...pair, expires_in: 'soon' })), next: 3 },
  // The refresh token that was presented stays good, as RFC 6749 has it.
  'sends no refresh token': { does: odd(({ access_token }) => ({ access_token, expires_in: 60 })), next: 3 },
  'answers 500': { does: fault({ kind: 'status', status: 500 }), ...open500 },
  'answers 503 and when to come again': { does: fault({ kind: 'status', status: 503, retryAfter: 30 }), ...open500 },
  'answers 429': { does: fault({ kind: 'status', status: 429, retryAfter: 30 }), ...open500 },
  'shows a page': { does: fault({ kind: 'html' }), ...open500 },
  'could not get its own lock': {
    does: fault({ kind: 'body', status: 400, body: { error: 'server_error', error_description: 'lock timeout' } }),
    ...open500,
  },
  'redirects with 302': { does: redirect(302), ...open500 },
  'redirects with 307': { does: redirect(307), ...open500 },
  'redirects with 308': { does: redirect(308), ...open500 },
  'wants the redirect URL': { options: { redirectUriOnRefresh: 'required' }, does: () => undefined, next: 3 },
  'has revoked the grant': { does: () => bench.sandbox.killRefreshTokens(), says: lost, next: lost },
  'has let the refresh token expire': {
    options: { refreshTokenSeconds: 60 },
    does: () => bench.sandbox.advance(61_000),
    says: lost,
    next: lost,
  },
  'has a new client secret': {
    does: () => {
      for (const link of bench.sandbox.state.links) link.clientSecret = 'another'
    },
    says: 'AUTH_CLIENT',
    next: 'AUTH_CLIENT',
  },
  'has lost the application link': {
    does: () => void bench.sandbox.state.links.splice(0),
    says: 'AUTH_CLIENT',
    next: 'AUTH_CLIENT',
  },
  'has lost the account': {
    does: () => {
      for (const user of Object.values(bench.sandbox.state.users)) user.active = false
    },
    says: lost,
    next: lost,
  },
  'is ten minutes ahead': { does: () => bench.sandbox.advance(600_000), next: 3 },
  'is a day ahead': { does: () => bench.sandbox.advance(86_400_000), next: 3 },
  'is ten minutes behind': { does: () => bench.sandbox.advance(-600_000), next: 3 },
  'is a day behind': { does: () => bench.sandbox.advance(-86_400_000), next: 3 },
}

describe('a server that', () => {
  it.each(Object.entries(rows))('%s', async (_name, { options, does, patience, says, next }) => {
    await begin(options)
    does()
    const first = (await open(patience)).rotate()
    if (says === undefined) expect((await first).generation).toBe(2)
    else {
      const error = await failureOf(first)
      expect(error.code).toBe(says)
      expectNoSecret(error)
    }
    // Once for this run: whatever was answered, nothing is sent again by itself, and nothing to another host.
    await expect.poll(() => bench.tokenRequests(), { timeout: 20_000 }).toBe(1)
    expect(received).toEqual([])
    const second = (await open()).rotate()
    if (typeof next === 'number') {
      expect((await second).generation).toBe(next)
      expect(await whoIs(bench, await (await open()).authorize())).toBe('admin')
    } else {
      const error = await failureOf(second)
      expect(error.code).toBe(next)
      expectNoSecret(error)
    }
    expect(received).toEqual([])
  })

  it('comes back with the right client secret has used nothing up', async () => {
    await begin()
    const [link] = bench.sandbox.state.links
    const secret = link?.clientSecret ?? ''
    if (link !== undefined) link.clientSecret = 'another'
    expect((await failureOf((await open()).rotate())).code).toBe('AUTH_CLIENT')
    if (link !== undefined) link.clientSecret = secret
    expect((await (await open()).rotate()).generation).toBe(2)
  })

  it('gives tokens of two seconds is asked once for each of them', async () => {
    await begin({ accessTokenSeconds: 2 })
    const session = await open()
    for (let generation = 2; generation <= 4; generation++) {
      bench.clock.advance(1500)
      expect((await session.current()).generation).toBe(generation)
    }
    expect(bench.tokenRequests()).toBe(3)
  })
})

describe('an account that loses its right while a run goes on', () => {
  it('is told so: no refresh mends that, and the token stays as it is', async () => {
    await begin()
    const credentials = await open()
    const client = createClient({
      ...{ transport: bench.transport, credentials, scrubber: new Scrubber(), listen: () => undefined, version: '1' },
      ports: { now: () => 0, random: () => 0, secretText: () => '', sleep: () => Promise.resolve() },
    })
    const read = (): Promise<unknown> => client.fresh().get('/api/latest/admin/permissions/users')
    await read()
    const { state } = bench.sandbox
    state.userPermissions['admin'] = 'LICENSED_USER'
    for (const name of Object.keys(state.groupPermissions)) delete state.groupPermissions[name]
    expect(await failureOf(read())).toMatchObject({ code: 'API_FORBIDDEN' })
    expect(bench.tokenRequests()).toBe(0)
    // Taken off the server altogether, it is nobody any more: one refresh is tried.
    for (const user of Object.values(state.users)) user.active = false
    expect((await failureOf(read())).code).toBe(lost)
    expect(bench.tokenRequests()).toBe(1)
  })
})

describe('a clock that jumps while a run goes on', () => {
  it.each([
    ['a day ahead', 86_400_000, 2],
    ['a day back', -86_400_000, 1],
  ])('%s: the token is refreshed once at most, and goes on', async (_name, jump, generation) => {
    await begin()
    const session = await open()
    await session.authorize()
    bench.clock.advance(jump)
    expect((await session.current()).generation).toBe(generation)
    expect(await whoIs(bench, await session.authorize())).toBe('admin')
    // Back again: what was refreshed is not refreshed anew for that.
    bench.clock.advance(-jump)
    expect((await session.current()).generation).toBe(generation)
    expect(bench.tokenRequests()).toBe(generation - 1)
  })
})

describe('two copies of one record that know nothing of each other', () => {
  it('the second is told to sign in again, and leaves the store of the first alone', async () => {
    await begin()
    const second = await gatherTools(
      bench.options({ directory: `${bench.home}/copy`, markDirectory: `${bench.home}/copy-marks` }),
    )
    const first = await gatherTools(bench.options())
    const found = await first.store.read()
    if (found === null) throw new Error('There is no record')
    const locked = await second.store.lock(0)
    await locked.compareAndSet(null, found.record)
    await locked.unlock()
    expect((await (await open()).rotate()).generation).toBe(2)
    const before = bench.files()
    const error = await failureOf(createSession(second).rotate())
    expect(error.code).toBe(lost)
    expect(`${error.message} ${error.hint ?? ''}`).toMatch(/used by another tool/u)
    expect(bench.files()).toEqual(before)
    expect(await second.store.read()).toMatchObject({ record: { generation: 1, pending: null } })
    expect((await (await open()).rotate()).generation).toBe(3)
  })
})
