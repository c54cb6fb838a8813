import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scrubber, Secret } from '../../../src/model/secret.js'
import { createTokenEndpoint, type TokenEndpoint, type TokenOutcome } from '../../../src/oauth/token-endpoint.js'
import { createTransport, type Transport } from '../../../src/transport.js'
import { failureOf, startTokenBench, type TokenBench } from '../../token.js'

let bench: TokenBench
beforeEach(async () => {
  bench = await startTokenBench({ contextPath: '/bitbucket' })
})
afterEach(() => bench.close())

function endpointAt(transport: Transport, clientSecret = bench.sandbox.clientSecret): TokenEndpoint {
  return createTokenEndpoint({
    transport,
    clientId: bench.sandbox.clientId,
    clientSecret: new Secret(clientSecret),
    scrubber: new Scrubber(),
  })
}

function requireGranted(outcome: TokenOutcome): Extract<TokenOutcome, { type: 'granted' }> {
  if (outcome.type !== 'granted') throw new Error(`${outcome.type}: ${outcome.error.message}`)
  return outcome
}

describe('against the sandbox', () => {
  it('exchanges a code with its verifier, refreshes, and kills both tokens of the old pair', async () => {
    const endpoint = endpointAt(bench.transport)
    const { redirectUri } = bench.sandbox
    const first = requireGranted(await endpoint.exchange({ ...(await bench.consent()), redirectUri })).pair
    expect(first.lifetimeSeconds).toBe(3600)
    const refreshToken = first.refreshToken ?? new Secret('')
    const second = requireGranted(await endpoint.refresh({ refreshToken, redirectUri })).pair
    expect(second.accessToken?.reveal()).not.toBe(first.accessToken?.reveal())
    expect(second.refreshToken?.reveal()).not.toBe(refreshToken.reveal())
    const ask = async (token: Secret | undefined): Promise<number> => {
      const headers = { authorization: `Bearer ${token?.reveal() ?? ''}` }
      return (await bench.transport.request({ method: 'GET', path: '/rest/api/latest/admin/banner', headers })).status
    }
    expect(await ask(first.accessToken)).toBe(401)
    expect(await ask(second.accessToken)).toBeLessThan(400)
    expect(await endpoint.refresh({ refreshToken, redirectUri })).toMatchObject({
      type: 'refused',
      isGrantDead: true,
      error: { code: 'AUTH_SIGN_IN_REQUIRED', exitCode: 6 },
    })
    expect(bench.sandbox.requests.map(({ path }) => path).filter((path) => path.includes('token'))).toEqual(
      Array.from({ length: 3 }, () => '/rest/oauth2/latest/token'),
    )
  })

  it('tells a code that is wrong, used, expired or without its verifier', async () => {
    const endpoint = endpointAt(bench.transport)
    const { redirectUri } = bench.sandbox
    const refused = { type: 'refused', isGrantDead: true, error: { code: 'AUTH_SIGN_IN_REQUIRED' } }
    const used = await bench.consent()
    requireGranted(await endpoint.exchange({ ...used, redirectUri }))
    expect(await endpoint.exchange({ ...used, redirectUri })).toMatchObject(refused)
    const expired = await bench.consent()
    bench.sandbox.advance(11_000)
    expect(await endpoint.exchange({ ...expired, redirectUri })).toMatchObject(refused)
    const stolen = { ...(await bench.consent()), verifier: new Secret('w'.repeat(43)) }
    expect(await endpoint.exchange({ ...stolen, redirectUri })).toMatchObject(refused)
    const elsewhere = await endpoint.exchange({ ...(await bench.consent()), redirectUri: 'http://localhost:1/' })
    expect(elsewhere).toMatchObject(refused)
    if (elsewhere.type === 'refused') expect(elsewhere.error.hint).toContain('http://localhost:1/')
  })

  it('tells a wrong client secret, which uses nothing up', async () => {
    const { redirectUri } = bench.sandbox
    const { refreshToken } = bench.sandbox.issueTokens()
    const wrong = await endpointAt(bench.transport, 'CANARY-secret').refresh({
      refreshToken: new Secret(refreshToken),
      redirectUri,
    })
    expect(wrong).toMatchObject({ type: 'refused', isGrantDead: false, error: { code: 'AUTH_CLIENT' } })
    expect(inspect(wrong, { depth: 9 })).not.toContain('CANARY')
    requireGranted(await endpointAt(bench.transport).refresh({ refreshToken: new Secret(refreshToken), redirectUri }))
  })

  it('tells a wrong context path, and sends nothing without a client secret', async () => {
    const root = createTransport({ baseUrl: bench.sandbox.url.replace('/bitbucket', '/wrong'), connections: 1 })
    const outcome = await endpointAt(root).refresh({ refreshToken: new Secret('r'), redirectUri: 'r' })
    expect(outcome).toMatchObject({ type: 'refused', isGrantDead: false, error: { code: 'API_UNSUPPORTED' } })
    if (outcome.type === 'refused') expect(outcome.error.hint).toContain('context path')
    await root.close()
    const bare = createTokenEndpoint({ transport: bench.transport, clientId: 'id', scrubber: new Scrubber() })
    bench.sandbox.forgetRequests()
    expect(await failureOf(bare.refresh({ refreshToken: new Secret('r'), redirectUri: 'r' }))).toMatchObject({
      code: 'AUTH_CLIENT',
    })
    expect(bench.sandbox.requests).toEqual([])
  })

  it('knows that it does not know, where the connection or the answer breaks', async () => {
    const endpoint = endpointAt(bench.transport)
    const faults = [
      { kind: 'drop-before' },
      { kind: 'drop-after' },
      { kind: 'truncate' },
      { kind: 'html' },
      { kind: 'redirect', location: 'https://sso.example.com/login?CANARY' },
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429, retryAfter: 1 },
      { kind: 'body', status: 400, body: { errors: [{ message: 'CANARY' }] } },
      { kind: 'body', status: 400, body: { error: 'temporarily_unavailable' } },
    ] as const
    for (const fault of faults) {
      bench.sandbox.addFault({ ...fault, path: '/token$' })
      const { refreshToken } = bench.sandbox.issueTokens()
      bench.sandbox.forgetRequests()
      const outcome = await endpoint.refresh({
        refreshToken: new Secret(refreshToken),
        redirectUri: bench.sandbox.redirectUri,
      })
      expect(outcome.type, JSON.stringify(fault)).toBe('uncertain')
      expect(bench.tokenRequests(), JSON.stringify(fault)).toBe(1)
      expect(inspect(outcome, { depth: 9 })).not.toContain('CANARY')
    }
  })

  it('asks on a connection of its own, and awaits the answer longer than other requests do', async () => {
    const sockets = new Set<unknown>()
    const slow = createServer((request, response) => {
      sockets.add(request.socket)
      const answer = (): void => void response.end('{"access_token":"a","refresh_token":"b"}')
      // The timer of the transport goes by seconds.
      if (request.method === 'POST') setTimeout(answer, 3000)
      else answer()
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
    const hasty = createTransport({ baseUrl, connections: 1, headersTimeoutMilliseconds: 100 })
    await hasty.request({ method: 'GET', path: '/' })
    const outcome = await endpointAt(hasty).refresh({ refreshToken: new Secret('r'), redirectUri: 'r' })
    expect(requireGranted(outcome).pair.refreshToken?.reveal()).toBe('b')
    expect(sockets.size).toBe(2)
    await hasty.close()
    await new Promise((resolve) => slow.close(resolve))
  })

  it('knows that nothing was sent, where nothing listens', async () => {
    const gone = createTransport({ baseUrl: 'http://127.0.0.1:1', connections: 1 })
    const outcome = await endpointAt(gone).refresh({ refreshToken: new Secret('r'), redirectUri: 'r' })
    expect(outcome).toMatchObject({ type: 'unsent', error: { code: 'API_UNREACHABLE' } })
    await gone.close()
  })
})

describe('whatever a server answers', () => {
  let server: Server
  let answer: RequestListener
  let transport: Transport
  const seen: {
    type: string | undefined
    authorization: string | undefined
    form: URLSearchParams
    url: string | undefined
  }[] = []
  beforeEach(async () => {
    seen.length = 0
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (piece: Buffer) => {
        body += piece.toString()
      })
      request.on('end', () => {
        const { 'content-type': type, authorization } = request.headers
        seen.push({ type, authorization, form: new URLSearchParams(body), url: request.url })
        answer(request, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    transport = createTransport({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connections: 1,
    })
  })
  afterEach(async () => {
    await transport.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const refresh = (): Promise<TokenOutcome> =>
    endpointAt(transport, 'client-secret').refresh({
      refreshToken: new Secret('CANARY-old'),
      redirectUri: 'http://localhost:1/',
    })

  it('the request is a form in the body, with the secret and the redirect URL, and nothing in the URL', async () => {
    answer = (_, response) => response.end('{"access_token":"a","refresh_token":"r"}')
    await refresh()
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ type: 'application/x-www-form-urlencoded', url: '/rest/oauth2/latest/token' })
    expect(seen[0]?.authorization).toBeUndefined()
    expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'CANARY-old',
      client_id: bench.sandbox.clientId,
      client_secret: 'client-secret',
      redirect_uri: 'http://localhost:1/',
    })
  })

  it.each([
    ['without a type', '{"access_token":"new-access","refresh_token":"new-refresh"}', undefined],
    [
      'with a lifetime as text',
      '{"access_token":"new-access","refresh_token":"new-refresh","expires_in":"7200"}',
      7200,
    ],
    [
      'with scopes as a list',
      '{"access_token":"new-access","refresh_token":"new-refresh","scope":["A"],"expires_in":null}',
      undefined,
    ],
    ['in a broken document', '{"access_token": "new-access", "refresh_token" : "new-refresh", "x":', undefined],
    ['in a page', '<pre>{"access_token":"new-access","refresh_token":"new-refresh"}</pre>', undefined],
  ])('tokens are taken from an answer %s', async (_, body, lifetime) => {
    answer = (__, response) => response.writeHead(201).end(body)
    const { pair } = requireGranted(await refresh())
    expect(pair.accessToken?.reveal()).toBe('new-access')
    expect(pair.refreshToken?.reveal()).toBe('new-refresh')
    expect(pair.lifetimeSeconds).toBe(lifetime)
  })

  it.each([
    ['invalid_client', 401, 'AUTH_CLIENT', false],
    ['invalid_grant', 400, 'AUTH_SIGN_IN_REQUIRED', true],
    ['invalid_scope', 400, 'AUTH_SCOPE', false],
    ['invalid_request', 400, 'AUTH_REDIRECT', false],
    ['unauthorized_client', 400, 'AUTH_CLIENT', false],
    ['unsupported_grant_type', 400, 'AUTH_CLIENT', false],
  ])('%s is %s, and an echoed secret is not shown', async (error, status, code, isGrantDead) => {
    const description = 'Wrong: CANARY-old and Q0FOQVJZLW9sZA== of client-secret\u001b[31m'
    answer = (_, response) => {
      response.writeHead(status, { 'WWW-Authenticate': 'Bearer realm="x"' })
      response.end(JSON.stringify({ error, error_description: description }))
    }
    const outcome = await refresh()
    expect(outcome).toMatchObject({ type: 'refused', isGrantDead, error: { code } })
    const shown = inspect(outcome, { depth: 9 }) + JSON.stringify(outcome)
    expect(shown).not.toMatch(/CANARY|Q0FOQVJZ|client-secret\b|\u001b/u)
    expect(shown).toContain('Wrong: (sensitive)')
  })

  it('a cut connection leaves the outcome open, and nothing is sent twice', async () => {
    answer = (request) => request.socket.destroy()
    expect(await refresh()).toMatchObject({ type: 'uncertain', error: { sent: true } })
    expect(seen).toHaveLength(1)
  })
})
