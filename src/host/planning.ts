/** Plans the configuration of a run against whatever its options name: a snapshot, a commit, else the server. */
import { makePlan } from '../app/plan.js'
import { UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { Plan } from '../model/plan.js'
import { loadConfiguration } from './configuration.js'
import { planOptionsOf } from './plan-options.js'
import { assertionOf, openServer } from './server.js'
import type { Settings } from './settings.js'
import { planAgainstCommit, planAgainstSnapshot } from './stands.js'
import type { World } from './world.js'

/** @throws BbstateError where the configuration, a guard, the sign-in or the server refuses. */
export async function planConfiguration(world: World, settings: Settings, listen: Listener): Promise<Plan> {
  const snapshot = settings.text('snapshot')
  const against = settings.text('against')
  if (snapshot !== undefined && against !== undefined) {
    throw new UsageError('--snapshot and --against name two stands to plan against', { hint: 'Give one of them.' })
  }
  if (against !== undefined) return planAgainstCommit(world, settings, listen, against)
  if (snapshot !== undefined) return planAgainstSnapshot(world, settings, listen, snapshot)
  const { registry, desired, options: loaded } = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'plan', ...assertionOf(desired) })
  try {
    const { clock, sha256, version } = world
    const options = { ...planOptionsOf(settings, registry), ...loaded }
    return await makePlan({ registry, desired, server, listen, clock, sha256, version, options })
  } finally {
    await server.close()
  }
}
