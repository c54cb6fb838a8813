/**
 * One process that rotates a token, and is ended at one point of it: by itself, so that the point is exact. What it
 * passes it tells at once, in lines of JSON, since it may not live to tell it later.
 */
import { writeSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { watchSignals } from '../../src/host/signals.js'
import { gatherTools, type TokenOptions } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { AuthError, type BbstateError } from '../../src/model/errors.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { TransportError } from '../../src/model/transport-error.js'
import type { TokenClock } from '../../src/oauth/ports.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import { createSession } from '../../src/oauth/session.js'
import type { LockedStore } from '../../src/oauth/store.js'
import { type Answer, createTransport, type Transport } from '../../src/transport.js'
import { type Point, watch, type Way } from './arrows.js'

export interface ArrowTask {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly home: string
  readonly key: readonly number[]
  readonly name: string
  readonly host: string
  readonly ephemeral?: boolean
  /** How far ahead the clock of this process is, in milliseconds. */
  readonly clockAhead: number
  readonly quarantineMilliseconds: number
  /** Waits are cut to so many milliseconds, and the clock is put ahead instead. Default 25. */
  readonly longestSleep?: number
  /** How long it waits for locks. */
  readonly patienceMilliseconds: number
  /** Options that name a store; empty: the file store in `home`. */
  readonly store: Readonly<Record<string, unknown>>
  readonly end?: { readonly at: Point; readonly by: Way }
  /** Where it stops (SIGSTOP), until somebody resumes it. */
  readonly stopAt?: Point
  /** Before the commit somebody signs in anew, with this pair. */
  readonly displacedBy?: { readonly accessToken: string; readonly refreshToken: string }
  /** So many commits fail, and change nothing. */
  readonly failingCommits?: number
  /** Milliseconds for which an answer of the token endpoint is awaited, where not as long as always. */
  readonly patienceForAnswer?: number
  /** Waits for a line before it begins, so that several race. */
  readonly waits?: boolean
}

const task = JSON.parse(process.argv[2] ?? '') as ArrowTask
const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`)
const signals = watchSignals(() => undefined)

function reach(point: Point): void {
  tell({ point, isStopped: signals.signal.aborted })
  if (task.stopAt === point) process.kill(process.pid, 'SIGSTOP')
  if (task.end?.at !== point) return
  if (task.end.by === 'exception') throw new Error(`Thrown at ${point}`)
  process.kill(process.pid, task.end.by)
}
watch.tell = reach

/** Time that is waited for passes at once, or as told. */
function hastyClock(): TokenClock {
  let ahead = task.clockAhead
  let skipped = 0
  return {
    now: () => Date.now() + ahead,
    elapsed: () => performance.now() + skipped,
    sleep: async (milliseconds) => {
      const real = Math.min(milliseconds, task.longestSleep ?? 25)
      await sleep(real)
      ahead += milliseconds - real
      skipped += milliseconds - real
    },
  }
}

function watched(transport: Transport): Transport {
  return {
    ...transport,
    async request(request) {
      if (!request.path.endsWith('/token')) return transport.request(request)
      const answering = awaited(transport.request(request))
      answering.catch(() => undefined)
      await sleep(30)
      meet('request under way')
      const answer = await answering
      meet('answer under way')
      return answer
    },
  }
}

/** The timer of the transport goes by seconds, which no storm has time for. What was sent arrives all the same. */
function awaited(answering: Promise<Answer>): Promise<Answer> {
  const { patienceForAnswer } = task
  if (patienceForAnswer === undefined) return answering
  const giveUp = sleep(patienceForAnswer).then(() => {
    throw new TransportError(task.url, { reason: 'UND_ERR_HEADERS_TIMEOUT', sent: true })
  })
  giveUp.catch(() => undefined)
  return Promise.race([answering, giveUp])
}

/** An exception within the request is a connection that dies. */
function meet(point: Point): void {
  try {
    reach(point)
  } catch {
    throw new TransportError(task.url, { reason: 'UND_ERR_SOCKET', sent: true })
  }
}

function meddled(tools: RotationTools): RotationTools {
  let failures = task.failingCommits ?? 0
  let other = task.displacedBy
  const lock = async (timeout: number): Promise<LockedStore> => {
    reach('lock')
    const locked = await tools.store.lock(timeout)
    return {
      ...locked,
      async compareAndSet(expected, record) {
        const stored = await locked.read()
        const isCommit = record.generation > (stored?.record.generation ?? 0)
        if (isCommit && failures-- > 0) throw new AuthError('AUTH_STORE', 'the disk is full')
        if (isCommit && other !== undefined) {
          const { accessToken, refreshToken } = other
          other = undefined
          const pair = { accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken) }
          await locked.overwrite({ ...record, ...pair, lineage: 'signed-in-anew', generation: 1 })
        }
        return locked.compareAndSet(expected, record)
      },
      async unlock() {
        await locked.unlock()
        reach('unlocked')
      },
    }
  }
  return { ...tools, store: { ...tools.store, lock } }
}

async function makerOf(): Promise<Pick<TokenOptions, 'makeStore'>> {
  const settings = new Settings(task.store, connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') return {}
  const world = createWorld(process.env, signals.signal, '0', false)
  return { makeStore: await storeMaker(world, settings, choice) }
}

const transport = watched(createTransport({ baseUrl: task.url, connections: 1 }))
try {
  const tools = await gatherTools({
    transport,
    clientId: task.clientId,
    clientSecret: new Secret(task.clientSecret),
    directory: `${task.home}/tokens`,
    markDirectory: `${task.home}/marks`,
    keys: { current: Uint8Array.from(task.key) },
    scrubber: new Scrubber(),
    run: { holder: task.name, host: task.host, ephemeral: task.ephemeral === true },
    lockTimeoutMilliseconds: task.patienceMilliseconds,
    quarantineMilliseconds: task.quarantineMilliseconds,
    signal: signals.signal,
    clock: hastyClock(),
    ...(await makerOf()),
  })
  const session = createSession(meddled(tools))
  if (task.waits === true) {
    tell({ ready: true })
    await new Promise((resolve) => process.stdin.once('data', resolve))
  }
  const { generation, lineage } = await session.current()
  tell({ generation, lineage })
} catch (thrown) {
  const { code = 'NONE', message, hint = '' } = thrown as Partial<BbstateError> & Error
  tell({ code, message, hint })
}
await transport.close()
process.stdin.destroy()
