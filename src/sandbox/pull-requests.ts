/** Pull requests as they are found and shown; routes in `routes/pull-requests.ts` and `routes/comments.ts`. */
import { failure, type Reply } from './answers.js'
import { findBranch, firstCommit, shortName } from './branches.js'
import type { Comment, Participant, PullRequest, Scope } from './code-state.js'
import type { Repository } from './instance-state.js'
import type { CodeLevel } from './ranks.js'
import type { Context, Handler } from './router.js'
import { inLiveRepository, inRepository, scopeOfRepository } from './scopes.js'
import { showPerson, showRepository } from './show-code.js'
import type { SandboxState } from './state.js'

export type RequestWork = (context: Context, request: PullRequest, repository: Repository) => Reply

/** A handler for `pull-requests/{request}`. The names of these exceptions are those of the Java API. */
function wrap(wrapper: typeof inRepository, needs: CodeLevel, work: RequestWork): Handler {
  return wrapper(needs, (context, repository, scope) => {
    const { state, path } = context
    const found = state.code.pullRequests.find((one) => one.scope === scope && String(one.id) === path['request'])
    if (found !== undefined) return work(context, found, repository)
    const message = `Pull request ${path['request']} does not exist in ${repository.project}/${repository.slug}.`
    return failure(404, 'pull.NoSuchPullRequestException', message)
  })
}

export const onRequest = (needs: CodeLevel, work: RequestWork): Handler => wrap(inRepository, needs, work)
/** A change, refused while the repository is archived. */
export const onLiveRequest = (needs: CodeLevel, work: RequestWork): Handler => wrap(inLiveRepository, needs, work)

export function outOfDate(what: 'pull request' | 'comment', expected: number): Reply {
  const exception = what === 'comment' ? 'comment.CommentOutOfDateException' : 'pull.PullRequestOutOfDateException'
  const message = `You are attempting to modify a ${what} based on out-of-date information: its version is ${expected}.`
  return failure(409, exception, message)
}

function showParticipant(state: SandboxState, { user, role, status }: Participant): Record<string, unknown> {
  return { user: showPerson(state, user), role, status, approved: status === 'APPROVED' }
}

export { showParticipant }

function showRef(state: SandboxState, ref: string, repository: Repository): Record<string, unknown> {
  const name = shortName(ref)
  const latestCommit = findBranch(state, repository, ref)?.commit ?? firstCommit(repository, name)
  return { id: ref, displayId: name, latestCommit, type: 'BRANCH', repository: showRepository(state, repository) }
}

/** The repository that a pull request comes from; where that is gone, the one that it leads to. */
export function sourceOf({ instance }: SandboxState, request: PullRequest, target: Repository): Repository {
  return instance.repositories.find(({ id }) => id === request.fromRepository) ?? target
}

export function showRequest(state: SandboxState, request: PullRequest, target: Repository): Record<string, unknown> {
  const { id, version, title, description, draft, createdDate, updatedDate, closedDate, participants } = request
  const ofRole = (role: Participant['role']): readonly unknown[] =>
    participants.filter((one) => one.role === role).map((one) => showParticipant(state, one))
  return {
    id,
    version,
    title,
    ...(description === undefined ? {} : { description }),
    state: request.state,
    open: request.state === 'OPEN',
    closed: request.state !== 'OPEN',
    draft,
    locked: false,
    createdDate,
    updatedDate,
    ...(closedDate === undefined ? {} : { closedDate }),
    fromRef: showRef(state, request.from, sourceOf(state, request, target)),
    toRef: showRef(state, request.to, target),
    author: ofRole('AUTHOR')[0],
    reviewers: ofRole('REVIEWER'),
    participants: ofRole('PARTICIPANT'),
    links: {},
  }
}

/** Notes what happened, newest last. */
export function record({ state, caller, now }: Context, request: PullRequest, action: string, comment?: Comment): void {
  state.code.activities.push({
    id: state.instance.nextId++,
    scope: request.scope,
    pullRequest: request.id,
    action,
    user: caller.user ?? '',
    createdDate: now,
    ...(comment === undefined ? {} : { comment: comment.id }),
  })
}

/** Whoever does something to a pull request takes part in it from then on. */
export function join({ caller }: Context, request: PullRequest): Participant {
  const user = caller.user ?? ''
  const known = request.participants.find((one) => one.user === user)
  if (known !== undefined) return known
  const made: Participant = { user, role: 'PARTICIPANT', status: 'UNAPPROVED' }
  request.participants.push(made)
  return made
}

export function commentsOf({ code }: SandboxState, { scope, id }: PullRequest): readonly Comment[] {
  return code.comments.filter((comment) => comment.scope === scope && comment.pullRequest === id)
}

/** A comment with its replies. */
export function showComment(state: SandboxState, comment: Comment, all: readonly Comment[]): Record<string, unknown> {
  const { id, version, text, author, createdDate, updatedDate, severity, anchor } = comment
  return {
    properties: { repositoryId: idOf(comment.scope) },
    id,
    version,
    text,
    author: showPerson(state, author),
    createdDate,
    updatedDate,
    comments: all.filter(({ parent }) => parent === id).map((reply) => showComment(state, reply, all)),
    severity,
    state: comment.state,
    ...(anchor === undefined ? {} : { anchor }),
  }
}

function idOf(scope: Scope): number {
  return Number(scope.slice(1))
}

/** Whether a repository of one scope has an open pull request with these ends. */
export function hasOpen(
  state: SandboxState,
  target: Repository,
  made: Pick<PullRequest, 'from' | 'fromRepository' | 'to'>,
): boolean {
  return state.code.pullRequests.some(
    (one) =>
      one.scope === scopeOfRepository(target) &&
      one.state === 'OPEN' &&
      one.from === made.from &&
      one.to === made.to &&
      one.fromRepository === made.fromRepository,
  )
}
