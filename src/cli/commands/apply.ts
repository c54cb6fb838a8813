/** `bbstate apply`: plans, asks, writes, and proves the result. */
import { applyPlan } from '../../app/apply.js'
import { makePlan } from '../../app/plan.js'
import { parseSavedDocument, requireDigest, requireSamePlan } from '../../app/plan-file.js'
import { loadConfiguration } from '../../host/configuration.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { ask } from '../../host/prompt.js'
import { secretSource } from '../../host/secrets.js'
import { assertionOf, openWritableServer } from '../../host/server.js'
import { PlanError, UsageError } from '../../model/errors.js'
import type { ApplyReport } from '../../model/outcome.js'
import type { Plan } from '../../model/plan.js'
import { formatJson } from '../../report/json.js'
import type { Call, Command } from '../call.js'

export const run: Command = async (call) => {
  const { settings, face, world, argument } = call
  requireApproval(call)
  const expected = argument === undefined ? undefined : readPlan(call, argument)
  const listen = await face.listener()
  const { registry, desired, options } = await loadConfiguration(world, settings)
  const server = await openWritableServer({ world, settings, listen, command: 'apply', ...assertionOf(desired) })
  try {
    const { clock, sha256, version, signal } = world
    const plan = await makePlan({
      registry,
      desired,
      server,
      listen,
      clock,
      sha256,
      version,
      options: { ...planOptionsOf(settings, registry), ...options },
    })
    if (expected !== undefined) requireSamePlan(expected, plan)
    const digest = settings.text('expect-digest')
    if (digest !== undefined) requireDigest(digest, plan)
    if (!face.options.json) await face.result((report) => report.plan(plan))
    if (plan.changes.length === 0) return await show(call, emptyReport(plan))
    if (!(await isApproved(call))) return 1
    const secrets = secretSource(world, settings)
    const parallelism = settings.number('parallelism') ?? 10
    const report = await applyPlan({ registry, plan, server, secrets, clock, sha256, listen, signal, parallelism })
    return await show(call, report)
  } finally {
    await server.close()
  }
}

async function show({ face }: Call, report: ApplyReport): Promise<number> {
  if (face.options.json) face.print(formatJson(report))
  else if (report.outcomes.length > 0) await face.result((terminal) => terminal.applied(report))
  return 0
}

function emptyReport({ server, digest, requests }: Plan): ApplyReport {
  const summary = { done: 0, failed: 0, skipped: 0 }
  return { formatVersion: 1, server, digest, outcomes: [], summary, converged: true, remaining: [], requests }
}

function isPreapproved({ settings, argument }: Call): boolean {
  return settings.flag('auto-approve') || argument !== undefined || settings.text('expect-digest') !== undefined
}

/** Without a terminal nobody can answer: an error at once, never a hang. */
function requireApproval(call: Call): void {
  if (isPreapproved(call) || (call.world.isInteractive && !call.face.options.json)) return
  throw new UsageError('apply needs an approval, and nobody can be asked here', {
    hint: 'Run with --auto-approve, with a saved plan, or with --expect-digest.',
  })
}

async function isApproved(call: Call): Promise<boolean> {
  if (isPreapproved(call)) return true
  const { face, world } = call
  const answer = await ask(
    "\nDo you want bbstate to make these changes? Only 'yes' will be accepted to approve: ",
    world.signal,
  )
  if (answer.trim() === 'yes') return true
  face.note('Apply cancelled.\n')
  return false
}

function readPlan({ world }: Call, file: string): Plan {
  const document = parseSavedDocument(world.readFile(file, 'apply'), file)
  if (document.type === 'plan') return document.plan
  throw new PlanError('PLAN_FORMAT', `${file} is a report of an apply, not a plan`)
}
