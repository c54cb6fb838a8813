/** Users, groups and memberships: I-17 to I-19 of the catalogue. Names compare without case. */
import { absentPrincipal, failure, holds, invalid, ok, page, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import { dropHolder } from '../holders.js'
import { isAtLeast } from '../options.js'
import type { Context, Features, Route } from '../router.js'
import { refuseSeats } from '../seats.js'
import { type GlobalLevel, type Group, globalLevels, levelOf, type SandboxState, type User } from '../state.js'
import { inOrder, keysInOrder, type Table, tableOf } from '../table.js'
import { fieldsOf } from './settings.js'

const admin = '/api/{version}/admin'

/** A user as most answers show one. */
export function showUser({ name, slug, id, displayName, emailAddress, active }: User): Record<string, unknown> {
  return { name, emailAddress, active, displayName, id, slug, type: 'NORMAL' }
}

/** A user as lists of the administration show one. */
export function showDetailed({ version }: Features, user: User): Record<string, unknown> {
  const { mutable, createdTimestamp, lastAuthenticationTimestamp } = user
  const shown = showUser(user)
  shown['directoryName'] = mutable ? 'Bitbucket Internal Directory' : 'Corporate LDAP'
  shown['deletable'] = mutable
  shown['mutableDetails'] = mutable
  shown['mutableGroups'] = mutable
  if (lastAuthenticationTimestamp !== undefined) shown['lastAuthenticationTimestamp'] = lastAuthenticationTimestamp
  // Since 9.6 (I-18).
  if (createdTimestamp !== undefined && isAtLeast(version, '9.6')) shown['createdTimestamp'] = createdTimestamp
  return shown
}

const showGroup = ({ name, deletable }: Group): Record<string, unknown> => ({ name, deletable })

function pageOfUsers(users: readonly User[], query: URLSearchParams, features: Features): Reply {
  return page(users, query, features.pageLimit, (user) => showDetailed(features, user))
}

/** What a filter looks through. */
export const namesOfUser = ({ name, displayName, emailAddress }: User): readonly string[] => [
  name,
  displayName,
  emailAddress,
]
export const namesOfGroup = ({ name }: Group): readonly string[] => [name]

/** Without a filter nothing is looked up but what is shown. */
export function pageOfTable<T>(
  table: Table<T>,
  query: URLSearchParams,
  { pageLimit }: Features,
  namesOf: (value: T) => readonly string[],
  show: (value: T) => unknown,
): Reply {
  const filter = query.get('filter')
  const valueOf = (name: string): T => table[name] as T
  const names = keysInOrder(table)
  const found = filter === null ? names : names.filter((name) => holds(filter, ...namesOf(valueOf(name))))
  return page(found, query, pageLimit, (name) => show(valueOf(name)))
}

/** Names compare without case. */
export const key = (name: string | null | undefined): string => (name ?? '').toLowerCase()
export const byName = <T extends { name: string }>(a: T, b: T): number => (key(a.name) < key(b.name) ? -1 : 1)

export function sortedGroups(state: SandboxState): readonly Group[] {
  return inOrder(state.groups)
}

const people: readonly Route[] = [
  {
    method: 'GET',
    path: `${admin}/users`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) =>
      pageOfTable(state.users, query, features, namesOfUser, (user) => showDetailed(features, user)),
  },
]

const groups: readonly Route[] = [
  {
    method: 'GET',
    path: `${admin}/groups`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => pageOfTable(state.groups, query, features, namesOfGroup, showGroup),
  },
  {
    method: 'POST',
    path: `${admin}/groups`,
    needs: 'ADMIN',
    handle: ({ state, query }) => {
      const name = query.get('name') ?? ''
      if (name === '') return invalid('The name is required', 'name')
      if (state.groups[key(name)] !== undefined) {
        return failure(409, 'IntegrityException', `A group named ${name} already exists`)
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
      if (group === undefined) return absentPrincipal('Group', query.get('context') ?? '')
      const users = group.members.flatMap((name) => state.users[name] ?? []).sort(byName)
      const found = users.filter((user) => holds(query.get('filter'), ...namesOfUser(user)))
      return pageOfUsers(found, query, features)
    },
  },
  {
    method: 'GET',
    path: `${admin}/users/more-members`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const user = key(query.get('context'))
      if (state.users[user] === undefined) return absentPrincipal('User', query.get('context') ?? '')
      const found = sortedGroups(state).filter(
        ({ name, members }) => members.includes(user) && holds(query.get('filter'), name),
      )
      return page(found, query, features.pageLimit, showGroup)
    },
  },
  {
    method: 'GET',
    path: `${admin}/groups/more-non-members`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const group = state.groups[key(query.get('context'))]
      if (group === undefined) return absentPrincipal('Group', query.get('context') ?? '')
      const found = Object.entries(state.users).flatMap(([name, user]) =>
        group.members.includes(name) || !holds(query.get('filter'), name, user.displayName, user.emailAddress)
          ? []
          : user,
      )
      return pageOfUsers(found.sort(byName), query, features)
    },
  },
  {
    method: 'GET',
    path: `${admin}/users/more-non-members`,
    needs: 'LICENSED_USER',
    handle: ({ state, query, features }) => {
      const user = key(query.get('context'))
      if (state.users[user] === undefined) return absentPrincipal('User', query.get('context') ?? '')
      const found = sortedGroups(state).filter(
        ({ name, members }) => !members.includes(user) && holds(query.get('filter'), name),
      )
      return page(found, query, features.pageLimit, showGroup)
    },
  },
  { method: 'POST', path: `${admin}/groups/add-users`, needs: 'ADMIN', handle: addUsers },
  { method: 'POST', path: `${admin}/users/add-groups`, needs: 'ADMIN', handle: addGroups },
  { method: 'POST', path: `${admin}/users/remove-group`, needs: 'ADMIN', handle: removeFromGroup },
]

/** Whether a caller would act on somebody stronger, or lower themselves: 403 and 409 of the documents. */
function refuseGroup({ state, caller }: Context, group: Group, what: string): Reply | undefined {
  if (!group.deletable) return failure(403, null, `The group ${group.name} lives in a read-only directory`)
  const level = state.groupPermissions[key(group.name)]
  if (level !== undefined && !reaches(caller, level)) {
    return failure(403, null, `${what} needs the permission ${level} itself`)
  }
  return undefined
}

/** @param names of users, lower-case; who joins a group that may sign in needs a seat */
function refuseJoining(context: Context, group: Group, names: readonly string[]): Reply | undefined {
  const isLicensed = context.state.groupPermissions[key(group.name)] !== undefined
  return (
    refuseGroup(context, group, 'Adding to this group') ?? (isLicensed ? refuseSeats(context.state, names) : undefined)
  )
}

/** Makes a change, and takes it back where it would leave the caller with less than before. */
export function lowersCaller({ state, caller }: Context, change: () => void): boolean {
  const before = caller.user === undefined ? undefined : levelOf(state, caller.user)
  const copy = <T>(table: Table<T>): Table<T> => tableOf(Object.entries(table))
  const groups = tableOf(Object.entries(state.groups).map(([name, group]) => [name, { ...group }] as const))
  const saved = [groups, copy(state.groupPermissions), copy(state.userPermissions)] as const
  change()
  const after = caller.user === undefined ? undefined : levelOf(state, caller.user)
  const isLower = rank(after) < rank(before)
  if (isLower) [state.groups, state.groupPermissions, state.userPermissions] = saved
  return isLower
}

export function rank(level: GlobalLevel | undefined): number {
  return level === undefined ? -1 : globalLevels.indexOf(level)
}

export function selfDemotion(): Reply {
  return failure(409, 'IntegrityException', 'This would lower or remove your own permissions')
}

function deleteGroup(context: Context): Reply {
  const { state, query } = context
  if (key(query.get('name')) === '') return invalid('The name is required', 'name')
  const group = state.groups[key(query.get('name'))]
  if (group === undefined) return absentPrincipal('Group', query.get('name') ?? '')
  const refusal = refuseGroup(context, group, 'Deleting this group')
  if (refusal !== undefined) return refusal
  const isLower = lowersCaller(context, () => {
    delete state.groups[key(group.name)]
    delete state.groupPermissions[key(group.name)]
  })
  if (isLower) return selfDemotion()
  dropHolder(state.code, 'groups', key(group.name))
  return ok({ name: group.name, deletable: true })
}

function addUsers(context: Context): Reply {
  const { state, body } = context
  const { group: name, users } = fieldsOf(body)
  const group = state.groups[key(String(name))]
  if (group === undefined) return absentPrincipal('Group', String(name))
  if (!Array.isArray(users) || users.length === 0) return invalid('At least one user is needed', 'users')
  const names = users.map((user) => key(String(user)))
  const stranger = names.find((user) => state.users[user] === undefined)
  // All or nothing.
  if (stranger !== undefined) return absentPrincipal('User', stranger)
  const refusal = refuseJoining(context, group, names)
  if (refusal !== undefined) return refusal
  group.members = [...new Set([...group.members, ...names])]
  return { status: 200 }
}

function addGroups(context: Context): Reply {
  const { state, body } = context
  const { user, groups: names } = fieldsOf(body)
  const list = Array.isArray(names) ? names.map(String) : []
  if (list.length === 0) return invalid('At least one group is needed', 'groups')
  if (state.users[key(String(user))] === undefined) return absentPrincipal('User', String(user))
  // All or nothing: every group is checked before any is changed.
  for (const name of list) {
    const group = state.groups[key(name)]
    if (group === undefined) return absentPrincipal('Group', name)
    const refusal = refuseJoining(context, group, [key(String(user))])
    if (refusal !== undefined) return refusal
  }
  for (const name of list) addUsers({ ...context, body: { group: name, users: [user] } })
  return { status: 200 }
}

function removeFromGroup(context: Context): Reply {
  const { state, body } = context
  const { context: user, itemName } = fieldsOf(body)
  const group = state.groups[key(String(itemName))]
  if (group === undefined) return absentPrincipal('Group', String(itemName))
  if (state.users[key(String(user))] === undefined) return absentPrincipal('User', String(user))
  const refusal = refuseGroup(context, group, 'Removing from this group')
  if (refusal !== undefined) return refusal
  const isLower = lowersCaller(context, () => {
    group.members = group.members.filter((member) => member !== key(String(user)))
  })
  return isLower ? selfDemotion() : { status: 200 }
}

/** Deprecated since 2.10, and still there: one user and one group, as `context` and `itemName` or the other way round. */
const deprecated: readonly Route[] = [
  {
    method: 'POST',
    path: `${admin}/groups/add-user`,
    needs: 'ADMIN',
    handle: (context) => {
      const { context: group, itemName } = fieldsOf(context.body)
      return addUsers({ ...context, body: { group, users: [itemName] } })
    },
  },
  {
    method: 'POST',
    path: `${admin}/users/add-group`,
    needs: 'ADMIN',
    handle: (context) => {
      const { context: user, itemName } = fieldsOf(context.body)
      return addUsers({ ...context, body: { group: itemName, users: [user] } })
    },
  },
  {
    method: 'POST',
    path: `${admin}/groups/remove-user`,
    needs: 'ADMIN',
    handle: (context) => {
      const { context: group, itemName } = fieldsOf(context.body)
      return removeFromGroup({ ...context, body: { context: itemName, itemName: group } })
    },
  },
]

export const peopleRoutes: readonly Route[] = [...people, ...groups, ...deprecated]
