import { createServer, type Server, request as sendHttp } from 'node:http'
import { request as sendHttps } from 'node:https'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { type Callback, listenForCallback } from '../../../src/host/callback.js'
import { nodeCrypto } from '../../../src/host/crypto.js'
import { type Authorization, beginAuthorization } from '../../../src/oauth/authorize.js'
import { makeAuthority } from '../../certificates.js'
import { failureOf } from '../../token.js'

// Below the range from which the system takes ports for connections.
let nextPort = 22_400
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

interface Listening {
  readonly authorization: Authorization
  readonly callback: Callback
  readonly port: number
  /** The query that answers the sign-in. */
  answer(parameters: Record<string, string>): string
}

async function listen(
  options: { host?: string; path?: string; tls?: { cert: string; key: string }; signal?: AbortSignal } = {},
): Promise<Listening> {
  const port = nextPort++
  const scheme = options.tls === undefined ? 'http' : 'https'
  const redirectUri = `${scheme}://${options.host ?? 'localhost'}:${port}${options.path ?? '/'}`
  const request = { baseUrl: 'https://git.example.com', clientId: 'id', redirectUri, scope: 'SYSTEM_ADMIN' }
  const authorization = beginAuthorization(request, nodeCrypto)
  const signal = options.signal ?? new AbortController().signal
  const tls = options.tls === undefined ? {} : { tls: options.tls }
  const callback = await listenForCallback({ authorization, signal, ...tls })
  closers.push(() => callback.close())
  const state = new URL(authorization.url).searchParams.get('state') ?? ''
  return { authorization, callback, port, answer: (parameters) => `?${new URLSearchParams({ state, ...parameters })}` }
}

interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

function send(
  port: number,
  path: string,
  options: { address?: string; host?: string; method?: string; ca?: string } = {},
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const { address = '127.0.0.1', method = 'GET', ca } = options
    const headers = { host: options.host ?? `localhost:${port}` }
    const common = { host: address, port, path, method, headers, agent: false as const }
    const sent = (ca === undefined ? sendHttp : sendHttps)(
      { ...common, ...(ca === undefined ? {} : { ca, servername: 'localhost' }) },
      (response) => {
        let body = ''
        response.on('data', (piece: Buffer) => {
          body += piece.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

describe('the callback', () => {
  it.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])('receives the grant on %s', async (address) => {
    const { callback, port, answer } = await listen()
    const waiting = callback.waitForGrant()
    const page = await send(port, `/${answer({ code: 'the-code' })}`, { address })
    expect(page.status).toBe(200)
    expect(page.body).toContain('You can close this window')
    expect((await waiting).code.reveal()).toBe('the-code')
  })

  it('answers a wrong state with 400 and goes on listening', async () => {
    const { callback, port, answer } = await listen()
    const waiting = callback.waitForGrant()
    for (const query of ['?code=c&state=wrong', '?code=c', '?error=access_denied', '']) {
      expect((await send(port, `/${query}`)).status).toBe(400)
    }
    expect((await send(port, `/${answer({ code: 'right' })}`)).status).toBe(200)
    expect((await waiting).code.reveal()).toBe('right')
    expect((await send(port, `/${answer({ code: 'again' })}`)).status).toBe(400)
  })

  it('hears only its own name, path and method', async () => {
    const { port, answer } = await listen({ path: '/cb' })
    const right = `/cb${answer({ code: 'c' })}`
    for (const host of [
      'evil.example.com',
      `evil.example.com:${port}`,
      `127.0.0.1:${port}`,
      'localhost',
      `localhost:${port + 1}`,
    ]) {
      expect((await send(port, right, { host })).status, host).toBe(421)
    }
    expect((await send(port, `/other${answer({ code: 'c' })}`)).status).toBe(404)
    expect((await send(port, `//evil.example.com/cb${answer({ code: 'c' })}`)).status).toBe(404)
    expect((await send(port, right, { method: 'POST' })).status).toBe(405)
    expect((await send(port, right, { method: 'HEAD' })).status).toBe(405)
    expect((await send(port, right)).status).toBe(200)
  })

  it('reflects nothing, is not cached, and lets nothing run or leak', async () => {
    const { callback, port, answer } = await listen()
    const waiting = failureOf(callback.waitForGrant())
    const foreign = await send(port, '/?state=CANARY<script>&code=CANARY&error=CANARY')
    const refused = await send(port, `/${answer({ error: 'access_denied', error_description: 'CANARY<script>' })}`)
    expect(refused.status).toBe(403)
    for (const page of [foreign, refused]) {
      expect(page.body + JSON.stringify(page.headers)).not.toContain('CANARY')
      expect(page.body).not.toContain('<script')
      expect(page.headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    }
    const error = await waiting
    expect(error).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
    expect(error.message).toContain('denied')
  })

  it('listens on both addresses or on neither', async () => {
    if (!hasIpv6) return
    const port = nextPort
    const squatter: Server = createServer()
    await new Promise<void>((resolve) => squatter.listen(port, '::1', resolve))
    closers.push(() => new Promise((resolve) => squatter.close(() => resolve())))
    const error = await failureOf(listen())
    expect(error).toMatchObject({ code: 'AUTH_REDIRECT', exitCode: 6 })
    expect(error.message).toContain(`port ${port} is in use`)
    expect(error.hint).toContain('--paste')
    await expect(send(port, '/', { address: '127.0.0.1' })).rejects.toThrow('ECONNREFUSED')
  })

  it('listens with TLS where a certificate is given, and says so where none is', async () => {
    const authority = makeAuthority('Callback Authority')
    const { callback, port, answer } = await listen({ tls: authority.issue(['localhost']) })
    const waiting = callback.waitForGrant()
    expect((await send(port, `/${answer({ code: 'secure' })}`, { ca: authority.cert })).status).toBe(200)
    expect((await waiting).code.reveal()).toBe('secure')
    const request = { baseUrl: 'https://g', clientId: 'id', redirectUri: 'https://localhost:1/', scope: 'S' }
    const authorization = beginAuthorization(request, nodeCrypto)
    const bare = await failureOf(listenForCallback({ authorization, signal: new AbortController().signal }))
    expect(bare.hint).toContain('--callback-cert')
    const broken = { cert: 'x', key: 'y' }
    expect(
      await failureOf(listenForCallback({ authorization, tls: broken, signal: new AbortController().signal })),
    ).toMatchObject({ code: 'AUTH_REDIRECT' })
  })

  it('ends with the run, and frees the port', async () => {
    const controller = new AbortController()
    const { callback, port } = await listen({ signal: controller.signal })
    const waiting = failureOf(callback.waitForGrant())
    controller.abort()
    expect(await waiting).toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    expect(await failureOf(callback.waitForGrant())).toMatchObject({ code: 'INTERRUPTED' })
    await callback.close()
    await expect(send(port, '/')).rejects.toThrow('ECONNREFUSED')
  })
})
