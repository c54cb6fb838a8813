/**
 * Every order in which the steps of several rotations can happen, in the world of `rotation-world.ts`, searched breadth
 * first, so that what is broken is broken in the fewest steps. The steps are those of `src/oauth/transitions.ts`.
 */
import { createHash } from 'node:crypto'
import type { Pending } from '../../src/oauth/record.js'
import type { Effect, Ending, Move, RotationEvent, StagedPair } from '../../src/oauth/rotation-states.js'
import { advanceRotation, beginRotation } from '../../src/oauth/transitions.js'
import {
  arrive,
  begin,
  circumstancesOf,
  compareAndSet,
  free,
  hostOf,
  idle,
  isInSomebodysHands,
  keepSafe,
  losses,
  pendingOf,
  type Process,
  type Protocol,
  put,
  runBefore,
  spend,
  type State,
  type Violation,
  violated,
  type World,
} from './rotation-world.js'

/** What a search came to. */
export interface Search {
  readonly states: number
  /** The effects that were carried out, and the endings that were reached. */
  readonly seen: ReadonlySet<string>
  /** The fewest steps that lead to each violation. */
  readonly violations: ReadonlyMap<Violation, readonly string[]>
}

type Successor = readonly [label: string, state: State]

/** Searches every state that can be reached. @param limit more of them are a mistake of the test */
export function searchRotations(protocol: Protocol, world: World, limit = 400_000): Search {
  const model = new Model(protocol, world)
  const first = begin(world)
  const known = new Map<string, { readonly from: string | null; readonly label: string }>()
  known.set(keyOf(first), { from: null, label: '' })
  const violations = new Map<Violation, readonly string[]>()
  let frontier: readonly (readonly [string, State])[] = [[keyOf(first), first]]
  while (frontier.length > 0) {
    const next: (readonly [string, State])[] = []
    for (const [from, state] of frontier) {
      for (const [label, reached] of model.successors(state)) {
        const key = keyOf(reached)
        if (known.has(key)) continue
        known.set(key, { from, label })
        for (const violation of reached.violations) {
          if (!violations.has(violation)) violations.set(violation, trace(known, key))
        }
        // What is broken already cannot be mended: there is nothing more to be found behind it.
        if (reached.violations.length === 0) next.push([key, reached])
      }
    }
    if (known.size > limit) throw new Error(`More than ${limit} states: the world is too large to be searched`)
    frontier = next
  }
  return { states: known.size, seen: model.seen, violations }
}

function trace(
  known: ReadonlyMap<string, { readonly from: string | null; readonly label: string }>,
  last: string,
): readonly string[] {
  const labels: string[] = []
  for (let key: string | null = last; key !== null;) {
    const entry: { readonly from: string | null; readonly label: string } | undefined = known.get(key)
    if (entry === undefined || entry.from === null) break
    labels.push(entry.label)
    key = entry.from
  }
  return labels.reverse()
}

function keyOf(state: State): string {
  const text = JSON.stringify({ ...state, requests: state.requests.map((one) => JSON.stringify(one)).sort() })
  return createHash('sha1').update(text).digest('base64')
}

const name = (index: number): string => 'ABC'[index] ?? String(index)

class Model {
  readonly seen = new Set<string>()
  readonly #protocol: Protocol
  readonly #world: World

  constructor(protocol: Protocol, world: World) {
    this.#protocol = protocol
    this.#world = world
  }

  successors(state: State): readonly Successor[] {
    return [
      ...state.requests.map((message): Successor => [
        `the server gets token ${message.token} of ${name(message.process)}`,
        arrive(this.#world, state, message),
      ]),
      ...losses(state),
      ...state.processes.flatMap((process, index) => [
        ...this.#kill(state, index, process),
        ...this.#step(state, index, process),
      ]),
    ]
  }

  #kill(state: State, index: number, { effect, run }: Process): readonly Successor[] {
    if (effect === null || state.left.kills === 0) return []
    const next = free(put(spend(state, 'kills'), index, { ...idle, run: run + 1 }), index)
    const answers = next.answers.filter((answer) => answer.process !== index)
    return [[`${name(index)} is killed before it can ${effect.type}`, { ...next, answers }]]
  }

  #step(state: State, index: number, process: Process): readonly Successor[] {
    const { effect } = process
    if (effect === null) return this.#start(state, index, process)
    return this.#carryOut(state, index, process, effect).map(([label, next]) => [`${name(index)}: ${label}`, next])
  }

  #start(state: State, index: number, process: Process): readonly Successor[] {
    if (process.isDone) {
      if (state.left.reruns === 0 || !process.mayRunAgain) return []
      return [[`${name(index)} is run again`, put(spend(state, 'reruns'), index, { ...idle, run: process.run + 1 })]]
    }
    // Whoever has not begun yet is like every other such: they begin in their order.
    if (
      process.run === 0 &&
      state.processes.some((one, at) => at < index && one.effect === null && one.run === 0 && !one.isDone)
    )
      return []
    // All of them have read the record that the story begins with.
    const move = beginRotation({ lineage: 'L', generation: 1 })
    const locked = { ...put(state, index, { ...process, ...move }), holder: index }
    if (state.holder === null) return [[`${name(index)} takes the lock`, locked]]
    if (this.#world.lock === 'kernel' || state.left.steals === 0 || state.holder === index) return []
    return [[`${name(index)} takes the lock of ${name(state.holder)}, which has ended`, spend(locked, 'steals')]]
  }

  /** Carries one effect out: what may come of it. */
  #carryOut(state: State, index: number, process: Process, effect: Effect): readonly Successor[] {
    this.seen.add(effect.type)
    const host = hostOf(this.#world, index)
    const say = (label: string, next: State, event: RotationEvent, now = 0): readonly Successor[] => [
      [label, this.#advance(next, index, event, now)],
    ]
    switch (effect.type) {
      case 'read':
        return say('reads', put(state, index, { ...process, stored: state.store }), {
          type: 'found',
          stored: state.store,
        })
      case 'read-stage':
        return this.#readStage(state, index, process)
      case 'wait':
        return this.#isOver(state, process, effect.why) ? say('waits', state, { type: 'done' }) : []
      case 'probe': {
        const isAlive = state.current === Number(process.stored?.pair)
        const isAccepted = isAlive && (effect.as === 'winner' || this.#world.isOracleFresh)
        return say(`asks for the ${effect.as} (${isAccepted})`, state, { type: 'probed', isAccepted })
      }
      case 'write-pending':
        return this.#writePending(state, index, process, effect)
      case 'look-at-lock': {
        const remaining = state.holder === index ? Number.POSITIVE_INFINITY : 0
        return say('looks at its lock', state, { type: 'lock-seen', remaining, age: 0, isStopped: false })
      }
      case 'present':
        return this.#await(state, index, process)
      case 'withdraw':
        return say('takes it back', this.#amend(state, process, effect.over.revision, effect.over.pending), {
          type: 'done',
        })
      case 'note-loss': {
        const noted = { ...effect.lost, replayed: true, refused: true }
        return say('notes the loss', this.#amend(state, process, effect.over.revision, noted), { type: 'done' })
      }
      case 'write-stage': {
        const { staged } = process
        if (staged === null) throw new TypeError('There is nothing to stage')
        return say('stages', keepSafe(this.#setStage(state, host, staged), staged), { type: 'done' })
      }
      case 'commit':
        return this.#commit(state, index, process, effect)
      case 'remove-stage':
      case 'finish':
        return say('removes its stage', this.#setStage(state, host, null), { type: 'done' })
      case 'check-server':
      case 'end':
        throw new TypeError(`${effect.type} is carried out at once`)
    }
  }

  /** The next move, and with it whatever touches nothing that others see. */
  #advance(state: State, index: number, event: RotationEvent, now: number): State {
    const process = state.processes[index]
    if (process?.state == null) throw new TypeError('Only a run that has begun can go on')
    const circumstances = circumstancesOf(this.#world, index)
    let move: Move = advanceRotation(process.state, event, circumstances, now)
    while (move.effect.type === 'check-server' || (move.effect.type === 'wait' && move.effect.why === 'store')) {
      this.seen.add(move.effect.type)
      move = advanceRotation(move.state, { type: 'done' }, circumstances, now)
    }
    if (move.effect.type === 'end') return this.#end(state, index, move.effect.ending)
    if (move.effect.type !== 'present') return put(state, index, { ...process, ...move })
    // At least a minute of the lock was left a moment ago, so it cannot end in between.
    const token = Number(process.stored?.pair)
    const message = { token, process: index, run: process.run, isReplay: process.stored?.pending?.replayed === true }
    return { ...put(state, index, { ...process, ...move }), requests: [...state.requests, message] }
  }

  #end(state: State, index: number, ending: Ending): State {
    const failure = ending.type === 'failed' ? ending.failure : null
    this.seen.add(`end ${failure?.type ?? ending.type}`)
    const { run = 0, staged = null } = state.processes[index] ?? {}
    const rest: Process = { ...idle, run, isDone: true, mayRunAgain: failure !== null }
    let next = free(put(state, index, rest), index)
    const isLost = failure?.type === 'lost' || (failure?.type === 'not-refreshed' && failure.isGrantDead)
    if (isLost && isInSomebodysHands(next, index)) next = violated(next, 'needless-sign-in')
    const isInHand = staged !== null && state.current === Number(staged.pair)
    return isInHand && !isInSomebodysHands(next, index) ? violated(next, 'pair-lost') : next
  }

  #readStage(state: State, index: number, process: Process): readonly Successor[] {
    const staged = state.stages[hostOf(this.#world, index)] ?? null
    const next = put(state, index, { ...process, staged: process.staged ?? staged })
    const event: RotationEvent = { type: 'stage-found', staged }
    const pending = process.stored?.pending ?? null
    const soon: Successor = ['looks for a stage', this.#advance(next, index, event, 0)]
    if (pending === null) return [soon]
    const { isAlive, isUnderWay } = runBefore(state, pending)
    const isDead = !isAlive || !this.#protocol.checksLiveness
    const isOver = !isUnderWay || !this.#protocol.waitsOutQuarantine
    if (!isDead || !isOver) return [soon]
    return [soon, ['looks for a stage, ten minutes later', this.#advance(next, index, event, 600_000)]]
  }

  #isOver(state: State, { stored }: Process, why: 'quarantine' | 'store'): boolean {
    const pending = stored?.pending ?? null
    if (why === 'store' || pending === null || !this.#protocol.waitsOutQuarantine) return true
    return !runBefore(state, pending).isUnderWay
  }

  #writePending(
    state: State,
    index: number,
    process: Process,
    { over, isReplay }: Extract<Effect, { readonly type: 'write-pending' }>,
  ): readonly Successor[] {
    const pending = pendingOf(this.#world, state, index, isReplay)
    const written = compareAndSet(this.#protocol, state, over, { ...over, pending })
    if (written === null) {
      return [['finds another revision', this.#advance(state, index, { type: 'pending-written', stored: null }, 0)]]
    }
    const next = put(written, index, { ...process, stored: written.store })
    const event: RotationEvent = { type: 'pending-written', stored: written.store }
    return [[isReplay ? 'writes pending, noted as a replay' : 'writes pending', this.#advance(next, index, event, 0)]]
  }

  #await(state: State, index: number, process: Process): readonly Successor[] {
    const isMine = (one: { readonly process: number; readonly run: number }): boolean =>
      one.process === index && one.run === process.run
    const answer = state.answers.find(isMine)
    if (answer !== undefined) {
      const heard = { ...state, answers: state.answers.filter((one) => one !== answer) }
      if (answer.token === null) {
        return [['is refused', this.#advance(heard, index, { type: 'refused', isGrantDead: true }, 0)]]
      }
      const { pending, generation = 0 } = process.stored ?? { pending: null }
      const attempt = pending?.attempt ?? ''
      const staged = { attempt, lineage: 'L', generation: generation + 1, pair: String(answer.token) }
      const next = put(heard, index, { ...process, staged })
      return [[`is granted ${staged.pair}`, this.#advance(next, index, { type: 'granted', staged }, 0)]]
    }
    const open: RotationEvent = { type: 'uncertain' }
    if (!state.requests.some(isMine)) return [['sees its connection die', this.#advance(state, index, open, 0)]]
    if (state.left.timeouts === 0) return []
    return [['waits no longer', this.#advance(spend(state, 'timeouts'), index, open, 0)]]
  }

  #amend(state: State, { stored }: Process, revision: string, pending: Pending | null): State {
    if (stored === null) return state
    const record = { ...stored, pending }
    return compareAndSet(this.#protocol, state, { revision, generation: stored.generation }, record) ?? state
  }

  #commit(
    state: State,
    index: number,
    { staged }: Process,
    { over }: Extract<Effect, { readonly type: 'commit' }>,
  ): readonly Successor[] {
    if (staged === null) throw new TypeError('There is nothing to commit')
    const { lineage, generation, pair } = staged
    const expected = { revision: over, generation: generation - 1 }
    const written = compareAndSet(this.#protocol, state, expected, { lineage, generation, pair, pending: null })
    const next = written === null ? state : keepSafe(written, staged)
    const event: RotationEvent = { type: 'written', isOurs: written !== null }
    return [[written === null ? 'finds another revision' : `commits ${pair}`, this.#advance(next, index, event, 0)]]
  }

  /** A stage that goes while its pair lives nowhere else is a loss. */
  #setStage(state: State, host: number, staged: StagedPair | null): State {
    const before = state.stages[host] ?? null
    const next = { ...state, stages: state.stages.map((one, at) => (at === host ? staged : one)) }
    const isLost = before !== null && state.current === Number(before.pair) && !isInSomebodysHands(next, -1)
    return isLost ? violated(next, 'pair-lost') : next
  }
}
