/** `bbstate plan`: shows what would change, and saves it. */
import { writeDocument } from '../../host/documents.js'
import { planConfiguration } from '../../host/planning.js'
import type { Plan } from '../../model/plan.js'
import { countWords } from '../../report/words.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const started = world.clock.elapsed()
  const plan = await planConfiguration(world, settings, await face.listener())
  const out = settings.text('out')
  if (out !== undefined) await writeDocument(out, formatJson(plan))
  if (face.options.json) face.print(formatJson(plan))
  else await face.result((report) => report.plan(plan))
  const seconds = ((world.clock.elapsed() - started) / 1000).toFixed(1)
  if (!face.options.quiet && !face.options.json) face.note(`${countWords(plan.requests, 'request')} in ${seconds} s.\n`)
  if (out !== undefined && !face.options.quiet) face.note(`Saved to ${out}. ${useOf(plan, out)}\n`)
  return settings.flag('detailed-exitcode') && plan.changes.length > 0 ? 2 : 0
}

function useOf(plan: Plan, file: string): string {
  return plan.stand === undefined
    ? `bbstate apply ${file} goes on only where it still holds.`
    : `It was made without the server, so it can be shown and not applied; its digest is ${plan.digest}.`
}
