/** One process that moves a token between two file stores, and kills itself with -9 after a step. */
import process from 'node:process'
import { gatherTools } from '../../src/host/token.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { moveSignIn } from '../../src/oauth/move.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import { createTransport } from '../../src/transport.js'

export interface MoveTask {
  readonly url: string
  readonly clientId: string
  readonly home: string
  readonly key: readonly number[]
  /** The step after which it dies; beyond the last one: it does not. */
  readonly dieAfter: number
}

const task = JSON.parse(process.argv[2] ?? '') as MoveTask
let steps = 0

async function step<T>(done: Promise<T>): Promise<T> {
  const result = await done
  steps += 1
  if (steps === task.dieAfter) process.kill(process.pid, 'SIGKILL')
  return result
}

function armed(tools: RotationTools): RotationTools {
  const { store } = tools
  return {
    ...tools,
    store: {
      ...store,
      lock: async (timeout) => {
        const locked = await step(store.lock(timeout))
        return {
          ...locked,
          compareAndSet: (expected, record) => step(locked.compareAndSet(expected, record)),
          discard: () => step(locked.discard()),
        }
      },
    },
  }
}

const transport = createTransport({ baseUrl: task.url, connections: 1 })
const open = async (directory: string): Promise<RotationTools> =>
  armed(
    await gatherTools({
      transport,
      clientId: task.clientId,
      clientSecret: new Secret('never sent'),
      directory,
      markDirectory: `${task.home}/marks`,
      keys: { current: Uint8Array.from(task.key) },
      scrubber: new Scrubber(),
      run: { holder: 'bbstate auth move', host: 'this-host', ephemeral: false },
      lockTimeoutMilliseconds: 10_000,
    }),
  )
const moved = await moveSignIn(await open(`${task.home}/tokens`), await open(`${task.home}/other`), {
  to: 'file:other',
  turn: () => step(Promise.resolve()),
  finish: () => step(Promise.resolve()),
})
process.stdout.write(`generation ${moved.stored.record.generation} after ${steps} steps\n`)
await transport.close()
