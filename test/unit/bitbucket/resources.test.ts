import { describe, expect, it } from 'vitest'
import accessTokenPolicy from '../../../src/bitbucket/resources/access-token-policy.js'
import banner from '../../../src/bitbucket/resources/banner.js'
import defaultBranch from '../../../src/bitbucket/resources/default-branch.js'
import groupPermissions from '../../../src/bitbucket/resources/group-permissions.js'
import groups from '../../../src/bitbucket/resources/groups.js'
import identityProviders from '../../../src/bitbucket/resources/identity-providers.js'
import members from '../../../src/bitbucket/resources/members.js'
import rateLimit from '../../../src/bitbucket/resources/rate-limit.js'
import rateLimitUsers from '../../../src/bitbucket/resources/rate-limit-users.js'
import repositoryDeletion from '../../../src/bitbucket/resources/repository-deletion.js'
import userPermissions from '../../../src/bitbucket/resources/user-permissions.js'
import users from '../../../src/bitbucket/resources/users.js'
import type { Live, Reader } from '../../../src/model/resource.js'
import { change, failure, record } from './recording-server.js'

const admin = '/api/latest/admin'
const here = {}

async function valueOf(
  read: ((api: Reader, at: Record<string, string>) => Promise<Live | null>) | undefined,
  answer: unknown,
): Promise<unknown> {
  const live = await read?.(record(() => answer).api, here)
  return live === null ? null : live?.value
}

async function valuesOf(
  list: ((api: Reader, at: Record<string, string>) => Promise<readonly Live[] | null>) | undefined,
  answer: unknown,
  at: Record<string, string> = here,
): Promise<unknown> {
  const items = await list?.(record(() => answer).api, at)
  return items?.map(({ value }) => value) ?? items
}

describe('accessTokenPolicy', () => {
  it.each([
    ['a limit', { maxExpiryDays: 90 }, { maxExpiryDays: 90 }],
    ['a leaked optional', { maxExpiryDays: { asInt: 90, present: true } }, { maxExpiryDays: 90 }],
    ['no body', null, null],
    ['no key', {}, null],
    ['null', { maxExpiryDays: null }, null],
    ['an empty leaked optional', { maxExpiryDays: { asInt: 0, present: false } }, null],
    ['zero', { maxExpiryDays: 0 }, null],
  ])('reads %s', async (_title, answer, value) => {
    expect(await valueOf(accessTokenPolicy.read, answer)).toEqual(value)
  })

  it('writes the limit, and lifts it by DELETE, also where it is lifted already', async () => {
    const { api, sent } = record(
      () => null,
      ({ method }) => (method === 'DELETE' ? failure('API_NOT_FOUND') : null),
    )
    await accessTokenPolicy.write(api, here, change({ maxExpiryDays: 100 }))
    await accessTokenPolicy.clear?.(api, here, { value: { maxExpiryDays: 100 }, raw: null })
    expect(sent).toEqual([
      { method: 'PUT', path: '/access-tokens/latest/admin', body: { maxExpiryDays: 100 } },
      { method: 'DELETE', path: '/access-tokens/latest/admin' },
    ])
  })
})

describe('banner', () => {
  it('reads it, and 204 as absent', async () => {
    const live = { message: 'Hi', enabled: true, audience: 'ALL' }
    expect(await valueOf(banner.read, live)).toEqual(live)
    expect(await valueOf(banner.read, null)).toBeNull()
  })

  it('names the field that it does not understand', async () => {
    await expect(valueOf(banner.read, { message: 'Hi', enabled: true, audience: 'NOBODY' })).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
      message: expect.stringContaining('audience is of type string, not one of ALL, AUTHENTICATED'),
    })
    await expect(valueOf(banner.read, ['Hi'])).rejects.toMatchObject({ code: 'API_UNEXPECTED' })
  })

  it('takes line ends of Windows for line ends', () => {
    expect(banner.canonical({ message: 'a\r\nb' })).toEqual({ message: 'a\nb' })
    expect(banner.canonical({ enabled: true })).toEqual({ enabled: true })
  })
})

describe('defaultBranch', () => {
  it('takes short and full names for one, and sends the full one', async () => {
    expect(await valueOf(defaultBranch.read, { id: 'refs/heads/a/b', displayId: 'a/b', type: 'BRANCH' })).toBe('a/b')
    expect(await valueOf(defaultBranch.read, null)).toBeNull()
    expect(defaultBranch.canonical('refs/heads/main')).toBe('main')
    expect(defaultBranch.canonical(null)).toBeNull()
    const { api, sent } = record(() => null)
    await defaultBranch.write(api, here, change('main'))
    expect(sent).toEqual([{ method: 'PUT', path: `${admin}/default-branch`, body: { id: 'refs/heads/main' } }])
  })
})

describe('rateLimit', () => {
  it('sends the bucket only where it changes, then both numbers', async () => {
    const { api, sent } = record(() => null)
    const after = { enabled: true, defaultSettings: { capacity: 60, fillRate: 5 } }
    await rateLimit.write(api, here, change(after, null, ['enabled']))
    await rateLimit.write(api, here, change(after, null, ['defaultSettings']))
    expect(sent.map(({ body }) => body)).toEqual([{ enabled: true }, after])
  })

  it('cannot be reset, and comes after the exemptions', () => {
    expect(rateLimit.clear).toBeUndefined()
    expect(rateLimit.after).toEqual(['rateLimitUsers'])
  })
})

describe('rateLimitUsers', () => {
  const bot = {
    user: { name: 'Jane@Example', slug: 'jane_example' },
    whitelisted: true,
    settings: { capacity: 1, fillRate: 1 },
  }
  const slow = { user: { name: 'slow', slug: 'slow' }, whitelisted: false, settings: { capacity: 2, fillRate: 1 } }

  it('reads an exemption or settings, never both', async () => {
    expect(await valuesOf(rateLimitUsers.list, [bot, slow])).toEqual([
      { user: 'Jane@Example', whitelisted: true },
      { user: 'slow', settings: { capacity: 2, fillRate: 1 } },
    ])
  })

  it('creates many with one request for each limit, by names', async () => {
    const { api, sent } = record(() => null)
    const exempt = ['a', 'b', 'c'].map((user) => change({ user, whitelisted: true }))
    const settings = { capacity: 9, fillRate: 3 }
    await rateLimitUsers.createMany?.(api, here, [...exempt, change({ user: 'd', settings })])
    expect(sent).toEqual([
      {
        method: 'POST',
        path: `${admin}/rate-limit/settings/users`,
        body: { usernames: ['a', 'b', 'c'], whitelisted: true },
      },
      { method: 'POST', path: `${admin}/rate-limit/settings/users`, body: { usernames: ['d'], settings } },
    ])
  })

  it('changes and deletes by the slug', async () => {
    const { api, sent } = record(
      () => null,
      ({ method }) => (method === 'DELETE' ? failure('API_NOT_FOUND') : null),
    )
    const settings = { capacity: 9, fillRate: 3 }
    await rateLimitUsers.update?.(api, here, change({ user: 'jane@example', settings }, bot))
    await rateLimitUsers.delete?.(api, here, { value: {}, raw: bot })
    expect(sent).toEqual([
      { method: 'PUT', path: `${admin}/rate-limit/settings/users/jane_example`, body: { settings } },
      { method: 'DELETE', path: `${admin}/rate-limit/settings/users/jane_example` },
    ])
  })
})

describe('repositoryDeletion', () => {
  it('reads and writes one word, and refuses one that it does not know', async () => {
    expect(await valueOf(repositoryDeletion.read, { permission: 'ADMIN' })).toEqual({ permission: 'ADMIN' })
    await expect(valueOf(repositoryDeletion.read, { permission: 'ROOT' })).rejects.toMatchObject({
      message: expect.stringContaining('/policies/latest/admin/repos/delete'),
    })
    expect(repositoryDeletion.clear).toBeUndefined()
  })
})

describe('groups', () => {
  it('lists, creates and deletes by name, in any case and spelling of a URL', async () => {
    expect(await valuesOf(groups.list, [{ name: 'A & B', deletable: true }])).toEqual([{ name: 'A & B' }])
    expect(groups.canonical({ name: 'DevOps' })).toEqual({ name: 'devops' })
    const { api, sent } = record(
      () => null,
      ({ method }) => failure(method === 'POST' ? 'API_CONFLICT' : 'API_NOT_FOUND'),
    )
    await groups.create?.(api, here, change({ name: 'a & b' }))
    await groups.delete?.(api, here, { value: { name: 'a & b' }, raw: { name: 'A & B' } })
    expect(sent).toEqual([
      { method: 'POST', path: `${admin}/groups?name=a%20%26%20b` },
      { method: 'DELETE', path: `${admin}/groups?name=A%20%26%20B` },
    ])
  })

  it('does not take the refusal to delete the own administrators for done', async () => {
    const { api } = record(
      () => null,
      () => failure('API_CONFLICT'),
    )
    await expect(groups.delete?.(api, here, { value: {}, raw: { name: 'admins' } })).rejects.toMatchObject({
      code: 'API_CONFLICT',
    })
  })

  it('says which groups are read-only', () => {
    expect(groups.isReadOnly?.({ value: {}, raw: { name: 'ldap', deletable: false } })).toContain('read-only')
    expect(groups.isReadOnly?.({ value: {}, raw: { name: 'own', deletable: true } })).toBeUndefined()
  })
})

describe('members', () => {
  const at = { groups: 'dev ops' }

  it('lists those of one group, and none of an absent one', async () => {
    expect(await valuesOf(members.list, [{ name: 'Alice' }], at)).toEqual([{ user: 'Alice' }])
    expect(await members.list?.(record(() => null).api, at)).toBeNull()
  })

  it('adds many with one request and removes with user and group the odd way round', async () => {
    const { api, sent } = record(() => null)
    await members.createMany?.(api, at, [change({ user: 'alice' }), change({ user: 'bob' })])
    await members.delete?.(api, at, { value: { user: 'alice' }, raw: { name: 'Alice' } })
    expect(sent).toEqual([
      { method: 'POST', path: `${admin}/groups/add-users`, body: { group: 'dev ops', users: ['alice', 'bob'] } },
      { method: 'POST', path: `${admin}/users/remove-group`, body: { context: 'Alice', itemName: 'dev ops' } },
    ])
  })
})

describe('global permissions', () => {
  it('read the name of group or user, whatever the document says', async () => {
    expect(await valuesOf(groupPermissions.list, [{ group: { name: 'devs' }, permission: 'ADMIN' }])).toEqual([
      { group: 'devs', permission: 'ADMIN' },
    ])
    expect(await valuesOf(userPermissions.list, [{ user: { name: 'alice' }, permission: 'SYS_ADMIN' }])).toEqual([
      { user: 'alice', permission: 'SYS_ADMIN' },
    ])
    await expect(
      valuesOf(userPermissions.list, [{ group: { name: 'alice' }, permission: 'ADMIN' }]),
    ).rejects.toMatchObject({
      code: 'API_UNEXPECTED',
      message: expect.stringContaining('values[0].user is missing'),
    })
  })

  it('are granted, changed and revoked in the query, without a body', async () => {
    const { api, sent } = record(
      () => null,
      ({ method }) => (method === 'DELETE' ? failure('API_NOT_FOUND') : null),
    )
    const after = { user: 'a+b', permission: 'ADMIN' }
    await userPermissions.create?.(api, here, change(after))
    await userPermissions.update?.(api, here, change(after))
    await userPermissions.delete?.(api, here, { value: after, raw: null })
    expect(sent).toEqual([
      { method: 'PUT', path: `${admin}/permissions/users?name=a%2Bb&permission=ADMIN` },
      { method: 'PUT', path: `${admin}/permissions/users?name=a%2Bb&permission=ADMIN` },
      { method: 'DELETE', path: `${admin}/permissions/users?name=a%2Bb` },
    ])
  })

  it('tell the permission that they need when they are refused', async () => {
    const { api } = record(() => failure('API_FORBIDDEN'))
    await expect(groupPermissions.list?.(api, here)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      message: 'refused. "Global permissions of groups" needs the global permission ADMIN',
    })
  })
})

describe('identityProviders', () => {
  it('spell whether requests are signed as the documents of 9.6 do, and not in kebab-case', async () => {
    const { api, sent } = record(() => [])
    const after = {
      name: 'Company',
      ssoType: 'SAML',
      ssoUrl: 'https://login.example.com',
      signAuthnRequest: true,
    } as const
    await identityProviders.create?.(api, here, change(after))
    expect(sent.map(({ body }) => body)).toEqual([
      { name: 'Company', 'sso-type': 'SAML', 'sso-url': 'https://login.example.com', 'sign-authnrequest': true },
    ])
    const answered = { name: 'Company', 'sso-type': 'SAML', 'sign-authnrequest': true }
    expect(await valuesOf(identityProviders.list, [answered])).toEqual([
      { name: 'Company', ssoType: 'SAML', signAuthnRequest: true },
    ])
  })
})

describe('users', () => {
  it('are in lower case, those without a mail address too', async () => {
    const listed = await users.list?.(record(() => [{ name: 'Alice', displayName: 'A' }]).api, here)
    expect(listed?.map(({ value }) => users.canonical(value))).toEqual([
      { name: 'alice', displayName: 'A', emailAddress: '' },
    ])
  })
})
