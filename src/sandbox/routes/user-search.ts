/** Users as everybody finds them: by name, group and permission. */
import { holds, invalid, page, type Reply } from '../answers.js'
import type { Project } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { projectLevels, rankOf, repositoryLevels } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { findProject, findRepository, projectOf, rankOfUser } from '../scopes.js'
import { globalLevels, levelOf, type SandboxState } from '../state.js'
import { inOrder } from '../table.js'
import { key, rank, showUser } from './people.js'

/** "The total allowed number of permission filters is 50 and all filters exceeding that limit will be dropped." */
const mostFilters = 50

/** `permission` and, as long as they are continuous, `permission.1`, `permission.2`, … */
function rootsIn(query: URLSearchParams): readonly string[] {
  const numbered = Array.from({ length: mostFilters }, (_, index) => `permission.${index + 1}`)
  const gap = numbered.findIndex((root) => !query.has(root))
  const continuous = gap === -1 ? numbered : numbered.slice(0, gap)
  return [...(query.has('permission') ? ['permission'] : []), ...continuous].slice(0, mostFilters)
}

type HasPermission = (name: string) => boolean

/** What one filter asks of a user. Where both are given, the id is looked up and not the key. */
function readFilter(state: SandboxState, query: URLSearchParams, root: string): HasPermission | Reply {
  const permission = query.get(root) ?? ''
  const level = globalLevels.find((known) => known === permission)
  if (level !== undefined) return (name) => rank(levelOf(state, name)) >= rank(level)
  const isOfProject = projectLevels.some((known) => known === permission)
  if (!isOfProject && !repositoryLevels.some((known) => known === permission)) return invalid('No permission', root)
  const repository = isOfProject ? undefined : repositoryOf(state, query, root)
  const project = isOfProject ? askedProject(state, query, root) : repository && projectOf(state, repository)
  if (project === undefined) return invalid('The project or repository is missing, or is not there', root)
  return (name) => rankOfUser(state, name, project, repository) >= rankOf(permission)
}

function askedProject(state: SandboxState, query: URLSearchParams, root: string): Project | undefined {
  const id = query.get(`${root}.projectId`)
  return id === null
    ? findProject(state, query.get(`${root}.projectKey`))
    : state.code.projects.find((one) => String(one.id) === id)
}

/** The documents call the id of a repository `projectId`, too. */
function repositoryOf(state: SandboxState, query: URLSearchParams, root: string): Repository | undefined {
  const id = query.get(`${root}.projectId`)
  return id === null
    ? findRepository(state, query.get(`${root}.projectKey`), query.get(`${root}.repositorySlug`))
    : state.instance.repositories.find((one) => String(one.id) === id)
}

function list({ state, query, features }: Context): Reply {
  const filters: HasPermission[] = []
  for (const root of rootsIn(query)) {
    const filter = readFilter(state, query, root)
    if (typeof filter !== 'function') return filter
    filters.push(filter)
  }
  const group = query.get('group')
  const members = group === null ? undefined : (state.groups[key(group)]?.members ?? [])
  const found = inOrder(state.users).filter(
    ({ name, displayName, emailAddress }) =>
      holds(query.get('filter'), name, displayName, emailAddress) &&
      (members === undefined || members.includes(key(name))) &&
      filters.every((has) => has(key(name))),
  )
  return page(found, query, features.pageLimit, showUser)
}

export const userSearchRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/users', needs: 'LICENSED_USER', handle: list },
]
