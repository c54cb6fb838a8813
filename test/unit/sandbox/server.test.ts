import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { once } from 'node:events'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeSandbox } from '../../../src/sandbox/introduction.js'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { bearer, openSandbox, post, send } from './visitor.js'

const groups = '/rest/api/latest/admin/groups'
const directory = mkdtempSync(join(tmpdir(), 'sandbox-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function createGroup(sandbox: Sandbox, name: string): Promise<number | 'cut'> {
  try {
    return (await send(sandbox, 'POST', `${groups}?name=${name}`)).status
  } catch {
    return 'cut'
  }
}

const has = (sandbox: Sandbox, name: string): boolean => name in sandbox.state.groups

describe('faults', () => {
  it('cut the connection before or after the work is done', async () => {
    const sandbox = await openSandbox()
    sandbox.addFault({ kind: 'drop-before', method: 'POST', path: '/admin/groups' })
    sandbox.addFault({ kind: 'drop-after', method: 'POST', path: '/admin/groups' })
    expect([await createGroup(sandbox, 'one'), has(sandbox, 'one')]).toEqual(['cut', false])
    expect([await createGroup(sandbox, 'two'), has(sandbox, 'two')]).toEqual(['cut', true])
    expect([await createGroup(sandbox, 'three'), has(sandbox, 'three')]).toEqual([200, true])
    expect(sandbox.requests.map(({ status }) => status)).toEqual([0, 0, 200])
  })

  it('truncate the body that was promised', async () => {
    const sandbox = await openSandbox()
    sandbox.addFault({ kind: 'truncate', path: '/admin/groups' })
    await expect(send(sandbox, 'GET', groups)).rejects.toThrow()
    expect((await send(sandbox, 'GET', groups)).status).toBe(200)
  })

  it('answer in the place of the server, which does nothing', async () => {
    const sandbox = await openSandbox()
    const path = '/admin/groups'
    sandbox.addFault({ kind: 'status', status: 503, retryAfter: 7, path })
    sandbox.addFault({ kind: 'html', path })
    sandbox.addFault({ kind: 'redirect', status: 307, location: 'http://elsewhere.example.com/', path })
    sandbox.addFault({ kind: 'body', body: { values: 'no list' }, path })
    const answers = []
    for (const name of ['a', 'b', 'c', 'd']) answers.push(await send(sandbox, 'POST', `${groups}?name=${name}`))
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 307, 200])
    expect(answers[0]?.headers.get('retry-after')).toBe('7')
    expect(answers[0]?.json.errors).toHaveLength(1)
    expect(answers[1]?.headers.get('content-type')).toContain('text/html')
    expect(answers[1]?.headers.get('x-ausername')).toBeNull()
    expect(answers[2]?.headers.get('location')).toBe('http://elsewhere.example.com/')
    expect(answers[3]?.headers.get('x-ausername')).toBe('admin')
    expect(['a', 'b', 'c', 'd'].filter((name) => has(sandbox, name))).toEqual([])
  })

  it('forget who asks, for one request', async () => {
    const sandbox = await openSandbox()
    const { accessToken } = sandbox.issueTokens()
    sandbox.addFault({ kind: 'anonymous', path: '/admin/groups' })
    const short = await send(sandbox, 'GET', groups, { as: bearer(accessToken) })
    const whole = await send(sandbox, 'GET', groups, { as: bearer(accessToken) })
    expect([short.headers.get('x-ausername'), whole.headers.get('x-ausername')]).toEqual([null, 'admin'])
    expect(short.json.values.length).toBeLessThan(whole.json.values.length)
  })

  it('wait for their turn, last as long as told, and can be called off', async () => {
    const sandbox = await openSandbox()
    const statuses = async (count: number) => {
      const seen: number[] = []
      for (let index = 0; index < count; index += 1) seen.push((await send(sandbox, 'GET', groups)).status)
      return seen
    }
    sandbox.addFault({ kind: 'status', status: 500, path: 'groups', skip: 1, count: 2 })
    expect(await statuses(4)).toEqual([200, 500, 500, 200])
    sandbox.addFault({ kind: 'status', status: 500, count: Number.POSITIVE_INFINITY })
    expect(await statuses(3)).toEqual([500, 500, 500])
    sandbox.clearFaults()
    expect(await statuses(1)).toEqual([200])
    expect(() => sandbox.addFault({ kind: 'nonsense' } as never)).toThrow('nonsense')
  })
})

describe('control from another process', () => {
  const control = (sandbox: Sandbox, method: string, command: string, body?: unknown, token = sandbox.controlToken) =>
    send(sandbox, method, `/__control/${command}`, {
      as: null,
      headers: { 'x-control-token': token },
      ...(body === undefined ? {} : { body }),
    })

  it('scripts faults, clock, tokens, status and state, unseen by the log', async () => {
    const sandbox = await openSandbox()
    const { json } = await control(sandbox, 'POST', 'tokens', { user: 'alice', scopes: ['REPO_READ'] })
    const { accessToken } = json as unknown as { accessToken: string }
    const probe = () => send(sandbox, 'GET', '/rest/api/latest/application-properties', { as: bearer(accessToken) })
    expect((await probe()).headers.get('x-ausername')).toBe('alice')
    await control(sandbox, 'POST', 'clock', { milliseconds: 3_600_000 })
    const { status, headers } = await probe()
    expect([status, headers.get('x-ausername')]).toEqual([200, null])
    await control(sandbox, 'POST', 'faults', { kind: 'status', status: 418, path: 'application-properties' })
    expect((await probe()).status).toBe(418)
    expect((await control(sandbox, 'POST', 'faults', { kind: 'nonsense' })).status).toBe(400)
    await control(sandbox, 'PUT', 'status', { status: 'STARTING' })
    expect((await probe()).status).toBe(503)
    await control(sandbox, 'PUT', 'status', { status: 'RUNNING' })
    await control(sandbox, 'PATCH', 'state', { defaultBranch: 'refs/heads/trunk' })
    expect(sandbox.state.defaultBranch).toBe('refs/heads/trunk')
    const state = (await control(sandbox, 'GET', 'state')).text
    expect([accessToken, sandbox.clientSecret, sandbox.password].filter((secret) => state.includes(secret))).toEqual([])
    expect((await control(sandbox, 'GET', 'counts')).json).toEqual({ GET: 4 })
    await control(sandbox, 'DELETE', 'requests')
    expect((await control(sandbox, 'GET', 'requests')).json).toEqual([])
  })

  it('takes the token, and a loopback address', async () => {
    const sandbox = await openSandbox()
    expect((await control(sandbox, 'GET', 'state', undefined, 'guess')).status).toBe(403)
    const open = await openSandbox({ host: '0.0.0.0' })
    expect((await control(open, 'GET', 'state')).status).toBe(404)
    const named = await openSandbox({ host: '0.0.0.0', control: true })
    expect((await control(named, 'GET', 'state')).status).toBe(200)
  })
})

/** The status for a Host header. */
function statusFor(sandbox: Sandbox, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${sandbox.url}/status`, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

describe('the server', () => {
  it('answers to names of this machine only', async () => {
    const sandbox = await openSandbox({ allowedHosts: ['bitbucket.internal'] })
    const hosts = [
      'localhost:1',
      '127.0.0.1',
      '[::1]:80',
      'bitbucket.internal',
      'evil.example.com',
      'localhost.evil.com',
    ]
    expect(await Promise.all(hosts.map((host) => statusFor(sandbox, host)))).toEqual([200, 200, 200, 200, 421, 421])
  })

  it('lives below its context path', async () => {
    const sandbox = await openSandbox({ contextPath: 'bitbucket/' })
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/bitbucket$/u)
    expect((await send(sandbox, 'GET', groups)).status).toBe(200)
    expect((await send(sandbox, 'GET', '')).status).toBe(200)
    const { origin } = new URL(sandbox.url)
    const outside = await fetch(`${origin}/rest/api/latest/application-properties`)
    expect([outside.status, outside.headers.get('content-type')]).toEqual([404, 'text/html;charset=utf-8'])
    await outside.text()
    expect(sandbox.requests.map(({ path }) => path)).toEqual([groups])
  })

  it('counts requests by method', async () => {
    const sandbox = await openSandbox()
    await createGroup(sandbox, 'a')
    await createGroup(sandbox, 'b')
    await send(sandbox, 'GET', groups)
    expect(sandbox.requestCounts).toEqual({ POST: 2, GET: 1 })
    expect(sandbox.requests[0]).toMatchObject({ method: 'POST', path: `${groups}?name=a`, status: 200, user: 'admin' })
    sandbox.forgetRequests()
    expect([sandbox.requestCounts, sandbox.requests]).toEqual([{}, []])
  })

  it('lists what a request has made to the one that came with it', async () => {
    const sandbox = await openSandbox()
    const { accessToken } = sandbox.issueTokens()
    const names = ['one', 'two', 'three']
    const requests = names.flatMap((name) => [`POST ${groups}?name=${name}`, `GET ${groups}?filter=${name}`])
    const end = `Host: localhost\r\nAuthorization: Bearer ${accessToken}\r\n`
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    // In one piece, so that the server finds all of them in one turn.
    const heads = requests.map((request, place) => {
      const last = place === requests.length - 1 ? 'Connection: close\r\n' : ''
      return `${request} HTTP/1.1\r\n${end}${last}\r\n`
    })
    socket.end(heads.join(''))
    const answer = (await socket.setEncoding('utf8').toArray()).join('')
    expect(answer.match(/"size":\d/gu)).toEqual(names.map(() => '"size":1'))
    // And what somebody sets by hand is there for the next.
    for (const name of names) delete sandbox.state.groups[name]
    expect((await send(sandbox, 'GET', `${groups}?filter=one`)).json.values).toEqual([])
  })

  it('frees its port although a connection is kept open and a request hangs', async () => {
    const sandbox = await openSandbox()
    const { port } = new URL(sandbox.url)
    await send(sandbox, 'GET', groups)
    sandbox.addFault({ kind: 'delay', milliseconds: 60_000, path: 'hanging' })
    const hanging = send(sandbox, 'GET', '/rest/hanging').catch(() => 'cut')
    // The only fault is taken once another request gets past it.
    expect((await send(sandbox, 'GET', '/rest/hanging')).status).toBe(404)
    await sandbox.close()
    expect(await hanging).toBe('cut')
    const next = await openSandbox({ port: Number(port) })
    expect(new URL(next.url).port).toBe(port)
  })

  it('says which port is taken', async () => {
    const sandbox = await openSandbox()
    const port = Number(new URL(sandbox.url).port)
    await expect(openSandbox({ port })).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use`)
  })

  it('introduces itself with all that a newcomer needs', async () => {
    const sandbox = await openSandbox()
    const text = describeSandbox(sandbox)
    for (const part of [sandbox.url, sandbox.username, sandbox.password, sandbox.clientId, sandbox.redirectUri]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('instance:')
  })
})

describe('kept state', () => {
  // Where Node finds the packages that stay outside of it.
  const bundle = resolve(`node_modules/.cache/bbstate/sandbox.${process.pid}.mjs`)
  beforeAll(() => {
    const shape = { bundle: true, packages: 'external', platform: 'node', format: 'esm' } as const
    return build({ ...shape, entryPoints: ['src/sandbox/server.ts'], outfile: bundle })
  })
  afterAll(() => rmSync(bundle, { force: true }))

  /** A sandbox in a process of its own. */
  async function startChild(dataDir: string) {
    const script = `import { startSandbox } from ${JSON.stringify(bundle)}
      const { url, clientId, clientSecret, redirectUri, password, controlToken } =
        await startSandbox({ port: 0, dataDir: ${JSON.stringify(dataDir)} })
      console.log(JSON.stringify({ url, clientId, clientSecret, redirectUri, password, controlToken }))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, sandbox: JSON.parse(line.toString()) as Sandbox }
  }

  it('survives kill -9: what was answered is there, tokens work, passwords are new', async () => {
    const dataDir = join(directory, 'killed')
    const first = await startChild(dataDir)
    const issued = await send(first.sandbox, 'POST', '/__control/tokens', {
      as: null,
      headers: { 'x-control-token': first.sandbox.controlToken },
    })
    const { refreshToken } = issued.json as unknown as { refreshToken: string }
    expect(await createGroup(first.sandbox, 'kept')).toBe(200)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    const { child, sandbox } = await startChild(dataDir)
    try {
      expect(sandbox.clientSecret).toBe(first.sandbox.clientSecret)
      expect(sandbox.password).not.toBe(first.sandbox.password)
      expect(await createGroup(sandbox, 'KEPT')).toBe(409)
      const { clientId, clientSecret, redirectUri } = sandbox
      const client = { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri }
      const fields = { ...client, grant_type: 'refresh_token', refresh_token: refreshToken }
      expect((await post(sandbox, '/rest/oauth2/latest/token', fields)).status).toBe(200)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('is for its owner only, and odd names survive it', async () => {
    const dataDir = join(directory, 'odd')
    const first = await openSandbox({ dataDir })
    expect(await createGroup(first, '__proto__')).toBe(200)
    await first.close()
    expect(statSync(join(dataDir, 'sandbox.json')).mode & 0o777).toBe(0o600)
    const second = await openSandbox({ dataDir })
    expect(Object.keys(second.state.groups)).toContain('__proto__')
    expect(await createGroup(second, '__proto__')).toBe(409)
    expect((await send(second, 'DELETE', `${groups}?name=constructor`)).status).toBe(404)
  })

  it('opens what an older sandbox kept, which knew fewer settings', async () => {
    const dataDir = join(directory, 'older')
    const first = await openSandbox({ dataDir })
    await send(first, 'POST', '/rest/api/latest/admin/groups?name=kept')
    await first.close()
    const file = join(dataDir, 'sandbox.json')
    const { instance, ...older } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>
    for (const kept of [older, { ...older, instance: { ...instance, mirrors: undefined } }]) {
      writeFileSync(file, JSON.stringify(kept))
      const second = await openSandbox({ dataDir })
      expect(second.state.groups).toHaveProperty('kept')
      expect((await send(second, 'GET', '/rest/mirroring/latest/mirrorServers')).json.values).toEqual([])
      await second.close()
    }
  })

  it('that is damaged is not thrown away', async () => {
    const dataDir = join(directory, 'damaged')
    await (await openSandbox({ dataDir })).close()
    writeFileSync(join(dataDir, 'sandbox.json'), '{"users":')
    await expect(openSandbox({ dataDir })).rejects.toThrow('is not the state of a sandbox')
    expect(readFileSync(join(dataDir, 'sandbox.json'), 'utf8')).toBe('{"users":')
  })
})
