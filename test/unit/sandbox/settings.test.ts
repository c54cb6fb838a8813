import { describe, expect, it } from 'vitest'
import type { SandboxOptions } from '../../../src/sandbox/server.js'
import { exceptions, openSandbox, password, send } from './visitor.js'

const api = '/rest/api/latest/admin'

describe('the policy of access tokens', () => {
  const path = '/rest/access-tokens/latest/admin'

  it('is set, read and taken away', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', path)).json).toEqual({})
    expect((await send(sandbox, 'PUT', path, { body: { maxExpiryDays: 100 } })).status).toBe(200)
    expect((await send(sandbox, 'GET', path)).json).toEqual({ maxExpiryDays: 100 })
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).toEqual({})
  })

  it.each([[0], [1.5], ['90'], [null], [undefined]])('takes no %j', async (maxExpiryDays) => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'PUT', path, { body: { maxExpiryDays } })).status).toBe(400)
  })

  it.each([
    ['missing', 200, '{}'],
    ['null', 200, '{"maxExpiryDays":null}'],
    ['not-present', 200, '{"maxExpiryDays":{"asInt":0,"present":false}}'],
    ['empty', 200, ''],
    ['no-content', 204, ''],
  ] as const)('can be unset as %s', async (accessTokenPolicyUnset, status, text) => {
    const answer = await send(await openSandbox({ accessTokenPolicyUnset }), 'GET', path)
    expect([answer.status, answer.text]).toEqual([status, text])
  })
})

describe('the banner', () => {
  it('is 204 when there is none, and replaced as a whole', async () => {
    const sandbox = await openSandbox()
    const path = `${api}/banner`
    expect((await send(sandbox, 'GET', path)).status).toBe(204)
    const body = { message: 'Hello', enabled: true, audience: 'ALL' }
    expect((await send(sandbox, 'PUT', path, { body })).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).toEqual(body)
    expect((await send(sandbox, 'PUT', path, { body: { audience: 'AUTHENTICATED' } })).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).toEqual({ message: '', enabled: false, audience: 'AUTHENTICATED' })
    expect((await send(sandbox, 'PUT', path, { body: { message: 'x', enabled: true } })).status).toBe(400)
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).status).toBe(204)
  })
})

describe('the default branch', () => {
  it('is 404 when unset, and takes short and full names', async () => {
    const sandbox = await openSandbox()
    const path = `${api}/default-branch`
    expect((await send(sandbox, 'GET', path)).status).toBe(404)
    expect((await send(sandbox, 'PUT', path, { body: { id: 'main' } })).status).toBe(204)
    const shown = { id: 'refs/heads/main', displayId: 'main', type: 'BRANCH' }
    expect((await send(sandbox, 'GET', path, { as: password(sandbox, 'alice') })).json).toEqual(shown)
    expect((await send(sandbox, 'PUT', path, { body: { id: 'refs/heads/release/1' } })).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).toMatchObject({ displayId: 'release/1' })
    for (const id of ['', 'a b', 'a..b', '/a', 'a.lock', '.a', 'a~']) {
      expect([id, (await send(sandbox, 'PUT', path, { body: { id } })).status]).toEqual([id, 400])
    }
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).status).toBe(404)
  })
})

describe('the mail server', () => {
  const path = `${api}/mail-server`
  const mail = { hostname: 'smtp.example.com', port: 587, protocol: 'SMTP', senderAddress: 'git@example.com' }

  it('never shows its password, and forgets it when a PUT leaves it out', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', path)).status).toBe(404)
    const body = { ...mail, username: 'git', password: 'canary' }
    const put = await send(sandbox, 'PUT', path, { body })
    expect(put.status).toBe(200)
    const got = await send(sandbox, 'GET', path)
    expect(got.json).toEqual({ ...mail, username: 'git' })
    const start = await send(sandbox, 'GET', '/sandbox/settings', { as: null })
    expect(start.text).toContain('smtp')
    expect(`${put.text}${got.text}${start.text}`).not.toContain('canary')
    expect(sandbox.state.mailServer?.password).toBe('canary')
    await send(sandbox, 'PUT', path, { body: mail })
    expect(sandbox.state.mailServer?.password).toBeUndefined()
    expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).status).toBe(404)
  })

  it('echoes what it was sent about a hostname that is none', async () => {
    const sandbox = await openSandbox()
    const answer = await send(sandbox, 'PUT', path, { body: { hostname: 'smtp example', password: 'canary' } })
    expect([answer.status, answer.json.errors[0]?.context]).toEqual([400, 'hostname'])
    expect(answer.text).toContain('canary')
  })

  it.each([
    ['hostname', { hostname: '' }],
    ['port', { port: 70_000 }],
    ['protocol', { protocol: 'IMAP' }],
    ['senderAddress', { senderAddress: 'nobody' }],
    ['useStartTls', { useStartTls: 'yes' }],
  ])('refuses a wrong %s and keeps what was', async (context, change) => {
    const sandbox = await openSandbox()
    await send(sandbox, 'PUT', path, { body: mail })
    const answer = await send(sandbox, 'PUT', path, { body: { ...mail, ...change } })
    expect([answer.status, answer.json.errors[0]?.context]).toEqual([400, context])
    expect((await send(sandbox, 'GET', path)).json).toEqual(mail)
  })

  it.each([
    [{ bitbucket: '7.21' }, { 'sender-address': 'git@example.com', 'use-start-tls': true }],
    [{ mailSpelling: 'kebab' }, { 'sender-address': 'git@example.com', 'use-start-tls': true }],
    [{}, { senderAddress: 'other@example.com' }],
  ] as const)('knows one spelling and ignores the other: %j', async (options, shown) => {
    const sandbox = await openSandbox(options as SandboxOptions)
    const kebab = { 'sender-address': 'git@example.com', 'use-start-tls': true }
    await send(sandbox, 'PUT', path, { body: { hostname: 'smtp', senderAddress: 'other@example.com', ...kebab } })
    expect((await send(sandbox, 'GET', path)).json).toEqual({ hostname: 'smtp', protocol: 'SMTP', ...shown })
  })

  it('knows OAuth 2.0 from 10.0 on', async () => {
    const body = { hostname: 'smtp', authType: 'OAUTH2', oauth2ProviderId: '1' }
    const shownBy = async (bitbucket: '9.4' | '10.2') =>
      (await send(await openSandbox({ bitbucket }), 'PUT', path, { body })).json
    expect(await shownBy('10.2')).toEqual({ ...body, protocol: 'SMTP' })
    expect(await shownBy('9.4')).toEqual({ hostname: 'smtp', protocol: 'SMTP' })
  })

  it('shares the sender with its own endpoint, a bare string', async () => {
    const sandbox = await openSandbox()
    const address = `${path}/sender-address`
    expect((await send(sandbox, 'GET', address)).text).toBe('""')
    await send(sandbox, 'PUT', path, { body: mail })
    expect((await send(sandbox, 'GET', address)).json).toBe('git@example.com')
    expect((await send(sandbox, 'PUT', address, { body: '"new@example.com"' })).json).toBe('new@example.com')
    expect((await send(sandbox, 'GET', path)).json).toMatchObject({ senderAddress: 'new@example.com' })
    expect((await send(sandbox, 'PUT', address, { body: '"nobody"' })).status).toBe(400)
    expect((await send(sandbox, 'DELETE', address)).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).not.toHaveProperty('senderAddress')
  })
})

describe('the policy of SSH keys', () => {
  const path = '/rest/ssh/latest/admin'

  it('is replaced as a whole, by algorithm without case', async () => {
    const sandbox = await openSandbox()
    const keyTypeRestrictions = [
      { algorithm: 'dsa', allowed: false },
      { algorithm: 'RSA', allowed: true, minKeyLength: 3072 },
    ]
    expect((await send(sandbox, 'PUT', path, { body: { maxExpiryDays: 90, keyTypeRestrictions } })).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).toEqual({
      maxExpiryDays: 90,
      keyTypeRestrictions: [
        { algorithm: 'DSA', allowed: false },
        { algorithm: 'ECDSA', allowed: true },
        { algorithm: 'ED25519', allowed: true },
        { algorithm: 'RSA', allowed: true, minKeyLength: 3072 },
      ],
    })
    expect((await send(sandbox, 'PUT', path, { body: {} })).status).toBe(204)
    expect((await send(sandbox, 'GET', path)).json).not.toHaveProperty('maxExpiryDays')
  })

  it.each([
    [{ maxExpiryDays: 0 }],
    [{ maxExpiryDays: 1.5 }],
    [{ keyTypeRestrictions: [{ algorithm: 'NONE', allowed: true }] }],
    [{ keyTypeRestrictions: [{ algorithm: 'RSA', allowed: true, minKeyLength: 'long' }] }],
    [{ keyTypeRestrictions: {} }],
  ])('refuses %j', async (body) => {
    expect((await send(await openSandbox(), 'PUT', path, { body })).status).toBe(400)
  })

  it('leaks optionals before 9.4, and is not there before 8.7', async () => {
    const old = await openSandbox({ bitbucket: '8.19' })
    await send(old, 'PUT', path, { body: { maxExpiryDays: 30 } })
    const { json } = await send(old, 'GET', path)
    expect(json).toMatchObject({ maxExpiryDays: { asInt: 30, present: true } })
    expect(JSON.stringify(json)).toContain('"minKeyLength":{"present":false,"asInt":0}')
    expect((await send(await openSandbox({ bitbucket: '7.21' }), 'GET', path)).status).toBe(404)
  })

  it.each([
    ['ssh', '/rest/ssh/1.0/admin'],
    ['keys', '/rest/keys/latest/admin'],
    ['root', '/rest/admin'],
  ] as const)('is mounted at %s', async (sshPolicyMount, mount) => {
    const sandbox = await openSandbox({ sshPolicyMount })
    expect((await send(sandbox, 'GET', mount)).status).toBe(200)
    expect((await send(sandbox, 'GET', `${mount}/supported-key-types`)).status).toBe(200)
    const others = ['/rest/ssh/1.0/admin', '/rest/keys/latest/admin', '/rest/admin'].filter((path) => path !== mount)
    for (const other of others) expect((await send(sandbox, 'GET', other)).status).toBe(404)
  })
})

describe('rate limits', () => {
  const path = `${api}/rate-limit/settings`

  it('are written in part', async () => {
    const sandbox = await openSandbox()
    expect(
      (await send(sandbox, 'PUT', path, { body: { defaultSettings: { capacity: 90, fillRate: 9 } } })).json,
    ).toEqual({
      enabled: false,
      defaultSettings: { capacity: 90, fillRate: 9 },
    })
    await send(sandbox, 'PUT', path, { body: { enabled: true } })
    expect((await send(sandbox, 'GET', path)).json).toEqual({
      enabled: true,
      defaultSettings: { capacity: 90, fillRate: 9 },
    })
    for (const body of [
      {},
      { enabled: 'yes' },
      { defaultSettings: { capacity: 1 } },
      { defaultSettings: { capacity: 0, fillRate: 1 } },
    ]) {
      expect((await send(sandbox, 'PUT', path, { body })).status).toBe(400)
    }
  })

  it('of users go by slug, exempt or with settings, not both', async () => {
    const sandbox = await openSandbox()
    const own = `${path}/users/j.doe`
    expect((await send(sandbox, 'GET', own)).status).toBe(404)
    const settings = { capacity: 5, fillRate: 1 }
    const both = await send(sandbox, 'PUT', own, { body: { whitelisted: true, settings } })
    const neither = await send(sandbox, 'PUT', own, { body: { whitelisted: false } })
    expect([both.status, neither.status]).toEqual([400, 400])
    expect((await send(sandbox, 'PUT', own, { body: { settings } })).json).toMatchObject({
      user: { name: 'J.Doe', slug: 'j.doe' },
      settings,
      whitelisted: false,
    })
    expect((await send(sandbox, 'PUT', own, { body: { whitelisted: true } })).json).not.toHaveProperty('settings')
    expect((await send(sandbox, 'GET', `${path}/users?filter=doe`)).json.values).toHaveLength(1)
    expect((await send(sandbox, 'DELETE', own)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', own)).status).toBe(404)
    expect((await send(sandbox, 'PUT', `${path}/users/nobody`, { body: { whitelisted: true } })).status).toBe(404)
  })

  it('of many users are set by name, all or none', async () => {
    const sandbox = await openSandbox()
    const users = `${path}/users`
    const stranger = await send(sandbox, 'POST', users, { body: { usernames: ['alice', 'nobody'], whitelisted: true } })
    expect(stranger.status).toBe(400)
    expect((await send(sandbox, 'GET', users)).json.values).toEqual([])
    const body = { usernames: ['ALICE', 'bob'], whitelisted: true }
    expect((await send(sandbox, 'POST', users, { body })).status).toBe(200)
    expect((await send(sandbox, 'GET', users)).json.values).toHaveLength(2)
    expect((await send(sandbox, 'POST', users, { body: { usernames: [], whitelisted: true } })).status).toBe(400)
  })

  it('of a SYS_ADMIN are not for an ADMIN to see, one’s own are', async () => {
    const sandbox = await openSandbox()
    const users = `${path}/users`
    await send(sandbox, 'POST', users, { body: { usernames: ['admin', 'carol'], whitelisted: true } })
    sandbox.state.userPermissions['bob'] = 'ADMIN'
    const as = password(sandbox, 'bob')
    expect(exceptions(await send(sandbox, 'GET', `${users}/admin`, { as }))).toEqual(['AuthorisationException'])
    expect((await send(sandbox, 'GET', users, { as })).json.values).toHaveLength(1)
    const carol = password(sandbox, 'carol')
    expect((await send(sandbox, 'GET', `${users}/carol`, { as: carol })).status).toBe(200)
    expect((await send(sandbox, 'GET', `${users}/bob`, { as: carol })).status).toBe(401)
  })
})

describe('policies of repositories', () => {
  it.each(['archive', 'delete'])('%s: read by all, written by SYS_ADMIN', async (action) => {
    const sandbox = await openSandbox()
    const path = `/rest/policies/latest/admin/repos/${action}`
    expect((await send(sandbox, 'GET', path, { as: password(sandbox, 'alice') })).json).toEqual({
      permission: 'REPO_ADMIN',
    })
    expect((await send(sandbox, 'PUT', path, { body: { permission: 'ADMIN' } })).json).toEqual({ permission: 'ADMIN' })
    expect((await send(sandbox, 'PUT', path, { body: { permission: 'NOBODY' } })).status).toBe(400)
    expect((await send(sandbox, 'GET', path)).json).toEqual({ permission: 'ADMIN' })
    expect((await send(sandbox, 'DELETE', path)).status).toBe(405)
    expect((await send(await openSandbox({ bitbucket: '7.21' }), 'GET', path)).status).toBe(404)
  })
})

describe('what the server is', () => {
  it.each([
    ['7.21', /^7\.21\.\d+$/u],
    ['8.19', /^8\.19\.\d+$/u],
    ['9.4', /^9\.4\.\d+$/u],
    ['10.2', /^10\.2\.\d+$/u],
  ] as const)('%s', async (bitbucket, version) => {
    const { json } = await send(await openSandbox({ bitbucket }), 'GET', '/rest/api/1.0/application-properties', {
      as: null,
    })
    expect(json).toMatchObject({ version: expect.stringMatching(version), displayName: 'Bitbucket' })
  })

  it.each([
    ['RUNNING', 200],
    ['FIRST_RUN', 200],
    ['STARTING', 503],
    ['ERROR', 500],
  ] as const)('is %s', async (status, code) => {
    const sandbox = await openSandbox()
    sandbox.state.status = status
    const answer = await send(sandbox, 'GET', '/status', { as: null })
    expect([answer.status, answer.json]).toEqual([code, { state: status }])
    const rest = await send(sandbox, 'GET', '/rest/api/latest/application-properties')
    expect(rest.status).toBe(status === 'RUNNING' ? 200 : 503)
  })
})
