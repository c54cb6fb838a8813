/** `bbstate plan`: shows what would change, and saves it. */
import { makePlan } from '../../app/plan.js'
import { loadConfiguration } from '../../host/configuration.js'
import { writeDocument } from '../../host/documents.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openServer } from '../../host/server.js'
import { planAgainstCommit, planAgainstSnapshot } from '../../host/stands.js'
import { UsageError } from '../../model/errors.js'
import type { Listener } from '../../model/event.js'
import type { Plan } from '../../model/plan.js'
import { countWords } from '../../report/words.js'
import { formatJson } from '../../report/json.js'
import type { Call, Command } from '../call.js'

export const run: Command = async (call) => {
  const { settings, face, world } = call
  const started = world.clock.elapsed()
  const plan = await planFor(call, await face.listener())
  const out = settings.text('out')
  if (out !== undefined) await writeDocument(out, formatJson(plan))
  if (face.options.json) face.print(formatJson(plan))
  else await face.result((report) => report.plan(plan))
  const seconds = ((world.clock.elapsed() - started) / 1000).toFixed(1)
  if (!face.options.quiet && !face.options.json) face.note(`${countWords(plan.requests, 'request')} in ${seconds} s.\n`)
  if (out !== undefined && !face.options.quiet) face.note(`Saved to ${out}. ${useOf(plan, out)}\n`)
  return settings.flag('detailed-exitcode') && plan.changes.length > 0 ? 2 : 0
}

async function planFor({ settings, world }: Call, listen: Listener): Promise<Plan> {
  const snapshot = settings.text('snapshot')
  const against = settings.text('against')
  if (snapshot !== undefined && against !== undefined) {
    throw new UsageError('--snapshot and --against name two stands to plan against', { hint: 'Give one of them.' })
  }
  if (against !== undefined) return planAgainstCommit(world, settings, listen, against)
  if (snapshot !== undefined) return planAgainstSnapshot(world, settings, listen, snapshot)
  const { registry, desired, options } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'plan', ...assertionOf(desired) })
  try {
    const { clock, sha256, version } = world
    return await makePlan({
      registry,
      desired,
      server,
      listen,
      clock,
      sha256,
      version,
      options: { ...planOptionsOf(settings, registry), ...options },
    })
  } finally {
    await server.close()
  }
}

function useOf(plan: Plan, file: string): string {
  return plan.stand === undefined
    ? `bbstate apply ${file} goes on only where it still holds.`
    : `It was made without the server, so it can be shown and not applied; its digest is ${plan.digest}.`
}
