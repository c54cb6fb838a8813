/** Pull requests: enough of their life that comments, checks and archiving can be tried on them. */
import { failure, invalid, noContent, ok, type Reply } from '../answers.js'
import { findBranch } from '../branches.js'
import type { Participant, PullRequest, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { hasOpen, onLiveRequest, onRequest, outOfDate, record, showRequest } from '../pull-requests.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { findRepository, inLiveRepository, projectOf, rankOfCaller, refuseCode } from '../scopes.js'
import { rootOf } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { allowsAutoMerge } from './pull-request-settings.js'
import { type Fields, fieldsOf } from './settings.js'

const repository = '/api/{version}/projects/{project}/repos/{repository}'
const base = `${repository}/pull-requests`
const one = `${base}/{request}`

/** The repository that a ref names; this one where it names none. */
function repositoryOf(state: SandboxState, ref: Fields, here: Repository): Repository | undefined {
  if (ref['repository'] == null) return here
  const { slug, project } = fieldsOf(ref['repository'])
  return findRepository(state, fieldsOf(project)['key'] ?? here.project, slug)
}

/** Users by name, or `undefined` for somebody who is not there or may not read. */
export function readReviewers(state: SandboxState, given: unknown, target: Repository): Participant[] | undefined {
  const names = (Array.isArray(given) ? given : []).map((entry) => {
    const user = fieldsOf(fieldsOf(entry)['user'])
    return String(user['name'] ?? user['slug'] ?? '').toLowerCase()
  })
  const isKnown = names.every((name) => {
    const caller = { user: name, level: undefined, codeLimit: rankOf('PROJECT_ADMIN'), scopeFailure: 401 } as const
    const rank = rankOfCaller(state, caller, projectOf(state, target), target)
    return state.users[name]?.active === true && rank >= rankOf('REPO_READ')
  })
  const made = (user: string): Participant => ({ user, role: 'REVIEWER', status: 'UNAPPROVED' })
  return isKnown ? [...new Set(names)].map(made) : undefined
}

const unknownReviewer = failure(
  409,
  'pull.InvalidPullRequestReviewersException',
  'A reviewer cannot be resolved',
  'reviewers',
)

/** Where a pull request comes from and where it leads to. */
function findEnds({ state, caller }: Context, from: Fields, to: Fields, target: Repository): Ends | Reply {
  if (typeof from['id'] !== 'string') return invalid('The source is needed', 'fromRef')
  if (typeof to['id'] !== 'string') return invalid('The target is needed', 'toRef')
  const source = repositoryOf(state, from, target)
  const isHere = repositoryOf(state, to, target) === target
  if (source === undefined || !isHere) return failure(404, 'repository.NoSuchRepositoryException', 'No such repository')
  if (rootOf(state, source) !== rootOf(state, target)) return invalid('The repositories are not related', 'fromRef')
  const refused = refuseCode(state, caller, 'REPO_READ', projectOf(state, source), source)
  if (refused !== undefined) return refused
  const [tip, base] = [findBranch(state, source, from['id']), findBranch(state, target, to['id'])]
  if (tip === undefined || base === undefined) {
    return failure(404, 'repository.NoSuchBranchException', 'A branch does not exist')
  }
  if (tip.commit === base.commit) return failure(409, 'pull.EmptyPullRequestException', 'There is nothing to merge')
  return { from: `refs/heads/${tip.name}`, to: `refs/heads/${base.name}`, fromRepository: source.id }
}

type Ends = Pick<PullRequest, 'from' | 'to' | 'fromRepository'>

function create(context: Context, target: Repository, scope: Scope): Reply {
  const { state, caller, body, now } = context
  const { title, description, fromRef, toRef, reviewers, draft } = fieldsOf(body)
  const refusal = refuseTexts(title, description) ?? (title == null ? invalid('A title is needed', 'title') : undefined)
  if (refusal !== undefined) return refusal
  const ends = findEnds(context, fieldsOf(fromRef), fieldsOf(toRef), target)
  if ('status' in ends) return ends
  if (hasOpen(state, target, ends)) {
    return failure(409, 'pull.DuplicatePullRequestException', 'There is an open pull request already')
  }
  const readers = readReviewers(state, reviewers, target)
  if (readers === undefined) return unknownReviewer
  const ids = state.code.pullRequests.filter((request) => request.scope === scope).map(({ id }) => id)
  const author: Participant = { user: caller.user ?? '', role: 'AUTHOR', status: 'UNAPPROVED' }
  const request: PullRequest = {
    id: Math.max(0, ...ids) + 1,
    scope,
    version: 0,
    title: String(title),
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    draft: draft === true,
    state: 'OPEN',
    createdDate: now,
    updatedDate: now,
    ...ends,
    participants: [author, ...readers.filter(({ user }) => user !== author.user)],
  }
  state.code.pullRequests.push(request)
  record(context, request, 'OPENED')
  return { status: 201, body: showRequest(state, request, target) }
}

function refuseTexts(title: unknown, description: unknown): Reply | undefined {
  if (title != null && (typeof title !== 'string' || title.trim() === '' || title.length > 255)) {
    return invalid('A title has 1 to 255 characters', 'title')
  }
  const isLong = description != null && (typeof description !== 'string' || description.length > 32_768)
  return isLong ? invalid('The description has at most 32768 characters', 'description') : undefined
}

/** The author, or whoever may write. */
function refuseForeign({ state, caller }: Context, request: PullRequest, target: Repository): Reply | undefined {
  const isAuthor = request.participants.some(({ user, role }) => role === 'AUTHOR' && user === caller.user)
  return isAuthor ? undefined : refuseCode(state, caller, 'REPO_WRITE', projectOf(state, target), target)
}

function update(context: Context, request: PullRequest, target: Repository): Reply {
  const { state, body, now } = context
  const fields = fieldsOf(body)
  const refusal = refuseForeign(context, request, target) ?? refuseChange(state, request, fields)
  if (refusal !== undefined) return refusal
  const { title, description, reviewers, draft, toRef } = fields
  const to = toRef == null ? undefined : findBranch(state, target, fieldsOf(toRef)['id'])
  if (toRef != null && to === undefined) return failure(404, 'repository.NoSuchBranchException', 'No such branch')
  const readers = reviewers == null ? undefined : readReviewers(state, reviewers, target)
  if (reviewers != null && readers === undefined) return unknownReviewer
  if (typeof title === 'string') request.title = title
  // What is not sent is cleared, as of all documents that are put.
  if (typeof description === 'string' && description !== '') request.description = description
  else delete request.description
  if (to !== undefined) request.to = `refs/heads/${to.name}`
  if (typeof draft === 'boolean') request.draft = draft
  if (readers !== undefined) setReviewers(request, readers)
  touch(request, now)
  record(context, request, 'UPDATED')
  return ok(showRequest(state, request, target))
}

function refuseChange(state: SandboxState, request: PullRequest, fields: Fields): Reply | undefined {
  const { title, description, version, author } = fields
  const refusal = refuseTexts(title, description)
  if (refusal !== undefined) return refusal
  if (!Number.isInteger(version)) return invalid('The version is needed', 'version')
  const isOther = author != null && fieldsOf(fieldsOf(author)['user'])['name'] !== showName(state, request)
  if (isOther) return invalid('The author cannot be changed', 'author')
  if (version !== request.version) return outOfDate('pull request', request.version)
  return request.state === 'OPEN' ? undefined : failure(409, 'pull.IllegalPullRequestStateException', 'It is not open')
}

function showName({ users }: SandboxState, { participants }: PullRequest): string | undefined {
  return users[participants.find(({ role }) => role === 'AUTHOR')?.user ?? '']?.name
}

/** Whoever was a reviewer keeps what they said; whoever is none any more takes part all the same. */
function setReviewers(request: PullRequest, readers: readonly Participant[]): void {
  const names = readers.map(({ user }) => user)
  for (const one of request.participants) {
    if (one.role !== 'AUTHOR') one.role = names.includes(one.user) ? 'REVIEWER' : 'PARTICIPANT'
  }
  const known = request.participants.map(({ user }) => user)
  request.participants.push(...readers.filter(({ user }) => !known.includes(user)))
}

function touch(request: PullRequest, now: number): void {
  request.version++
  request.updatedDate = now
}

function remove(context: Context, request: PullRequest, target: Repository): Reply {
  const { state, caller, body } = context
  const isAuthor = request.participants.some(({ user, role }) => role === 'AUTHOR' && user === caller.user)
  const refusal = isAuthor ? undefined : refuseCode(state, caller, 'REPO_ADMIN', projectOf(state, target), target)
  if (refusal !== undefined) return refusal
  if (fieldsOf(body)['version'] !== request.version) return outOfDate('pull request', request.version)
  const { code } = state
  const isOther = (owned: { scope: Scope; pullRequest: number }): boolean =>
    owned.scope !== request.scope || owned.pullRequest !== request.id
  code.comments = code.comments.filter(isOther)
  code.activities = code.activities.filter(isOther)
  code.pullRequests = code.pullRequests.filter((other) => other !== request)
  return noContent()
}

/** Declines, reopens or merges. The version stands in the query or the body. */
function turn(action: 'DECLINED' | 'REOPENED' | 'MERGED') {
  const before = action === 'REOPENED' ? 'DECLINED' : 'OPEN'
  return (context: Context, request: PullRequest, target: Repository): Reply => {
    const { state, query, body, now } = context
    const version = Number(query.get('version') ?? fieldsOf(body)['version'] ?? -1)
    if (request.state !== before) {
      return failure(409, 'pull.IllegalPullRequestStateException', `The pull request is ${request.state}`)
    }
    if (version !== request.version) return outOfDate('pull request', request.version)
    // All checks pass here, so that what may merge by itself merges at once.
    const waits = action === 'MERGED' && fieldsOf(body)['autoMerge'] === true
    if (waits && !allowsAutoMerge(context, request.scope)) {
      return failure(403, null, 'Auto-merge is not enabled for this repository')
    }
    if (action === 'REOPENED' && hasOpen(state, target, request)) {
      return failure(409, 'pull.DuplicatePullRequestException', 'There is an open pull request already')
    }
    request.state = action === 'REOPENED' ? 'OPEN' : action
    if (action === 'REOPENED') delete request.closedDate
    else request.closedDate = now
    touch(request, now)
    record(context, request, action)
    return ok(showRequest(state, request, target))
  }
}

const mergeable = { conflicted: false, outcome: 'CLEAN', vetoes: [] }

export const pullRequestRoutes: readonly Route[] = [
  { method: 'POST', path: base, needs: 'PERSON', handle: inLiveRepository('REPO_READ', create) },
  {
    method: 'GET',
    path: one,
    needs: 'anyone',
    handle: onRequest('REPO_READ', ({ state }, request, target) => ok(showRequest(state, request, target))),
  },
  { method: 'PUT', path: one, needs: 'PERSON', handle: onLiveRequest('REPO_READ', update) },
  { method: 'DELETE', path: one, needs: 'PERSON', handle: onLiveRequest('REPO_READ', remove) },
  { method: 'POST', path: `${one}/decline`, needs: 'PERSON', handle: onLiveRequest('REPO_READ', turn('DECLINED')) },
  { method: 'POST', path: `${one}/reopen`, needs: 'PERSON', handle: onLiveRequest('REPO_READ', turn('REOPENED')) },
  { method: 'POST', path: `${one}/merge`, needs: 'PERSON', handle: onLiveRequest('REPO_WRITE', turn('MERGED')) },
  {
    method: 'GET',
    path: `${one}/merge`,
    needs: 'anyone',
    handle: onRequest('REPO_READ', (_, { state }) =>
      state === 'OPEN'
        ? ok(mergeable)
        : failure(409, 'pull.IllegalPullRequestStateException', `The pull request is ${state}`),
    ),
  },
]
