/** Who takes part in a pull request, and what they say of it. */
import { failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Participant, PullRequest } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { join, onLiveRequest, onRequest, outOfDate, record, showParticipant } from '../pull-requests.js'
import type { Context, Route } from '../router.js'
import { readReviewers } from './pull-requests.js'
import { fieldsOf } from './settings.js'

const one = '/api/{version}/projects/{project}/repos/{repository}/pull-requests/{request}'

const refuse = (message: string): Reply => failure(409, 'pull.IllegalPullRequestStateException', message)
const notOpen = refuse('It is not open')

function say(context: Context, request: PullRequest, status: Participant['status']): Reply {
  const participant = join(context, request)
  if (participant.role === 'PARTICIPANT') participant.role = 'REVIEWER'
  participant.status = status
  record(context, request, status === 'NEEDS_WORK' ? 'REVIEWED' : status)
  return ok(showParticipant(context.state, participant))
}

function isAuthor({ caller }: Context, { participants }: PullRequest): boolean {
  return participants.some(({ user, role }) => role === 'AUTHOR' && user === caller.user)
}

function putStatus(context: Context, request: PullRequest): Reply {
  const { state, caller, path, query, body } = context
  const { status } = fieldsOf(body)
  const known = (['UNAPPROVED', 'NEEDS_WORK', 'APPROVED'] as const).find((word) => word === status)
  const isOwn = state.users[caller.user ?? '']?.slug === path['user']?.toLowerCase()
  if (known === undefined) return invalid('One of UNAPPROVED, NEEDS_WORK, APPROVED', 'status')
  if (!isOwn) return failure(401, 'AuthorisationException', 'Only your own status can be changed')
  if (request.state !== 'OPEN') return notOpen
  const version = query.get('version')
  if (version !== null && version !== String(request.version)) return outOfDate('pull request', request.version)
  if (isAuthor(context, request)) return invalid('The author cannot approve', 'status')
  return say(context, request, known)
}

/** The documents have no 400 here; that the author cannot is the state of the pull request, too. */
function approve(context: Context, request: PullRequest): Reply {
  if (request.state !== 'OPEN') return notOpen
  if (isAuthor(context, request)) return refuse('The author cannot approve')
  return say(context, request, 'APPROVED')
}

function takeBack(context: Context, request: PullRequest): Reply {
  const isIn = request.participants.some(({ user }) => user === context.caller.user)
  if (!isIn) return failure(404, 'NoSuchEntityException', 'You take no part in this pull request')
  if (request.state !== 'OPEN') return notOpen
  if (isAuthor(context, request)) return ok(showParticipant(context.state, join(context, request)))
  return say(context, request, 'UNAPPROVED')
}

function list({ state, query, features }: Context, { participants }: PullRequest): Reply {
  return page(participants, query, features.pageLimit, (participant) => showParticipant(state, participant))
}

/** REVIEWER is the one role that is given, and nobody takes the author's from them. */
function assign({ state, body }: Context, request: PullRequest, target: Repository): Reply {
  const { role } = fieldsOf(body)
  const [made] = readReviewers(state, [body], target) ?? []
  if (role !== 'REVIEWER') return invalid('REVIEWER is the only role that can be given', 'role')
  if (made === undefined) return invalid('A user who may read the repository is needed', 'user')
  const known = request.participants.find(({ user }) => user === made.user)
  if (known?.role === 'AUTHOR') return invalid('The author stays the author', 'role')
  if (known === undefined) request.participants.push(made)
  else known.role = role
  return ok(showParticipant(state, known ?? made))
}

/** Whoever was a reviewer takes part all the same. */
function unassign({ state, path }: Context, request: PullRequest): Reply {
  const slug = path['user']?.toLowerCase()
  const known = request.participants.find(({ user }) => state.users[user]?.slug === slug)
  if (known?.role === 'REVIEWER') known.role = 'PARTICIPANT'
  return noContent()
}

export const reviewRoutes: readonly Route[] = [
  { method: 'GET', path: `${one}/participants`, needs: 'anyone', handle: onRequest('REPO_READ', list) },
  { method: 'POST', path: `${one}/participants`, needs: 'PERSON', handle: onLiveRequest('REPO_WRITE', assign) },
  { method: 'PUT', path: `${one}/participants/{user}`, needs: 'PERSON', handle: onLiveRequest('REPO_READ', putStatus) },
  {
    method: 'DELETE',
    path: `${one}/participants/{user}`,
    needs: 'PERSON',
    handle: onLiveRequest('REPO_WRITE', unassign),
  },
  // Deprecated since 4.2, and still there.
  { method: 'POST', path: `${one}/approve`, needs: 'PERSON', handle: onLiveRequest('REPO_READ', approve) },
  { method: 'DELETE', path: `${one}/approve`, needs: 'PERSON', handle: onLiveRequest('REPO_READ', takeBack) },
]
