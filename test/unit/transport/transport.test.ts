import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { TransportError } from '../../../src/model/transport-error.js'
import { createTransport, type Transport, type TransportOptions } from '../../../src/transport.js'
import { makeAuthority } from '../../certificates.js'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function listen(server: net.Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

function open(options: Partial<TransportOptions> & { baseUrl: string }): Transport {
  const transport = createTransport({ connections: 2, ...options })
  closers.push(() => transport.close())
  return transport
}

async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof TransportError)) throw new Error(`no TransportError but ${String(error)}`)
  return error
}

describe('requests', () => {
  it('sends below the context path and hands back status, headers and the whole body', async () => {
    const seen: { url: string | undefined; method: string | undefined; body: string }[] = []
    const port = await listen(
      http.createServer((request, response) => {
        let body = ''
        request.on('data', (piece: Buffer) => {
          body += piece.toString()
        })
        request.on('end', () => {
          seen.push({ url: request.url, method: request.method, body })
          response.writeHead(409, { 'X-Areqid': 'r1', 'Set-Cookie': ['a=1', 'b=2'] }).end('gr\u00fc\u00dfe')
        })
      }),
    )
    const transport = open({ baseUrl: `http://127.0.0.1:${port}/bitbucket/` })
    const answer = await transport.request({ method: 'PUT', path: '/rest/x?limit=1', body: '{"a":1}' })
    expect(answer).toMatchObject({ status: 409, body: 'gr\u00fc\u00dfe' })
    expect(answer.headers).toMatchObject({ 'x-areqid': 'r1', 'set-cookie': 'a=1, b=2' })
    expect(seen).toEqual([{ url: '/bitbucket/rest/x?limit=1', method: 'PUT', body: '{"a":1}' }])
  })

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const paths: (string | undefined)[] = []
    const port = await listen(
      http.createServer((request, response) => {
        paths.push(request.url)
        response.writeHead(status, { Location: '/elsewhere' }).end()
      }),
    )
    const transport = open({ baseUrl: `http://127.0.0.1:${port}` })
    expect((await transport.request({ method: 'GET', path: '/a' })).status).toBe(status)
    expect((await transport.request({ method: 'POST', path: '/b', body: 'x' })).status).toBe(status)
    expect(paths).toEqual(['/a', '/b'])
  })

  it('keeps connections and opens no more than it may; a fresh one is its own and is closed', async () => {
    const connections = new Set<net.Socket>()
    const server = http.createServer((_, response) => void setTimeout(() => response.end('ok'), 5))
    server.on('connection', (socket: net.Socket) => connections.add(socket))
    const port = await listen(server)
    const transport = open({ baseUrl: `http://127.0.0.1:${port}`, connections: 3 })
    await Promise.all(Array.from({ length: 30 }, () => transport.request({ method: 'GET', path: '/' })))
    expect(connections.size).toBe(3)
    const before = new Set(connections)
    await transport.request({ method: 'GET', path: '/', freshConnection: true })
    const fresh = [...connections].filter((socket) => !before.has(socket))
    expect(fresh).toHaveLength(1)
    if (fresh[0]?.destroyed === false) await once(fresh[0], 'close')
    expect(fresh[0]?.destroyed).toBe(true)
  })
})

describe('failures say whether the request may have been sent', () => {
  it('nothing listens', async () => {
    const server = net.createServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    const error = await failureOf(open({ baseUrl: `http://127.0.0.1:${port}` }).request({ method: 'GET', path: '/' }))
    expect(error).toMatchObject({ code: 'API_UNREACHABLE', reason: 'ECONNREFUSED', sent: false })
  })

  it('an unknown name', async () => {
    const error = await failureOf(open({ baseUrl: 'https://bitbucket.invalid' }).request({ method: 'GET', path: '/' }))
    expect(error.code).toBe('API_UNREACHABLE')
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(error.reason)
    expect(error.sent).toBe(false)
    expect(error.message).toContain('https://bitbucket.invalid')
  })

  it.each([
    ['hangs up on the request', (socket: net.Socket) => void socket.once('data', () => socket.destroy())],
    ['resets the connection', (socket: net.Socket) => void socket.once('data', () => socket.resetAndDestroy())],
    [
      'stops in the middle of the body',
      (socket: net.Socket) =>
        void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a"')),
    ],
    [
      'answers something else',
      (socket: net.Socket) => void socket.once('data', () => socket.end('220 smtp ready\r\n')),
    ],
  ])('%s', async (_, handle) => {
    const port = await listen(net.createServer(handle))
    const transport = open({ baseUrl: `http://127.0.0.1:${port}` })
    const error = await failureOf(transport.request({ method: 'POST', path: '/', body: 'x' }))
    expect(error).toMatchObject({ code: 'API_UNREACHABLE', sent: true })
  })

  it('no headers and no body in time', async () => {
    const port = await listen(
      http.createServer((request, response) => {
        if (request.url === '/slow-body') response.writeHead(200).write('{')
      }),
    )
    const transport = open({ baseUrl: `http://127.0.0.1:${port}`, headersTimeoutMilliseconds: 50 })
    const late = await failureOf(transport.request({ method: 'GET', path: '/' }))
    expect(late).toMatchObject({ reason: 'UND_ERR_HEADERS_TIMEOUT', sent: true })
    const body = transport.request({ method: 'GET', path: '/slow-body', answerTimeoutMilliseconds: 50 })
    expect(await failureOf(body)).toMatchObject({ reason: 'UND_ERR_BODY_TIMEOUT', sent: true })
  })

  it('an answer beyond the limit', async () => {
    const port = await listen(http.createServer((_, response) => response.end('x'.repeat(2000))))
    const transport = open({ baseUrl: `http://127.0.0.1:${port}`, answerLimitBytes: 1999 })
    const error = await failureOf(transport.request({ method: 'GET', path: '/' }))
    expect(error).toMatchObject({ reason: 'ANSWER_TOO_LARGE', sent: true })
    const enough = open({ baseUrl: `http://127.0.0.1:${port}`, answerLimitBytes: 2000 })
    expect((await enough.request({ method: 'GET', path: '/' })).body).toHaveLength(2000)
  })

  it('quotes nothing of what was sent', async () => {
    const port = await listen(net.createServer((socket) => void socket.once('data', () => socket.destroy())))
    const error = await failureOf(
      open({ baseUrl: `http://127.0.0.1:${port}` }).request({
        method: 'POST',
        path: '/?q=CANARY-path',
        headers: { authorization: 'Bearer CANARY-token' },
        body: 'CANARY-body',
      }),
    )
    const { inspect } = await import('node:util')
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain('CANARY')
  })
})

describe('TLS', () => {
  const authority = makeAuthority('Test Authority')
  const stranger = makeAuthority('Another Authority')
  const answerSecure: http.RequestListener = (_, response) => void response.end('secure')

  it('trusts what --ca-file names, and says what to do without it', async () => {
    const port = await listen(https.createServer(authority.issue(['localhost', '127.0.0.1']), answerSecure))
    const baseUrl = `https://127.0.0.1:${port}`
    const error = await failureOf(open({ baseUrl }).request({ method: 'GET', path: '/' }))
    expect(error).toMatchObject({ code: 'API_TLS', sent: false })
    expect(error.hint).toContain('--ca-file')
    const other = await failureOf(open({ baseUrl, ca: stranger.cert }).request({ method: 'GET', path: '/' }))
    expect(other.code).toBe('API_TLS')
    const trusting = open({ baseUrl, ca: authority.cert, systemCa: [stranger.cert] })
    expect((await trusting.request({ method: 'GET', path: '/' })).body).toBe('secure')
    const fresh = await trusting.request({ method: 'GET', path: '/', freshConnection: true })
    expect(fresh.body).toBe('secure')
  })

  it.each([
    ['of another host', ['other.example.com'], 30, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', ['127.0.0.1'], -1, 'CERT_HAS_EXPIRED'],
  ])('refuses a certificate %s', async (_, names, days, reason) => {
    const port = await listen(https.createServer(authority.issue(names, days), answerSecure))
    const transport = open({ baseUrl: `https://127.0.0.1:${port}`, ca: authority.cert })
    const error = await failureOf(transport.request({ method: 'GET', path: '/' }))
    expect(error).toMatchObject({ code: 'API_TLS', reason, sent: false })
  })

  it('presents a client certificate', async () => {
    const options = {
      ...authority.issue(['127.0.0.1']),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    }
    const port = await listen(https.createServer(options, answerSecure))
    const baseUrl = `https://127.0.0.1:${port}`
    const bare = await failureOf(open({ baseUrl, ca: authority.cert }).request({ method: 'GET', path: '/' }))
    expect(bare.sent).toBe(true)
    const known = open({ baseUrl, ca: authority.cert, ...authority.issue(['bbstate']) })
    expect((await known.request({ method: 'GET', path: '/' })).body).toBe('secure')
  })

  it('explains TLS spoken to a port that speaks none', async () => {
    const port = await listen(http.createServer(answerSecure))
    const error = await failureOf(open({ baseUrl: `https://127.0.0.1:${port}` }).request({ method: 'GET', path: '/' }))
    expect(error).toMatchObject({ code: 'API_TLS', sent: false })
    expect(error.hint).toContain('scheme')
  })

  it('refuses NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    expect(() => open({ baseUrl: 'https://git.example.com', environment })).toThrow(
      expect.objectContaining({ code: 'AUTH_ORIGIN' }),
    )
  })
})

describe('proxy', () => {
  const authority = makeAuthority('Test Authority')

  /** Tunnels every CONNECT to `port` of this machine, whatever host was asked for. */
  async function startProxy(port: number, status = 200): Promise<{ url: string; asked: string[]; logins: string[] }> {
    const asked: string[] = []
    const logins: string[] = []
    const server = http.createServer((_, response) => response.writeHead(500).end())
    server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
      asked.push(request.url ?? '')
      logins.push(request.headers['proxy-authorization'] ?? '')
      if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      const upstream = net.connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        upstream.pipe(client)
        client.pipe(upstream)
      })
      upstream.on('error', () => client.destroy())
      client.on('close', () => upstream.destroy())
      return undefined
    })
    return { url: `http://127.0.0.1:${await listen(server)}`, asked, logins }
  }

  async function startServer(): Promise<number> {
    const listener: http.RequestListener = (_, response) => void response.end('behind the proxy')
    return listen(https.createServer(authority.issue(['git.example.com']), listener))
  }

  it.each(['option', 'variable'])('tunnels through a proxy given by %s, with the CA applied inside', async (way) => {
    const proxy = await startProxy(await startServer())
    const given = proxy.url.replace('//', '//bot:pa55word@')
    const transport = open({
      baseUrl: 'https://git.example.com',
      ca: authority.cert,
      ...(way === 'option' ? { proxy: given } : { environment: { HTTPS_PROXY: given } }),
    })
    expect((await transport.request({ method: 'GET', path: '/' })).body).toBe('behind the proxy')
    expect((await transport.request({ method: 'POST', path: '/', freshConnection: true })).body).toBe(
      'behind the proxy',
    )
    expect(proxy.asked).toEqual(['git.example.com:443', 'git.example.com:443'])
    expect(proxy.logins[0]).toBe(`Basic ${btoa('bot:pa55word')}`)
  })

  it('does not trust what the CA does not name, through a proxy either', async () => {
    const proxy = await startProxy(await startServer())
    const transport = open({ baseUrl: 'https://git.example.com', proxy: proxy.url })
    expect(await failureOf(transport.request({ method: 'GET', path: '/' }))).toMatchObject({
      code: 'API_TLS',
      sent: false,
    })
  })

  it('never sends a loopback literal through a proxy', async () => {
    const port = await listen(http.createServer((_, response) => response.end('direct')))
    const proxy = await startProxy(port)
    const environment = { http_proxy: proxy.url, https_proxy: proxy.url }
    for (const host of ['127.0.0.1', 'localhost']) {
      const transport = open({ baseUrl: `http://${host}:${port}`, environment, proxy: proxy.url })
      expect((await transport.request({ method: 'GET', path: '/' })).body).toBe('direct')
    }
    expect(proxy.asked).toEqual([])
  })

  it('obeys NO_PROXY', async () => {
    const proxy = await startProxy(1)
    const environment = { HTTPS_PROXY: proxy.url, NO_PROXY: 'bitbucket.invalid' }
    const transport = open({ baseUrl: 'https://bitbucket.invalid', environment })
    const error = await failureOf(transport.request({ method: 'GET', path: '/' }))
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(error.reason)
    expect(proxy.asked).toEqual([])
  })

  it('takes no proxy from the environment of the process', async () => {
    const proxy = await startProxy(1)
    const before = process.env['HTTPS_PROXY']
    process.env['HTTPS_PROXY'] = proxy.url
    try {
      const given = open({ baseUrl: 'https://bitbucket.invalid', environment: { HTTP_PROXY: '' } })
      await failureOf(given.request({ method: 'GET', path: '/' }))
    } finally {
      if (before === undefined) delete process.env['HTTPS_PROXY']
      else process.env['HTTPS_PROXY'] = before
    }
    expect(proxy.asked).toEqual([])
  })

  it('says that the proxy refused, or is not there, and never shows its password', async () => {
    const refusing = await startProxy(1, 407)
    const baseUrl = 'https://git.example.com'
    const refused = await failureOf(open({ baseUrl, proxy: refusing.url }).request({ method: 'GET', path: '/' }))
    expect(refused).toMatchObject({ reason: 'PROXY_REFUSED', sent: false })
    const gone = net.createServer()
    const port = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    const proxy = `http://bot:pa55word@127.0.0.1:${port}`
    const missing = await failureOf(open({ baseUrl, proxy }).request({ method: 'GET', path: '/' }))
    expect(missing).toMatchObject({ reason: 'PROXY_UNREACHABLE', sent: false })
    expect(JSON.stringify([missing, missing.stack, missing.message, missing.hint])).not.toContain('pa55word')
    expect(() => open({ baseUrl, proxy: 'socks5://bot:pa55word@h' })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('pa55word') as string }),
    )
  })
})
