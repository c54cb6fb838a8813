/** A server that takes requests and owes the answers: nothing is waited for without end, and no outcome is guessed. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createPort, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { makeHome, run } from '../e2e/program.js'
import { type LiveRun, lines, startLive } from '../live.js'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe('the time of a run', () => {
  test('ends the wait for a server that takes the request and never answers', async () => {
    const sockets: Socket[] = []
    let heard = ''
    const silent = createPort((socket) => {
      sockets.push(socket)
      socket.on('data', (bytes) => (heard += bytes.toString()))
    })
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    const home = makeHome()
    closing.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => silent.close(done))
      home.remove()
    })
    const file = home.write('bbstate.yaml', 'instance:\n  defaultBranch: trunk\n')
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const ended = await run(['plan', '-f', file, '--url', url, '--timeout', '1', '--json'], {
      BBSTATE_HOME: home.path,
      BBSTATE_TOKEN: 'canary-token',
    })
    expect(ended.code).toBe(1)
    expect((JSON.parse(ended.stdout) as { error: unknown }).error).toEqual({
      code: 'API_TIMEOUT',
      message: 'The run took longer than --timeout allows; the server owes an answer',
      hint: 'Raise --timeout, or find out why the server is slow. What was done is done: the same command goes on from there.',
    })
    expect(heard.match(/^GET /gmu)).toHaveLength(1)
    expect(ended.all).not.toContain('canary-token')
  })
})

/** What becomes of a write: `lost` never arrives, `done` arrives, and neither is answered. */
type Road = 'lost' | 'done' | 'open'

describe('a write that is not answered in time', () => {
  let live: LiveRun
  let road: Road
  let writes: string[]

  /** Lets everything pass but the answers to writes. */
  async function begin(): Promise<void> {
    road = 'open'
    writes = []
    live = await startLive({}, undefined, undefined, async (sandbox) => {
      const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        const { method = 'GET', url = '', headers } = request
        const pieces = await request.toArray()
        if (method !== 'GET') writes.push(`${method} ${url}`)
        if (method !== 'GET' && road === 'lost') return
        const kept = Object.entries(headers).filter(([name]) => /^(?:content-type|authorization|x-)/u.test(name))
        const answer = await fetch(`${new URL(sandbox.url).origin}${url}`, {
          method,
          headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
          ...(pieces.length === 0 ? {} : { body: Buffer.concat(pieces as Buffer[]) }),
        })
        const text = await answer.text()
        if (method !== 'GET' && road === 'done') return
        const named = { 'x-ausername': answer.headers.get('x-ausername') ?? '' }
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '', ...named })
        response.end(text)
      }
      const server: Server = createServer((request, response) => void pass(request, response))
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      closing.push(
        () => live.close(),
        () => {
          server.closeAllConnections()
          return new Promise((done) => server.close(done))
        },
      )
      const { pathname } = new URL(sandbox.url)
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname === '/' ? '' : pathname}`
      return { baseUrl, headersTimeoutMilliseconds: 300 }
    })
  }

  const wanted = { instance: { groups: { devs: {} } } }

  test('is done where live is as planned: it was, and is sent once', async () => {
    await begin()
    const made = await live.plan(wanted)
    road = 'done'
    const report = await live.apply(made)
    expect(report.outcomes.map(({ outcome }) => outcome)).toEqual(['done'])
    expect(report.converged).toBe(true)
    expect(writes).toHaveLength(1)
    expect(lines(await live.plan(wanted))).toEqual([])
  })

  test('is reported as not known where live is as it was, and is not sent again', async () => {
    await begin()
    const made = await live.plan(wanted)
    road = 'lost'
    await expect(live.apply(made)).rejects.toMatchObject({
      code: 'APPLY_PARTIAL',
      exitCode: 5,
      report: {
        outcomes: [
          {
            address: 'instance.groups[devs]',
            outcome: 'failed',
            error: {
              code: 'API_UNREACHABLE',
              message: expect.stringMatching(/brought no answer in time; it is not known whether the write was done$/u),
              hint: 'Run bbstate plan: it shows what is left, if anything.',
            },
          },
        ],
      },
    })
    expect(writes).toHaveLength(1)
    road = 'open'
    expect(lines(await live.plan(wanted))).toEqual(['create instance.groups[devs]'])
  })
})
