/** Who may do what in a project or a repository, and the handlers that stand behind that question. */
import { failure, type Reply } from './answers.js'
import { type Caller, unauthenticated } from './caller.js'
import type { Grant, Project, Scope } from './code-state.js'
import type { Repository } from './instance-state.js'
import { type CodeLevel, rankOf, ranks } from './ranks.js'
import type { Context, Handler } from './router.js'
import { levelOf, type SandboxState } from './state.js'

export const scopeOfProject = ({ id }: Project): Scope => `P${id}`
export const scopeOfRepository = ({ id }: Repository): Scope => `R${id}`

/** A project by its key in any case, or by the slug of its owner behind a `~`. */
export function findProject({ code }: SandboxState, key: unknown): Project | undefined {
  const wanted = String(key).toUpperCase()
  return code.projects.find((project) => project.key === wanted)
}

/** The repository of a project and a slug, both in any case. */
export function findRepository(state: SandboxState, project: unknown, slug: unknown): Repository | undefined {
  const [wanted, name] = [String(project).toUpperCase(), String(slug).toLowerCase()]
  return state.instance.repositories.find((one) => one.slug === name && one.project === wanted)
}

export function projectOf(state: SandboxState, repository: Repository): Project {
  const found = findProject(state, repository.project)
  if (found === undefined) throw new Error(`The project ${repository.project} is lost`)
  return found
}

/** Gives a project another key; its repositories know it by that. */
export function moveProject({ instance }: SandboxState, project: Project, key: string): void {
  for (const owned of instance.repositories) if (owned.project === project.key) owned.project = key
  project.key = key
}

/** What somebody was given in one scope, directly or through groups. */
function grantedIn({ code, groups }: SandboxState, scope: Scope, user: string): number {
  const held = (code.grants[scope] ?? []).filter(({ holder, name }) =>
    holder === 'users' ? name === user : groups[name]?.members.includes(user) === true,
  )
  return Math.max(0, ...held.map(({ permission }: Grant) => rankOf(permission)))
}

/** What a user reaches, whatever credentials they come with. */
export function rankOfUser(state: SandboxState, user: string, project: Project, repository?: Repository): number {
  const level = levelOf(state, user)
  if (level === 'SYS_ADMIN' || level === 'ADMIN' || project.owner === user) return ranks.PROJECT_ADMIN
  const inProject = Math.max(
    grantedIn(state, scopeOfProject(project), user),
    level === undefined ? 0 : rankOf(project.everybody ?? 'NONE'),
  )
  if (repository !== undefined) return Math.max(inProject, grantedIn(state, scopeOfRepository(repository), user))
  return inProject > 0 ? inProject : seesOne(state, user, project)
}

/** Whoever may read a repository sees its project. */
function seesOne(state: SandboxState, user: string, project: Project): number {
  const isSeen = state.instance.repositories.some(
    (one) => one.project === project.key && grantedIn(state, scopeOfRepository(one), user) > 0,
  )
  return isSeen ? ranks.PROJECT_VIEW : 0
}

function isPublic(state: SandboxState, project: Project, repository?: Repository): boolean {
  if (project.public === true || repository?.public === true) return true
  return (
    repository === undefined && state.instance.repositories.some((one) => one.project === project.key && one.public)
  )
}

/** What a caller reaches: the smaller of their own rights and those of their credentials; in public, reading at least. */
export function rankOfCaller(state: SandboxState, caller: Caller, project: Project, repository?: Repository): number {
  const open = isPublic(state, project, repository) ? ranks.REPO_READ : 0
  if (caller.within !== undefined) {
    const scopes = [scopeOfProject(project), ...(repository === undefined ? [] : [scopeOfRepository(repository)])]
    return Math.max(open, scopes.includes(caller.within) ? caller.codeLimit : 0)
  }
  if (caller.user === undefined) return open
  return Math.max(open, Math.min(caller.codeLimit, rankOfUser(state, caller.user, project, repository)))
}

/** To create a repository the scope of projects is needed, not that of repositories alone. */
function limitOf(needs: CodeLevel): number {
  return needs === 'REPO_CREATE' ? ranks.PROJECT_ADMIN : ranks[needs]
}

/** Why a caller may not, if so; where their scope alone is too small, with the status that options give to that. */
export function refuseCode(
  state: SandboxState,
  caller: Caller,
  needs: CodeLevel,
  project: Project,
  repository?: Repository,
): Reply | undefined {
  const reaches = rankOfCaller(state, caller, project, repository) >= ranks[needs]
  const isRead = ranks[needs] <= ranks.REPO_READ
  if (reaches && (isRead || caller.codeLimit >= limitOf(needs))) return undefined
  if (caller.user === undefined) return unauthenticated()
  const isScope = caller.within === undefined && rankOfUser(state, caller.user, project, repository) >= ranks[needs]
  return failure(isScope ? caller.scopeFailure : 401, 'AuthorisationException', notPermitted)
}

const notPermitted = 'You are not permitted to access this resource'

function noProject(key: string): Reply {
  return failure(404, 'project.NoSuchProjectException', `Project ${key} does not exist.`)
}

function noRepository(project: string, slug: string): Reply {
  return failure(404, 'repository.NoSuchRepositoryException', `Repository ${project}/${slug} does not exist.`)
}

type ProjectWork = (context: Context, project: Project, scope: Scope) => Reply
type RepositoryWork = (context: Context, repository: Repository, scope: Scope) => Reply

/** A handler for `{project}`, behind the question whether the caller may. */
export function inProject(needs: CodeLevel, work: ProjectWork): Handler {
  return (context) => {
    const { state, caller, path } = context
    const project = findProject(state, path['project'])
    if (project === undefined) return caller.user === undefined ? unauthenticated() : noProject(path['project'] ?? '')
    return refuseCode(state, caller, needs, project) ?? work(context, project, scopeOfProject(project))
  }
}

/** A handler for `{project}/repos/{repository}`. */
export function inRepository(needs: CodeLevel, work: RepositoryWork): Handler {
  return (context) => {
    const { state, caller, path } = context
    const repository = findRepository(state, path['project'], path['repository'])
    if (repository === undefined) {
      if (caller.user === undefined) return unauthenticated()
      if (findProject(state, path['project']) === undefined) return noProject(path['project'] ?? '')
      return noRepository(path['project'] ?? '', path['repository'] ?? '')
    }
    const refusal = refuseCode(state, caller, needs, projectOf(state, repository), repository)
    return refusal ?? work(context, repository, scopeOfRepository(repository))
  }
}

/** A change of a repository, refused while that is archived (catalogue R-01). */
export function inLiveRepository(needs: CodeLevel, work: RepositoryWork): Handler {
  return inRepository(needs, (context, repository, scope) =>
    repository.archived === true
      ? failure(409, null, `The repository ${repository.project}/${repository.slug} is archived`)
      : work(context, repository, scope),
  )
}
