/** `bbstate apply`: plans, asks, writes, and proves the result. */
import { makePlan } from '../../app/plan.js'
import { parseSavedDocument, requireDigest, requireIntact } from '../../app/plan-file.js'
import { requireSamePlan } from '../../app/same-plan.js'
import { loadConfiguration } from '../../host/configuration.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openWritableServer } from '../../host/server.js'
import { PlanError, UsageError } from '../../model/errors.js'
import type { Plan } from '../../model/plan.js'
import type { Call, Command } from '../call.js'
import { requireApproval, writePlan } from '../writing.js'

export const run: Command = async (call) => {
  const { settings, face, world, argument } = call
  const digest = settings.text('expect-digest')
  const replans = settings.flag('replan')
  if (replans && argument === undefined) throw new UsageError('--replan needs a saved plan to compare with')
  const isApproved = settings.flag('auto-approve') || argument !== undefined || digest !== undefined
  requireApproval(call, isApproved, 'Run with --auto-approve, with a saved plan, or with --expect-digest.')
  const expected = argument === undefined ? undefined : readPlan(call, argument)
  const listen = await face.listener()
  const { registry, desired, options } = await loadConfiguration(world, settings)
  const server = await openWritableServer({ world, settings, listen, command: 'apply', ...assertionOf(desired) })
  try {
    const { clock, sha256, version } = world
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
    if (expected !== undefined) {
      if (replans && !face.options.json) face.note('The plan as it is now:\n')
      const warnings = await requireSamePlan({ expected, plan, registry, server, replans })
      for (const warning of warnings) listen({ type: 'warning', warning })
    }
    if (digest !== undefined) requireDigest(digest, plan)
    return await writePlan(call, { plan, registry, server, listen, isApproved })
  } finally {
    await server.close()
  }
}

function readPlan({ world }: Call, file: string): Plan {
  const document = parseSavedDocument(world.readFile(file, 'apply'), file)
  if (document.type !== 'plan') throw new PlanError('PLAN_FORMAT', `${file} is a report of an apply, not a plan`)
  requireIntact(document.plan, file, world.sha256)
  return document.plan
}
