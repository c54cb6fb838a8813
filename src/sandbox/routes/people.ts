/** Users, groups, memberships and global permissions: I-15 to I-19 of the catalogue. Names compare without case. */
import { absent, failure, holds, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import type { Context, Route } from '../router.js'
import { type GlobalLevel, type Group, globalLevels, levelOf, type SandboxState, type User } from '../state.js'
import { fieldsOf } from './settings.js'

const admin = '/api/{version}/admin'

/** A user as most answers show one. */
export function showUser({ name, slug, id, displayName, emailAddress, active }: User): Record<string, unknown> {
  return { name, emailAddress, active, displayName, id, slug, type: 'NORMAL' }
}

function showDetailed(user: User): Record<string, unknown> {
  return {
    ...showUser(user),
    directoryName: user.mutable ? 'Bitbucket Internal Directory' : 'Corporate LDAP',
    deletable: user.mutable,
    mutableDetails: user.mutable,
    mutableGroups: user.mutable,
    lastAuthenticationTimestamp: null,
  }
}

const key = (name: string | null | undefined): string => (name ?? '').toLowerCase()
const byName = <T extends { name: string }>(a: T, b: T): number => (key(a.name) < key(b.name) ? -1 : 1)

function sortedGroups(state: SandboxState): readonly Group[] {
  return Object.values(state.groups).sort(byName)
}

const people: readonly Route[] = [
  {
    method: 'GET',
    path: `${admin}/users`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const users = Object.values(state.users).sort(byName)
      const found = users.filter(({ name, displayName }) => holds(query.get('filter'), name, displayName))
      return page(found.map(showDetailed), query, features.pageLimit)
    },
  },
  {
    method: 'GET',
    path: '/api/{version}/users',
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) =>
      page(Object.values(state.users).sort(byName).map(showUser), query, features.pageLimit),
  },
]

const groups: readonly Route[] = [
  {
    method: 'GET',
    path: `${admin}/groups`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const found = sortedGroups(state).filter(({ name }) => holds(query.get('filter'), name))
      return page(
        found.map(({ name, deletable }) => ({ name, deletable })),
        query,
        features.pageLimit,
      )
    },
  },
  {
    method: 'POST',
    path: `${admin}/groups`,
    needs: 'ADMIN',
    handle: ({ state, query }) => {
      const name = query.get('name') ?? ''
      if (name === '') return invalid('The name is required', 'name')
      if (state.groups[key(name)] !== undefined) {
        return failure(409, 'user.GroupAlreadyExistsException', `A group named ${name} already exists`)
      }
      state.groups[key(name)] = { name, deletable: true, members: [] }
      return ok({ name, deletable: true })
    },
  },
  { method: 'DELETE', path: `${admin}/groups`, needs: 'ADMIN', handle: deleteGroup },
  {
    method: 'GET',
    path: `${admin}/groups/more-members`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const group = state.groups[key(query.get('context'))]
      if (group === undefined) return absent(`The group ${query.get('context')} does not exist`)
      const users = group.members.flatMap((name) => state.users[name] ?? []).sort(byName)
      return page(users.map(showDetailed), query, features.pageLimit)
    },
  },
  {
    method: 'GET',
    path: `${admin}/users/more-members`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const user = key(query.get('context'))
      if (state.users[user] === undefined) return absent(`The user ${query.get('context')} does not exist`)
      const found = sortedGroups(state).filter(({ members }) => members.includes(user))
      return page(
        found.map(({ name, deletable }) => ({ name, deletable })),
        query,
        features.pageLimit,
      )
    },
  },
  { method: 'POST', path: `${admin}/groups/add-users`, needs: 'ADMIN', handle: addUsers },
  { method: 'POST', path: `${admin}/users/add-groups`, needs: 'ADMIN', handle: addGroups },
  { method: 'POST', path: `${admin}/users/remove-group`, needs: 'ADMIN', handle: removeFromGroup },
]

/** Whether a caller would act on somebody stronger, or lower themselves: 403 and 409 of the documents. */
function refuseGroup({ state, caller }: Context, group: Group, what: string): Reply | undefined {
  const level = state.groupPermissions[key(group.name)]
  if (level !== undefined && !reaches(caller, level)) {
    return failure(403, 'AuthorisationException', `${what} needs the permission ${level} itself`)
  }
  return undefined
}

function lowersCaller({ state, caller }: Context, change: () => void): boolean {
  const before = caller.user === undefined ? undefined : levelOf(state, caller.user)
  const saved = structuredClone([state.groups, state.groupPermissions, state.userPermissions] as const)
  change()
  const after = caller.user === undefined ? undefined : levelOf(state, caller.user)
  const isLower = rank(after) < rank(before)
  if (isLower) [state.groups, state.groupPermissions, state.userPermissions] = saved
  return isLower
}

function rank(level: GlobalLevel | undefined): number {
  return level === undefined ? -1 : globalLevels.indexOf(level)
}

function selfDemotion(): Reply {
  return failure(409, 'IntegrityException', 'This would lower or remove your own permissions')
}

function deleteGroup(context: Context): Reply {
  const { state, query } = context
  const group = state.groups[key(query.get('name'))]
  if (group === undefined) return absent(`The group ${query.get('name')} does not exist`)
  if (!group.deletable) return failure(403, 'user.UnmodifiableDirectoryException', 'The directory is read-only')
  const refusal = refuseGroup(context, group, 'Deleting this group')
  if (refusal !== undefined) return refusal
  const isLower = lowersCaller(context, () => {
    delete state.groups[key(group.name)]
    delete state.groupPermissions[key(group.name)]
  })
  return isLower ? selfDemotion() : ok({ name: group.name, deletable: true })
}

function addUsers(context: Context): Reply {
  const { state, body } = context
  const { group: name, users } = fieldsOf(body)
  const group = state.groups[key(String(name))]
  if (group === undefined) return absent(`The group ${String(name)} does not exist`)
  if (!Array.isArray(users) || users.length === 0) return invalid('At least one user is needed', 'users')
  const names = users.map((user) => key(String(user)))
  const stranger = names.find((user) => state.users[user] === undefined)
  // All or nothing.
  if (stranger !== undefined) return absent(`The user ${stranger} does not exist`)
  const refusal = refuseGroup(context, group, 'Adding to this group')
  if (refusal !== undefined) return refusal
  group.members = [...new Set([...group.members, ...names])]
  return { status: 200 }
}

function addGroups(context: Context): Reply {
  const { state, body } = context
  const { user, groups: names } = fieldsOf(body)
  const list = Array.isArray(names) ? names.map(String) : []
  for (const name of list) if (state.groups[key(name)] === undefined) return absent(`The group ${name} does not exist`)
  for (const name of list) {
    const reply = addUsers({ ...context, body: { group: name, users: [user] } })
    if (reply.status !== 200) return reply
  }
  return { status: 200 }
}

function removeFromGroup(context: Context): Reply {
  const { state, body } = context
  const { context: user, itemName } = fieldsOf(body)
  const group = state.groups[key(String(itemName))]
  if (group === undefined || state.users[key(String(user))] === undefined) return absent('No such user or group')
  const refusal = refuseGroup(context, group, 'Removing from this group')
  if (refusal !== undefined) return refusal
  const isLower = lowersCaller(context, () => {
    group.members = group.members.filter((member) => member !== key(String(user)))
  })
  return isLower ? selfDemotion() : { status: 200 }
}

type Holder = 'users' | 'groups'

function grants(state: SandboxState, holder: Holder): Record<string, GlobalLevel> {
  return holder === 'users' ? state.userPermissions : state.groupPermissions
}

function showGrants({ state, query, features }: Context, holder: Holder): Reply {
  const shown = Object.entries(grants(state, holder)).sort(([a], [b]) => (a < b ? -1 : 1))
  const found = shown.filter(([name]) => holds(query.get('filter'), name))
  const values = found.flatMap(([name, permission]): readonly unknown[] => {
    const user = state.users[name]
    if (holder === 'groups') return [{ group: { name: state.groups[name]?.name ?? name }, permission }]
    return user === undefined ? [] : [{ user: showUser(user), permission }]
  })
  return page(values, query, features.pageLimit)
}

function showWithout({ state, query, features }: Context, holder: Holder): Reply {
  const has = grants(state, holder)
  if (holder === 'groups') {
    const found = sortedGroups(state).filter(({ name }) => has[key(name)] === undefined)
    return page(
      found.map(({ name, deletable }) => ({ name, deletable })),
      query,
      features.pageLimit,
    )
  }
  const found = Object.values(state.users).filter(({ name }) => has[key(name)] === undefined)
  return page(found.sort(byName).map(showDetailed), query, features.pageLimit)
}

function putGrants(context: Context, holder: Holder): Reply {
  const { state, query, caller } = context
  const permission = globalLevels.find((level) => level === query.get('permission'))
  const names = query.getAll('name').map(key)
  if (permission === undefined) return invalid(`One of ${globalLevels.join(', ')}`, 'permission')
  const stranger = names.find((name) => state[holder][name] === undefined)
  if (names.length === 0) return invalid('At least one name is needed', 'name')
  if (stranger !== undefined) return absent(`${stranger} does not exist`)
  if (!reaches(caller, permission)) {
    return failure(401, 'AuthorisationException', 'You may not grant more than you have')
  }
  const isStronger = names.some((name) => rank(grants(state, holder)[name]) > rank(caller.level))
  if (isStronger) return failure(409, 'IntegrityException', 'Somebody stronger than you cannot be changed')
  const isLower = lowersCaller(context, () => {
    for (const name of names) grants(state, holder)[name] = permission
  })
  return isLower ? selfDemotion() : noContent()
}

function deleteGrants(context: Context, holder: Holder): Reply {
  const { state, query, caller } = context
  const name = key(query.get('name'))
  if (state[holder][name] === undefined) return absent(`${query.get('name')} does not exist`)
  if (rank(grants(state, holder)[name]) > rank(caller.level)) {
    return failure(409, 'IntegrityException', 'Somebody stronger than you cannot be changed')
  }
  const isLower = lowersCaller(context, () => {
    delete grants(state, holder)[name]
  })
  return isLower ? selfDemotion() : noContent()
}

const permissions: readonly Route[] = (['users', 'groups'] as const).flatMap((holder): Route[] => {
  const path = `${admin}/permissions/${holder}`
  return [
    { method: 'GET', path, needs: 'ADMIN', handle: (context) => showGrants(context, holder) },
    { method: 'GET', path: `${path}/none`, needs: 'ADMIN', handle: (context) => showWithout(context, holder) },
    { method: 'PUT', path, needs: 'ADMIN', handle: (context) => putGrants(context, holder) },
    { method: 'DELETE', path, needs: 'ADMIN', handle: (context) => deleteGrants(context, holder) },
  ]
})

export const peopleRoutes: readonly Route[] = [...people, ...groups, ...permissions]
