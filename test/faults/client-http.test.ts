/** The client over real sockets: what the script of the other files cannot show. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/bitbucket/client.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { createTransport } from '../../src/transport.js'

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

let server: Server | undefined
let client: Client | undefined

async function start(handle: Handler, signal?: AbortSignal): Promise<{ client: Client; seen: string[] }> {
  const seen: string[] = []
  server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      seen.push(`${request.method} ${request.url}`)
      response.setHeader('X-AUSERNAME', 'admin')
      response.setHeader('Content-Type', 'application/json')
      handle(request, response, seen.length)
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  client = createClient({
    transport: createTransport({ baseUrl: `http://127.0.0.1:${port}/bitbucket`, connections: 10 }),
    credentials: {
      scheme: 'oauth2',
      authorize: () => Promise.resolve(new Secret('Bearer token')),
      renew: () => Promise.resolve(false),
    },
    ports: {
      now: () => performance.now(),
      random: () => 0,
      secretText: () => 'unguessable-text',
      sleep: () => Promise.resolve(),
    },
    listen: () => undefined,
    scrubber: new Scrubber(),
    version: '1.2.3',
    ...(signal === undefined ? {} : { signal }),
  })
  return { client, seen }
}

afterEach(async () => {
  await client?.close()
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
})

describe('a connection that the server cuts', () => {
  const cutFirst: Handler = (request, response, count) => {
    if (count === 1) request.socket.destroy()
    else response.end('{"ok":true}')
  }

  it('is opened again for PUT, below the context path', async () => {
    const { client: over, seen } = await start(cutFirst)
    expect(await over.writer().send('PUT', '/api/latest/admin/banner', { a: 1 })).toEqual({ ok: true })
    expect(seen).toEqual(Array(2).fill('PUT /bitbucket/rest/api/latest/admin/banner'))
  })

  it('ends a POST, which the server saw once', async () => {
    const { client: over, seen } = await start(cutFirst)
    await expect(over.writer().send('POST', '/api/latest/admin/groups?name=a')).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
    })
    expect(seen).toEqual(['POST /bitbucket/rest/api/latest/admin/groups?name=a'])
  })

  it('in the middle of an answer is no answer', async () => {
    const { client: over, seen } = await start((request, response, count) => {
      if (count > 1) return void response.end('{"ok":true}')
      response.setHeader('Content-Length', '100')
      response.write('{"ok":')
      setImmediate(() => request.socket.destroy())
    })
    expect(await over.fresh().get('/api/latest/x')).toEqual({ ok: true })
    expect(seen).toHaveLength(2)
  })
})

describe('many readers', () => {
  it('never have more than ten requests under way', async () => {
    let under = 0
    let most = 0
    const { client: over, seen } = await start((_request, response) => {
      most = Math.max(most, ++under)
      setTimeout(() => {
        under--
        response.end('{"ok":true}')
      }, 5)
    })
    await Promise.all(Array.from({ length: 60 }, (_, index) => over.fresh().get(`/api/latest/x/${index}`)))
    expect(seen).toHaveLength(60)
    expect(most).toBe(10)
  })
})

describe('what is sent', () => {
  it('names bbstate, asks for JSON, and carries a body only where there is one', async () => {
    const headers: IncomingMessage['headers'][] = []
    const { client: over } = await start((request, response) => {
      headers.push(request.headers)
      response.statusCode = 204
      response.end()
    })
    await over.writer().send('PUT', '/api/latest/admin/banner', { a: 1 })
    await over.writer().send('DELETE', '/api/latest/admin/banner')
    expect(headers[0]).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': '7',
      'user-agent': 'bbstate/1.2.3',
      'x-atlassian-token': 'no-check',
      authorization: 'Bearer token',
    })
    expect(headers[1]).not.toHaveProperty('content-type')
  })
})

describe('a run that is stopped', () => {
  it('waits for no read, however many there are, and warns of nothing', async () => {
    const stopping = new AbortController()
    const warnings: string[] = []
    const note = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', note)
    const { client: over, seen } = await start(() => undefined, stopping.signal)
    const reads = Array.from({ length: 30 }, (_, place) => over.fresh().get(`/api/latest/${place}`))
    await expect.poll(() => seen.length).toBe(10)
    stopping.abort()
    const ends = await Promise.allSettled(reads)
    process.off('warning', note)
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'answered'))).toEqual(
      reads.map(() => 'INTERRUPTED'),
    )
    expect([seen.length, over.requests().sent, warnings]).toEqual([10, 10, []])
  })

  it('hears of a write what became of it', async () => {
    const stopping = new AbortController()
    let answer = (): void => undefined
    const { client: over, seen } = await start((_request, response) => {
      answer = () => void response.end('{"done":true}')
    }, stopping.signal)
    const write = over.writer().send('PUT', '/api/latest/one', {})
    await expect.poll(() => seen.length).toBe(1)
    stopping.abort()
    answer()
    expect(await write).toEqual({ done: true })
  })
})
