/** Endpoints that stand under a project and, alike, under a repository. */
import type { Reply } from './answers.js'
import type { Project, Scope } from './code-state.js'
import type { Repository } from './instance-state.js'
import type { Context, Handler, Route } from './router.js'
import { inLiveRepository, inProject, inRepository, projectOf, scopeOfProject } from './scopes.js'

/** Where a request came in. */
export interface Here {
  readonly type: 'PROJECT' | 'REPOSITORY'
  readonly id: number
  readonly scope: Scope
  readonly project: Project
  readonly repository?: Repository
}

export type HereWork = (context: Context, here: Here) => Reply

/** Makes handlers for one of the two. */
export interface Place {
  readonly type: Here['type']
  /** Reading needs PROJECT_READ or REPO_READ. */
  read(work: HereWork): Handler
  /** PROJECT_ADMIN or REPO_ADMIN, to look. */
  inspect(work: HereWork): Handler
  /** PROJECT_ADMIN or REPO_ADMIN, and not while the repository is archived. */
  change(work: HereWork): Handler
}

const hereInProject =
  (work: HereWork) =>
  (context: Context, project: Project, scope: Scope): Reply =>
    work(context, { type: 'PROJECT', id: project.id, scope, project })

const hereInRepository =
  (work: HereWork) =>
  (context: Context, repository: Repository, scope: Scope): Reply => {
    const project = projectOf(context.state, repository)
    return work(context, { type: 'REPOSITORY', id: repository.id, scope, project, repository })
  }

const ofProject: Place = {
  type: 'PROJECT',
  read: (work) => inProject('PROJECT_READ', hereInProject(work)),
  inspect: (work) => inProject('PROJECT_ADMIN', hereInProject(work)),
  change: (work) => inProject('PROJECT_ADMIN', hereInProject(work)),
}

const ofRepository: Place = {
  type: 'REPOSITORY',
  read: (work) => inRepository('REPO_READ', hereInRepository(work)),
  inspect: (work) => inRepository('REPO_ADMIN', hereInRepository(work)),
  change: (work) => inLiveRepository('REPO_ADMIN', hereInRepository(work)),
}

/** @param module such as `/api/{version}` */
export function ofBoth(module: string, make: (base: string, place: Place) => readonly Route[]): readonly Route[] {
  const project = `${module}/projects/{project}`
  return [...make(project, ofProject), ...make(`${project}/repos/{repository}`, ofRepository)]
}

/** This scope and, of a repository, its project: where a setting is looked for. */
export function scopesAbove({ scope, project, repository }: Here): readonly Scope[] {
  return repository === undefined ? [scope] : [scope, scopeOfProject(project)]
}

/** The scope as answers show it. */
export function showScope(scope: Scope): { type: 'PROJECT' | 'REPOSITORY'; resourceId: number } {
  return { type: scope.startsWith('P') ? 'PROJECT' : 'REPOSITORY', resourceId: Number(scope.slice(1)) }
}
