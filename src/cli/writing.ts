/** What `apply` and `undo` share: the question, the writing, and the documents that they leave. */
import type { WritableServer } from '../app/ports.js'
import { writeDocument } from '../host/documents.js'
import { ask } from '../host/prompt.js'
import { writeApproved } from '../host/writing.js'
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
  const reportFile = settings.text('report')
  const undoFile = settings.text('undo')
  if (plan.changes.length > 0 && !(writing.isApproved || (await isConfirmed(call)))) return 1
  const report = await writeApproved(world, settings, {
    ...{ plan, registry, server, listen },
    keepReport: async (kept) => {
      if (reportFile !== undefined) await writeDocument(reportFile, formatJson(kept))
    },
    ...(undoFile === undefined ? {} : { keepUndo: (undo) => writeDocument(undoFile, formatJson(undo)) }),
  })
  if (plan.changes.length === 0) return show(call, report)
  if (undoFile !== undefined && !face.options.quiet) face.note(`bbstate undo ${undoFile} takes this back.\n`)
  return show(call, report)
}

async function show({ face }: Call, report: ApplyReport): Promise<number> {
  if (face.options.json) face.print(formatJson(report))
  else if (report.outcomes.length > 0) await face.result((terminal) => terminal.applied(report))
  return 0
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
