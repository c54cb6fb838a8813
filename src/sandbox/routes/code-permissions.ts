/** Permissions in projects and repositories: P-03 to P-05, R-03 and R-04 of the catalogue. */
import { absentPrincipal, failure, holds, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type HereWork, type Place } from '../both-scopes.js'
import type { Grant } from '../code-state.js'
import { projectLevels, rankOf, repositoryLevels } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { inProject, rankOfUser } from '../scopes.js'
import { showPerson } from '../show-code.js'
import { levelOf } from '../state.js'
import { byName, key } from './people.js'

type Holder = Grant['holder']

const levelsOf = ({ type }: Pick<Here, 'type'>): readonly string[] =>
  type === 'PROJECT' ? projectLevels : repositoryLevels

function grantsIn({ state }: Context, { scope }: Here): Grant[] {
  return state.code.grants[scope] ?? []
}

/** The strongest right of each, though a principal may have been given several. */
function list(context: Context, here: Here, holder: Holder): Reply {
  const { state, query, features } = context
  const found = grantsIn(context, here)
    .filter((grant) => grant.holder === holder && state[holder][grant.name] !== undefined)
    .filter(({ name }) => holds(query.get('filter'), name, state.users[name]?.displayName ?? ''))
    .sort(byName)
  const shown = found.map(({ name, permission }) =>
    holder === 'users'
      ? { user: showPerson(state, name), permission }
      : { group: { name: state.groups[name]?.name ?? name }, permission },
  )
  return page(shown, query, features.pageLimit)
}

function listWithout(context: Context, here: Here, holder: Holder): Reply {
  const { state, query, features } = context
  const held = new Set(grantsIn(context, here).flatMap((grant) => (grant.holder === holder ? [grant.name] : [])))
  const isAsked = ({ name }: { name: string }): boolean => !held.has(key(name)) && holds(query.get('filter'), name)
  if (holder === 'groups') {
    const found = Object.values(state.groups).filter(isAsked).sort(byName)
    const shown = found.map(({ name, deletable }) => ({ name, deletable }))
    // Of projects both documents say 202; for want of a report that is kept.
    return { ...page(shown, query, features.pageLimit), status: here.type === 'PROJECT' ? 202 : 200 }
  }
  const found = Object.values(state.users).filter((user) => isAsked(user) && levelOf(state, key(user.name)))
  const shown = found.sort(byName).map(({ name }) => showPerson(state, key(name)))
  return page(shown, query, features.pageLimit)
}

/** Makes a change, and takes it back where it would leave the caller with less than before. */
function lowersCaller({ state, caller }: Context, here: Here, change: (grants: Grant[]) => Grant[]): boolean {
  const rank = (): number =>
    caller.user === undefined ? 0 : rankOfUser(state, caller.user, here.project, here.repository)
  const before = rank()
  const saved = state.code.grants[here.scope] ?? []
  state.code.grants[here.scope] = change(saved)
  const isLower = rank() < before
  if (isLower) state.code.grants[here.scope] = saved
  return isLower
}

const demotion = (status: 403 | 409): Reply =>
  failure(status, 'IntegrityException', 'This would lower or remove your own permissions')

function put(context: Context, here: Here, holder: Holder): Reply {
  const { state, query } = context
  const permission = query.get('permission') ?? ''
  const names = query.getAll('name').map(key)
  if (!levelsOf(here).includes(permission)) return invalid(`One of ${levelsOf(here).join(', ')}`, 'permission')
  if (names.length === 0 || names.includes('')) return invalid('At least one name is needed', 'name')
  const stranger = names.find((name) => state[holder][name] === undefined)
  if (stranger !== undefined) return absentPrincipal(holder === 'users' ? 'User' : 'Group', stranger)
  const isLower = lowersCaller(context, here, (grants) => [
    ...grants.filter((grant) => grant.holder !== holder || !names.includes(grant.name)),
    ...names.map((name): Grant => ({ holder, name, permission })),
  ])
  return isLower ? demotion(403) : noContent()
}

function remove(context: Context, here: Here, holder: Holder): Reply {
  const { state, query } = context
  const name = key(query.get('name'))
  if (state[holder][name] === undefined) return absentPrincipal(holder === 'users' ? 'User' : 'Group', name)
  const isLower = lowersCaller(context, here, (grants) =>
    grants.filter((grant) => grant.holder !== holder || grant.name !== name),
  )
  return isLower ? demotion(409) : noContent()
}

function removeMany(context: Context, here: Here): Reply {
  const { state, query } = context
  const gone = { users: query.getAll('user').map(key), groups: query.getAll('group').map(key) }
  if (gone.users.length + gone.groups.length === 0) return invalid('No users or groups were given')
  for (const holder of ['users', 'groups'] as const) {
    const stranger = gone[holder].find((name) => state[holder][name] === undefined)
    if (stranger !== undefined) return absentPrincipal(holder === 'users' ? 'User' : 'Group', stranger)
  }
  const isLower = lowersCaller(context, here, (grants) =>
    grants.filter(({ holder, name }) => !gone[holder].includes(name)),
  )
  return isLower ? demotion(409) : noContent()
}

function routesOf(base: string, place: Place): readonly Route[] {
  const change = (work: HereWork): Route['handle'] => place.inspect(work)
  const all = `${base}/permissions`
  const each = (['users', 'groups'] as const).flatMap((holder): readonly Route[] => {
    const path = `${all}/${holder}`
    const route = (method: Route['method'], work: typeof put, tail = ''): Route => ({
      method,
      path: path + tail,
      needs: 'PERSON',
      handle: change((context, here) => work(context, here, holder)),
    })
    return [route('GET', list), route('GET', listWithout, '/none'), route('PUT', put), route('DELETE', remove)]
  })
  return [...each, { method: 'DELETE', path: all, needs: 'PERSON', handle: change(removeMany) }]
}

const everybody = '/api/{version}/projects/{project}/permissions/{permission}/all'
const forEverybody = ['PROJECT_READ', 'PROJECT_WRITE', 'REPO_CREATE', 'PROJECT_ADMIN']
const unknownPermission = invalid(`One of ${forEverybody.join(', ')}`, 'permission')

/** P-05: what is stronger stands for what is weaker, too. */
const defaults: readonly Route[] = [
  {
    method: 'GET',
    path: everybody,
    needs: 'PERSON',
    handle: inProject('PROJECT_ADMIN', ({ path }, project) => {
      const permission = path['permission'] ?? ''
      if (!forEverybody.includes(permission)) return unknownPermission
      return ok({ permitted: rankOf(project.everybody ?? 'NONE') >= rankOf(permission) })
    }),
  },
  {
    method: 'POST',
    path: everybody,
    needs: 'PERSON',
    handle: inProject('PROJECT_ADMIN', ({ path, query }, project) => {
      const permission = path['permission'] ?? ''
      const allow = query.get('allow')
      if (!forEverybody.includes(permission)) return unknownPermission
      if (allow !== 'true' && allow !== 'false') return invalid('true or false', 'allow')
      if (allow === 'true') project.everybody = permission
      else if (project.everybody === permission) delete project.everybody
      return noContent()
    }),
  },
]

export const codePermissionRoutes: readonly Route[] = [...ofBoth('/api/{version}', routesOf), ...defaults]
