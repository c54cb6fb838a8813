/** `bbstate undo FILE`: shows what would take an apply back, asks, and writes it. */
import { makeUndoPlan, parseUndo } from '../../app/undo.js'
import { loadConfiguration } from '../../host/configuration.js'
import { planOptionsOf } from '../../host/plan-options.js'
import { assertionOf, openWritableServer } from '../../host/server.js'
import type { Command } from '../call.js'
import { requireApproval, writePlan } from '../writing.js'

export const run: Command = async (call) => {
  const { settings, face, world, argument: file = '' } = call
  const isApproved = settings.flag('auto-approve')
  requireApproval(call, isApproved, 'Run with --auto-approve.')
  const undo = parseUndo(world.readFile(file, 'undo'), file, world.sha256)
  const listen = await face.listener()
  const { registry, desired } = await loadConfiguration(world, settings)
  const server = await openWritableServer({ world, settings, listen, command: 'undo', ...assertionOf(desired) })
  try {
    const { clock, sha256, version } = world
    const { allow } = planOptionsOf(settings, registry)
    const common = { registry, server, listen, clock, sha256, version }
    const plan = await makeUndoPlan({ ...common, undo, file, policy: desired.policy, options: { allow } })
    return await writePlan(call, { plan, registry, server, listen, isApproved })
  } finally {
    await server.close()
  }
}
