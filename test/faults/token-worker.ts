/**
 * One process at a shared token: told by its first argument what to do, and where to kill itself with -9 while it does.
 * It is a program of its own, so that a lock is between processes and a death is a death.
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { gatherTools, systemClock, type TokenOptions } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import { createSession } from '../../src/oauth/session.js'
import type { LockedStore } from '../../src/oauth/store.js'
import { createTransport } from '../../src/transport.js'

export interface WorkerTask {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly home: string
  readonly key: readonly number[]
  readonly name: string
  /** How far ahead the clock of this process is, in milliseconds. */
  readonly clockAhead: number
  readonly dieAt?: DeathPoint
  readonly quarantineMilliseconds?: number
  /** Options that name a store, such as `token-store`; default: the file store in `home`. */
  readonly store?: Readonly<Record<string, unknown>>
}

/** Between which two steps the process dies. */
export type DeathPoint = 'lock' | 'pending' | 'answer' | 'stage' | 'commit' | 'stage-removed'

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('unreachable')
}

/** Dies once the step has been done. */
function armed(tools: RotationTools, point: DeathPoint | undefined): RotationTools {
  const after = async <T>(step: DeathPoint, done: Promise<T>): Promise<T> => {
    const result = await done
    return step === point ? die() : result
  }
  const { store, stage, endpoint } = tools
  const armLock = (locked: LockedStore): LockedStore => ({
    ...locked,
    compareAndSet: (expected, record) =>
      after(record.pending === null ? 'commit' : 'pending', locked.compareAndSet(expected, record)),
  })
  return {
    ...tools,
    store: { ...store, lock: async (timeout) => armLock(await after('lock', store.lock(timeout))) },
    stage: {
      ...stage,
      write: (each) => after('stage', stage.write(each)),
      remove: () => after('stage-removed', stage.remove()),
    },
    endpoint: { ...endpoint, refresh: (each) => after('answer', endpoint.refresh(each)) },
  }
}

async function makerOf(given: Readonly<Record<string, unknown>>): Promise<Pick<TokenOptions, 'makeStore'>> {
  const settings = new Settings(given, connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') return {}
  const world = createWorld({ ...process.env }, new AbortController().signal, '0', false)
  return { makeStore: await storeMaker(world, settings, choice) }
}

const transport = createTransport({ baseUrl: task.url, connections: 1 })
const tools = await gatherTools({
  transport,
  clientId: task.clientId,
  clientSecret: new Secret(task.clientSecret),
  directory: `${task.home}/tokens`,
  markDirectory: `${task.home}/marks`,
  keys: { current: Uint8Array.from(task.key) },
  scrubber: new Scrubber(),
  run: { holder: task.name, host: 'this-host', ephemeral: false },
  lockTimeoutMilliseconds: 30_000,
  ...(task.quarantineMilliseconds === undefined ? {} : { quarantineMilliseconds: task.quarantineMilliseconds }),
  clock: { ...systemClock, now: () => Date.now() + task.clockAhead },
  ...(await makerOf(task.store ?? {})),
})
const session = createSession(armed(tools, task.dieAt))
// All wait for one moment, so that they race.
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))
try {
  const record = await session.current()
  process.stdout.write(`generation ${record.generation} ${(await session.authorize()).reveal()}\n`)
} catch (thrown) {
  process.stdout.write(`${String((thrown as { code?: unknown }).code)}\n`)
}
await transport.close()
process.stdin.destroy()
await sleep(0)
