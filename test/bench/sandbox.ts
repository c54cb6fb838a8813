/** Requests a second of the sandbox against a bare server that answers the same bytes, at 50 connections. */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { startSandbox } from '../../src/sandbox/server.js'

const connections = 50
const rounds = 5
const perRound = 10_000

interface Target {
  readonly port: number
  readonly head: string
}

/** Keeps one request on the way per connection until all are answered. */
async function load({ port, head }: Target, count: number): Promise<number> {
  const request = Buffer.from(head)
  let left = count
  const began = performance.now()
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let expected = -1
      let got = 0
      const next = (): void => {
        if (left-- <= 0) return void socket.end(resolve)
        expected = -1
        got = 0
        socket.write(request)
      }
      socket.on('data', (chunk: Buffer) => {
        if (expected === -1) {
          const end = chunk.indexOf('\r\n\r\n')
          const length = /content-length: (\d+)/iu.exec(chunk.toString('latin1', 0, end))?.[1]
          expected = end + 4 + Number(length)
        }
        got += chunk.length
        if (got >= expected) next()
      })
      socket.on('error', reject)
      socket.on('connect', next)
    })
  await Promise.all(Array.from({ length: connections }, one))
  return count / ((performance.now() - began) / 1000)
}

/** Each server in a thread of its own, so that neither is slowed by the other or by the load. */
async function serve(): Promise<void> {
  if (workerData.kind === 'sandbox') {
    const estate = { projects: 100, repositories: 2000, groups: 300, users: 1000, memberships: 3000 }
    const sandbox = await startSandbox({ port: 0, estate })
    parentPort?.postMessage({ port: Number(new URL(sandbox.url).port), password: sandbox.password })
  } else {
    const { body, headers } = workerData
    const server = createServer((_, response) => response.writeHead(200, headers).end(Buffer.from(body)))
    server.listen(0, '127.0.0.1', () => parentPort?.postMessage({ port: (server.address() as { port: number }).port }))
  }
}

function open(data: Record<string, unknown>): Promise<{ port: number; password: string; worker: Worker }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  return new Promise((resolve) => worker.once('message', (message) => resolve({ ...message, worker })))
}

async function compare(path: string): Promise<void> {
  const sandbox = await open({ kind: 'sandbox' })
  const authorization = `Basic ${Buffer.from(`admin:${sandbox.password}`).toString('base64')}`
  const answer = await fetch(`http://127.0.0.1:${sandbox.port}${path}`, { headers: { authorization } })
  const body = await answer.text()
  const kept = ['content-type', 'x-arequestid', 'x-ausername', 'content-length']
  const headers = Object.fromEntries(kept.map((name) => [name, answer.headers.get(name) ?? '']))
  const bare = await open({ kind: 'bare', body, headers })
  const head = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorization}\r\naccept: application/json\r\n\r\n`
  const ratios: number[] = []
  for (const port of [bare.port, sandbox.port]) await load({ port, head }, perRound / 2)
  for (let round = 0; round < rounds; round++) {
    const plain = await load({ port: bare.port, head }, perRound)
    const real = await load({ port: sandbox.port, head }, perRound)
    ratios.push(real / plain)
  }
  await Promise.all([bare.worker.terminate(), sandbox.worker.terminate()])
  const [median = 0] = ratios.sort((a, b) => a - b).slice(Math.floor(rounds / 2))
  console.log(`${path} (${body.length} bytes): ${median.toFixed(2)} of a bare server; at least 0.60 is wanted`)
}

if (isMainThread) {
  await compare('/rest/api/latest/application-properties')
  await compare('/rest/api/latest/projects/PLAT/repos/api')
  await compare('/rest/api/latest/admin/groups?limit=25')
} else {
  await serve()
}
