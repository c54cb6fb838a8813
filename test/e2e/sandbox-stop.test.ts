/** A sandbox that is asked to end does so, whatever is open: each of these would hold it for an hour, or for ever. */
import { Agent, request as ask } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, expect, it } from 'vitest'
import { makeHome, type Running, start } from './program.js'

const home = makeHome()
afterAll(() => home.remove())

const open: Running[] = []
const sockets: Socket[] = []
const agents: Agent[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const agent of agents.splice(0)) agent.destroy()
  for (const process of open.splice(0)) process.kill('SIGKILL')
})

async function startSandbox(...options: readonly string[]): Promise<{ process: Running; port: number; url: string }> {
  const process = start(['sandbox', '--port', '0', '--json', ...options])
  open.push(process)
  const { url } = JSON.parse(await process.waitFor(/^\{.*\}$/mu)) as { url: string }
  return { process, port: Number(new URL(url).port), url }
}

/** A connection with some text sent on it, and what ends it. */
async function send(port: number, text = ''): Promise<{ socket: Socket; ended: Promise<void>; heard: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  const heard = new Promise<void>((resolve) => socket.once('data', () => resolve()))
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(text)
  return { socket, ended, heard }
}

const head = (line: string, ...more: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...more, '', ''].join('\r\n')

/** Slow for an hour, as often as it is asked. */
const slow = home.write(
  'faults.json',
  JSON.stringify([{ kind: 'delay', milliseconds: 3_600_000, path: 'slow', count: -1 }]),
)

/** Requests are taken up in the order in which they come: once this one is answered, those before it are under way. */
async function pass(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  agents.push(agent)
  await new Promise<void>((resolve, reject) => {
    ask(`${url}/status`, { agent }, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end()
  })
}

it('ends although connections are open, idle, silent, slow, half sent, or given up', async () => {
  const { process, port, url } = await startSandbox('--faults', slow)
  const idle = await send(port, head('GET /status'))
  const events = await send(port, head('GET /sandbox/events'))
  await Promise.all([idle.heard, events.heard])
  const slowOnes = await Promise.all(Array.from({ length: 12 }, () => send(port, head('GET /rest/slow'))))
  const others = [
    ...slowOnes,
    await send(port),
    await send(port, `${head('POST /rest/half', 'Content-Length: 100')}half`),
  ]
  const givenUp = await send(port, head('GET /rest/slow'))
  await pass(url)
  givenUp.socket.destroy()
  await pass(url)
  process.kill('SIGTERM')
  const { code, stderr } = await process.ended
  expect([code, stderr.match(/warning/giu)]).toEqual([0, null])
  await Promise.all([idle, events, ...others].map(({ ended }) => ended))
})

it('ends although somebody connected for TLS and said nothing', async () => {
  const { process, port } = await startSandbox('--tls')
  const silent = await send(port)
  const hello = await send(port, '\u0016\u0003\u0001')
  process.kill('SIGTERM')
  expect((await process.ended).code).toBe(0)
  await Promise.all([silent.ended, hello.ended])
})

it('ends although a token request waits for the lock of others', async () => {
  const options = ['--oauth', 'tokenMilliseconds=3600000', '--oauth', 'lockSeconds=7200']
  const { process, port, url } = await startSandbox(...options)
  const body = 'grant_type=refresh_token'
  const token = head(
    'POST /rest/oauth2/latest/token',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  )
  const [first, second] = [await send(port, token + body), await send(port, token + body)]
  await pass(url)
  process.kill('SIGTERM')
  expect((await process.ended).code).toBe(0)
  await Promise.all([first.ended, second.ended])
})
