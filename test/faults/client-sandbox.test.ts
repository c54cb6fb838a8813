/** The client and a server that misbehaves, over real HTTP. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/bitbucket/client.js'
import type { ClientPorts } from '../../src/bitbucket/gate.js'
import type { Credentials } from '../../src/model/credentials.js'
import type { Event } from '../../src/model/event.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js'
import { createTransport } from '../../src/transport.js'

const groups = '/api/latest/admin/groups'

interface Run {
  readonly sandbox: Sandbox
  readonly client: Client
  readonly events: Event[]
}

const open: Run[] = []

/** Credentials that take a new pair from the sandbox whenever the old one is rejected. */
function renewable(sandbox: Sandbox): Credentials {
  let token = sandbox.issueTokens().accessToken
  return {
    scheme: 'oauth2',
    authorize: () => Promise.resolve(new Secret(`Bearer ${token}`)),
    renew: () => {
      token = sandbox.issueTokens().accessToken
      return Promise.resolve(true)
    },
  }
}

/** A clock that waits move, the server's with it: waiting takes no time, and waiting together moves it once. */
function virtualTime(sandbox: Sandbox): ClientPorts {
  let now = 0
  return {
    now: () => now,
    random: () => 0,
    secretText: () => 'unguessable-text',
    sleep: async (milliseconds) => {
      const until = now + milliseconds
      await pause(0)
      if (until <= now) return
      sandbox.advance(until - now)
      now = until
    },
  }
}

async function start(
  options: SandboxOptions,
  credentialsFor: (sandbox: Sandbox) => Credentials = renewable,
): Promise<Run> {
  const sandbox = await startSandbox({ port: 0, ...options })
  const events: Event[] = []
  const client = createClient({
    transport: createTransport({ baseUrl: sandbox.url, connections: 10 }),
    credentials: credentialsFor(sandbox),
    ports: virtualTime(sandbox),
    listen: (event) => events.push(event),
    scrubber: new Scrubber(),
    version: '1.2.3',
  })
  const run = { sandbox, client, events }
  open.push(run)
  return run
}

afterEach(async () => {
  for (const { client, sandbox } of open.splice(0)) {
    await client.close()
    await sandbox.close()
  }
})

const estate = { groups: 60, users: 10, memberships: 0 }

describe('a list', () => {
  it('is complete although the token is killed between two pages on a server that lets strangers read', async () => {
    const { client, sandbox } = await start({ estate, pageLimit: 20, anonymousRead: true })
    const whole = await client.fresh().list(groups)
    sandbox.forgetRequests()
    sandbox.addFault({ kind: 'anonymous', path: 'start=20' })
    expect(await client.reading().list(groups)).toEqual(whole)
    const pages = Math.ceil((whole?.length ?? 0) / 20)
    expect(sandbox.requests).toHaveLength(2 + pages)
    sandbox.killAccessTokens()
    expect(await client.reading().list(groups)).toEqual(whole)
  })

  it.each(['drop-before', 'drop-after', 'truncate'] as const)('survives %s', async (kind) => {
    const { client, sandbox } = await start({ estate, pageLimit: 50 })
    const whole = await client.fresh().list(groups)
    sandbox.addFault({ kind, path: 'start=50' })
    if (kind === 'truncate') {
      const read = await client
        .reading()
        .list(groups)
        .catch((error: unknown) => error)
      if (!Array.isArray(read)) expect(read).toMatchObject({ code: 'API_UNEXPECTED' })
      else expect(read).toEqual(whole)
    } else expect(await client.reading().list(groups)).toEqual(whole)
  })
})

describe('a write whose answer is lost', () => {
  it('is sent again for PUT and leaves one banner', async () => {
    const { client, sandbox } = await start({})
    sandbox.addFault({ kind: 'drop-after', method: 'PUT' })
    const banner = { message: 'Hi', enabled: true, audience: 'ALL' }
    await client.writer().send('PUT', '/api/latest/admin/banner', banner)
    expect(sandbox.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2)
    expect(await client.fresh().get('/api/latest/admin/banner')).toEqual(banner)
  })

  it('is an error for POST, sent once, and done', async () => {
    const { client, sandbox } = await start({})
    sandbox.addFault({ kind: 'drop-after', method: 'POST' })
    await expect(client.writer().send('POST', `${groups}?name=devs`)).rejects.toMatchObject({ code: 'API_UNREACHABLE' })
    expect(sandbox.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    expect(await client.fresh().list(`${groups}?filter=devs`)).toHaveLength(1)
  })
})

describe('the rate limiter of the server', () => {
  it('makes everybody wait until all are served', async () => {
    const { client, sandbox, events } = await start({ rateLimit: { capacity: 20, fillRate: 5 } })
    const reader = client.fresh()
    const names = Array.from({ length: 60 }, (_, index) => `${groups}?filter=${index}`)
    await Promise.all(names.map((path) => reader.list(path)))
    const refused = events.filter((event) => event.type === 'request' && event.status === 429).length
    expect(refused).toBeGreaterThan(0)
    expect(sandbox.requests).toHaveLength(60 + refused)
    expect(client.requests()).toEqual({ sent: 60 + refused, repeated: refused })
    expect(events.filter(({ type }) => type === 'waiting').length).toBeLessThanOrEqual(refused)
  })
})

describe('credentials that will not do', () => {
  it('of an HTTP access token are told why', async () => {
    const { client } = await start({}, (sandbox) => ({
      scheme: 'bearer',
      authorize: () => Promise.resolve(new Secret(`Bearer ${sandbox.httpAccessToken}`)),
      renew: () => Promise.resolve(false),
    }))
    expect((await client.identify()).version).toBe('9.4.2')
    await expect(client.fresh().get('/api/latest/admin/mail-server')).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      hint: expect.stringContaining('BSERV-10482'),
    })
  })

  it('of a scope that is too small are not renewed', async () => {
    let renewals = 0
    const { client } = await start({ scopes: ['ADMIN_WRITE', 'SYSTEM_ADMIN'] }, (sandbox) => {
      const { accessToken } = sandbox.issueTokens({ scopes: ['ADMIN_WRITE'] })
      return {
        scheme: 'oauth2',
        authorize: () => Promise.resolve(new Secret(`Bearer ${accessToken}`)),
        renew: () => {
          renewals++
          return Promise.resolve(false)
        },
      }
    })
    await expect(client.fresh().get('/api/latest/admin/mail-server')).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
    expect(renewals).toBe(0)
  })

  it('that the server has forgotten are renewed once', async () => {
    const { client, sandbox } = await start({})
    const { account } = await client.identify()
    expect(account).toBe(sandbox.username)
    sandbox.killAccessTokens()
    sandbox.forgetRequests()
    expect(await client.fresh().get('/api/latest/admin/rate-limit/settings')).toMatchObject({ enabled: false })
    expect(sandbox.requests.map(({ status }) => status)).toEqual([401, 200])
  })
})

describe('a wrong place', () => {
  it('without the context path is no Bitbucket', async () => {
    const { sandbox } = await start({ contextPath: '/bitbucket' })
    const client = createClient({
      transport: createTransport({ baseUrl: new URL(sandbox.url).origin, connections: 1 }),
      credentials: renewable(sandbox),
      ports: { now: () => 0, random: () => 0, secretText: () => 'unguessable-text', sleep: () => Promise.resolve() },
      listen: () => undefined,
      scrubber: new Scrubber(),
      version: '1.2.3',
    })
    await expect(client.identify()).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
      hint: expect.stringContaining('context path'),
    })
    await client.close()
  })
})
