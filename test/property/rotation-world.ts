/**
 * The world that rotations run in, as small as it can be: a server with its replay policy, a store with revisions, a
 * lock that may end while its holder lives, a stage per machine, requests and answers that get lost or come late, kills.
 *
 * What a rotation does next is decided by `src/oauth/transitions.ts` itself; here only its effects are carried out. Time
 * is what the protocol takes for granted: ten minutes are over, and a quarantine too, once no request of the run before
 * is on its way and, for the ten minutes, that run is dead.
 */
import type { Pending } from '../../src/oauth/record.js'
import type { Circumstances, Effect, RotationState, Snapshot, StagedPair } from '../../src/oauth/rotation-states.js'

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
  /** Requests and answers that get lost. */
  readonly lostMessages: number
  /** Requests that their senders wait for no longer. */
  readonly timeouts: number
  /** Runs that are begun anew after one that ended without a token. */
  readonly reruns: number
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

/** A run of the program. Without `effect` it has not begun, or has ended. */
export interface Process {
  /** Rises with each run. */
  readonly run: number
  readonly isDone: boolean
  /** It ended without a token. */
  readonly mayRunAgain: boolean
  readonly state: RotationState | null
  readonly effect: Effect | null
  /** The record read or written last. */
  readonly stored: Snapshot | null
  /** The pair in hand. */
  readonly staged: StagedPair | null
}

export interface Message {
  readonly token: number
  readonly process: number
  readonly run: number
  readonly isReplay: boolean
}

export interface Answer {
  readonly process: number
  readonly run: number
  /** `null`: refused. */
  readonly token: number | null
}

export interface State {
  /** The token that the server takes. `null`: the family is revoked. */
  readonly current: number | null
  readonly parents: Readonly<Record<number, number>>
  readonly nextToken: number
  readonly store: Snapshot
  readonly holder: number | null
  readonly requests: readonly Message[]
  readonly answers: readonly Answer[]
  readonly processes: readonly Process[]
  /** By host. */
  readonly stages: readonly (StagedPair | null)[]
  readonly left: Readonly<Record<'kills' | 'steals' | 'losses' | 'timeouts' | 'reruns', number>>
  /** How often each token arrived at the server, normally and as a noted replay. */
  readonly arrivals: Readonly<Record<string, number>>
  /** Tokens that were safe on a disk while they lived. */
  readonly safe: readonly number[]
  readonly violations: readonly Violation[]
}

export const idle: Process = {
  run: 0,
  isDone: false,
  mayRunAgain: false,
  state: null,
  effect: null,
  stored: null,
  staged: null,
}

export function begin(world: World): State {
  const { processes, kills, stolenLocks: steals, lostMessages: losses, timeouts, reruns } = world
  return {
    current: 1,
    parents: {},
    nextToken: 2,
    store: { revision: '0', lineage: 'L', generation: 1, pair: '1', pending: null },
    holder: null,
    requests: [],
    answers: [],
    processes: Array.from({ length: processes }, () => idle),
    stages: Array.from({ length: processes }, () => null),
    left: { kills, steals, losses, timeouts, reruns },
    arrivals: {},
    safe: [],
    violations: [],
  }
}

export const hostOf = (world: World, index: number): number => (world.isOneHost ? 0 : index)
export const hostName = (host: number): string => `host-${host}`
const tokenOf = ({ pair }: { readonly pair: string }): number => Number(pair)
const without = <T>(list: readonly T[], item: T): readonly T[] => list.filter((one) => one !== item)

export function violated(state: State, violation: Violation): State {
  return state.violations.includes(violation) ? state : { ...state, violations: [...state.violations, violation] }
}

export function put(state: State, index: number, process: Process): State {
  return { ...state, processes: state.processes.map((one, at) => (at === index ? process : one)) }
}

export function free(state: State, index: number): State {
  return state.holder === index ? { ...state, holder: null } : state
}

export function spend(state: State, what: keyof State['left']): State {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } }
}

export function circumstancesOf(world: World, index: number): Circumstances {
  const host = hostName(hostOf(world, index))
  return { host, lock: world.lock, quarantineMilliseconds: 60_000, allowsReplay: false }
}

export function pendingOf(world: World, state: State, index: number, isReplay: boolean): Pending {
  const run = state.processes[index]?.run ?? 0
  return {
    attempt: `${index}.${run}`,
    holder: `${index}`,
    host: hostName(hostOf(world, index)),
    ephemeral: false,
    startedAt: 0,
    refreshDigest: state.store.pair,
    replayed: isReplay,
    refused: false,
  }
}

/** Whether the run that wrote `pending` still runs, and whether a request of it is on its way. */
export function runBefore(
  { processes, requests }: State,
  { attempt }: Pending,
): { isAlive: boolean; isUnderWay: boolean } {
  const [index = 0, run = 0] = attempt.split('.').map(Number)
  const process = processes[index]
  return {
    isAlive: process?.run === run && process.effect !== null,
    isUnderWay: requests.some((one) => one.process === index && one.run === run),
  }
}

/** The server gets a request. */
export function arrive(world: World, state: State, message: Message): State {
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
  const sender = state.processes[message.process]
  if (sender?.effect?.type !== 'present' || sender.run !== message.run) return next
  return { ...next, answers: [...next.answers, { process: message.process, run: message.run, token: issued }] }
}

/** The living pair ends: a loss, where it was safe somewhere. */
function revoke(state: State): State {
  return state.current !== null && state.safe.includes(state.current) ? violated(state, 'pair-lost') : state
}

export function losses(state: State): readonly (readonly [string, State])[] {
  if (state.left.losses === 0) return []
  const next = spend(state, 'losses')
  return [
    ...state.requests.map((one) => ['a request is lost', { ...next, requests: without(state.requests, one) }] as const),
    ...state.answers.map((one) => ['an answer is lost', { ...next, answers: without(state.answers, one) }] as const),
  ]
}

/** Writes the store over the expected revision. `null`: another one stands there. */
export function compareAndSet(
  protocol: Protocol,
  state: State,
  over: { readonly revision: string; readonly generation: number },
  record: Omit<Snapshot, 'revision'>,
): State | null {
  const { store } = state
  const isExpected = protocol.comparesRevision ? store.revision === over.revision : store.generation === over.generation
  if (!isExpected) return null
  const fell =
    store.generation > record.generation || (store.generation === record.generation && record.pair !== store.pair)
  const next = { ...state, store: { ...record, revision: String(Number(store.revision) + 1) } }
  return fell ? violated(next, 'generation-fell') : next
}

export function keepSafe(state: State, pair: StagedPair | Snapshot): State {
  const token = tokenOf(pair)
  return token === state.current && !state.safe.includes(token) ? { ...state, safe: [...state.safe, token] } : state
}

/** Whether the living pair lies in the store or on a disk, or a living process holds it or is about to. */
export function isInSomebodysHands({ current, store, stages, processes, answers }: State, except: number): boolean {
  if (current === null) return false
  const isCurrent = (pair: StagedPair | Snapshot | null): boolean => pair !== null && tokenOf(pair) === current
  if (isCurrent(store) || stages.some(isCurrent)) return true
  if (processes.some(({ staged, effect }, at) => at !== except && effect !== null && isCurrent(staged))) return true
  return answers.some(({ process, run, token }) => {
    const waiting = processes[process]
    return token === current && waiting?.run === run && waiting.effect?.type === 'present'
  })
}
