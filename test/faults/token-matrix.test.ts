/**
 * Every arrow of the rotation's state machine × every way a run can end there × every store, by real processes. Then the
 * next run goes on, or says what was lost; and lost is a pair only where the server had rotated and nothing was on a disk.
 * And where several run at once, one of them refreshes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatherTools, openToken } from '../../src/host/token.js'
import { AuthError, type BbstateError } from '../../src/model/errors.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import { createSession } from '../../src/oauth/session.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import {
  buildWorker,
  makerFor,
  type Place,
  places,
  stagesOf,
  startWorker,
  type Told,
  type Worker,
  type WorkerProgram,
} from './arrow-bench.js'
import type { ArrowTask } from './arrow-worker.js'
import { type Point, type Way, ways } from './arrows.js'

/** What was there before the run that is ended. */
type Before =
  | 'nothing'
  /** A run whose request was lost on its way. */
  | 'interrupted'
  /** A run that could stage its pair and not commit it. */
  | 'staged'
  /** A run whose answer was lost, the server having rotated. */
  | 'lost'

interface Row {
  readonly before?: Before
  readonly more?: (bench: TokenBench) => Partial<ArrowTask>
  /** What the server does with the request of this run. */
  readonly server?: 'refuses' | 'is slow'
  /** The ways that lose the pair here. */
  readonly lostBy?: readonly Way[]
}

const die: readonly Way[] = ['SIGKILL', 'exception']
const displaced = (bench: TokenBench): Partial<ArrowTask> => ({ displacedBy: bench.sandbox.issueTokens() })

const rows: Readonly<Record<Point, Row>> = {
  lock: {},
  'read start': {},
  'read-stage': { before: 'staged' },
  'wait quarantine': { before: 'interrupted' },
  'probe oracle': { before: 'interrupted' },
  'check-server': {},
  'write-pending': {},
  'look-at-lock': {},
  present: {},
  // Its request arrives although it is dead.
  'request under way': { server: 'is slow', lostBy: die },
  'answer under way': { lostBy: die },
  withdraw: { server: 'refuses' },
  'note-loss': { before: 'lost', lostBy: ways },
  // An exception leaves the pair in hand, and it is staged all the same.
  'write-stage': { lostBy: ['SIGKILL'] },
  commit: {},
  'wait store': { more: () => ({ failingCommits: 1 }) },
  'read check': {},
  'probe winner': { more: displaced },
  'remove-stage': { more: displaced },
  finish: {},
  end: {},
  unlocked: {},
}

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }
const due = 3_590_000

let program: WorkerProgram
beforeAll(async () => {
  program = await buildWorker()
})
afterAll(() => program.remove())

/** One combination, with a server and a home of its own. */
class Cell {
  readonly name: string
  readonly bench: TokenBench
  readonly #place: Place

  constructor(place: Place, bench: TokenBench) {
    this.#place = place
    this.bench = bench
    this.name = new URL(bench.sandbox.url).port
  }

  async tools(): Promise<RotationTools> {
    return gatherTools(this.bench.options({ keys, ...(await makerFor(this.#place, this.bench.home, this.name)) }))
  }

  async signIn(): Promise<void> {
    const { sandbox, transport } = this.bench
    const request = { baseUrl: transport.baseUrl, clientId: sandbox.clientId, redirectUri: sandbox.redirectUri }
    const maker = await makerFor(this.#place, this.bench.home, this.name)
    const token = await openToken(this.bench.options({ keys, ...maker }))
    await token.keep({ ...request, scope: 'SYSTEM_ADMIN' }, await this.bench.consent(), { allowsNamelessServer: false })
    this.#place.endJob(this.bench.home)
  }

  /** A run that comes to grief without dying, so that the one after it finds something. */
  async prepare(before: Before): Promise<void> {
    if (before === 'nothing') return
    if (before !== 'staged') {
      this.bench.sandbox.addFault({ kind: before === 'lost' ? 'drop-after' : 'drop-before', path: '/token$' })
    }
    const tools = await this.tools()
    const lock: typeof tools.store.lock = async (timeout) => {
      const locked = await tools.store.lock(timeout)
      const full = (): Promise<never> => Promise.reject(new AuthError('AUTH_STORE', 'the disk is full'))
      if (before !== 'staged') return locked
      return {
        ...locked,
        compareAndSet: (over, record) => (record.pending === null ? full() : locked.compareAndSet(over, record)),
      }
    }
    const session = createSession({ ...tools, store: { ...tools.store, lock } })
    const error = await failureOf(session.rotate())
    expect(error.code).toBe(before === 'staged' ? 'AUTH_RECOVERABLE' : 'AUTH_UNCERTAIN')
    this.#place.endJob(this.bench.home)
  }

  async run(row: Row, point: Point, way: Way): Promise<Told> {
    const { sandbox, home } = this.bench
    if (row.server === 'refuses') {
      sandbox.addFault({ kind: 'body', status: 400, body: { error: 'invalid_request' }, path: '/token$' })
    }
    if (row.server === 'is slow') sandbox.addFault({ kind: 'delay', milliseconds: 90, path: '/token$' })
    const more = { end: { at: point, by: way }, ...row.more?.(this.bench) }
    const told = await this.#start({ name: 'the run that was ended', patienceMilliseconds: 5000, ...more }).ended
    // What it has sent arrives, dead or alive.
    if (row.server === 'is slow') await new Promise((resolve) => setTimeout(resolve, 120))
    sandbox.clearFaults()
    await this.#place.endLocks()
    this.#place.endJob(home)
    this.bench.clock.advance(due + 11 * 60_000)
    return told
  }

  #start(more: Pick<ArrowTask, 'name' | 'patienceMilliseconds'> & Partial<ArrowTask>): Worker {
    const { sandbox, home } = this.bench
    const { store, environment } = this.#place.settingsOf(home, this.name)
    const task: ArrowTask = {
      ...{ url: sandbox.url, clientId: sandbox.clientId, clientSecret: sandbox.clientSecret, home, key, store },
      ...{ host: 'this-host', clockAhead: due },
      // By the clock of this run the quarantine of the one before is not over yet.
      quarantineMilliseconds: due + 60_000,
      ...more,
    }
    return startWorker(program, task, environment)
  }

  /** Runs that begin at one moment, and wait for one another. */
  async race(count: number): Promise<readonly Told[]> {
    const workers = Array.from({ length: count }, (_, index) =>
      this.#start({ name: `run ${index}`, patienceMilliseconds: 240_000, longestSleep: 60_000, waits: true }),
    )
    await Promise.all(workers.map(({ ready }) => ready))
    for (const worker of workers) worker.go()
    return Promise.all(workers.map(({ ended }) => ended))
  }

  /** Whether the pair that lives on the server lies in the store or in the stage. */
  async isSafe(): Promise<boolean> {
    const tools = await this.tools()
    const [stored, staged] = [await tools.store.read(), await tools.stage.read()]
    const known = [stored?.record, staged?.record].map((record) => record?.refreshToken.reveal())
    return this.bench.sandbox.state.tokens.some(
      ({ refreshToken, rotatedAt, revoked }) =>
        rotatedAt === undefined && revoked !== true && known.includes(refreshToken),
    )
  }

  /** What the next run does: use the token, renew it where the server does not know it, and then refresh once more. */
  async goOn(): Promise<{ readonly generation: number; readonly lineage: string; readonly pending: unknown }> {
    const session = createSession(await this.tools())
    const header = await session.authorize()
    if ((await whoIs(this.bench, header)) === null) await session.renew(header)
    expect(await whoIs(this.bench, await session.authorize())).toBe('admin')
    await session.rotate()
    const stored = await (await this.tools()).store.read()
    if (stored === null) throw new Error('Nothing is stored')
    return stored.record
  }
}

function expectOrder(told: Told, point: Point, way: Way): void {
  const passed = told.points.map((each) => each.point)
  expect(passed).toContain(point)
  // A kill is the end; a signal ends nothing that is under way; an exception is told.
  if (way === 'SIGKILL') expect([told.signal, passed.at(-1)]).toEqual(['SIGKILL', point])
  else expect(told.signal).toBeNull()
  // Nothing is presented once a stop was asked for.
  expect(told.points.filter((each) => each.point === 'present' && each.isStopped)).toEqual([])
}

async function judge(place: Place, point: Point, way: Way): Promise<void> {
  const row = rows[point]
  const { before = 'nothing', lostBy = [] } = row
  const bench = await startTokenBench()
  try {
    const cell = new Cell(place, bench)
    await cell.signIn()
    const [root] = bench.sandbox.state.tokens
    await cell.prepare(before)
    const told = await cell.run(row, point, way)
    expectOrder(told, point, way)
    for (const { accessToken, refreshToken } of bench.sandbox.state.tokens) {
      for (const secret of [accessToken, refreshToken, bench.sandbox.clientSecret])
        expect(told.output).not.toContain(secret)
    }
    const isLost = lostBy.includes(way)
    expect(await cell.isSafe(), 'whether the pair lies on a disk').toBe(!isLost)
    if (isLost) {
      const error: BbstateError = await failureOf(cell.goOn())
      const isNoted = point !== 'note-loss' || !die.includes(way)
      expect(error.code).toBe(isNoted ? 'AUTH_SIGN_IN_REQUIRED' : 'AUTH_UNCERTAIN')
      expect(error.message).toContain(
        before === 'lost' && isNoted ? 'bbstate test on this-host' : 'the run that was ended on this-host',
      )
      expect(root?.presented).toBe(2)
    } else {
      const end = await cell.goOn()
      expect(end.pending).toBeNull()
      if (row.more === displaced) expect(end).toMatchObject({ lineage: 'signed-in-anew', generation: 2 })
      // A staged pair has grown old until it is committed, so that it is refreshed at once.
      else expect(end.generation).toBe(before === 'staged' ? 4 : 3)
      // What the server refused as wrong was looked at by it, and used nothing up.
      expect(root?.presented).toBe(1)
      expect(stagesOf(bench.files())).toEqual([])
    }
  } finally {
    await bench.close()
  }
}

async function race(place: Place): Promise<void> {
  const bench = await startTokenBench({ latencyMilliseconds: 50 })
  try {
    const cell = new Cell(place, bench)
    await cell.signIn()
    bench.sandbox.forgetRequests()
    const told = await cell.race(4)
    expect(told.map(({ generation, code }) => generation ?? code)).toEqual([2, 2, 2, 2])
    expect(bench.tokenRequests()).toBe(1)
  } finally {
    await bench.close()
  }
}

/**
 * `MATRIX=whole` runs every combination. Else the file store has a kill and one more way a point, and every other store
 * one way at every other point; the seed chooses.
 */
const isWhole = process.env['MATRIX'] === 'whole'
const seed = Number(process.env['MATRIX_SEED'] ?? Date.now() % 1000)
const only = process.env['MATRIX_STORE']
const points = (Object.keys(rows) as Point[]).filter((point) => (process.env['MATRIX_POINT'] ?? point) === point)
console.info(`Matrix of ends: ${isWhole ? 'whole' : `MATRIX_SEED=${seed}`}`)

function waysFor(store: string, point: Point): readonly Way[] {
  if (isWhole) return ways
  const draw = points.indexOf(point) + Object.keys(places).indexOf(store) + seed
  const chosen = ways[(draw >> 1) % ways.length]
  if (store === 'file') return ways.filter((way) => way === 'SIGKILL' || way === chosen)
  return ways.filter((way) => way === chosen && (points.length === 1 || draw % 2 === 0))
}

describe.concurrent('a run that is ended', () => {
  it.each(Object.keys(places).filter((name) => only === undefined || name === only))(
    'at any point, in any way, with the %s store: the next one goes on, or says what was lost',
    async (name) => {
      const place = await (places[name] as () => Promise<Place>)()
      const wrong: string[] = []
      let count = 0
      try {
        for (const point of points) {
          for (const way of waysFor(name, point)) {
            count += 1
            await judge(place, point, way).catch((thrown: unknown) => {
              wrong.push(`${point} / ${way}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
            })
          }
        }
        // What a job of GitHub was given is its own copy: there its concurrency group lets one run at a time.
        if (place.lock !== 'none') await race(place)
      } finally {
        await place.close()
      }
      expect(wrong).toEqual([])
      expect(count).toBeGreaterThanOrEqual(isWhole ? points.length * ways.length : points.length >> 1)
    },
    isWhole ? 7_200_000 : 600_000,
  )
})
