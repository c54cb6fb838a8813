/** Comments and tasks of pull requests, and their activities. A change names the version that it was made from. */
import { failure, invalid, noContent, ok, page, refuseWord, type Reply } from '../answers.js'
import { isCommit } from '../branches.js'
import type { Activity, Comment, PullRequest } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { commentsOf, join, onLiveRequest, onRequest, outOfDate, record, showComment } from '../pull-requests.js'
import { rankOf } from '../ranks.js'
import type { Context, Handler, Route } from '../router.js'
import { projectOf, rankOfCaller } from '../scopes.js'
import { showPerson } from '../show-code.js'
import type { SandboxState } from '../state.js'
import { type Fields, fieldsOf } from './settings.js'

const request = '/api/{version}/projects/{project}/repos/{repository}/pull-requests/{request}'

/** "pull-request activities 500" (catalogue 1.2). */
const mostActivities = 500
const mostText = 32_768
const severities = ['NORMAL', 'BLOCKER']

function refuseText(text: unknown): Reply | undefined {
  const isSound = typeof text === 'string' && text.trim() !== '' && text.length <= mostText
  return isSound ? undefined : invalid(`A text of 1 to ${mostText} characters is needed`, 'text')
}

const words = {
  diffType: ['COMMIT', 'EFFECTIVE', 'RANGE'],
  fileType: ['FROM', 'TO'],
  lineType: ['ADDED', 'CONTEXT', 'REMOVED'],
} as const

/** "For diffType 'COMMIT' or 'RANGE', you must specify both the fromHash and toHash." */
function readAnchor(given: unknown): Record<string, unknown> | Reply {
  const { path, srcPath, line, fromHash, toHash, ...rest } = fieldsOf(given)
  if (typeof path !== 'string' || path === '') return invalid('A path is needed', 'anchor.path')
  const names = Object.keys(words) as (keyof typeof words)[]
  const strange = names.find((name) => rest[name] != null && !words[name].some((word) => word === rest[name]))
  if (strange !== undefined) return invalid(`One of ${words[strange].join(', ')}`, `anchor.${strange}`)
  if (line != null && (!Number.isInteger(line) || (line as number) < 0)) return invalid('Not a line', 'anchor.line')
  const hasHashes = isCommit(fromHash) && isCommit(toHash)
  if (rest['diffType'] == null && (fromHash != null || toHash != null)) {
    return invalid('The type of the diff is needed', 'anchor.diffType')
  }
  if (rest['diffType'] != null && rest['diffType'] !== 'EFFECTIVE' && !hasHashes) {
    return invalid('Both hashes are needed', 'anchor.fromHash')
  }
  const kept = { path, srcPath, line, fromHash, toHash, diffType: rest['diffType'] ?? 'EFFECTIVE' }
  const all = { ...kept, fileType: rest['fileType'], lineType: rest['lineType'] }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null))
}

function isReply(value: Record<string, unknown> | Reply): value is Reply {
  return typeof value['status'] === 'number'
}

function find(state: SandboxState, one: PullRequest, id: unknown): Comment | undefined {
  return commentsOf(state, one).find((comment) => String(comment.id) === String(id))
}

const noComment = (id: unknown): Reply =>
  failure(404, 'comment.NoSuchCommentException', `Comment ${String(id)} does not exist.`)

function readComment(state: SandboxState, one: PullRequest, fields: Fields): Partial<Comment> | Reply {
  const { text, parent, anchor, severity = 'NORMAL', state: stage = 'OPEN' } = fields
  const words = refuseWord(severity, severities, 'severity') ?? refuseWord(stage, ['OPEN', 'PENDING'], 'state')
  const refusal = refuseText(text) ?? words
  if (refusal !== undefined) return refusal
  const above = parent == null ? undefined : find(state, one, fieldsOf(parent)['id'])
  if (parent != null && above === undefined) return noComment(fieldsOf(parent)['id'])
  if (above !== undefined && anchor != null) return invalid('A reply stands where its parent does', 'anchor')
  const place = anchor == null ? undefined : readAnchor(anchor)
  if (place !== undefined && isReply(place)) return place
  const where = { ...(above && { parent: above.id }), ...(place && { anchor: place }) }
  return { text: String(text), severity: severity as Comment['severity'], state: stage as Comment['state'], ...where }
}

/** @param severity of what is made; tasks have a path of their own, too */
function create(severity?: 'BLOCKER') {
  return (context: Context, one: PullRequest): Reply => {
    const { state, caller, body, now } = context
    const read = readComment(state, one, { ...fieldsOf(body), ...(severity && { severity }) })
    if ('status' in read) return read
    const comment: Comment = {
      id: state.instance.nextId++,
      scope: one.scope,
      pullRequest: one.id,
      version: 0,
      text: '',
      author: caller.user ?? '',
      createdDate: now,
      updatedDate: now,
      severity: 'NORMAL',
      state: 'OPEN',
      ...(read as Partial<Comment>),
    }
    state.code.comments.push(comment)
    join(context, one)
    if (comment.parent === undefined) record(context, one, 'COMMENTED', comment)
    return { status: 201, body: showComment(state, comment, commentsOf(state, one)) }
  }
}

type CommentWork = (context: Context, comment: Comment, one: PullRequest, target: Repository) => Reply

function onComment(wrapper: typeof onRequest, work: CommentWork): Handler {
  return wrapper('REPO_READ', (context, one, target) => {
    const comment = find(context.state, one, context.path['comment'])
    return comment === undefined ? noComment(context.path['comment']) : work(context, comment, one, target)
  })
}

function isAdministrator({ state, caller }: Context, target: Repository): boolean {
  return rankOfCaller(state, caller, projectOf(state, target), target) >= rankOf('REPO_ADMIN')
}

function update(context: Context, comment: Comment, one: PullRequest, target: Repository): Reply {
  const { state, caller, body, now } = context
  const { text, severity, state: stage, version } = fieldsOf(body)
  if (!Number.isInteger(version)) return invalid('The version is needed', 'version')
  const wrong = refuseWord(severity, severities, 'severity') ?? refuseWord(stage, ['OPEN', 'RESOLVED'], 'state')
  const refusal = (text == null ? undefined : refuseText(text)) ?? wrong
  if (refusal !== undefined) return refusal
  const isOwn = comment.author === caller.user
  const isAuthor = one.participants.some(({ user, role }) => role === 'AUTHOR' && user === caller.user)
  if (!isOwn && (text != null || !(isAuthor || isAdministrator(context, target)))) {
    return failure(401, 'AuthorisationException', 'Only its author may change the text of a comment')
  }
  if (version !== comment.version) return outOfDate('comment', comment.version)
  comment.text = typeof text === 'string' ? text : comment.text
  comment.severity = (severity as Comment['severity'] | undefined) ?? comment.severity
  comment.state = (stage as Comment['state'] | undefined) ?? comment.state
  comment.version++
  comment.updatedDate = now
  return ok(showComment(state, comment, commentsOf(state, one)))
}

function remove(context: Context, comment: Comment, one: PullRequest, target: Repository): Reply {
  const { state, caller, query } = context
  if (comment.author !== caller.user && !isAdministrator(context, target)) {
    return failure(401, 'AuthorisationException', 'Only its author may delete a comment')
  }
  if (Number(query.get('version') ?? -1) !== comment.version) return outOfDate('comment', comment.version)
  if (commentsOf(state, one).some(({ parent }) => parent === comment.id)) {
    return failure(409, 'comment.CommentDeletionException', 'The comment has replies')
  }
  const { code } = state
  code.comments = code.comments.filter((other) => other !== comment)
  code.activities = code.activities.filter(({ comment: id }) => id !== comment.id)
  return noContent()
}

/** The words that a query names, each by itself or in a list. */
function wordsOf(query: URLSearchParams, ...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => query.getAll(name)).flatMap((text) => text.split(','))
}

/** Without Git nothing is moved from under a comment: none is orphaned. */
function isOnDiff(query: URLSearchParams, { diffType, fromHash, toHash }: Record<string, unknown>): boolean {
  const types = wordsOf(query, 'diffType', 'diffTypes')
  const isOf = (name: string, hash: unknown): boolean => diffType === 'EFFECTIVE' || (query.get(name) ?? hash) === hash
  return (
    query.get('anchorState') !== 'ORPHANED' &&
    (types.length === 0 || types.includes(String(diffType))) &&
    isOf('fromHash', fromHash) &&
    isOf('toHash', toHash)
  )
}

function stateFilter(query: URLSearchParams): (comment: Comment) => boolean {
  const asked = wordsOf(query, 'state', 'states')
  return ({ state }) => asked.length === 0 || asked.includes(state)
}

function list({ state, query, features }: Context, one: PullRequest): Reply {
  const path = query.get('path')
  if (path === null || path === '') return invalid('A path is needed', 'path')
  const all = commentsOf(state, one)
  const isAsked = stateFilter(query)
  const found = all.filter(
    (comment) =>
      comment.parent === undefined &&
      comment.anchor?.['path'] === path &&
      isAsked(comment) &&
      isOnDiff(query, comment.anchor),
  )
  return page(
    found.map((comment) => showComment(state, comment, all)),
    query,
    features.pageLimit,
  )
}

function listTasks({ state, query, features }: Context, one: PullRequest): Reply {
  const all = commentsOf(state, one)
  const isAsked = stateFilter(query)
  const found = all.filter((comment) => comment.severity === 'BLOCKER' && isAsked(comment))
  return page(
    found.map((comment) => showComment(state, comment, all)),
    query,
    features.pageLimit,
  )
}

function showActivity(state: SandboxState, activity: Activity, all: readonly Comment[]): Record<string, unknown> {
  const { id, createdDate, user, action } = activity
  const comment = all.find((one) => one.id === activity.comment)
  const said = comment && { commentAction: 'ADDED', comment: showComment(state, comment, all) }
  const where = comment?.anchor && { commentAnchor: comment.anchor }
  return { id, createdDate, user: showPerson(state, user), action, ...said, ...where }
}

/** Newest first; from one on with `fromId`, which then needs its type. */
function listActivities({ state, query, features }: Context, one: PullRequest): Reply {
  const [fromId, fromType] = [query.get('fromId'), query.get('fromType')]
  if (fromId !== null && fromType !== 'COMMENT' && fromType !== 'ACTIVITY') {
    return invalid('One of COMMENT, ACTIVITY', 'fromType')
  }
  const own = state.code.activities.filter(({ scope, pullRequest }) => scope === one.scope && pullRequest === one.id)
  const newest = own.reverse()
  const first = newest.findIndex((activity) =>
    fromType === 'COMMENT' ? String(activity.comment) === fromId : String(activity.id) === fromId,
  )
  const all = commentsOf(state, one)
  const shown = newest.slice(Math.max(0, first)).map((activity) => showActivity(state, activity, all))
  return page(shown, query, Math.min(features.pageLimit, mostActivities))
}

function routesOf(name: string, severity: 'BLOCKER' | undefined, since: string): readonly Route[] {
  const all = `${request}/${name}`
  const show = onComment(onRequest, ({ state }, comment, one) =>
    ok(showComment(state, comment, commentsOf(state, one))),
  )
  const listing = severity === undefined ? list : listTasks
  const change = { path: `${all}/{comment}`, needs: 'PERSON', since } as const
  return [
    { method: 'GET', path: all, needs: 'anyone', since, handle: onRequest('REPO_READ', listing) },
    { method: 'POST', path: all, needs: 'PERSON', since, handle: onLiveRequest('REPO_READ', create(severity)) },
    { ...change, method: 'GET', needs: 'anyone', handle: show },
    { ...change, method: 'PUT', handle: onComment(onLiveRequest, update) },
    { ...change, method: 'DELETE', handle: onComment(onLiveRequest, remove) },
  ]
}

export const commentRoutes: readonly Route[] = [
  { method: 'GET', path: `${request}/activities`, needs: 'anyone', handle: onRequest('REPO_READ', listActivities) },
  ...routesOf('comments', undefined, '1.0'),
  // Since 7.2, when tasks became comments.
  ...routesOf('blocker-comments', 'BLOCKER', '7.2'),
]
