/** `bbstate apply`: plans, asks, writes, and proves the result. */
import { parseSavedDocument, requireDigest, requireIntact } from '../../app/plan-file.js'
import { requireSamePlan } from '../../app/same-plan.js'
import { planForWrite } from '../../host/planning.js'
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
  return planForWrite(world, settings, listen, async ({ plan, registry, server }) => {
    if (expected !== undefined) {
      if (replans && !face.options.json) face.note('The plan as it is now:\n')
      const warnings = await requireSamePlan({ expected, plan, registry, server, replans })
      for (const warning of warnings) listen({ type: 'warning', warning })
    }
    if (digest !== undefined) requireDigest(digest, plan)
    return writePlan(call, { plan, registry, server, listen, isApproved })
  })
}

function readPlan({ world }: Call, file: string): Plan {
  const document = parseSavedDocument(world.readFile(file, 'apply'), file)
  if (document.type !== 'plan') throw new PlanError('PLAN_FORMAT', `${file} is a report of an apply, not a plan`)
  requireIntact(document.plan, file, world.sha256)
  return document.plan
}
