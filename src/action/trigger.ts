/**
 * What started the run, and whether it may write.
 *
 * An apply belongs on the tip of the default branch: a pull request is not reviewed yet, another branch never was, and
 * an old run that is started again would roll back what was merged since.
 *
 * Source: GitHub's "Events that trigger workflows", "Webhook events and payloads", "Variables reference".
 */
import { PlanError, UsageError } from '../model/errors.js'
import { isObject } from '../model/schema.js'

/** What a run knows of its cause. */
export interface Trigger {
  /** `GITHUB_EVENT_NAME` */
  readonly event: string
  /** `GITHUB_REF`, in full. */
  readonly ref: string
  /** The commit that the job has: for a pull request the merge that GitHub tries, for a merge queue its candidate. */
  readonly commit: string
  readonly defaultBranch: string
  /** Where a pull request is the cause. */
  readonly pullRequest?: PullRequestCause
  /** The branch that a merge queue merges into, and the commit that its candidate stands on. */
  readonly queue?: { readonly base: string; readonly baseCommit: string }
}

/** The pull request that a run is for. */
export interface PullRequestCause {
  readonly number: number
  /** The commit that check runs belong to. */
  readonly head: string
  /** From another repository: no secret and no writing token. */
  readonly isFork: boolean
}

/** Events that a workflow may apply on. */
const writing = ['push', 'merge_group', 'schedule', 'workflow_dispatch']

/** Variables of the runner. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the cause from the runner's variables and the payload of the event.
 * @throws UsageError outside of a runner
 */
export function readTrigger(environment: Environment, payload: unknown): Trigger {
  const event = environment['GITHUB_EVENT_NAME']
  const ref = environment['GITHUB_REF']
  const commit = environment['GITHUB_SHA']
  if (event === undefined || ref === undefined || commit === undefined) {
    throw new UsageError('This is no run of GitHub Actions: GITHUB_EVENT_NAME, GITHUB_REF or GITHUB_SHA is missing')
  }
  const given = isObject(payload) ? payload : {}
  const defaultBranch = text(given, 'repository', 'default_branch') ?? 'main'
  const pull = given['pull_request']
  const queue = given['merge_group']
  return {
    ...{ event, ref, commit, defaultBranch },
    ...(isObject(pull) ? { pullRequest: readPullRequest(given, pull) } : {}),
    ...(isObject(queue)
      ? { queue: { base: text(queue, 'base_ref') ?? '', baseCommit: text(queue, 'base_sha') ?? '' } }
      : {}),
  }
}

function readPullRequest(
  payload: Readonly<Record<string, unknown>>,
  pull: Readonly<Record<string, unknown>>,
): PullRequestCause {
  const number = pull['number']
  const head = text(pull, 'head', 'sha')
  if (typeof number !== 'number' || head === undefined) throw new UsageError('The event names no pull request')
  // A fork that was deleted leaves no repository behind, and is one all the same.
  const isFork = text(pull, 'head', 'repo', 'full_name') !== text(payload, 'repository', 'full_name')
  return { number, head, isFork }
}

function text(data: Readonly<Record<string, unknown>>, ...path: readonly string[]): string | undefined {
  let place: unknown = data
  for (const name of path) place = isObject(place) ? place[name] : undefined
  return typeof place === 'string' ? place : undefined
}

/**
 * The branch whose tip an apply must stand on.
 * @throws PlanError `PLAN_UNSAFE` where the event or its branch is none to apply on
 */
export function requireApplicable(trigger: Trigger): string {
  const { event, ref, defaultBranch, queue } = trigger
  if (!writing.includes(event)) {
    throw new PlanError('PLAN_UNSAFE', `The Action does not apply on the event ${event}`, {
      hint: `Apply on ${writing.join(', ')} of the default branch; on pull requests use command: plan.`,
    })
  }
  const branch = event === 'merge_group' ? (queue?.base ?? '') : ref
  if (branch === `refs/heads/${defaultBranch}`) return defaultBranch
  throw new PlanError('PLAN_UNSAFE', `The Action applies on ${defaultBranch} alone; this run is for ${branch}`, {
    hint: `Merge into ${defaultBranch}. Only what was merged has been reviewed.`,
  })
}

/**
 * Holds the commit of the run against the tip of the branch.
 * @throws PlanError `PLAN_UNSAFE` where something was merged since: applying this commit would undo it
 */
export function requireTip({ commit, queue }: Trigger, branch: string, tip: string): void {
  const stands = queue === undefined ? commit : queue.baseCommit
  if (stands === tip) return
  throw new PlanError('PLAN_UNSAFE', `${short(stands)} is no longer the tip of ${branch}, which is ${short(tip)}`, {
    hint: 'Applying it would roll back what was merged since. The run of the newer commit applies everything.',
  })
}

function short(commit: string): string {
  return commit.slice(0, 10)
}
