/** What `apply` and `undo` share: the question, the writing, and the documents that they leave. */
import { applyPlan } from '../app/apply.js'
import type { WritableServer } from '../app/ports.js'
import { identifyRun } from '../host/audit.js'
import { writeDocument } from '../host/documents.js'
import { ask } from '../host/prompt.js'
import { secretSource } from '../host/secrets.js'
import { UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import { formatJson } from '../report/json.js'
import type { Call } from './call.js'

/** What is to be written, and where. */
export interface Writing {
  readonly plan: Plan
  readonly registry: Registry
  readonly server: WritableServer
  readonly listen: Listener
  /** Somebody has approved the plan already. */
  readonly isApproved: boolean
}

/** Without a terminal nobody can answer: an error at once, never a hang. */
export function requireApproval({ world, face }: Call, isApproved: boolean, hint: string): void {
  if (isApproved || (world.isInteractive && !face.options.json)) return
  throw new UsageError('This needs an approval, and nobody can be asked here', { hint })
}

/** Shows the plan, asks, writes, and answers the exit code. */
export async function writePlan(call: Call, writing: Writing): Promise<number> {
  const { face, settings, world } = call
  const { plan, registry, server, listen } = writing
  if (!face.options.json) await face.result((report) => report.plan(plan))
  const { audit } = identifyRun(world.environment)
  const reportFile = settings.text('report')
  const undoFile = settings.text('undo')
  const keepReport = async (report: ApplyReport): Promise<void> => {
    if (reportFile !== undefined) await writeDocument(reportFile, formatJson(report))
  }
  if (plan.changes.length === 0) {
    const report = emptyReport(plan, world.clock.now())
    await keepReport(report)
    return show(call, report)
  }
  if (!(writing.isApproved || (await isConfirmed(call)))) return 1
  const report = await applyPlan({
    registry,
    plan,
    server,
    listen,
    secrets: secretSource(world, settings),
    clock: world.clock,
    sha256: world.sha256,
    signal: world.signal,
    parallelism: settings.number('parallelism') ?? 10,
    failFast: settings.flag('fail-fast'),
    audit,
    keepReport,
    ...(undoFile === undefined ? {} : { keepUndo: (undo) => writeDocument(undoFile, formatJson(undo)) }),
  })
  if (undoFile !== undefined && !face.options.quiet) face.note(`bbstate undo ${undoFile} takes this back.\n`)
  return show(call, report)
}

async function show({ face }: Call, report: ApplyReport): Promise<number> {
  if (face.options.json) face.print(formatJson(report))
  else if (report.outcomes.length > 0) await face.result((terminal) => terminal.applied(report))
  return 0
}

function emptyReport({ server, digest, requests }: Plan, now: number): ApplyReport {
  const summary = { done: 0, failed: 0, skipped: 0 }
  const at = new Date(now).toISOString()
  const times = { startedAt: at, finishedAt: at }
  return { formatVersion: 1, server, digest, ...times, outcomes: [], summary, converged: true, remaining: [], requests }
}

async function isConfirmed({ face, world }: Call): Promise<boolean> {
  const answer = await ask(
    "\nDo you want bbstate to make these changes? Only 'yes' will be accepted to approve: ",
    world.signal,
  )
  if (answer.trim() === 'yes') return true
  face.note('Apply cancelled.\n')
  return false
}
