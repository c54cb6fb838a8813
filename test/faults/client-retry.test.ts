import { describe, expect, it } from 'vitest'
import { TransportError } from '../../src/model/transport-error.js'
import { answer, connectionLost, startScripted, steps } from './scripted-server.js'

const banner = { message: 'Hello', enabled: true, audience: 'ALL' }
const path = '/api/latest/admin/banner'

describe('a server that limits the rate of requests', () => {
  const limited = answer(429, { errors: [{ message: 'Slow down', exceptionName: null }] }, { 'retry-after': '5' })

  it('is asked again after exactly the time that it named', async () => {
    const { client, requests, slept, events } = startScripted(steps(limited, limited, answer(200, banner)))
    expect(await client.fresh().get(path)).toEqual(banner)
    expect(requests).toHaveLength(3)
    expect(slept).toEqual([5000, 5000])
    expect(events.filter(({ type }) => type === 'waiting')).toEqual([
      { type: 'waiting', reason: 'The server limits the rate of requests (429)', seconds: 5 },
      { type: 'waiting', reason: 'The server limits the rate of requests (429)', seconds: 5 },
    ])
    expect(client.requests()).toEqual({ sent: 3, repeated: 2 })
  })

  it('is asked again for a POST too, which it refused before any handler saw it', async () => {
    const { client, requests } = startScripted(steps(limited, answer(200, {})))
    await client.writer().send('POST', '/api/latest/admin/groups?name=devs')
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })

  it('makes every request wait, and says so once', async () => {
    const { client, slept, events, requests } = startScripted((_request, count) =>
      count < 3 ? limited : answer(200, banner),
    )
    const paths = Array.from({ length: 6 }, (_, index) => `/api/latest/x/${index}`)
    await Promise.all(paths.map((each) => client.fresh().get(each)))
    expect(requests.length).toBe(9)
    expect(events.filter(({ type }) => type === 'waiting')).toHaveLength(1)
    expect(new Set(slept)).toEqual(new Set([5000]))
  })

  it('is not waited for beyond the deadline of the run', async () => {
    const { client, requests, slept } = startScripted(steps(limited), { deadline: 4000 })
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'API_RATE_LIMITED', requestId: '@R1' })
    expect(requests).toHaveLength(1)
    expect(slept).toEqual([])
  })

  it('is waited for an hour where it asks for an hour', async () => {
    const hour = answer(429, '', { 'retry-after': '3600' })
    const { client, slept } = startScripted(steps(hour, answer(200, banner)))
    await client.fresh().get(path)
    expect(slept).toEqual([3_600_000])
  })

  it('may name a date, which is read by the clock of the answer', async () => {
    const date = { date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }
    const { client, slept } = startScripted(steps(answer(429, '', date), answer(200, banner)))
    await client.fresh().get(path)
    expect(slept).toEqual([30_000])
  })

  it('is given up in the end', async () => {
    const { client, requests } = startScripted(steps(answer(429)))
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'API_RATE_LIMITED' })
    expect(requests).toHaveLength(61)
  })
})

describe('a way to the server that fails', () => {
  it.each([502, 503, 504])('is tried again with a growing wait after %i', async (status) => {
    const { client, requests, slept } = startScripted(steps(answer(status), answer(status), answer(200, banner)))
    expect(await client.fresh().get(path)).toEqual(banner)
    expect(requests).toHaveLength(3)
    expect(slept).toEqual([500, 1000])
  })

  it.each(['GET', 'PUT', 'DELETE'] as const)('is tried again for %s after a lost connection', async (method) => {
    const { client, requests } = startScripted(steps(connectionLost(), answer(200, banner)))
    if (method === 'GET') await client.fresh().get(path)
    else await client.writer().send(method, path)
    expect(requests.map((request) => request.method)).toEqual([method, method])
  })

  it.each(['POST', 'PATCH'] as const)('is never tried again for %s', async (method) => {
    for (const failure of [connectionLost(), answer(502), answer(504)]) {
      const { client, requests } = startScripted((request) => (request.method === method ? failure : answer(200, {})))
      await expect(client.writer().send(method, path, { a: 1 })).rejects.toThrow()
      expect(requests).toHaveLength(1)
    }
  })

  it('is given up after the attempts, with the last error', async () => {
    const { client, requests } = startScripted(steps(answer(502, '<html>Bad gateway</html>')), { attempts: 3 })
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'API_SERVER', status: 502 })
    expect(requests).toHaveLength(3)
  })

  it('is not tried again where nothing was sent', async () => {
    const refused = new TransportError('https://bitbucket.example.com', { reason: 'ECONNREFUSED' })
    const { client, requests } = startScripted(steps(refused))
    await expect(client.fresh().get(path)).rejects.toBe(refused)
    expect(requests).toHaveLength(1)
  })

  it('is not waited for through a maintenance', async () => {
    const { client, requests } = startScripted(steps(answer(503, '', { 'retry-after': '3600' })))
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'API_SERVER', status: 503 })
    expect(requests.map((request) => request.path)).toEqual([`/rest${path}`, '/status'])
  })

  it('is told as starting where the server says so', async () => {
    const { client } = startScripted((request) =>
      request.path === '/status' ? answer(200, { state: 'STARTING' }) : answer(503),
    )
    await expect(client.identify()).rejects.toMatchObject({
      code: 'API_SERVER',
      message: 'Bitbucket is still starting',
    })
  })
})

describe('the gate', () => {
  it('keeps to a rate', async () => {
    const { client, slept } = startScripted(steps(answer(200, banner)), { maxRate: 4 })
    for (let index = 0; index < 5; index++) await client.fresh().get(path)
    expect(slept).toEqual([250, 250, 250, 250])
  })

  it('lets only so many through at a time', async () => {
    let under = 0
    let most = 0
    const { client } = startScripted(steps(answer(200, banner)), {
      parallelism: 3,
      transport: {
        baseUrl: 'https://bitbucket.example.com',
        request: async () => {
          most = Math.max(most, ++under)
          await new Promise((resolve) => setImmediate(resolve))
          under--
          return answer(200, banner)
        },
        close: () => Promise.resolve(),
      },
    })
    await Promise.all(Array.from({ length: 20 }, () => client.fresh().get(path)))
    expect(most).toBe(3)
  })

  it('starts nothing once the run is interrupted', async () => {
    const { client, requests } = startScripted(steps(answer(200, banner)), { signal: AbortSignal.abort() })
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(requests).toEqual([])
  })

  it.each([429, 502])('ends a wait after %i when the run is interrupted', async (status) => {
    const stop = new AbortController()
    const { client, requests } = startScripted(steps(answer(status, '', { 'retry-after': '5' })), {
      signal: stop.signal,
      ports: {
        now: () => 0,
        random: () => 0,
        secretText: () => 'unguessable-text',
        sleep: () => {
          stop.abort()
          return Promise.reject(new Error('AbortError'))
        },
      },
    })
    await expect(client.fresh().get(path)).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 })
    expect(requests).toHaveLength(1)
  })
})
