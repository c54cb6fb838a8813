/** Lists of pull requests: of a repository, by what is asked for, and of a commit. */
import { failure, holds, invalid, page, type Reply } from '../answers.js'
import { findBranch, isCommit } from '../branches.js'
import type { PullRequest, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { showRequest, sourceOf } from '../pull-requests.js'
import type { Context, Route } from '../router.js'
import { inRepository } from '../scopes.js'
import type { SandboxState } from '../state.js'

const repository = '/api/{version}/projects/{project}/repos/{repository}'

const states = ['OPEN', 'MERGED', 'DECLINED', 'ALL']

function list({ state, query, features }: Context, target: Repository, scope: Scope): Reply {
  const wanted = query.get('state')?.toUpperCase() ?? 'OPEN'
  const direction = query.get('direction')?.toUpperCase() ?? 'INCOMING'
  if (!states.includes(wanted)) return invalid(`One of ${states.join(', ')}`, 'state')
  if (!['INCOMING', 'OUTGOING'].includes(direction)) return invalid('One of INCOMING, OUTGOING', 'direction')
  const isOut = direction === 'OUTGOING'
  const [at, text, draft] = ['at', 'filterText', 'draft'].map((name) => query.get(name))
  const found = state.code.pullRequests.filter(
    (request) =>
      (isOut ? request.fromRepository === target.id : request.scope === scope) &&
      (wanted === 'ALL' || request.state === wanted) &&
      (at == null || (isOut ? request.from : request.to) === at) &&
      (draft == null || String(request.draft) === draft) &&
      holds(text ?? null, request.title, request.description ?? ''),
  )
  const sign = query.get('order')?.toUpperCase() === 'OLDEST' ? 1 : -1
  found.sort((a, b) => sign * (a.updatedDate - b.updatedDate || a.id - b.id))
  return page(showRequests(state, found), query, features.pageLimit)
}

export function showRequests(state: SandboxState, found: readonly PullRequest[]): readonly unknown[] {
  return found.flatMap((request) => {
    const target = state.instance.repositories.find(({ id }) => `R${id}` === request.scope)
    return target === undefined ? [] : [showRequest(state, request, target)]
  })
}

function ofCommit({ state, path, query, features }: Context, target: Repository, scope: Scope): Reply {
  const commit = path['commit'] ?? ''
  if (!isCommit(commit)) {
    return failure(404, 'commit.NoSuchCommitException', `Commit '${commit}' does not exist in repository.`)
  }
  const found = state.code.pullRequests.filter((request) => {
    const tip = findBranch(state, sourceOf(state, request, target), request.from)?.commit
    return request.scope === scope && tip === commit.toLowerCase()
  })
  return page(showRequests(state, found), query, features.pageLimit)
}

export const pullRequestListRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: `${repository}/commits/{commit}/pull-requests`,
    needs: 'anyone',
    handle: inRepository('REPO_READ', ofCommit),
  },
  { method: 'GET', path: `${repository}/pull-requests`, needs: 'anyone', handle: inRepository('REPO_READ', list) },
]
