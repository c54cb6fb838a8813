/** `bbstate drift`: compares and never writes. Exit 2 where live differs. */
import { makePlan } from '../../app/plan.js'
import { loadConfiguration } from '../../host/configuration.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openServer } from '../../host/server.js'
import { formatJson } from '../../report/json.js'
import { escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const listen = await face.listener()
  const { registry, desired } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'drift', ...assertionOf(desired) })
  try {
    const plan = await makePlan({
      registry,
      desired,
      server,
      listen,
      clock: world.clock,
      sha256: world.sha256,
      version: world.version,
      options: { ...planOptionsOf(settings), allow: { allows: () => true } },
    })
    if (face.options.json) face.print(formatJson({ drift: plan.changes.length > 0, ...plan }))
    else await face.result((report) => report.plan(plan))
    if (settings.flag('unmanaged') && !face.options.json) {
      for (const address of plan.unmanaged) face.print(`unmanaged  ${escapeText(address)}\n`)
    }
    return plan.changes.length > 0 ? 2 : 0
  } finally {
    await server.close()
  }
}
