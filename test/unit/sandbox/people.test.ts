import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { exceptions, openSandbox, password, send } from './visitor.js'

const admin = '/rest/api/latest/admin'

async function membersOf(sandbox: Sandbox, group: string): Promise<unknown[]> {
  const path = `${admin}/groups/more-members?limit=1000&context=${encodeURIComponent(group)}`
  return (await send(sandbox, 'GET', path)).json.values.map(({ name }) => name)
}

async function groupsOf(sandbox: Sandbox, user: string): Promise<unknown[]> {
  const { json } = await send(sandbox, 'GET', `${admin}/users/more-members?context=${encodeURIComponent(user)}`)
  return json.values.map(({ name }) => name)
}

async function permissionOf(sandbox: Sandbox, holder: 'users' | 'groups', name: string): Promise<unknown> {
  const { json } = await send(sandbox, 'GET', `${admin}/permissions/${holder}?limit=1000`)
  const member = holder === 'users' ? 'user' : 'group'
  return json.values.find((entry) => (entry[member] as { name: string }).name === name)?.['permission']
}

describe('groups', () => {
  it('are created once, whatever the case, and deleted with their permissions', async () => {
    const sandbox = await openSandbox()
    const created = await send(sandbox, 'POST', `${admin}/groups?name=Release%20Crew`)
    expect([created.status, created.json]).toEqual([200, { name: 'Release Crew', deletable: true }])
    const twin = await send(sandbox, 'POST', `${admin}/groups?name=release%20crew`)
    expect([twin.status, exceptions(twin)]).toEqual([409, ['IntegrityException']])
    await send(sandbox, 'PUT', `${admin}/permissions/groups?name=release%20crew&permission=ADMIN`)
    expect(await permissionOf(sandbox, 'groups', 'Release Crew')).toBe('ADMIN')
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=RELEASE%20CREW`)).status).toBe(200)
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=RELEASE%20CREW`)).status).toBe(404)
    expect(await permissionOf(sandbox, 'groups', 'Release Crew')).toBeUndefined()
    expect((await send(sandbox, 'POST', `${admin}/groups`)).status).toBe(400)
  })

  it.each(['constructor', '__proto__', 'toString', 'a/b', 'ünïcode & %', 'x?y#z'])('can be named %s', async (name) => {
    const sandbox = await openSandbox()
    const encoded = encodeURIComponent(name)
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=${encoded}`)).status).toBe(404)
    expect((await send(sandbox, 'POST', `${admin}/groups?name=${encoded}`)).status).toBe(200)
    expect(
      (await send(sandbox, 'POST', `${admin}/groups/add-users`, { body: { group: name, users: ['alice'] } })).status,
    ).toBe(200)
    expect(
      (await send(sandbox, 'PUT', `${admin}/permissions/groups?name=${encoded}&permission=PROJECT_CREATE`)).status,
    ).toBe(204)
    expect(await membersOf(sandbox, name)).toEqual(['alice'])
    expect(await permissionOf(sandbox, 'groups', name)).toBe('PROJECT_CREATE')
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=${encoded}`)).status).toBe(200)
    const { json } = await send(sandbox, 'GET', `${admin}/groups?limit=1000`)
    expect(json.values.map((group) => group['name'])).not.toContain(name)
  })

  it('of a read-only directory stay as they are', async () => {
    const sandbox = await openSandbox()
    const { json } = await send(sandbox, 'GET', `${admin}/groups?filter=ldap`)
    expect(json.values).toEqual([{ name: 'ldap-staff', deletable: false }])
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=ldap-staff`)).status).toBe(403)
    const body = { group: 'ldap-staff', users: ['alice'] }
    expect((await send(sandbox, 'POST', `${admin}/groups/add-users`, { body })).status).toBe(403)
    expect(await membersOf(sandbox, 'ldap-staff')).toEqual(['lena'])
  })
})

describe('memberships', () => {
  it('are added all or not at all', async () => {
    const sandbox = await openSandbox()
    await send(sandbox, 'POST', `${admin}/groups?name=crew`)
    const add = (users: string[], group = 'CREW') =>
      send(sandbox, 'POST', `${admin}/groups/add-users`, { body: { group, users } })
    const stranger = await add(['alice', 'nobody'])
    expect([stranger.status, exceptions(stranger)]).toEqual([404, ['NoSuchUserException']])
    expect(await membersOf(sandbox, 'crew')).toEqual([])
    expect((await add(['alice', 'BOB', 'j.doe'])).status).toBe(200)
    expect((await add(['alice'])).status).toBe(200)
    expect(await membersOf(sandbox, 'crew')).toEqual(['alice', 'bob', 'J.Doe'])
    expect(exceptions(await add(['alice'], 'nothing'))).toEqual(['NoSuchGroupException'])
  })

  it('are added from the side of the user, all or not at all, and removed one by one', async () => {
    const sandbox = await openSandbox()
    const add = (groups: string[]) =>
      send(sandbox, 'POST', `${admin}/users/add-groups`, { body: { user: 'alice', groups } })
    expect((await add(['contractors', 'ldap-staff'])).status).toBe(403)
    expect((await add(['contractors', 'nothing'])).status).toBe(404)
    expect(await groupsOf(sandbox, 'alice')).not.toContain('contractors')
    expect((await add(['contractors'])).status).toBe(200)
    expect(await groupsOf(sandbox, 'ALICE')).toContain('contractors')
    const remove = () =>
      send(sandbox, 'POST', `${admin}/users/remove-group`, { body: { context: 'alice', itemName: 'contractors' } })
    expect([(await remove()).status, (await remove()).status]).toEqual([200, 200])
    expect(await groupsOf(sandbox, 'alice')).not.toContain('contractors')
  })

  it('are listed with those who are not in, too', async () => {
    const sandbox = await openSandbox()
    const { json } = await send(sandbox, 'GET', `${admin}/groups/more-non-members?context=contractors&limit=1000`)
    const outside = json.values.map((user) => user['name'])
    expect([...outside, ...(await membersOf(sandbox, 'contractors'))].sort()).toEqual(
      Object.values(sandbox.state.users)
        .map(({ name }) => name)
        .sort(),
    )
    const other = await send(sandbox, 'GET', `${admin}/users/more-non-members?context=alice`)
    expect(other.json.values.map((group) => group['name'])).toContain('contractors')
  })

  it('of a group stronger than the caller are out of reach', async () => {
    const sandbox = await openSandbox()
    sandbox.state.groupPermissions['contractors'] = 'SYS_ADMIN'
    sandbox.state.userPermissions['bob'] = 'ADMIN'
    const as = password(sandbox, 'bob')
    const body = { group: 'contractors', users: ['bob'] }
    expect((await send(sandbox, 'POST', `${admin}/groups/add-users`, { as, body })).status).toBe(403)
    expect((await send(sandbox, 'DELETE', `${admin}/groups?name=contractors`, { as })).status).toBe(403)
  })
})

describe('permissions', () => {
  it('are set up and down to exactly one level, for many names at once', async () => {
    const sandbox = await openSandbox()
    const path = `${admin}/permissions/users`
    for (const level of ['ADMIN', 'PROJECT_CREATE']) {
      expect((await send(sandbox, 'PUT', `${path}?name=ALICE&name=j.doe&permission=${level}`)).status).toBe(204)
      expect([await permissionOf(sandbox, 'users', 'alice'), await permissionOf(sandbox, 'users', 'J.Doe')]).toEqual([
        level,
        level,
      ])
    }
    expect((await send(sandbox, 'DELETE', `${path}?name=alice`)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', `${path}?name=alice`)).status).toBe(204)
    expect(await permissionOf(sandbox, 'users', 'alice')).toBeUndefined()
    const none = await send(sandbox, 'GET', `${path}/none?filter=alice`)
    expect(none.json.values.map((user) => user['name'])).toEqual(['alice'])
  })

  it('of strangers are 404, and nothing is written for the others', async () => {
    const sandbox = await openSandbox()
    const users = await send(sandbox, 'PUT', `${admin}/permissions/users?name=alice&name=nobody&permission=ADMIN`)
    const groups = await send(sandbox, 'DELETE', `${admin}/permissions/groups?name=nobody`)
    expect([users.status, exceptions(users), groups.status, exceptions(groups)]).toEqual([
      404,
      ['NoSuchUserException'],
      404,
      ['NoSuchGroupException'],
    ])
    expect(await permissionOf(sandbox, 'users', 'alice')).toBeUndefined()
    expect((await send(sandbox, 'PUT', `${admin}/permissions/users?name=alice&permission=KING`)).status).toBe(400)
    expect((await send(sandbox, 'PUT', `${admin}/permissions/users?permission=ADMIN`)).status).toBe(400)
  })

  it('above one’s own are not granted, and those of the stronger not touched', async () => {
    const sandbox = await openSandbox()
    sandbox.state.userPermissions['bob'] = 'ADMIN'
    const as = password(sandbox, 'bob')
    const above = await send(sandbox, 'PUT', `${admin}/permissions/users?name=carol&permission=SYS_ADMIN`, { as })
    expect([above.status, exceptions(above)]).toEqual([401, ['AuthorisationException']])
    const stronger = await send(sandbox, 'PUT', `${admin}/permissions/users?name=admin&permission=ADMIN`, { as })
    expect([stronger.status, exceptions(stronger)]).toEqual([409, ['IntegrityException']])
    expect((await send(sandbox, 'PUT', `${admin}/permissions/users?name=carol&permission=ADMIN`, { as })).status).toBe(
      204,
    )
  })

  it('are not lowered by their own holder, on whichever way', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'PUT', `${admin}/permissions/users?name=admin&permission=ADMIN`)).status).toBe(409)
    expect((await send(sandbox, 'DELETE', `${admin}/permissions/users?name=admin`)).status).toBe(409)
    await send(sandbox, 'POST', `${admin}/groups?name=roots`)
    await send(sandbox, 'POST', `${admin}/groups/add-users`, { body: { group: 'roots', users: ['bob'] } })
    await send(sandbox, 'PUT', `${admin}/permissions/groups?name=roots&permission=SYS_ADMIN`)
    const as = password(sandbox, 'bob')
    const ways = [
      send(sandbox, 'PUT', `${admin}/permissions/groups?name=roots&permission=ADMIN`, { as }),
      send(sandbox, 'DELETE', `${admin}/permissions/groups?name=roots`, { as }),
      send(sandbox, 'DELETE', `${admin}/groups?name=roots`, { as }),
    ]
    expect((await Promise.all(ways)).map(({ status }) => status)).toEqual([409, 409, 409])
    expect(await permissionOf(sandbox, 'groups', 'roots')).toBe('SYS_ADMIN')
    expect(await membersOf(sandbox, 'roots')).toEqual(['bob'])
  })
})

describe('the estate', () => {
  it('has the size that was asked for, and is the same every time', async () => {
    const size = { groups: 30, users: 100, memberships: 300 }
    const [small, first, second] = [
      await openSandbox(),
      await openSandbox({ estate: size }),
      await openSandbox({ estate: size }),
    ]
    const count = ({ state: { groups, users } }: Sandbox) => ({
      groups: Object.keys(groups).length,
      users: Object.keys(users).length,
      memberships: Object.values(groups).reduce((sum, { members }) => sum + members.length, 0),
    })
    const [base, grown] = [count(small), count(first)]
    expect(grown).toEqual({
      groups: base.groups + 30,
      users: base.users + 100,
      memberships: base.memberships + 300,
    })
    expect(first.state.groups).toEqual(second.state.groups)
  })
})
