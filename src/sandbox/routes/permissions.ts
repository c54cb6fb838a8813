/** Global permissions of users and groups: I-15 and I-16 of the catalogue. Only the highest level counts. */
import { absentPrincipal, failure, holds, invalid, noContent, page, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import type { Context, Route } from '../router.js'
import { refuseSeats } from '../seats.js'
import { type GlobalLevel, globalLevels, levelOf, type SandboxState } from '../state.js'
import { byName, key, lowersCaller, rank, selfDemotion, showUser, sortedGroups } from './people.js'

type Holder = 'users' | 'groups'

function grants(state: SandboxState, holder: Holder): Record<string, GlobalLevel> {
  return holder === 'users' ? state.userPermissions : state.groupPermissions
}

/** What a principal has in all: users through their groups, too. */
function heldBy(state: SandboxState, holder: Holder, name: string): GlobalLevel | undefined {
  return holder === 'users' ? levelOf(state, name) : state.groupPermissions[name]
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
    const found = sortedGroups(state).filter(
      ({ name }) => has[key(name)] === undefined && holds(query.get('filter'), name),
    )
    return page(
      found.map(({ name, deletable }) => ({ name, deletable })),
      query,
      features.pageLimit,
    )
  }
  const found = Object.values(state.users).filter(
    ({ name, displayName }) => has[key(name)] === undefined && holds(query.get('filter'), name, displayName),
  )
  return page(found.sort(byName).map(showUser), query, features.pageLimit)
}

function putGrants(context: Context, holder: Holder): Reply {
  const { state, query, caller } = context
  const permission = globalLevels.find((level) => level === query.get('permission'))
  const names = query.getAll('name').map(key)
  if (permission === undefined) return invalid(`One of ${globalLevels.join(', ')}`, 'permission')
  const stranger = names.find((name) => state[holder][name] === undefined)
  if (names.length === 0) return invalid('At least one name is needed', 'name')
  if (stranger !== undefined) return absentPrincipal(holder === 'users' ? 'User' : 'Group', stranger)
  if (!reaches(caller, permission)) {
    return failure(401, 'AuthorisationException', 'You may not grant more than you have')
  }
  const isStronger = names.some((name) => rank(heldBy(state, holder, name)) > rank(caller.level))
  if (isStronger) return failure(409, 'IntegrityException', 'Somebody stronger than you cannot be changed')
  const joining = holder === 'users' ? names : names.flatMap((name) => state.groups[name]?.members ?? [])
  const refusal = refuseSeats(state, joining)
  if (refusal !== undefined) return refusal
  const isLower = lowersCaller(context, () => {
    for (const name of names) grants(state, holder)[name] = permission
  })
  return isLower ? selfDemotion() : noContent()
}

function deleteGrants(context: Context, holder: Holder): Reply {
  const { state, query, caller } = context
  const name = key(query.get('name'))
  if (name === '') return invalid('The name is required', 'name')
  if (state[holder][name] === undefined) return absentPrincipal(holder === 'users' ? 'User' : 'Group', name)
  if (rank(heldBy(state, holder, name)) > rank(caller.level)) {
    return failure(409, 'IntegrityException', 'Somebody stronger than you cannot be changed')
  }
  const isLower = lowersCaller(context, () => {
    delete grants(state, holder)[name]
  })
  return isLower ? selfDemotion() : noContent()
}

export const permissionRoutes: readonly Route[] = (['users', 'groups'] as const).flatMap((holder): Route[] => {
  const path = `/api/{version}/admin/permissions/${holder}`
  return [
    { method: 'GET', path, needs: 'ADMIN', handle: (context) => showGrants(context, holder) },
    { method: 'GET', path: `${path}/none`, needs: 'ADMIN', handle: (context) => showWithout(context, holder) },
    { method: 'PUT', path, needs: 'ADMIN', handle: (context) => putGrants(context, holder) },
    { method: 'DELETE', path, needs: 'ADMIN', handle: (context) => deleteGrants(context, holder) },
  ]
})
