/** `bbstate drift`: compares and never writes. Exit 2 where live differs. */
import { makePlan } from '../../app/plan.js'
import { loadConfiguration } from '../../host/configuration.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openServer } from '../../host/server.js'
import { formatJson } from '../../report/json.js'
import { resourceOf } from '../../model/resource.js'
import { countWords, escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const listen = await face.listener()
  const { registry, desired } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'drift', ...assertionOf(desired) })
  const planOptions = planOptionsOf(settings, registry)
  try {
    const plan = await makePlan({
      registry,
      desired,
      server,
      listen,
      clock: world.clock,
      sha256: world.sha256,
      version: world.version,
      options: { ...planOptions, allow: { allows: () => true, allowsPath: planOptions.allow.allowsPath } },
    })
    const counted = plan.changes.filter(
      ({ kind }) => settings.flag('volatile') || resourceOf(registry, kind)?.volatile !== true,
    )
    if (face.options.json) face.print(formatJson({ drift: counted.length > 0, ...plan }))
    else await face.result((report) => report.plan(plan))
    if (settings.flag('unmanaged') && !face.options.json) {
      for (const address of plan.unmanaged) face.print(`unmanaged  ${escapeText(address)}\n`)
    }
    const others = plan.changes.length - counted.length
    if (others > 0)
      face.note(`Not counted as drift: ${countWords(others, 'change')} of settings that change by themselves.\n`)
    return counted.length > 0 ? 2 : 0
  } finally {
    await server.close()
  }
}
