/** Repositories: R-01 of the catalogue. The slug follows from the name. */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Caller, reaches, unauthenticated } from '../caller.js'
import { dropScope, type Project, type Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { type CodeLevel, rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { findRepository, inProject, inRepository, projectOf, rankOfCaller, refuseCode } from '../scopes.js'
import { showRepository, slugOf, sortRepositories } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { personalProject } from './projects.js'
import { noteVisit } from './related-repositories.js'
import { fieldsOf } from './settings.js'

const inside = '/api/{version}/projects/{project}/repos'
const one = `${inside}/{repository}`
const permissions = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN']

function isNamed(name: string, wanted: string | null): boolean {
  return wanted === null || name.toLowerCase() === wanted.trim().toLowerCase()
}

/** `archived`: ACTIVE, which is the default, ARCHIVED or ALL. */
function isAsked({ archived }: Repository, wanted: string | null): boolean {
  const asked = wanted?.toUpperCase() ?? 'ACTIVE'
  return asked === 'ALL' || (asked === 'ARCHIVED') === (archived === true)
}

function search({ state, query, caller, features }: Context): Reply {
  const [visibility, permission] = [query.get('visibility'), query.get('permission')]
  if (visibility !== null && !['public', 'private'].includes(visibility)) {
    return invalid('One of public, private', 'visibility')
  }
  if (permission !== null && !permissions.includes(permission)) {
    return invalid(`One of ${permissions.join(', ')}`, 'permission')
  }
  const least = rankOf(permission ?? 'REPO_READ')
  const found = state.instance.repositories.filter((repository) => {
    const project = projectOf(state, repository)
    const isPublic = repository.public === true || project.public === true
    return (
      isNamed('AVAILABLE', query.get('state')) &&
      isNamed(repository.name, query.get('name')) &&
      isNamed(project.key, query.get('projectkey')) &&
      isNamed(project.name, query.get('projectname')) &&
      isAsked(repository, query.get('archived')) &&
      (visibility === null || (visibility === 'public') === isPublic) &&
      rankOfCaller(state, caller, project, repository) >= least
    )
  })
  return page(sortRepositories(found, null), query, features.pageLimit, (one) => showRepository(state, one))
}

function listProject({ state, caller, query, features }: Context, project: Project): Reply {
  const own = state.instance.repositories.filter((repository) => repository.project === project.key)
  const found = own.filter((repository) => rankOfCaller(state, caller, project, repository) >= rankOf('REPO_READ'))
  return page(sortRepositories(found, null), query, features.pageLimit, (one) => showRepository(state, one))
}

function show(context: Context, repository: Repository): Reply {
  noteVisit(context, repository)
  return ok(showRepository(context.state, repository))
}

interface Wanted {
  readonly name?: string
  readonly description?: string
  readonly forkable?: boolean
  readonly public?: boolean
  readonly archived?: boolean
  readonly defaultBranch?: string
}

/** The fields that a repository takes, or what is wrong with them. */
function readRepository(body: unknown): Wanted | Reply {
  const fields = fieldsOf(body)
  const { name, description, scmId, defaultBranch } = fields
  // Begins with a letter or digit: the rule that the product prints when it refuses a name.
  if (name != null && (typeof name !== 'string' || !/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,127}$/u.test(name))) {
    return invalid('A name has 1 to 128 letters, digits, spaces, dots, hyphens and underscores', 'name')
  }
  if (scmId != null && scmId !== 'git') return invalid('Only git is supported', 'scmId')
  if (description != null && (typeof description !== 'string' || description.length > 255)) {
    return invalid('The description must have at most 255 characters', 'description')
  }
  const flag = ['forkable', 'public', 'archived'].find((key) => fields[key] != null && typeof fields[key] !== 'boolean')
  if (flag !== undefined) return invalid('A boolean is needed', flag)
  if (defaultBranch != null && (typeof defaultBranch !== 'string' || !/^[^\s~^:?*[\\]+$/u.test(defaultBranch))) {
    return invalid('That is not the name of a branch', 'defaultBranch')
  }
  return fields as Wanted
}

function assign(repository: Repository, wanted: Wanted): void {
  const { name, description, forkable, archived, defaultBranch } = wanted
  repository.name = name ?? repository.name
  repository.slug = name == null ? repository.slug : slugOf(name)
  if (description === '') delete repository.description
  else if (description != null) repository.description = description
  if (forkable === false) repository.isNotForkable = true
  else if (forkable === true) delete repository.isNotForkable
  if (wanted.public === false) delete repository.public
  else if (wanted.public === true) repository.public = true
  if (archived === false) delete repository.archived
  else if (archived === true) repository.archived = true
  if (defaultBranch != null) repository.defaultBranch = defaultBranch.replace(/^refs\/heads\//u, '')
}

function nextId({ instance }: SandboxState): number {
  return instance.repositories.reduce((most, { id }) => Math.max(most, id), 0) + 1
}

function create(context: Context): Reply {
  const { state, caller, path, body } = context
  if (caller.user === undefined) return unauthenticated()
  personalProject(state, path['project'] ?? '', caller)
  return inProject('REPO_CREATE', (_, project) => createIn(state, project, body))(context)
}

function createIn(state: SandboxState, project: Project, body: unknown): Reply {
  const wanted = readRepository(body)
  if ('status' in wanted) return wanted
  if (wanted.name == null) return invalid('A name is needed', 'name')
  if (findRepository(state, project.key, slugOf(wanted.name)) !== undefined) return taken(wanted.name)
  const repository: Repository = { id: nextId(state), project: project.key, slug: '', name: '', isEmpty: true }
  assign(repository, { ...wanted, archived: false })
  state.instance.repositories.push(repository)
  return { status: 201, body: showRepository(state, repository) }
}

function taken(name: string, status: 400 | 409 = 409): Reply {
  return failure(status, 'IntegrityException', `A repository named ${name} already exists in this project`, 'name')
}

/** Without a project the fork goes to the caller's own. */
function fork({ state, caller, body }: Context, origin: Repository): Reply {
  const wanted = readRepository(body)
  if ('status' in wanted) return wanted
  if (origin.isNotForkable === true) return invalid('This repository may not be forked', 'forkable')
  const slug = state.users[caller.user ?? '']?.slug ?? ''
  const key = String(fieldsOf(fieldsOf(body)['project'])['key'] ?? `~${slug}`)
  const project = personalProject(state, key, caller)
  if (project === undefined) {
    return failure(404, 'project.NoSuchProjectException', `Project ${key} does not exist.`)
  }
  const refusal = refuseCode(state, caller, 'REPO_CREATE', project)
  if (refusal !== undefined) return refusal
  const name = wanted.name ?? origin.name
  if (findRepository(state, project.key, slugOf(name)) !== undefined) return taken(name, 400)
  const { defaultBranch = 'main', isEmpty } = origin
  const made: Repository = { id: nextId(state), project: project.key, slug: '', name, origin: origin.id, defaultBranch }
  if (isEmpty) made.isEmpty = true
  assign(made, { ...wanted, name, archived: false })
  state.instance.repositories.push(made)
  return { status: 201, body: showRepository(state, made) }
}

/** The right that archives or deletes is the one of the policies I-26 and I-27. */
function refuseByPolicy(context: Context, repository: Repository, policy: string): Reply | undefined {
  const { state, caller } = context
  if (policy === 'ADMIN' || policy === 'SYS_ADMIN') {
    if (reaches(caller, policy)) return undefined
    return failure(401, 'AuthorisationException', `This needs the permission ${policy}`)
  }
  return refuseCode(state, caller, policy as CodeLevel, projectOf(state, repository), repository)
}

function update(context: Context, repository: Repository, scope: Scope): Reply {
  const { state, caller, body } = context
  const wanted = readRepository(body)
  if ('status' in wanted) return wanted
  const isLocked = repository.archived === true && wanted.archived !== false
  if (isLocked) return failure(409, null, 'The repository is archived')
  if (wanted.archived != null && wanted.archived !== (repository.archived === true)) {
    const refusal = refuseByPolicy(context, repository, state.policies.archive)
    if (refusal !== undefined) return refusal
    const isBusy = state.code.pullRequests.some((request) => request.scope === scope && request.state === 'OPEN')
    if (wanted.archived && isBusy) return failure(403, null, 'The repository has open pull requests')
  }
  const project = moveTarget(state, caller, body, repository)
  if ('status' in project) return project
  const twin = findRepository(state, project.key, wanted.name == null ? repository.slug : slugOf(wanted.name))
  if (twin !== undefined && twin !== repository) return taken(twin.name)
  assign(repository, wanted)
  repository.project = project.key
  return { status: 201, body: showRepository(state, repository) }
}

function moveTarget(state: SandboxState, caller: Caller, body: unknown, repository: Repository): Project | Reply {
  const key = fieldsOf(fieldsOf(body)['project'])['key']
  const here = projectOf(state, repository)
  if (key == null || String(key).toUpperCase() === here.key) return here
  const target = personalProject(state, String(key), caller)
  if (target === undefined) {
    return failure(404, 'project.NoSuchProjectException', `Project ${String(key)} does not exist.`)
  }
  return refuseCode(state, caller, 'REPO_CREATE', target) ?? target
}

function remove(context: Context): Reply {
  const { state, caller, path } = context
  const repository = findRepository(state, path['project'], path['repository'])
  if (repository === undefined) return caller.user === undefined ? unauthenticated() : noContent()
  const refusal = refuseByPolicy(context, repository, state.policies.delete)
  if (refusal !== undefined) return refusal
  const { instance } = state
  instance.repositories = instance.repositories.filter((other) => other !== repository)
  instance.exemptRepositories = instance.exemptRepositories.filter((id) => id !== repository.id)
  dropScope(state.code, `R${repository.id}`)
  return { status: 202, body: { context: null, message: 'Scheduled for deletion', exceptionName: null } }
}

export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/repos', needs: 'anyone', handle: search },
  { method: 'GET', path: inside, needs: 'anyone', handle: inProject('PROJECT_READ', listProject) },
  { method: 'POST', path: inside, needs: 'anyone', handle: create },
  {
    method: 'GET',
    path: one,
    needs: 'anyone',
    handle: inRepository('REPO_READ', show),
  },
  { method: 'POST', path: one, needs: 'LICENSED_USER', handle: inRepository('REPO_READ', fork) },
  { method: 'PUT', path: one, needs: 'anyone', handle: inRepository('REPO_ADMIN', update) },
  { method: 'DELETE', path: one, needs: 'anyone', handle: remove },
]
