/** Plans the configuration of a run against whatever its options name: a snapshot, a commit, else the server. */
import { makePlan } from '../app/plan.js'
import { UsageError } from '../model/errors.js'
import type { LiveServer, WritableServer } from '../app/ports.js'
import type { Listener } from '../model/event.js'
import type { Plan } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import { loadConfiguration } from './configuration.js'
import { planOptionsOf } from './plan-options.js'
import { assertionOf, openServer, openWritableServer } from './server.js'
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
  const loaded = await loadConfiguration(world, settings)
  const server = await openServer({ world, settings, listen, command: 'plan', ...assertionOf(loaded.desired) })
  try {
    return await planOn(server, loaded, world, settings, listen)
  } finally {
    await server.close()
  }
}

/** A plan with what writing it takes. */
export interface Writable {
  readonly plan: Plan
  readonly registry: Registry
  readonly server: WritableServer
}

/**
 * Plans for a write, and keeps the server open while the work lasts.
 *
 * @throws BbstateError as planning does, and whatever the work throws
 */
export async function planForWrite<T>(
  world: World,
  settings: Settings,
  listen: Listener,
  work: (writable: Writable) => Promise<T>,
): Promise<T> {
  const loaded = await loadConfiguration(world, settings)
  const opening = { world, settings, listen, command: 'apply', ...assertionOf(loaded.desired) }
  const server = await openWritableServer(opening)
  try {
    const plan = await planOn(server, loaded, world, settings, listen)
    return await work({ plan, registry: loaded.registry, server })
  } finally {
    await server.close()
  }
}

function planOn(
  server: LiveServer,
  { registry, desired, options }: Awaited<ReturnType<typeof loadConfiguration>>,
  { clock, sha256, version }: World,
  settings: Settings,
  listen: Listener,
): Promise<Plan> {
  const all = { ...planOptionsOf(settings, registry), ...options }
  return makePlan({ registry, desired, server, listen, clock, sha256, version, options: all })
}
