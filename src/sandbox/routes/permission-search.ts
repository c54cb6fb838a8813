/**
 * Who may something in a project or a repository, and by what: what was given there, in the project above, and globally.
 * The documents leave the answer open; it is a page of what the lists of users and of groups have.
 */
import { holds, invalid, page, refuseWord, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove } from '../both-scopes.js'
import type { Grant } from '../code-state.js'
import { projectLevels, repositoryLevels } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { showPerson } from '../show-code.js'
import { type GlobalLevel, globalLevels, type SandboxState } from '../state.js'
import type { Table } from '../table.js'
import { byName } from './people.js'

/** The global levels that reach everything; the others are found only by those who ask for them. */
const reachAll: readonly string[] = ['ADMIN', 'SYS_ADMIN']

const global = (holder: Grant['holder'], levels: Table<GlobalLevel>): readonly Grant[] =>
  Object.entries(levels).map(([name, permission]) => ({ holder, name, permission }))

function grantsAt(state: SandboxState, here: Here): readonly Grant[] {
  const given = scopesAbove(here).flatMap((scope) => state.code.grants[scope] ?? [])
  return [...given, ...global('users', state.userPermissions), ...global('groups', state.groupPermissions)]
}

function search({ state, query, features }: Context, here: Here): Reply {
  const wanted = query.getAll('permission')
  const levels = [...globalLevels, ...projectLevels, ...(here.type === 'PROJECT' ? [] : repositoryLevels)]
  const stranger = wanted.find((permission) => !levels.some((level) => level === permission))
  if (stranger !== undefined) return invalid(`One of ${levels.join(', ')}`, 'permission')
  const type = query.get('type')?.toUpperCase()
  const refusal = refuseWord(type, ['USER', 'GROUP'], 'type')
  if (refusal !== undefined) return refusal
  const isAsked = ({ holder, name, permission }: Grant): boolean =>
    state[holder][name] !== undefined &&
    (type === undefined || (type === 'USER') === (holder === 'users')) &&
    (wanted.length === 0
      ? reachAll.includes(permission) || !globalLevels.some((level) => level === permission)
      : wanted.includes(permission)) &&
    holds(query.get('filterText'), name, state.users[name]?.displayName ?? '')
  const found = grantsAt(state, here).filter(isAsked).sort(byName)
  return page(found, query, features.pageLimit, ({ holder, name, permission }) =>
    holder === 'users'
      ? { user: showPerson(state, name), permission }
      : { group: { name: state.groups[name]?.name ?? name }, permission },
  )
}

const routesOf = (base: string, { inspect }: Place): readonly Route[] => [
  { method: 'GET', path: `${base}/permissions/search`, needs: 'PERSON', handle: inspect(search) },
]

export const permissionSearchRoutes: readonly Route[] = ofBoth('/api/{version}', routesOf)
