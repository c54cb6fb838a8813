/** Drift of a run: live settings against the configuration that its options name. */
import { type Drifted, findDrift } from '../app/drift.js'
import type { Listener } from '../model/event.js'
import { loadConfiguration } from './configuration.js'
import { planOptionsOf } from './plan-options.js'
import { assertionOf, openServer } from './server.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** Reads live and compares; never writes, and no guard refuses. */
export async function compareWithLive(world: World, settings: Settings, listen: Listener): Promise<Drifted> {
  const { registry, desired, options: loaded } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'drift', ...assertionOf(desired) })
  try {
    const { clock, sha256, version } = world
    const { allow, ...given } = planOptionsOf(settings, registry)
    const options = { ...given, ...loaded, allow: { allows: () => true, allowsPath: allow.allowsPath } }
    const countsVolatile = settings.flag('volatile')
    return await findDrift({ registry, desired, server, listen, clock, sha256, version, options, countsVolatile })
  } finally {
    await server.close()
  }
}
