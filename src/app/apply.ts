/**
 * Applies a plan: the only caller of writing verbs.
 *
 * Steps: read the touched objects again and refuse where one moved, resolve the secrets, keep the undo, write layer by
 * layer, and prove by a last reading that the server kept what was written. Everything that is not data (ids, unknown
 * fields, the server's spelling) comes from the reading, never from the plan.
 */
import { BbstateError, type Finding, PlanError } from '../model/errors.js'
import { ApplyError, type ApplyReport, type Outcome, StoppedError } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { Created } from '../model/resource.js'
import { digestOfUndo, type OpenUndo, type Undo } from '../model/undo.js'
import type { ApplyInput } from './apply-input.js'
import { finishUndo, makeUndo } from './make-undo.js'
import type { Clock } from './ports.js'
import { noProof, proveConvergence } from './prove.js'
import { readTouched, type Touched } from './read-touched.js'
import { resolveSecrets } from './resolve-secrets.js'
import { checkRights } from './rights.js'
import { refuseStale } from './stale.js'
import { writeLayers } from './write-layers.js'

/**
 * Writes the changes of a plan and proves the result.
 * @throws PlanError `PLAN_STALE` before anything is written; ConfigError `CONFIG_SECRET` likewise; ApplyError with the
 * whole report where a change failed or did not stick; StoppedError after an orderly stop.
 */
export async function applyPlan(input: ApplyInput): Promise<ApplyReport> {
  const startedAt = timeOf(input.clock)
  const { touched, values, undo } = await prepare(input, startedAt)
  const made = new Map<string, Created>()
  const { outcomes, isOver } = await writeLayers(input, { touched, values, made })
  const proof = input.signal.aborted || isOver ? noProof : await proveConvergence(input, outcomes, made)
  const report = makeReport(input, outcomes, { startedAt, remaining: proof.remaining })
  await input.keepReport?.(report)
  if (undo !== undefined) await keepFinished(input, finishUndo(undo, { ...input, outcomes, made, live: proof.live }))
  return judge(report, input.signal.aborted)
}

interface Prepared {
  readonly touched: Touched
  readonly values: ReadonlyMap<string, unknown>
  readonly undo: OpenUndo | undefined
}

/** All that may refuse before the first write. */
async function prepare(input: ApplyInput, startedAt: string): Promise<Prepared> {
  const { plan, registry, server } = input
  try {
    refuseStand(plan)
    const touched = await readTouched(registry, server, plan.changes)
    refuseStale({ ...input, changes: plan.changes }, touched)
    await checkRights(registry, plan, server)
    const values = resolveSecrets(registry, plan.changes, input.secrets)
    if (input.keepUndo === undefined) return { touched, values, undo: undefined }
    const undo = makeUndo({ registry, plan, createdAt: startedAt, touched })
    await input.keepUndo(sealed(undo, input))
    return { touched, values, undo }
  } catch (error) {
    if (error instanceof BbstateError) {
      const refused = plan.changes.map(({ address, action }): Outcome => ({
        address,
        action,
        outcome: 'skipped',
        error: error.toFinding(),
        milliseconds: 0,
      }))
      await input.keepReport?.(makeReport(input, refused, { startedAt, remaining: [] }))
    }
    throw error
  }
}

/** @throws PlanError `PLAN_FORMAT` for a plan that was not made against the live server. */
export function refuseStand({ stand }: Pick<Plan, 'stand'>): void {
  if (stand === undefined) return
  const made = stand.type === 'snapshot' ? `a snapshot of ${stand.takenAt}` : `the configuration at ${stand.ref}`
  throw new PlanError(
    'PLAN_FORMAT',
    `The plan was made against ${made}, not against the server: it can be shown, not applied`,
    {
      hint: 'Plan against the server: bbstate plan --out FILE.',
    },
  )
}

function sealed(undo: OpenUndo, { sha256 }: ApplyInput): Undo {
  return { ...undo, contentDigest: digestOfUndo(undo, sha256) }
}

/** The undo was kept before the first write; that it could not be brought up to date is no failure of the apply. */
async function keepFinished(input: ApplyInput, undo: OpenUndo): Promise<void> {
  try {
    await input.keepUndo?.(sealed(undo, input))
  } catch (error) {
    if (!(error instanceof BbstateError)) throw error
    const message = `The undo could not be brought up to date, and holds what was planned: ${error.message}`
    input.listen({ type: 'warning', warning: { code: 'UNDO_OUTDATED', message } })
  }
}

function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}

function makeReport(
  input: ApplyInput,
  outcomes: readonly Outcome[],
  { startedAt, remaining }: { readonly startedAt: string; readonly remaining: readonly Finding[] },
): ApplyReport {
  const { plan, server, audit } = input
  const count = (outcome: Outcome['outcome']): number => outcomes.filter((one) => one.outcome === outcome).length
  const summary = { done: count('done'), failed: count('failed'), skipped: count('skipped') }
  return {
    formatVersion: 1,
    server: server.identity,
    digest: plan.digest,
    startedAt,
    finishedAt: timeOf(input.clock),
    ...(audit === undefined || Object.keys(audit).length === 0 ? {} : { audit }),
    outcomes,
    summary,
    converged: remaining.length === 0 && summary.failed === 0 && summary.skipped === 0,
    remaining,
    requests: server.requests(),
  }
}

function judge(report: ApplyReport, isStopped: boolean): ApplyReport {
  const { done, failed, skipped } = report.summary
  if (failed > 0 || (skipped > 0 && !isStopped)) {
    const message = `Applied in part: ${done} done, ${failed} failed, ${skipped} skipped`
    throw new ApplyError('APPLY_PARTIAL', message, report, {
      hint: 'Mend what failed and apply again: what is done already is not done twice.',
    })
  }
  if (isStopped && skipped > 0) throw new StoppedError(`Stopped: ${done} changes done, ${skipped} not started`, report)
  if (report.remaining.length > 0) {
    throw new ApplyError('APPLY_NOT_CONVERGED', report.remaining[0]?.message ?? '', report)
  }
  return report
}
