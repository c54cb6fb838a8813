/** The few repositories that settings can name, so that names can be looked up: part of R-01 of the catalogue. */
import { absent, invalid, page, type Reply } from '../answers.js'
import { type Caller, reaches } from '../caller.js'
import type { Repository } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState } from '../state.js'

const permissions = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN']

export function showRepository({ id, slug, name, project }: Repository): unknown {
  return {
    id,
    slug,
    name,
    hierarchyId: `e3c939f9ef4a7fae${String(id).padStart(4, '0')}`,
    scmId: 'git',
    state: 'AVAILABLE',
    statusMessage: 'Available',
    forkable: true,
    archived: false,
    public: false,
    project: { key: project, id: project === 'PLAT' ? 1 : 2, name: project, public: false, type: 'NORMAL' },
  }
}

/** The repository of a project and a slug, both in any case. */
export function findRepository(state: SandboxState, project: unknown, slug: unknown): Repository | undefined {
  const [wanted, name] = [String(project).toUpperCase(), String(slug).toLowerCase()]
  return state.instance.repositories.find((one) => one.project === wanted && one.slug === name)
}

/** By the names of project and repository. */
export function sortRepositories(repositories: readonly Repository[], order: string | null): readonly Repository[] {
  const placeOf = ({ project, name }: Repository): string => `${project}\n${name}`.toLowerCase()
  const sorted = [...repositories].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  return order === 'NAME_DESC' ? sorted.reverse() : sorted
}

/** Whoever is licensed reads and writes, an ADMIN administrates; nothing is public. */
function hasPermission(caller: Caller, permission: string | null): boolean {
  return reaches(caller, permission === 'REPO_ADMIN' ? 'ADMIN' : 'LICENSED_USER')
}

function isNamed(name: string, wanted: string | null): boolean {
  return wanted === null || name.toLowerCase() === wanted.trim().toLowerCase()
}

function search({ state, query, caller, features }: Context): Reply {
  const [visibility, permission] = [query.get('visibility'), query.get('permission')]
  if (visibility !== null && !['public', 'private'].includes(visibility)) {
    return invalid('One of public, private', 'visibility')
  }
  if (permission !== null && !permissions.includes(permission)) {
    return invalid(`One of ${permissions.join(', ')}`, 'permission')
  }
  // All of them are private, active and available.
  const isElsewhere =
    visibility === 'public' ||
    query.get('archived')?.toUpperCase() === 'ARCHIVED' ||
    !isNamed('AVAILABLE', query.get('state')) ||
    !hasPermission(caller, permission)
  const found = state.instance.repositories.filter(
    ({ project, name }) =>
      isNamed(name, query.get('name')) &&
      isNamed(project, query.get('projectkey')) &&
      isNamed(project, query.get('projectname')),
  )
  return page(isElsewhere ? [] : sortRepositories(found, null).map(showRepository), query, features.pageLimit)
}

function listProject({ state, query, path, features }: Context): Reply {
  const found = state.instance.repositories.filter(({ project }) => project === path['project']?.toUpperCase())
  // A project without repositories cannot be told from none here.
  if (found.length === 0) return absent(`Project ${path['project'] ?? ''} does not exist.`)
  return page(sortRepositories(found, null).map(showRepository), query, features.pageLimit)
}

export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/repos', needs: 'anyone', handle: search },
  { method: 'GET', path: '/api/{version}/projects/{project}/repos', needs: 'LICENSED_USER', handle: listProject },
]
