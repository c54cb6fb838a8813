/**
 * Nonsense for the sandbox: every request ends in an answer that is no 5xx, and none of them shows what is within.
 * A short form by default, SANDBOX_FUZZ=100000 (which .ci/run sets) the long one; SANDBOX_FUZZ_SEED makes other requests.
 */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { allRoutes } from '../../src/sandbox/routes.js'
import { featuresOf } from '../../src/sandbox/options.js'

const total = Number(process.env['SANDBOX_FUZZ'] ?? 3000)
const seed = Number(process.env['SANDBOX_FUZZ_SEED'] ?? 1)

let sandbox: Sandbox
let random: (below: number) => number
const agent = new Agent({ keepAlive: true, maxSockets: 20 })
beforeAll(async () => {
  random = makeRandom(seed)
  sandbox = await startSandbox({
    port: 0,
    bitbucket: '10.2',
    oauth: { revoke: 'present', clientSecretBasic: 'accepted' },
    estate: { projects: 5, repositories: 20, users: 20, groups: 5, memberships: 20 },
  })
})
afterAll(async () => {
  agent.destroy()
  await sandbox.close()
})

/** Mulberry32: one draw says nothing of the next, else whole combinations would never come. */
function makeRandom(start: number): (below: number) => number {
  let value = start >>> 0
  return (below) => {
    value = (value + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(value ^ (value >>> 15), value | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Something to lose in each repository. */
async function furnish(): Promise<void> {
  const headers = {
    authorization: `Basic ${Buffer.from(`admin:${sandbox.password}`).toString('base64')}`,
    'content-type': 'application/json',
  }
  for (const slug of ['web', 'api']) {
    const base = `${sandbox.url}/rest/api/latest/projects/PLAT/repos/${slug}`
    const send = (path: string, body: unknown) =>
      fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })
    await send('/branches', { name: 'work', startPoint: 'main' })
    const ends = { fromRef: { id: 'work' }, toRef: { id: 'main' } }
    expect((await send('/pull-requests', { title: 'Work', ...ends })).status).toBe(201)
  }
}

const pick = <T>(all: readonly T[]): T => all[random(all.length)] as T
const routes = allRoutes(featuresOf({ bitbucket: '10.2' }), '10.2.1')
const paths: readonly (readonly [method: string, path: string])[] = [
  ...routes.map(({ method, path }) => [method, `/rest${path}`] as const),
  ['POST', '/rest/oauth2/latest/token'],
  ['POST', '/rest/oauth2/latest/revoke'],
  ['GET', '/rest/oauth2/latest/authorize'],
  ['POST', '/__control/faults'],
  ['GET', '/status'],
  ['GET', '/'],
]
const segments = [
  'PLAT',
  'api',
  'web',
  'alice',
  'latest',
  '1',
  '-1',
  'git',
  'a'.repeat(40),
  '%',
  '%00',
  '%zz',
  '..',
  '~admin',
]
const odd = [
  '',
  '__proto__',
  'constructor',
  '%F0%9F%92%A9',
  '%2F',
  '\u00ff',
  'x'.repeat(3000),
  '%C0%80',
  '{}',
  "'",
  '*',
  ';a=b',
]
const real: Readonly<Record<string, readonly string[]>> = {
  project: ['PLAT'],
  repository: ['web', 'api'],
  commit: ['a'.repeat(40)],
  slug: ['alice', 'bob'],
  user: ['alice', 'admin'],
  request: ['1', '2'],
  scm: ['git'],
}
const scalars = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  1.5,
  '',
  'x',
  '\u0000',
  '💩',
  'a'.repeat(5000),
  'alice',
  'PROJECT_READ',
  'git',
]
const keys = [
  'name',
  'key',
  'id',
  'type',
  'permissions',
  'events',
  'url',
  'matcher',
  'reviewers',
  'text',
  'version',
  'title',
]
const more = [
  'fromRef',
  'toRef',
  'annotations',
  'data',
  'users',
  'groups',
  'configuration',
  '__proto__',
  'anchor',
  'state',
]

function value(depth: number): unknown {
  const kind = depth > 3 ? 0 : random(4)
  if (kind < 2) return pick(scalars)
  if (kind === 2) return Array.from({ length: random(4) }, () => value(depth + 1))
  return object(depth + 1)
}

function object(depth: number): Record<string, unknown> {
  const pairs = Array.from({ length: random(6) }, () => [pick([...keys, ...more]), value(depth)] as const)
  return Object.fromEntries(pairs)
}

function fill(template: string): string {
  const filled = template.replaceAll(/\{version\}/gu, () => pick(['latest', 'latest', '1.0', '2.0', 'x']))
  // Most lead somewhere: behind a door that is shut nothing is tried.
  const made = filled.replaceAll(/\{(\w+)\}/gu, (_, name: string) =>
    random(5) > 0 && Object.hasOwn(real, name) ? pick(real[name] ?? []) : pick([...segments, ...segments, ...odd]),
  )
  const names = ['name', 'permission', 'limit', 'start', 'filter', 'context', 'key', 'user', 'version', 'state', 'path']
  const query = Array.from({ length: random(4) }, () => `${pick(names)}=${pick([...segments, ...odd, '1e9', 'NaN'])}`)
  return made + (query.length === 0 ? '' : `?${query.join('&')}`)
}

const types = [
  'application/json',
  'application/json;charset=utf-16',
  'multipart/form-data; boundary=x',
  'text/plain',
  '',
]
const forms = ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/vnd.atl.bitbucket.bulk+json']

function body(): Buffer {
  switch (random(6)) {
    case 0:
      return Buffer.alloc(0)
    case 1:
      return Buffer.from(Array.from({ length: random(200) }, () => random(256)))
    case 2:
      return Buffer.from(JSON.stringify(value(0))).subarray(0, random(2000))
    case 3:
      return Buffer.from(`grant_type=${pick(['refresh_token', 'authorization_code', 'x'])}&client_id=${pick(odd)}`)
    default:
      return Buffer.from(JSON.stringify(random(3) === 0 ? value(0) : object(0)))
  }
}

function headers(): Record<string, string> {
  const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${sandbox.password}`).toString('base64')}`
  const signs = [basic('alice'), 'Bearer x', 'Basic', 'Basic ====', 'Bearer', '\u00ff']
  return {
    ...(random(10) === 0 ? {} : { authorization: random(4) > 0 ? basic('admin') : pick(signs) }),
    ...(random(6) === 0 ? {} : { 'content-type': pick([...types, ...types, ...forms]) }),
    ...(random(4) === 0 ? { accept: pick(['*/*', 'text/html', 'x', 'application/xml']) } : {}),
    ...(random(4) === 0 ? { 'x-atlassian-token': 'no-check' } : {}),
    ...(random(20) === 0 ? { cookie: pick(odd).slice(0, 99), 'x-control-token': 'x' } : {}),
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

const methods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']

/** What Node's own client refuses to send is no request. */
function ask(): Promise<Answer | undefined> {
  const { port } = new URL(sandbox.url)
  const [own, template] = pick(paths)
  const method = random(6) > 0 ? own : pick(methods)
  return new Promise((resolve) => {
    try {
      const bytes = body()
      // Else Node sends the body of some methods as if it were the next request.
      const all = { ...headers(), 'content-length': bytes.length }
      const sent = request(
        { port, host: '127.0.0.1', agent, method, path: fill(template), headers: all },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
          )
        },
      )
      sent.on('error', (error) =>
        resolve({ status: 0, text: `${method} ${sent.path.slice(0, 80)} ${sent.path.length} ${error.message}` }),
      )
      sent.end(bytes)
    } catch {
      resolve(undefined)
    }
  })
}

/** Bytes that are hardly HTTP; a connection that ends without an answer is one, too. */
function throwBytes(): Promise<Answer> {
  const { port, host } = new URL(sandbox.url)
  const lines = [
    `GET ${fill(pick(paths)[1])} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\n\r\n`,
    `POST ${fill(pick(paths)[1])} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `GET http://${pick(odd)}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    `GET //${pick(odd)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    `GET * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\n\r\n`,
    `GET / HTTP/9.9\r\nHost: x\r\n\r\n`,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: -1\r\n\r\n`,
    String.fromCharCode(...Array.from({ length: random(300) }, () => random(256))),
  ]
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/u.exec(text)?.[1] ?? 0), text }))
    socket.write(Buffer.from(pick(lines), 'latin1'))
    socket.end()
  })
}

it(`${total} requests of nonsense end in no 5xx and show no stack`, { timeout: 60_000 + total * 60 }, async () => {
  await furnish()
  const wrong: unknown[] = []
  const statuses = new Map<number, number>()
  let left = total
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const answer = await (left % 20 === 0 ? throwBytes() : ask())
      if (answer === undefined) continue
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      const leaks = /\n\s+at |node_modules|node:internal|TypeError|RangeError|\/src\/sandbox/u.test(answer.text)
      if (answer.status >= 500 || leaks || (answer.status === 0 && answer.text.includes('hang'))) wrong.push(answer)
    }
  }
  await Promise.all(Array.from({ length: 10 }, work))
  expect(wrong.slice(0, 5)).toEqual([])
  // Nonsense that is only ever refused at the door would try nothing.
  expect([200, 204, 400, 401, 404, 405, 415].filter((status) => (statuses.get(status) ?? 0) < total / 2000)).toEqual([])
  expect((await fetch(`${sandbox.url}/status`)).status).toBe(200)
})

it('refuses a body that is too large, and goes on', async () => {
  const large = await fetch(`${sandbox.url}/rest/api/latest/projects`, { method: 'POST', body: 'x'.repeat(1_100_000) })
  expect([large.status, await large.json()]).toMatchObject([413, { errors: [{ message: 'Too large' }] }])
  expect((await fetch(`${sandbox.url}/status`)).status).toBe(200)
})

it('lets nobody control it from elsewhere, from a page, or without the token', async () => {
  const control = (headers: Record<string, string>) =>
    fetch(`${sandbox.url}/__control/faults`, { method: 'DELETE', headers }).then(({ status }) => status)
  const token = { 'x-control-token': sandbox.controlToken }
  expect(await control({})).toBe(403)
  expect(await control({ 'x-control-token': `${sandbox.controlToken}x` })).toBe(403)
  expect(await control({ ...token, origin: 'https://evil.example' })).toBe(403)
  expect(await control({ ...token, 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await control(token)).toBe(200)
  const { port } = new URL(sandbox.url)
  const status = await new Promise((resolve) => {
    const sent = request({
      port,
      method: 'DELETE',
      path: '/__control/faults',
      headers: { ...token, host: 'evil.example' },
    })
    sent.on('response', (response) => resolve(response.statusCode)).end()
  })
  expect(status).toBe(421)
})
