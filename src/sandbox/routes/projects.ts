/** Projects: P-01 of the catalogue. Keys compare without case and are stored in capitals. */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Caller, reaches, unauthenticated } from '../caller.js'
import { dropScope, type Project, type Scope } from '../code-state.js'
import { projectLevels, rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { findProject, inProject, moveProject, rankOfCaller } from '../scopes.js'
import { showProject } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { fieldsOf } from './settings.js'

const base = '/api/{version}/projects'
const one = `${base}/{project}`

function list({ state, caller, query, features }: Context): Reply {
  const permission = query.get('permission') ?? 'PROJECT_VIEW'
  if (!['PROJECT_VIEW', ...projectLevels].includes(permission)) {
    return invalid(`One of PROJECT_VIEW, ${projectLevels.join(', ')}`, 'permission')
  }
  const name = query.get('name')?.toLowerCase() ?? ''
  const found = state.code.projects
    .filter((project) => project.name.toLowerCase().includes(name))
    .filter((project) => rankOfCaller(state, caller, project) >= rankOf(permission))
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
  return page(found.map(showProject), query, features.pageLimit)
}

interface Wanted {
  readonly key?: string
  readonly name?: string
  readonly description?: string
  readonly public?: boolean
}

/** The fields that a project takes, or what is wrong with them. Lengths are those of the columns that hold them. */
function readProject(body: unknown): Wanted | Reply {
  const { key, name, description, public: isPublic, avatar } = fieldsOf(body)
  if (key != null && (typeof key !== 'string' || !/^[a-z]\w{0,127}$/iu.test(key))) {
    return invalid('The key must begin with a letter and hold letters, digits and underscores only', 'key')
  }
  if (name != null && (typeof name !== 'string' || !/^[^~].{0,127}$/u.test(name.trim()))) {
    return invalid('The name must have 1 to 128 characters and not begin with ~', 'name')
  }
  if (description != null && (typeof description !== 'string' || description.length > 255)) {
    return invalid('The description must have at most 255 characters', 'description')
  }
  if (isPublic != null && typeof isPublic !== 'boolean') return invalid('A boolean is needed', 'public')
  const isPicture = typeof avatar === 'string' && /^data:image\/[\w.+-]+;base64,[\w+/]+=*$/u.test(avatar)
  if (avatar != null && !isPicture) return invalid('The avatar must be a data URI in Base64', 'avatar')
  const wanted = { key: key?.toUpperCase(), name: name?.trim(), description, public: isPublic }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value != null))
}

/** The key or the name of another project, if they are somebody's already. */
function isTaken({ code }: SandboxState, { key, name }: Wanted, own?: Project): boolean {
  const others = code.projects.filter((project) => project !== own)
  return others.some((other) => other.key === key || other.name.toLowerCase() === name?.toLowerCase())
}

const taken = failure(409, 'project.ProjectAlreadyExistsException', 'The project key or name is already in use')

/** The scope of projects is needed, beside the right itself. */
function mayCreate(caller: Caller): boolean {
  return reaches(caller, 'PROJECT_CREATE') && caller.codeLimit >= rankOf('PROJECT_ADMIN')
}

function create({ state, caller, body }: Context): Reply {
  if (caller.user === undefined) return unauthenticated()
  if (!mayCreate(caller)) {
    return failure(401, 'AuthorisationException', 'You are not permitted to create a project')
  }
  const wanted = readProject(body)
  if ('status' in wanted) return wanted
  const { key, description } = wanted
  if (key === undefined) return invalid('A key is needed', 'key')
  const name = wanted.name ?? key
  if (isTaken(state, { key, name })) return taken
  const project: Project = { id: Math.max(0, ...state.code.projects.map(({ id }) => id)) + 1, key, name }
  if (description !== undefined && description !== '') project.description = description
  if (wanted.public === true) project.public = true
  state.code.projects.push(project)
  // Whoever makes a project administrates it.
  state.code.grants[`P${project.id}`] = [{ holder: 'users', name: caller.user, permission: 'PROJECT_ADMIN' }]
  return { status: 201, body: showProject(project) }
}

/** What is not sent stays; an empty description is none. */
function update({ state, body }: Context, project: Project): Reply {
  const wanted = readProject(body)
  if ('status' in wanted) return wanted
  // Of PUT the documents name no 409.
  if (isTaken(state, wanted, project)) return invalid('The project key or name is already in use', 'key')
  const from = project.key
  const to = wanted.key ?? from
  if (project.owner !== undefined && to !== from) return invalid('The key of a personal project stays', 'key')
  project.name = wanted.name ?? project.name
  if (wanted.description === '') delete project.description
  else if (wanted.description !== undefined) project.description = wanted.description
  if (wanted.public === false) delete project.public
  else if (wanted.public === true) project.public = true
  moveProject(state, project, to)
  return { status: to === from ? 200 : 201, body: showProject(project) }
}

function remove({ state }: Context, project: Project, scope: Scope): Reply {
  if (state.instance.repositories.some((repository) => repository.project === project.key)) {
    return failure(409, 'IntegrityException', `The project ${project.key} has repositories`)
  }
  state.code.projects = state.code.projects.filter((other) => other !== project)
  dropScope(state.code, scope)
  return noContent()
}

/** The project of a key; somebody's own comes into being with their first repository. */
export function personalProject(state: SandboxState, key: string, caller: Caller): Project | undefined {
  const user = caller.user === undefined ? undefined : state.users[caller.user]
  if (user === undefined || key.toLowerCase() !== `~${user.slug}`) return findProject(state, key)
  const known = findProject(state, key)
  if (known !== undefined) return known
  const id = Math.max(0, ...state.code.projects.map((project) => project.id)) + 1
  const own: Project = {
    id,
    key: `~${user.slug}`.toUpperCase(),
    name: user.displayName,
    owner: user.name.toLowerCase(),
  }
  state.code.projects.push(own)
  return own
}

export const projectRoutes: readonly Route[] = [
  { method: 'GET', path: base, needs: 'anyone', handle: list },
  { method: 'POST', path: base, needs: 'anyone', handle: create },
  {
    method: 'GET',
    path: one,
    needs: 'anyone',
    handle: inProject('PROJECT_VIEW', (_, project) => ok(showProject(project))),
  },
  { method: 'PUT', path: one, needs: 'anyone', handle: inProject('PROJECT_ADMIN', update) },
  { method: 'DELETE', path: one, needs: 'anyone', handle: inProject('PROJECT_ADMIN', remove) },
]
