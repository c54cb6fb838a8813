import { describe, expect, it } from 'vitest'
import { bearer, exceptions, openSandbox, password, send } from './visitor.js'

const properties = '/rest/api/latest/application-properties'
const groups = '/rest/api/latest/admin/groups'

describe('who asks', () => {
  it('is named in X-AUSERNAME as the account is spelled', async () => {
    const sandbox = await openSandbox()
    const own = await send(sandbox, 'GET', properties, { as: password(sandbox, 'j.doe') })
    expect(own.headers.get('x-ausername')).toBe('J.Doe')
    const nobody = await send(sandbox, 'GET', properties, { as: null })
    expect(nobody.status).toBe(200)
    expect(nobody.headers.get('x-ausername')).toBeNull()
    expect(nobody.headers.get('x-arequestid')).not.toBeNull()
    expect(nobody.headers.get('x-arequestid')).not.toBe(own.headers.get('x-arequestid'))
  })

  it.each([
    ['nobody', null, 'AuthenticationRequiredException'],
    ['a wrong password', `Basic ${btoa('admin:wrong')}`, 'IncorrectPasswordAuthenticationException'],
    ['an unknown account', `Basic ${btoa('constructor:x')}`, 'IncorrectPasswordAuthenticationException'],
    ['an unknown token', bearer('x'), 'AuthenticationRequiredException'],
  ])('401 for %s', async (_, as, exception) => {
    const answer = await send(await openSandbox(), 'GET', groups, { as })
    expect([answer.status, exceptions(answer)]).toEqual([401, [exception]])
  })

  it.each([
    ['eve', 'IncorrectPasswordAuthenticationException'],
    ['trainee', 'NoAccessAuthenticationException'],
  ])('401 for %s', async (user, exception) => {
    const sandbox = await openSandbox()
    const answer = await send(sandbox, 'GET', groups, { as: password(sandbox, user) })
    expect([answer.status, exceptions(answer)]).toEqual([401, [exception]])
  })

  it('refuses an HTTP access token on administration, whatever its owner may (BSERV-10482)', async () => {
    const sandbox = await openSandbox()
    const as = bearer(sandbox.httpAccessToken)
    expect((await send(sandbox, 'GET', properties, { as })).headers.get('x-ausername')).toBe('admin')
    for (const path of [groups, '/rest/access-tokens/latest/admin', '/rest/policies/latest/admin/repos/delete']) {
      const answer = await send(sandbox, 'GET', path, { as })
      expect([path, answer.status, exceptions(answer)]).toEqual([path, 401, ['AuthorisationException']])
    }
  })

  it.each([
    ['GET', '/rest/access-tokens/latest/admin', 'SYS_ADMIN'],
    ['GET', '/rest/ssh/latest/admin', 'SYS_ADMIN'],
    ['GET', '/rest/api/latest/admin/mail-server', 'SYS_ADMIN'],
    ['GET', '/rest/api/latest/admin/banner', 'ADMIN'],
    ['GET', '/rest/api/latest/admin/permissions/groups', 'ADMIN'],
    ['GET', '/rest/api/latest/admin/rate-limit/settings/users', 'ADMIN'],
    ['DELETE', '/rest/api/latest/admin/default-branch', 'ADMIN'],
    ['GET', '/rest/api/latest/admin/groups', 'LICENSED_USER'],
    ['GET', '/rest/api/latest/admin/rate-limit/settings', 'LICENSED_USER'],
    ['GET', '/rest/policies/latest/admin/repos/archive', 'LICENSED_USER'],
  ] as const)('%s %s takes %s', async (method, path, needed) => {
    const levels = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN'] as const
    const sandbox = await openSandbox()
    for (const level of levels) {
      sandbox.state.userPermissions['trainee'] = level
      const { status } = await send(sandbox, method, path, { as: password(sandbox, 'trainee') })
      const isEnough = levels.indexOf(level) >= levels.indexOf(needed)
      expect([level, status === 401]).toEqual([level, !isEnough])
    }
  })

  it('with anonymousRead serves an unknown token shorter lists, silently', async () => {
    const sandbox = await openSandbox({ anonymousRead: true })
    const all = await send(sandbox, 'GET', groups)
    const short = await send(sandbox, 'GET', groups, { as: bearer('expired') })
    expect([short.status, short.headers.get('x-ausername')]).toEqual([200, null])
    expect(short.json.values.length).toBeLessThan(all.json.values.length)
    expect((await send(sandbox, 'GET', '/rest/api/latest/admin/mail-server', { as: bearer('expired') })).status).toBe(
      401,
    )
    expect((await send(sandbox, 'POST', `${groups}?name=x`, { as: bearer('expired') })).status).toBe(401)
    expect((await send(sandbox, 'GET', properties, { as: bearer('expired') })).status).toBe(200)
  })
})

describe('formats', () => {
  it('tells an absent endpoint from an absent object', async () => {
    const sandbox = await openSandbox()
    const endpoint = await send(sandbox, 'GET', '/rest/api/latest/admin/nonsense')
    expect([endpoint.status, endpoint.json]).toEqual([
      404,
      { message: 'HTTP 404 Not Found', 'status-code': 404, 'sub-code': -1 },
    ])
    const object = await send(sandbox, 'GET', '/rest/api/latest/admin/default-branch')
    expect([object.status, exceptions(object)]).toEqual([404, ['NoSuchEntityException']])
  })

  it('answers XML about what it does not know to whoever did not ask for JSON', async () => {
    const answer = await send(await openSandbox(), 'GET', '/rest/nonsense', { headers: { accept: '*/*' } })
    expect(answer.headers.get('content-type')).toContain('xml')
    expect(answer.text).toContain('<status-code>404</status-code>')
  })

  it('405, 406, 415 and 400 for verbs, formats and bodies it does not take', async () => {
    const sandbox = await openSandbox()
    const path = '/rest/api/latest/admin/banner'
    const xml = await send(sandbox, 'GET', path, { headers: { accept: 'application/xml' } })
    const statuses = [
      (await send(sandbox, 'POST', path, { body: {} })).status,
      xml.status,
      (await send(sandbox, 'PUT', path, { body: '{}', headers: { 'content-type': 'text/plain' } })).status,
      (await send(sandbox, 'PUT', path, { body: '{' })).status,
    ]
    expect(statuses).toEqual([405, 406, 415, 400])
    expect(xml.text).toBe('')
  })

  it('serves latest and 1.0, and no other version', async () => {
    const sandbox = await openSandbox()
    const statuses = ['latest', '1.0', '2.0'].map(
      async (version) => (await send(sandbox, 'GET', `/rest/api/${version}/admin/groups`)).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200, 404])
  })
})

describe('pages', () => {
  it('follow nextPageStart to the end, whatever the limit', async () => {
    const sandbox = await openSandbox({ pageLimit: 7, estate: { users: 40 } })
    const names: unknown[] = []
    let start: number | null = 0
    let pages = 0
    while (start !== null) {
      const { json } = await send(sandbox, 'GET', `/rest/api/latest/admin/users?limit=1000&start=${start}`)
      expect(json).toMatchObject({ limit: 7, start, size: json.values.length })
      names.push(...json.values.map(({ name }) => name))
      start = json.nextPageStart
      pages += 1
    }
    expect(names).toHaveLength(Object.keys(sandbox.state.users).length)
    expect(new Set(names).size).toBe(names.length)
    expect(pages).toBe(Math.ceil(names.length / 7))
  })

  it('hold 25 unless told, and filter by a part of the name, of the display name, of the address', async () => {
    const sandbox = await openSandbox({ estate: { users: 40 } })
    expect((await send(sandbox, 'GET', '/rest/api/latest/admin/users')).json).toMatchObject({ size: 25, limit: 25 })
    const found = async (filter: string) =>
      (await send(sandbox, 'GET', `/rest/api/latest/admin/users?filter=${filter}`)).json.values.map(({ name }) => name)
    expect(await found('LIC')).toEqual(['alice'])
    expect(await found('Archer')).toEqual(['alice'])
    expect(await found('alice@')).toEqual(['alice'])
    expect(await found('nothing')).toEqual([])
  })
})

describe('rate limiting', () => {
  it('takes a token a request and user, and says how long to wait', async () => {
    let now = 1_700_000_000_000
    const sandbox = await openSandbox({ rateLimit: { capacity: 2, fillRate: 1 }, clock: () => now })
    const ask = (user: string) => send(sandbox, 'GET', groups, { as: password(sandbox, user) })
    expect([(await ask('admin')).status, (await ask('admin')).status]).toEqual([200, 200])
    const third = await ask('admin')
    expect([third.status, third.headers.get('retry-after'), exceptions(third).length]).toEqual([429, '1', 1])
    expect((await ask('alice')).status).toBe(200)
    now += 1000
    expect([(await ask('admin')).status, (await ask('admin')).status]).toEqual([200, 429])
  })

  it('spares who is exempt, gives others their own bucket, and can be switched off', async () => {
    const sandbox = await openSandbox({ rateLimit: { capacity: 1, fillRate: 1 }, clock: () => 0 })
    const users = '/rest/api/latest/admin/rate-limit/settings/users'
    const ask = async (user: string) => (await send(sandbox, 'GET', groups, { as: password(sandbox, user) })).status
    expect((await send(sandbox, 'PUT', `${users}/admin`, { body: { whitelisted: true } })).status).toBe(200)
    expect([await ask('admin'), await ask('admin')]).toEqual([200, 200])
    const settings = { capacity: 3, fillRate: 1 }
    expect((await send(sandbox, 'PUT', `${users}/bob`, { body: { settings } })).status).toBe(200)
    expect([await ask('bob'), await ask('bob'), await ask('bob'), await ask('bob')]).toEqual([200, 200, 200, 429])
    await send(sandbox, 'PUT', '/rest/api/latest/admin/rate-limit/settings', { body: { enabled: false } })
    expect(await ask('bob')).toBe(200)
  })
})
