/** Time and chance of this process, for the client. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientPorts } from '../bitbucket/gate.js'
import type { World } from './world.js'

export function clientPorts({ clock }: Pick<World, 'clock'>): ClientPorts {
  return {
    now: () => clock.elapsed(),
    random: Math.random,
    secretText: () => randomBytes(24).toString('base64url'),
    sleep: async (milliseconds, stop) => {
      await sleep(milliseconds, undefined, stop === undefined ? {} : { signal: stop })
    },
  }
}
