/** Branches as far as settings and pull requests need them: R-02 of the catalogue, and their making. */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type BranchTip, branchesOf, findBranch, firstCommit, isBranchName, isCommit, shortName } from '../branches.js'
import type { Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { inLiveRepository, inRepository } from '../scopes.js'
import { fieldsOf } from './settings.js'

const repository = '/api/{version}/projects/{project}/repos/{repository}'
const branches = `${repository}/branches`
const utilities = '/branch-utils/{version}/projects/{project}/repos/{repository}/branches'

export function showBranch({ name, commit, isDefault }: BranchTip): Record<string, unknown> {
  const id = `refs/heads/${name}`
  return { id, displayId: name, type: 'BRANCH', latestCommit: commit, latestChangeset: commit, default: isDefault }
}

/** By name behind the default branch unless the query wants otherwise; the branch that was made last counts as changed last. */
function list({ state, query, features }: Context, one: Repository, scope: Scope): Reply {
  const text = query.get('filterText')?.toLowerCase() ?? ''
  const found = branchesOf(state, one).filter(({ name }) => name.toLowerCase().includes(text))
  const order = query.get('orderBy')?.toUpperCase()
  if (order === 'ALPHABETICAL') found.sort((a, b) => (a.name < b.name ? -1 : 1))
  if (order === 'MODIFICATION') {
    const made = state.code.branches.flatMap((branch) => (branch.scope === scope ? branch.name : []))
    found.sort((a, b) => made.indexOf(b.name) - made.indexOf(a.name))
  }
  // Those that are what was asked for, then those that begin with it.
  const rankOf = ({ name }: BranchTip): number =>
    name.toLowerCase() === text ? 0 : name.toLowerCase().startsWith(text) ? 1 : 2
  if (query.get('boostMatches') === 'true') found.sort((a, b) => rankOf(a) - rankOf(b))
  return page(found.map(showBranch), query, features.pageLimit)
}

/** `startPoint`: a branch or a full hash. An empty repository takes its first branch from any hash. */
function create({ state, body }: Context, one: Repository, scope: Scope, status: 200 | 201): Reply {
  const { name, startPoint } = fieldsOf(body)
  const short = typeof name === 'string' ? shortName(name) : ''
  if (!isBranchName(short)) return invalid('That is not the name of a branch', 'name')
  const start = findBranch(state, one, startPoint)?.commit ?? (isCommit(startPoint) ? startPoint : undefined)
  if (start === undefined) return invalid('The start point is not known', 'startPoint')
  // ERR has 400 for a branch that exists; the document of branch-utils 409 for a name that overlaps another.
  if (findBranch(state, one, short) !== undefined) return invalid(`The branch ${short} already exists`, 'name')
  const overlaps = branchesOf(state, one).some(
    (branch) => branch.name.startsWith(`${short}/`) || short.startsWith(`${branch.name}/`),
  )
  if (overlaps) return failure(status === 201 ? 409 : 400, null, `${short} overlaps with a branch that exists`)
  // A branch with commits of its own: without them nothing could be asked for.
  const commit = findBranch(state, one, startPoint) === undefined ? start : firstCommit(one, short)
  state.code.branches.push({ scope, name: short, commit })
  delete one.isEmpty
  return { status, body: showBranch({ name: short, commit, isDefault: short === (one.defaultBranch ?? 'main') }) }
}

function remove({ state, body }: Context, one: Repository, scope: Scope): Reply {
  const { name, endPoint, dryRun } = fieldsOf(body)
  if (typeof name !== 'string' || name === '') return invalid('A name is needed', 'name')
  const branch = findBranch(state, one, name)
  if (branch?.isDefault) return invalid('The default branch cannot be deleted', 'name')
  if (branch !== undefined && endPoint != null && endPoint !== branch.commit) {
    return invalid('The branch points to another commit', 'endPoint')
  }
  if (dryRun !== true) {
    const { code } = state
    code.branches = code.branches.filter((other) => other.scope !== scope || other.name !== shortName(name))
  }
  return noContent()
}

/** What is configured, but only where there is such a branch. */
function showDefault({ state }: Context, one: Repository): Reply {
  const found = branchesOf(state, one).find(({ isDefault }) => isDefault)
  if (found !== undefined) return ok({ id: `refs/heads/${found.name}`, displayId: found.name, type: 'BRANCH' })
  return failure(404, 'repository.NoDefaultBranchException', `The repository ${one.slug} has no default branch`)
}

function putDefault({ state, body }: Context, one: Repository): Reply {
  const { id } = fieldsOf(body)
  const short = typeof id === 'string' ? shortName(id) : ''
  // The document has no 400 here: a branch that cannot be is one that is not there.
  if (!isBranchName(short) || (one.isEmpty !== true && findBranch(state, one, short) === undefined)) {
    return failure(404, 'repository.NoSuchBranchException', `The branch ${String(id)} does not exist`, 'id')
  }
  // The old one stays a branch.
  const before = branchesOf(state, one).find(({ isDefault }) => isDefault)
  const scope = `R${one.id}`
  if (before !== undefined && !state.code.branches.some((made) => made.scope === scope && made.name === before.name)) {
    state.code.branches.push({ scope, name: before.name, commit: before.commit })
  }
  one.defaultBranch = short
  return noContent()
}

/** The old way to ask for it: the branch itself, and nothing of an empty repository. */
function showOldDefault(context: Context, one: Repository): Reply {
  const found = branchesOf(context.state, one).find(({ isDefault }) => isDefault)
  if (found !== undefined) return ok(showBranch(found))
  return one.isEmpty === true ? noContent() : showDefault(context, one)
}

export const branchRoutes: readonly Route[] = [
  { method: 'GET', path: branches, needs: 'anyone', handle: inRepository('REPO_READ', list) },
  {
    method: 'POST',
    path: branches,
    needs: 'anyone',
    handle: inLiveRepository('REPO_WRITE', (context, one, scope) => create(context, one, scope, 200)),
  },
  {
    method: 'POST',
    path: utilities,
    needs: 'anyone',
    handle: inLiveRepository('REPO_WRITE', (context, one, scope) => create(context, one, scope, 201)),
  },
  { method: 'DELETE', path: utilities, needs: 'anyone', handle: inLiveRepository('REPO_WRITE', remove) },
  // Since 7.5; before it was `branches/default`, which is still there.
  {
    method: 'GET',
    path: `${repository}/default-branch`,
    needs: 'anyone',
    handle: inRepository('REPO_READ', showDefault),
  },
  {
    method: 'PUT',
    path: `${repository}/default-branch`,
    needs: 'anyone',
    handle: inLiveRepository('REPO_ADMIN', putDefault),
  },
  { method: 'GET', path: `${branches}/default`, needs: 'anyone', handle: inRepository('REPO_READ', showOldDefault) },
  { method: 'PUT', path: `${branches}/default`, needs: 'anyone', handle: inLiveRepository('REPO_ADMIN', putDefault) },
]
