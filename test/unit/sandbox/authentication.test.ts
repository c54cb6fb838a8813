/** Basic authentication, single sign-on and identity providers over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/server.js'
import { type Answer, bearer, openSandbox, password, send } from './visitor.js'

const basic = '/rest/basicauth/latest/config'
const sso = '/rest/authconfig/latest/sso'
const providers = '/rest/authconfig/latest/idps'
const properties = '/rest/api/latest/application-properties'

const parse = (answer: Answer): Readonly<Record<string, unknown>> => JSON.parse(answer.text)

describe('basic authentication', () => {
  const config = {
    'block-requests': true,
    'allowed-users': ['Admin'],
    'allowed-paths': ['/rest/api/latest/admin/groups'],
    'show-warning-message': true,
  }

  it('is not blocked at first, and replaced as a whole', async () => {
    const sandbox = await openSandbox()
    const open = { 'block-requests': false, 'allowed-users': [], 'allowed-paths': [], 'show-warning-message': false }
    expect(parse(await send(sandbox, 'GET', basic))).toEqual(open)
    expect((await send(sandbox, 'PUT', basic, { body: config })).status).toBe(204)
    expect(parse(await send(sandbox, 'GET', basic))).toEqual(config)
    const body = { 'block-requests': null, 'allowed-users': ['bob', 'bob'] }
    expect((await send(sandbox, 'PUT', basic, { body })).status).toBe(204)
    expect(parse(await send(sandbox, 'GET', basic))).toEqual({ ...open, 'allowed-users': ['bob'] })
  })

  it.each([
    ['block-requests', 'yes'],
    ['show-warning-message', 1],
    ['allowed-users', 'admin'],
    ['allowed-paths', [1]],
  ])('takes no %s of %j, and keeps what was', async (field, value) => {
    const sandbox = await openSandbox()
    const refused = await send(sandbox, 'PUT', basic, { body: { 'block-requests': true, [field]: value } })
    expect([refused.status, parse(refused)['message']]).toEqual([400, expect.stringContaining(field)])
    expect(sandbox.state.instance.basicAuth.blockRequests).toBe(false)
  })

  it('that is blocked is so for whoever is not named, wherever it is not allowed, and for nothing else', async () => {
    const sandbox = await openSandbox()
    await send(sandbox, 'PUT', basic, { body: config })
    const statusOf = async (path: string, as: string | null): Promise<number> =>
      (await send(sandbox, 'GET', path, { as })).status
    const alice = password(sandbox, 'alice')
    const refused = await send(sandbox, 'GET', properties, { as: alice })
    expect(refused.json.errors).toEqual([
      { context: null, message: expect.stringMatching(/Basic authentication has been disabled/u), exceptionName: null },
    ])
    expect(refused.status).toBe(403)
    expect(refused.headers.get('x-ausername')).toBeNull()
    expect(await statusOf('/rest/api/latest/admin/groups', alice)).toBe(200)
    expect(await statusOf('/rest/api/latest/admin/groups/more-members?context=developers', alice)).toBe(200)
    expect(await statusOf('/rest/api/latest/admin/groups-and-more', alice)).toBe(403)
    expect(await statusOf(properties, password(sandbox))).toBe(200)
    expect(await statusOf(properties, null)).toBe(200)
    expect(await statusOf(properties, bearer(sandbox.issueTokens({ user: 'alice' }).accessToken))).toBe(200)
    expect(await statusOf(properties, bearer(sandbox.httpAccessToken))).toBe(200)
    expect(await statusOf(properties, `Basic ${btoa('alice:wrong')}`)).toBe(401)
  })
})

describe('single sign-on', () => {
  it('is changed in part, and says when', async () => {
    const sandbox = await openSandbox()
    const before = parse(await send(sandbox, 'GET', sso))
    expect(before).toEqual({
      'show-login-form': true,
      'show-login-form-for-jsm': true,
      'enable-authentication-fallback': false,
      'discovery-refresh-cron': '0 0 2 * * ?',
    })
    const after = parse(await send(sandbox, 'PATCH', sso, { body: { 'enable-authentication-fallback': true } }))
    expect(after).toEqual({ ...before, 'enable-authentication-fallback': true, 'last-updated': expect.any(String) })
    expect(parse(await send(sandbox, 'GET', sso))).toEqual(after)
    expect((await send(sandbox, 'PUT', sso, { body: {} })).status).toBe(405)
  })

  it.each([
    ['show-login-form', 'no'],
    ['enable-authentication-fallback', 0],
    ['discovery-refresh-cron', '0 2 * * *'],
    ['discovery-refresh-cron', '0 0 2 * * ? 2030 x'],
  ])('takes no %s of %j', async (field, value) => {
    const sandbox = await openSandbox()
    const refused = await send(sandbox, 'PATCH', sso, { body: { [field]: value, 'show-login-form-for-jsm': false } })
    expect([refused.status, parse(refused)['message']]).toEqual([400, expect.stringContaining(field)])
  })
})

describe('an identity provider', () => {
  const oidc = { name: 'Login', 'sso-type': 'OIDC', 'issuer-url': 'https://login.example.com', 'client-id': 'b' }
  const saml = { name: 'Entry', 'sso-type': 'SAML', 'sso-url': 'https://entry.example.com', enabled: false }
  const add = (sandbox: Sandbox, fields: object): Promise<Answer> => send(sandbox, 'POST', providers, { body: fields })
  const listOf = async (sandbox: Sandbox, query = ''): Promise<Readonly<Record<string, unknown>>> =>
    parse(await send(sandbox, 'GET', `${providers}${query}`))

  it('is added, shown alone and in a page of results, changed in part, and removed', async () => {
    const sandbox = await openSandbox()
    const made = parse(await add(sandbox, { ...oidc, buttonText: 'Go', 'additional-scopes': ['email'] }))
    const shown = { ...oidc, id: made['id'], enabled: true, buttonText: 'Go', 'additional-scopes': ['email'] }
    expect(made).toEqual({ ...shown, 'last-updated': expect.any(String) })
    const one = `${providers}/${made['id']}`
    expect(parse(await send(sandbox, 'GET', one))).toEqual(made)
    expect(await listOf(sandbox)).toEqual({ size: 1, limit: 25, isLastPage: true, start: 0, results: [made] })
    const body = { enabled: false, buttonText: null, id: made['id'] }
    const { buttonText: _gone, ...rest } = shown
    const patched = parse(await send(sandbox, 'PATCH', one, { body }))
    expect(patched).toEqual({ ...rest, enabled: false, 'last-updated': expect.any(String) })
    expect(parse(await send(sandbox, 'DELETE', one))).toEqual(patched)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await send(sandbox, method, one, method === 'PATCH' ? { body } : {})
      expect([method, answer.status]).toEqual([method, 404])
    }
  })

  it('keeps its client secret to itself, and keeps it when it is not sent', async () => {
    const sandbox = await openSandbox()
    const made = await add(sandbox, { ...oidc, 'client-secret': 'canary' })
    const one = `${providers}/${parse(made)['id']}`
    const patched = await send(sandbox, 'PATCH', one, { body: { enabled: false } })
    const [got, list] = [await send(sandbox, 'GET', one), await send(sandbox, 'GET', providers)]
    expect(sandbox.state.instance.identityProviders[0]).toMatchObject({ 'client-secret': 'canary', enabled: false })
    const removed = await send(sandbox, 'DELETE', one)
    expect([made, patched, got, list, removed].map(({ text }) => text).join()).not.toContain('canary')
  })

  it('finds its endpoints at the issuer where that is wished', async () => {
    const sandbox = await openSandbox()
    const made = parse(await add(sandbox, { ...oidc, 'discovery-enabled': true }))
    expect(made['token-endpoint']).toBe('https://login.example.com/token')
    expect(parse(await add(sandbox, { ...oidc, name: 'Other' }))).not.toHaveProperty('token-endpoint')
  })

  it.each([
    ['without a name', { ...oidc, name: ' ' }, 'name'],
    ['without a type', { name: 'Login' }, 'sso-type'],
    ['of an unknown type', { ...oidc, 'sso-type': 'LDAP' }, 'sso-type'],
    ['without an issuer', { ...oidc, 'issuer-url': '' }, 'issuer-url'],
    ['without a URL', { ...saml, 'sso-url': undefined }, 'sso-url'],
    ['with an id', { ...oidc, id: 1 }, 'id'],
    ['with a word for a flag', { ...oidc, enabled: 'yes' }, 'enabled'],
    ['with a word for a list', { ...oidc, 'additional-scopes': 'email' }, 'additional-scopes'],
    ['with a wrong mapping', { ...oidc, 'jit-configuration': { 'mapping-email': 1 } }, 'jit-configuration'],
  ])('%s is refused', async (_what, fields, field) => {
    const sandbox = await openSandbox()
    const refused = await add(sandbox, fields)
    expect([refused.status, parse(refused)['message']]).toEqual([400, expect.stringContaining(field)])
    expect(sandbox.state.instance.identityProviders).toEqual([])
  })

  it('has a name of its own, and stays of its type', async () => {
    const sandbox = await openSandbox()
    await add(sandbox, oidc)
    const { id } = parse(await add(sandbox, saml))
    expect((await add(sandbox, { ...saml, name: 'Login' })).status).toBe(409)
    const patch = async (body: object): Promise<number> =>
      (await send(sandbox, 'PATCH', `${providers}/${id}`, { body })).status
    expect([await patch({ name: 'Login' }), await patch({ id: 1 }), await patch({ 'sso-type': 'NONE' })]).toEqual([
      409, 400, 400,
    ])
    expect([await patch({ name: 'Entry' }), await patch({ name: 'Door' })]).toEqual([200, 200])
    expect(sandbox.state.instance.identityProviders.map(({ name }) => name)).toEqual(['Login', 'Door'])
  })

  it.each([
    ['9.4', false],
    ['10.2', true],
  ] as const)('knows signed requests from 9.6 on: %s', async (bitbucket, knows) => {
    const sandbox = await openSandbox({ bitbucket })
    const made = parse(await add(sandbox, { ...saml, 'sign-authnrequest': true, nonsense: 1 }))
    expect([Object.hasOwn(made, 'sign-authnrequest'), Object.hasOwn(made, 'nonsense')]).toEqual([knows, false])
    const wrong = await add(sandbox, { ...saml, name: 'Other', 'signature-algorithm': 'MD5' })
    expect(wrong.status).toBe(knows ? 400 : 200)
  })

  it('stands on the page that is asked for', async () => {
    const sandbox = await openSandbox({ pageLimit: 2 })
    for (const name of ['a', 'b', 'c']) await add(sandbox, { ...saml, name })
    expect(await listOf(sandbox, '?limit=50')).toMatchObject({ size: 2, limit: 2, isLastPage: false, nextPageStart: 2 })
    const last = await listOf(sandbox, '?start=2')
    expect(last).toMatchObject({ size: 1, isLastPage: true, results: [{ name: 'c' }] })
    expect(last).not.toHaveProperty('nextPageStart')
  })
})

describe('authentication', () => {
  it.each([['7.21'], ['8.19']] as const)('is not configured by REST on %s', async (bitbucket) => {
    const sandbox = await openSandbox({ bitbucket } satisfies SandboxOptions)
    for (const path of [basic, sso, providers, `${providers}/1`]) {
      const answer = await send(sandbox, 'GET', path)
      expect([path, answer.status, answer.json]).toEqual([path, 404, expect.objectContaining({ 'sub-code': -1 })])
    }
  })

  it('is the business of system administrators', async () => {
    const sandbox = await openSandbox()
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const as = password(sandbox, 'carol')
    const asked = [
      ['GET', basic],
      ['PUT', basic],
      ['GET', sso],
      ['PATCH', sso],
      ['GET', providers],
      ['POST', providers],
      ['GET', `${providers}/1`],
      ['PATCH', `${providers}/1`],
      ['DELETE', `${providers}/1`],
    ] as const
    for (const [method, path] of asked) {
      const answer = await send(sandbox, method, path, { as, ...(method === 'GET' ? {} : { body: {} }) })
      expect([method, path, answer.status]).toEqual([method, path, 401])
    }
  })
})
