/** Users and groups as everybody who is licensed may look for them: the filters of the lists are those of the documents. */
import { absentPrincipal, holds, invalid, ok, page, type Reply } from '../answers.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { findProject, findRepository, projectOf, rankOfUser } from '../scopes.js'
import { type GlobalLevel, globalLevels, levelOf, type SandboxState, type User } from '../state.js'
import { inOrder } from '../table.js'
import { key, namesOfGroup, namesOfUser, pageOfTable, rank, showUser } from './people.js'

type Allows = (user: string) => boolean

/** `permission` or `permission.2`, with the members that name the project or the repository. */
function readPermission(state: SandboxState, query: URLSearchParams, root: string): Allows | Reply {
  const permission = query.get(root) ?? ''
  const level = globalLevels.find((known): known is GlobalLevel => known === permission)
  if (level !== undefined) return (user) => rank(levelOf(state, user)) >= rank(level)
  const needed = rankOf(permission)
  if (needed === 0) return invalid(`${permission} is no permission`, root)
  const [id, project, slug] = ['projectId', 'projectKey', 'repositorySlug'].map((name) => query.get(`${root}.${name}`))
  if (permission.startsWith('REPO_') && permission !== 'REPO_CREATE') {
    // The documents name the id of a repository so, too.
    const repository =
      id == null
        ? findRepository(state, project, slug)
        : state.instance.repositories.find((one) => String(one.id) === id)
    if (repository === undefined) return invalid('A repository is needed', `${root}.repositorySlug`)
    return (user) => rankOfUser(state, user, projectOf(state, repository), repository) >= needed
  }
  const found = id == null ? findProject(state, project) : state.code.projects.find((one) => String(one.id) === id)
  if (found === undefined) return invalid('A project is needed', `${root}.projectKey`)
  return (user) => rankOfUser(state, user, found) >= needed
}

/** Numbers begin with 1 and have no gap; what comes after the fiftieth is dropped. */
function rootsOf(query: URLSearchParams): readonly string[] {
  const numbered = Array.from({ length: 50 }, (_, index) => `permission.${index + 1}`)
  const end = numbered.findIndex((root) => !query.has(root))
  return [...(query.has('permission') ? ['permission'] : []), ...(end === -1 ? numbered : numbered.slice(0, end))]
}

function listUsers({ state, query, features }: Context): Reply {
  const read = rootsOf(query).map((root) => readPermission(state, query, root))
  const refusal = read.find((one) => typeof one !== 'function')
  if (refusal !== undefined) return refusal
  const filters = read.filter((one) => typeof one === 'function')
  const group = query.get('group')
  if (group !== null) filters.push((user) => state.groups[key(group)]?.members.includes(user) === true)
  const isAllowed = ({ name }: User): boolean => filters.every((allows) => allows(key(name)))
  if (filters.length === 0) return pageOfTable(state.users, query, features, namesOfUser, showUser)
  const text = query.get('filter')
  const isAsked = (user: User): boolean => holds(text, ...namesOfUser(user)) && isAllowed(user)
  return page(inOrder(state.users).filter(isAsked), query, features.pageLimit, showUser)
}

function showOne({ state, path }: Context): Reply {
  const slug = path['slug'] ?? ''
  const user = Object.values(state.users).find((one) => one.slug === slug.toLowerCase())
  return user === undefined ? absentPrincipal('User', slug) : ok(showUser(user))
}

function listGroups({ state, query, features }: Context): Reply {
  return pageOfTable(state.groups, query, features, namesOfGroup, ({ name }) => name)
}

export const directoryRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/users', needs: 'LICENSED_USER', handle: listUsers },
  { method: 'GET', path: '/api/{version}/users/{slug}', needs: 'LICENSED_USER', handle: showOne },
  { method: 'GET', path: '/api/{version}/groups', needs: 'LICENSED_USER', handle: listGroups },
]
