/** The pull requests of a person, in all repositories that they may read. */
import { invalid, ok, page, refuseWord, type Reply } from '../answers.js'
import type { Participant, PullRequest } from '../code-state.js'
import { rankOf } from '../ranks.js'
import type { Context, Route } from '../router.js'
import { projectOf, rankOfCaller, scopeOfRepository } from '../scopes.js'
import { key } from './people.js'
import { showRequests } from './pull-request-lists.js'

const words = {
  role: ['AUTHOR', 'REVIEWER', 'PARTICIPANT'],
  state: ['OPEN', 'MERGED', 'DECLINED'],
  participantStatus: ['UNAPPROVED', 'NEEDS_WORK', 'APPROVED'],
} as const

type Asks = (participant: Participant, request: PullRequest) => boolean

/** Newest first. */
function find({ state, caller }: Context, name: string, asks: Asks): PullRequest[] {
  const readable = state.instance.repositories
    .filter((one) => rankOfCaller(state, caller, projectOf(state, one), one) >= rankOf('REPO_READ'))
    .map(scopeOfRepository)
  return state.code.pullRequests
    .filter((request) => readable.includes(request.scope))
    .filter((request) => request.participants.some((one) => one.user === name && asks(one, request)))
    .sort((a, b) => b.updatedDate - a.updatedDate || b.id - a.id)
}

function list(context: Context): Reply {
  const { state, caller, query, features, now } = context
  const upper = (name: string): string | undefined => query.get(name)?.toUpperCase()
  const [role, wanted, statuses] = [upper('role'), upper('state'), upper('participantStatus')?.split(',')]
  const refusal =
    refuseWord(role, words.role, 'role') ??
    refuseWord(wanted, words.state, 'state') ??
    statuses?.map((status) => refuseWord(status, words.participantStatus, 'participantStatus')).find(Boolean)
  if (refusal !== undefined) return refusal
  const since = Number(query.get('closedSince') ?? Infinity)
  if (Number.isNaN(since)) return invalid('A number of seconds is needed', 'closedSince')
  const found = find(context, key(query.get('user') ?? caller.user), (participant, request) => {
    const isLate = since === Infinity || (request.closedDate ?? 0) > now - since * 1000
    const isStatus = statuses === undefined || statuses.includes(participant.status)
    return (
      isLate &&
      isStatus &&
      (role ?? participant.role) === participant.role &&
      (wanted ?? request.state) === request.state
    )
  })
  if (upper('order') === 'OLDEST') found.reverse()
  return page(showRequests(state, found), query, features.pageLimit)
}

/** What waits for a review of the caller, or was written by them. No document says what is in an inbox. */
function inbox(context: Context): PullRequest[] {
  const { caller, query } = context
  const isAuthor = query.get('role')?.toUpperCase() === 'AUTHOR'
  return find(context, caller.user ?? '', ({ role, status }, { state }) => {
    if (state !== 'OPEN') return false
    return isAuthor ? role === 'AUTHOR' : role === 'REVIEWER' && status === 'UNAPPROVED'
  })
}

export const dashboardRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/{version}/dashboard/pull-requests', needs: 'PERSON', handle: list },
  {
    method: 'GET',
    path: '/api/{version}/inbox/pull-requests',
    needs: 'PERSON',
    handle: (context) => page(showRequests(context.state, inbox(context)), context.query, context.features.pageLimit),
  },
  {
    method: 'GET',
    path: '/api/{version}/inbox/pull-requests/count',
    needs: 'PERSON',
    handle: (context) => ok({ count: inbox(context).length }),
  },
]
