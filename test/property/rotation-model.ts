/**
 * A model of the rotation: processes, a server and a store as small as they can be, and every order in which their steps
 * can happen. It is searched breadth first, so that what it finds is found in the fewest steps.
 *
 * What is modelled is the protocol of `src/oauth/rotation.ts` and `recovery.ts`: pending by compare-and-set, one request,
 * stage, commit, recovery by stage, liveness, quarantine, oracle and one noted replay; with kills at every step, lost
 * requests and answers, and locks that end while their holder lives.
 */

/** What a server does with a refresh token that was used before; none of it is documented. */
export type ReplayPolicy = 'refuse' | 'revoke-family' | 'same-pair' | 'another-pair'

/** What the protocol relies on; a mutant leaves one out. */
export interface Protocol {
  /** Writes name the store's revision; else the generation alone. */
  readonly comparesRevision: boolean
  /** Recovery goes on only where the run before is dead. */
  readonly checksLiveness: boolean
  /** Recovery waits until no request of the run before can be on its way. */
  readonly waitsOutQuarantine: boolean
}

/** What may go wrong, and how often. */
export interface World {
  readonly processes: number
  readonly policy: ReplayPolicy
  /** `kernel`: ends with its holder and by nothing else. `lease`: may end while its holder lives. */
  readonly lock: 'kernel' | 'lease'
  /** Whether all processes share one disk, on which stages lie. */
  readonly isOneHost: boolean
  /** Whether the old access token lives long enough to be asked. */
  readonly isOracleFresh: boolean
  readonly kills: number
  readonly stolenLocks: number
  readonly lostMessages: number
  readonly timeouts: number
}

/** What must never happen. */
export type Violation =
  /** A refresh token was presented twice outside of the one noted replay. */
  | 'presented-twice'
  /** A committed pair was overwritten by an older one. */
  | 'generation-fell'
  /** A pair that was safe on a disk was revoked, or thrown away while it lived. */
  | 'pair-lost'
  /** Somebody was told to sign in again while a living pair existed. */
  | 'needless-sign-in'

/** What a search came to. */
export interface Search {
  readonly states: number
  /** The fewest steps that lead to each violation. */
  readonly violations: ReadonlyMap<Violation, readonly string[]>
}

type Step =
  | 'start'
  | 'read'
  | 'intent'
  | 'send'
  | 'wait'
  | 'stage'
  | 'commit'
  | 'finish'
  | 'salvage'
  | 'judge'
  | 'replay'
  | 'refused'
  | 'done'

interface Pending {
  readonly process: number
  readonly run: number
  readonly isReplay: boolean
}

interface Stored {
  readonly generation: number
  readonly token: number
  readonly pending: Pending | null
  readonly revision: number
}

interface Process {
  readonly step: Step
  /** Rises with each kill. */
  readonly run: number
  readonly seen: Stored | null
  readonly fresh: number | null
  readonly isReplay: boolean
}

interface Message {
  readonly token: number
  readonly process: number
  readonly run: number
  readonly isReplay: boolean
}

interface Answer {
  readonly process: number
  readonly run: number
  /** `null`: refused. */
  readonly token: number | null
}

interface State {
  readonly current: number | null
  readonly parents: Readonly<Record<number, number>>
  readonly nextToken: number
  readonly store: Stored
  readonly holder: number | null
  readonly requests: readonly Message[]
  readonly answers: readonly Answer[]
  readonly processes: readonly Process[]
  /** By host: the staged pair. */
  readonly stages: readonly ({ readonly generation: number; readonly token: number } | null)[]
  readonly left: { readonly kills: number; readonly steals: number; readonly losses: number; readonly timeouts: number }
  /** How often each token arrived at the server, normally and as a replay. */
  readonly arrivals: Readonly<Record<string, number>>
  /** Tokens that were safe on a disk while they lived. */
  readonly safe: readonly number[]
  readonly violations: readonly Violation[]
}

type Successor = readonly [label: string, state: State]

/** Searches every state that can be reached. */
export function searchRotations(protocol: Protocol, world: World): Search {
  const first = begin(world)
  const seen = new Map<string, { readonly from: string | null; readonly label: string }>()
  seen.set(keyOf(first), { from: null, label: '' })
  const violations = new Map<Violation, readonly string[]>()
  let frontier: readonly State[] = [first]
  while (frontier.length > 0) {
    const next: State[] = []
    for (const state of frontier) {
      const from = keyOf(state)
      for (const [label, reached] of successors(protocol, world, state)) {
        const key = keyOf(reached)
        if (seen.has(key)) continue
        seen.set(key, { from, label })
        for (const violation of reached.violations) {
          if (!violations.has(violation)) violations.set(violation, trace(seen, key))
        }
        next.push(reached)
      }
    }
    frontier = next
  }
  return { states: seen.size, violations }
}

function trace(
  seen: ReadonlyMap<string, { readonly from: string | null; readonly label: string }>,
  last: string,
): readonly string[] {
  const labels: string[] = []
  for (let key: string | null = last; key !== null;) {
    const entry: { readonly from: string | null; readonly label: string } | undefined = seen.get(key)
    if (entry === undefined || entry.from === null) break
    labels.push(entry.label)
    key = entry.from
  }
  return labels.reverse()
}

function keyOf(state: State): string {
  return JSON.stringify({ ...state, requests: state.requests.map((one) => JSON.stringify(one)).sort() })
}

function begin({ processes, kills, stolenLocks, lostMessages, timeouts }: World): State {
  const idle: Process = { step: 'start', run: 0, seen: null, fresh: null, isReplay: false }
  return {
    current: 1,
    parents: {},
    nextToken: 2,
    store: { generation: 0, token: 1, pending: null, revision: 0 },
    holder: null,
    requests: [],
    answers: [],
    processes: Array.from({ length: processes }, () => idle),
    stages: Array.from({ length: processes }, () => null),
    left: { kills, steals: stolenLocks, losses: lostMessages, timeouts },
    arrivals: {},
    safe: [],
    violations: [],
  }
}

function successors(protocol: Protocol, world: World, state: State): readonly Successor[] {
  return [
    ...state.requests.flatMap((message) => arrivals(world, state, message)),
    ...losses(state),
    ...state.processes.flatMap((_, index) => [...killed(state, index), ...stepsOf(protocol, world, state, index)]),
  ]
}

const name = (index: number): string => 'ABC'[index] ?? String(index)
const without = <T>(list: readonly T[], item: T): readonly T[] => list.filter((one) => one !== item)
const violated = (state: State, violation: Violation): State =>
  state.violations.includes(violation) ? state : { ...state, violations: [...state.violations, violation] }

/** The server gets a request. */
function arrivals(world: World, state: State, message: Message): readonly Successor[] {
  const kind = `${message.token}${message.isReplay ? ' replayed' : ''}`
  const count = (state.arrivals[kind] ?? 0) + 1
  let next: State = {
    ...state,
    requests: without(state.requests, message),
    arrivals: { ...state.arrivals, [kind]: count },
  }
  if (count > 1) next = violated(next, 'presented-twice')
  const isUsed = state.current !== null && state.parents[state.current] === message.token
  let issued: number | null = null
  if (state.current === message.token || (isUsed && world.policy === 'another-pair')) {
    if (isUsed) next = revoke(next)
    issued = next.nextToken
    const parents = { ...next.parents, [issued]: message.token }
    next = { ...next, current: issued, nextToken: issued + 1, parents }
  } else if (isUsed && world.policy === 'same-pair') issued = state.current
  else if (state.current !== null && world.policy === 'revoke-family') next = { ...revoke(next), current: null }
  const waiting = state.processes[message.process]
  const isAwaited = waiting?.step === 'wait' && waiting.run === message.run
  if (isAwaited) {
    const answer = { process: message.process, run: message.run, token: issued }
    next = { ...next, answers: [...next.answers, answer] }
  }
  return [[`the server gets token ${kind} of ${name(message.process)}`, next]]
}

/** The living pair ends: a loss, where it was safe somewhere. */
function revoke(state: State): State {
  return state.current !== null && state.safe.includes(state.current) ? violated(state, 'pair-lost') : state
}

function losses(state: State): readonly Successor[] {
  if (state.left.losses === 0) return []
  const left = { ...state.left, losses: state.left.losses - 1 }
  return [
    ...state.requests.map((message): Successor => {
      return [
        `the request of ${name(message.process)} is lost`,
        { ...state, left, requests: without(state.requests, message) },
      ]
    }),
    ...state.answers.map((answer): Successor => {
      return [
        `the answer to ${name(answer.process)} is lost`,
        { ...state, left, answers: without(state.answers, answer) },
      ]
    }),
  ]
}

function killed(state: State, index: number): readonly Successor[] {
  const process = state.processes[index]
  if (process === undefined || state.left.kills === 0 || process.step === 'start' || process.step === 'done') return []
  const again: Process = { step: 'start', run: process.run + 1, seen: null, fresh: null, isReplay: false }
  const next = {
    ...free(put(state, index, again), index),
    left: { ...state.left, kills: state.left.kills - 1 },
    answers: state.answers.filter((answer) => answer.process !== index),
  }
  return [[`${name(index)} is killed at ${process.step}`, next]]
}

function put(state: State, index: number, process: Process): State {
  return { ...state, processes: state.processes.map((one, at) => (at === index ? process : one)) }
}

function free(state: State, index: number): State {
  return state.holder === index ? { ...state, holder: null } : state
}

function finish(state: State, index: number, process: Process): State {
  return free(put(state, index, { ...process, step: 'done' }), index)
}

const hostOf = (world: World, index: number): number => (world.isOneHost ? 0 : index)

/** Whether the store still holds what a process saw. */
function isUnchanged(protocol: Protocol, state: State, seen: Stored): boolean {
  return protocol.comparesRevision ? state.store.revision === seen.revision : state.store.generation === seen.generation
}

function stepsOf(protocol: Protocol, world: World, state: State, index: number): readonly Successor[] {
  const process = state.processes[index]
  if (process === undefined) return []
  const say = (label: string, next: State): readonly Successor[] => [[`${name(index)} ${label}`, next]]
  const seen = process.seen ?? state.store
  switch (process.step) {
    case 'start':
      return starting(world, state, index, process)
    case 'read': {
      if (state.store.generation > 0 && state.store.pending === null)
        return say('adopts', finish(state, index, process))
      const step = state.store.pending === null ? 'intent' : 'salvage'
      return say('reads', put(state, index, { ...process, step, seen: state.store }))
    }
    case 'intent':
      return say('writes pending', writePending(protocol, state, index, { ...process, seen }, false))
    case 'send': {
      // The lock is looked at directly before.
      if (state.holder !== index) return say('has lost its lock', finish(state, index, process))
      const message = { token: seen.token, process: index, run: process.run, isReplay: process.isReplay }
      return say('sends', {
        ...put(state, index, { ...process, step: 'wait' }),
        requests: [...state.requests, message],
      })
    }
    case 'wait':
      return waiting(state, index, process)
    case 'stage': {
      const staged = { generation: seen.generation + 1, token: process.fresh ?? 0 }
      const stages = state.stages.map((one, host) => (host === hostOf(world, index) ? staged : one))
      const isAlive = state.current === process.fresh && process.fresh !== null
      const safe = isAlive ? [...state.safe, staged.token] : state.safe
      return say('stages', { ...put(state, index, { ...process, step: 'commit' }), stages, safe })
    }
    case 'commit':
      return say('commits', commit(protocol, state, index, { ...process, seen }))
    case 'finish': {
      const stages = state.stages.map((one, host) => (host === hostOf(world, index) ? null : one))
      return say('removes its stage', { ...finish(state, index, process), stages })
    }
    case 'salvage': {
      const staged = state.stages[hostOf(world, index)] ?? null
      if (staged?.generation === seen.generation + 1) {
        return say('finds a stage', put(state, index, { ...process, seen, fresh: staged.token, step: 'commit' }))
      }
      if (state.store.generation > seen.generation) return say('adopts', finish(state, index, process))
      return say('finds no stage', put(state, index, { ...process, seen: state.store, step: 'judge' }))
    }
    case 'judge':
      return judging(protocol, world, state, index, { ...process, seen })
    case 'replay':
      return say('notes a replay', writePending(protocol, state, index, { ...process, seen }, true))
    case 'refused':
      return say('says: sign in again', giveUp(protocol, state, index, { ...process, seen }))
    case 'done':
      return []
  }
}

function starting(world: World, state: State, index: number, process: Process): readonly Successor[] {
  const locked = { ...put(state, index, { ...process, step: 'read' as const }), holder: index }
  if (state.holder === null) return [[`${name(index)} takes the lock`, locked]]
  if (world.lock === 'kernel' || state.left.steals === 0 || state.holder === index) return []
  const left = { ...state.left, steals: state.left.steals - 1 }
  return [[`${name(index)} takes the lock of ${name(state.holder)}, whose lease has ended`, { ...locked, left }]]
}

type Seeing = Process & { readonly seen: Stored }

function writePending(protocol: Protocol, state: State, index: number, process: Seeing, isReplay: boolean): State {
  const { seen } = process
  if (!isUnchanged(protocol, state, seen)) return finish(state, index, process)
  const pending = { process: index, run: process.run, isReplay }
  const store = { ...seen, pending, revision: state.store.revision + 1 }
  const next = put(state, index, { ...process, seen: store, isReplay, step: 'send' })
  const fell = state.store.generation > seen.generation
  return { ...(fell ? violated(next, 'generation-fell') : next), store }
}

function waiting(state: State, index: number, process: Process): readonly Successor[] {
  const answer = state.answers.find((one) => one.process === index && one.run === process.run)
  if (answer !== undefined) {
    const step = answer.token === null ? 'refused' : 'stage'
    const next = put(state, index, { ...process, step, fresh: answer.token })
    return [[`${name(index)} gets its answer`, { ...next, answers: without(state.answers, answer) }]]
  }
  const looks = put(state, index, { ...process, step: 'salvage' })
  const isUnderWay = state.requests.some((one) => one.process === index && one.run === process.run)
  if (!isUnderWay) return [[`${name(index)} sees its connection die`, looks]]
  if (state.left.timeouts === 0) return []
  const left = { ...state.left, timeouts: state.left.timeouts - 1 }
  return [[`${name(index)} waits no longer`, { ...looks, left }]]
}

function commit(protocol: Protocol, state: State, index: number, process: Seeing): State {
  const { seen, fresh } = process
  const { store } = state
  if (!isUnchanged(protocol, state, seen)) {
    // The same generation under another revision: nobody rotated, so it is tried again over that.
    if (protocol.comparesRevision && store.generation === seen.generation) {
      return put(state, index, { ...process, seen: store })
    }
    const isWasted = store.generation <= seen.generation && state.current === fresh
    const next = finish(state, index, process)
    return isWasted ? violated(next, 'pair-lost') : next
  }
  const isOlder = store.generation > seen.generation
  const committed = {
    generation: seen.generation + 1,
    token: fresh ?? 0,
    pending: null,
    revision: store.revision + 1,
  }
  const next = { ...put(state, index, { ...process, step: 'finish' }), store: committed }
  return isOlder ? violated(next, 'generation-fell') : next
}

function judging(protocol: Protocol, world: World, state: State, index: number, process: Seeing): readonly Successor[] {
  const { pending } = process.seen
  const say = (label: string, next: State): readonly Successor[] => [[`${name(index)} ${label}`, next]]
  if (pending === null) return say('finds nothing pending', put(state, index, { ...process, step: 'intent' }))
  const before = state.processes[pending.process]
  const isAlive = pending.process !== index && before?.run === pending.run && before.step !== 'done'
  const isUnderWay = state.requests.some((one) => one.process === pending.process && one.run === pending.run)
  if (protocol.waitsOutQuarantine && isUnderWay) return []
  if (protocol.checksLiveness && isAlive) return say('stops: the run before may live', finish(state, index, process))
  // The old access token answers: the server did not rotate.
  if (world.isOracleFresh && state.current === process.seen.token) {
    return say('finds the token unused', put(state, index, { ...process, step: 'intent' }))
  }
  if (!world.isOneHost && protocol.checksLiveness && pending.process !== index) {
    return say('names the other host', finish(state, index, process))
  }
  if (pending.isReplay) return say('stops: replayed before', finish(state, index, process))
  return say('may replay', put(state, index, { ...process, step: 'replay' }))
}

function giveUp(protocol: Protocol, state: State, index: number, process: Seeing): State {
  if (state.store.generation > process.seen.generation) return finish(state, index, process)
  const next = finish(state, index, process)
  return isInSomebodysHands(state, index) ? violated(next, 'needless-sign-in') : next
}

/** Whether the living pair lies in the store or on a disk, or a living process holds it. */
function isInSomebodysHands({ current, store, stages, processes, answers }: State, except: number): boolean {
  if (current === null) return false
  if (store.token === current || stages.some((staged) => staged?.token === current)) return true
  const isHeld = processes.some(({ fresh, step }, at) => at !== except && fresh === current && step !== 'done')
  const isAnswered = answers.some(({ process, run, token }) => {
    const waiting = processes[process]
    return token === current && waiting?.run === run && waiting.step === 'wait'
  })
  return isHeld || isAnswered
}
