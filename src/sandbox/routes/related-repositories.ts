/** Repositories by what they have to do with another one, or with somebody: forks, and what one looked at lately. */
import { invalid, page, type Reply } from '../answers.js'
import type { Repository } from '../instance-state.js'
import { rankOf, repositoryLevels } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { inRepository, projectOf, rankOfCaller } from '../scopes.js'
import { showRepository, sortRepositories } from '../show-code.js'

const mostVisits = 20

/** Notes that somebody looked at a repository. What counts as that is not documented: here, reading it by itself. */
export function noteVisit({ state, caller: { user } }: Context, { id }: Repository): void {
  const seen = user === undefined ? undefined : (state.code.visits[user] ?? [])
  if (user === undefined || seen === undefined || seen[0] === id) return
  state.code.visits[user] = [id, ...seen.filter((other) => other !== id)].slice(0, mostVisits)
}

function listVisits({ state, caller, query, features }: Context): Reply {
  const permission = query.get('permission') ?? 'REPO_READ'
  if (!repositoryLevels.some((level) => level === permission)) {
    return invalid(`One of ${repositoryLevels.join(', ')}`, 'permission')
  }
  const seen = state.code.visits[caller.user ?? ''] ?? []
  const known = seen.flatMap((id) => state.instance.repositories.find((repository) => repository.id === id) ?? [])
  const found = known.filter(
    (repository) => rankOfCaller(state, caller, projectOf(state, repository), repository) >= rankOf(permission),
  )
  return page(found, query, features.pageLimit, (repository) => showRepository(state, repository))
}

function listForks({ state, caller, query, features }: Context, { id }: Repository): Reply {
  const found = state.instance.repositories.filter(
    (fork) => fork.origin === id && rankOfCaller(state, caller, projectOf(state, fork), fork) >= rankOf('REPO_READ'),
  )
  return page(sortRepositories(found, null), query, features.pageLimit, (fork) => showRepository(state, fork))
}

export const relatedRepositoryRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/profile/recent/repos', needs: 'PERSON', handle: listVisits },
  {
    method: 'GET',
    path: '/api/{version}/projects/{project}/repos/{repository}/forks',
    needs: 'anyone',
    handle: inRepository('REPO_READ', listForks),
  },
]
