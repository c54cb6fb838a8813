/** `bbstate plan`: shows what would change, and saves it. */
import { makePlan } from '../../app/plan.js'
import { loadConfiguration } from '../../host/configuration.js'
import { writeDocument } from '../../host/documents.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openServer } from '../../host/server.js'
import { countWords } from '../../report/words.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const listen = await face.listener()
  const { registry, desired } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'plan', ...assertionOf(desired) })
  try {
    const started = world.clock.elapsed()
    const plan = await makePlan({
      registry,
      desired,
      server,
      listen,
      clock: world.clock,
      sha256: world.sha256,
      version: world.version,
      options: planOptionsOf(settings, registry),
    })
    const out = settings.text('out')
    if (out !== undefined) await writeDocument(out, formatJson(plan))
    if (face.options.json) face.print(formatJson(plan))
    else await face.result((report) => report.plan(plan))
    const seconds = ((world.clock.elapsed() - started) / 1000).toFixed(1)
    if (!face.options.quiet && !face.options.json)
      face.note(`${countWords(plan.requests, 'request')} in ${seconds} s.\n`)
    if (out !== undefined && !face.options.quiet)
      face.note(`Saved to ${out}. bbstate apply ${out} goes on only where it still holds.\n`)
    return settings.flag('detailed-exitcode') && plan.changes.length > 0 ? 2 : 0
  } finally {
    await server.close()
  }
}
