/**
 * The rotation as a machine without hands: a state and an event make the next state and one effect, as data.
 *
 * Nothing here reads a clock, sends, writes, or sees a token, so that a test can search every order of steps of several
 * processes over this very code (`test/property/rotation-model.test.ts`). `rotation.ts` carries the effects out.
 * The order of the steps is the protocol: a step must not move.
 */
import type { Pending } from './record.js'
import type {
  Circumstances,
  Committing,
  Effect,
  Ending,
  Failure,
  Move,
  Origin,
  Presentation,
  RotationEvent,
  RotationState,
  Snapshot,
  StagedPair,
} from './rotation-states.js'

/** Least remaining life of the lock, and greatest age of `pending`, in milliseconds, when the token is presented. */
const leastLock = 60_000
const greatestPendingAge = 15_000
/** Ten minutes: longer than any request is awaited, and than any lock of a store lives. */
const longestRun = 600_000
/** Attempts at a store that fails, and at a revision that moves. */
const attempts = 5

/** The first move, under the lock. @param seen the record whose access token is not good enough */
export function beginRotation(seen: Origin): Move {
  return { state: { step: 'reading', seen }, effect: { type: 'read', as: 'start' } }
}

/**
 * The next move.
 * @param now milliseconds since 1970
 * @throws TypeError where the event is none that the state's effect can come to: a mistake of the caller
 */
export function advanceRotation(
  state: RotationState,
  event: RotationEvent,
  circumstances: Circumstances,
  now: number,
): Move {
  switch (state.step) {
    case 'reading':
    case 'reading-after-disturbance':
      return event.type === 'found' && event.stored !== null ? judgeRecord(state, event.stored) : misfit(state, event)
    case 'salvaging':
    case 'quarantined':
    case 'asking':
      return recover(state, event, circumstances, now)
    case 'preparing':
    case 'intending':
    case 'guarding':
    case 'presenting':
      return present(state, event)
    case 'ending':
      return end(state.ending)
    case 'ended':
      return misfit(state, event)
    default:
      return commit(state, event)
  }
}

function misfit(state: RotationState, event: RotationEvent): never {
  throw new TypeError(`${event.type} cannot follow ${state.step}`)
}

function end(ending: Ending): Move {
  return { state: { step: 'ended' }, effect: { type: 'end', ending } }
}

function fail(failure: Failure): Move {
  return end({ type: 'failed', failure })
}

type Reading = Extract<RotationState, { readonly step: 'reading' | 'reading-after-disturbance' }>

function judgeRecord({ step, seen }: Reading, current: Snapshot): Move {
  // Somebody rotated, or signed in anew: theirs is used.
  if (current.lineage !== seen.lineage || current.generation !== seen.generation) return end({ type: 'adopted' })
  if (step === 'reading-after-disturbance') return fail({ type: 'disturbed' })
  if (current.pending === null) return prepare(seen, current, { isReplay: false, lost: null })
  return { state: { step: 'salvaging', seen, current }, effect: { type: 'read-stage' } }
}

type Recovering = Extract<RotationState, { readonly step: 'salvaging' | 'quarantined' | 'asking' }>

/** A record with `pending` under a lock that was won: its run died, or could not find out what became of its request. */
function recover(state: Recovering, event: RotationEvent, circumstances: Circumstances, now: number): Move {
  const { seen, current } = state
  const { pending } = current
  if (pending === null) return misfit(state, event)
  switch (`${state.step} ${event.type}`) {
    case 'salvaging stage-found': {
      const staged = event.type === 'stage-found' ? event.staged : null
      if (staged !== null && isOf(staged, current, pending)) {
        return write({ staged, over: current.revision, attempt: 1 })
      }
      if (pending.refused) return fail({ type: 'lost', pending })
      if (!isProvablyDead(pending, circumstances, now)) return fail({ type: 'holder-may-live', pending })
      const wait = quarantineLeft(pending, circumstances, now)
      if (wait <= 0) return ask(seen, current)
      const effect: Effect = { type: 'wait', milliseconds: wait, why: 'quarantine' }
      return { state: { step: 'quarantined', seen, current }, effect }
    }
    case 'quarantined done':
      return ask(seen, current)
    case 'asking probed': {
      // A refresh kills the access token too: one that still works proves that there was none.
      if (event.type === 'probed' && event.isAccepted) return prepare(seen, current, { isReplay: true, lost: null })
      if (!circumstances.allowsReplay) {
        // Once is all: a second replay could revoke what the first one brought.
        if (pending.replayed) return fail({ type: 'replayed-before', pending })
        // That machine's stage may hold the pair, or somebody its recovery line.
        const mayBeKept = !pending.ephemeral || pending.rescueKey !== undefined
        if (pending.host !== circumstances.host && mayBeKept) return fail({ type: 'elsewhere', pending })
      }
      return prepare(seen, current, { isReplay: true, lost: pending })
    }
    default:
      return misfit(state, event)
  }
}

function isOf(staged: StagedPair, current: Snapshot, pending: Pending): boolean {
  const isNext = staged.lineage === current.lineage && staged.generation === current.generation + 1
  return isNext && staged.attempt === pending.attempt
}

/** The kernel lock is proof for this machine; a lock that ended by time, and ten minutes, are proof for every one. */
function isProvablyDead(pending: Pending, { lock, host }: Circumstances, now: number): boolean {
  return (lock === 'kernel' && pending.host === host) || now - pending.startedAt >= longestRun
}

/** A clock that was set back must not make the wait longer than the quarantine itself. */
function quarantineLeft(pending: Pending, { quarantineMilliseconds }: Circumstances, now: number): number {
  return Math.min(quarantineMilliseconds, pending.startedAt + quarantineMilliseconds - now)
}

function ask(seen: Origin, current: Snapshot): Move {
  return { state: { step: 'asking', seen, current }, effect: { type: 'probe', as: 'oracle' } }
}

function prepare(seen: Origin, current: Snapshot, presentation: Presentation): Move {
  return { state: { step: 'preparing', seen, current, ...presentation }, effect: { type: 'check-server' } }
}

type Presenting = Extract<RotationState, { readonly step: 'preparing' | 'intending' | 'guarding' | 'presenting' }>

function present(state: Presenting, event: RotationEvent): Move {
  const { isReplay, lost } = state
  if (state.step === 'preparing' && event.type === 'done') {
    const effect: Effect = { type: 'write-pending', over: state.current, isReplay }
    return { state: { ...state, step: 'intending' }, effect }
  }
  if (state.step === 'intending' && event.type === 'pending-written') {
    if (event.stored === null) {
      const { seen } = state
      return { state: { step: 'reading-after-disturbance', seen }, effect: { type: 'read', as: 'start' } }
    }
    const effect: Effect = { type: 'look-at-lock' }
    return { state: { step: 'guarding', intent: event.stored, isReplay, lost }, effect }
  }
  if (state.step === 'guarding' && event.type === 'lock-seen') {
    if (event.isStopped) return restore(state.intent, lost, { type: 'stopped' })
    const isSafe = event.remaining >= leastLock && event.age <= greatestPendingAge
    if (!isSafe) return restore(state.intent, lost, { type: 'lock-ending' })
    return { state: { ...state, step: 'presenting' }, effect: { type: 'present' } }
  }
  if (state.step === 'presenting') return judgeOutcome(state.intent, state, event)
  return misfit(state, event)
}

function judgeOutcome(intent: Snapshot, state: Extract<Presenting, { intent: Snapshot }>, event: RotationEvent): Move {
  const { lost } = state
  switch (event.type) {
    case 'granted': {
      const { staged } = event
      return {
        state: { step: 'staging', staged, over: intent.revision, attempt: 1 },
        effect: { type: 'write-stage' },
      }
    }
    case 'refused': {
      const { isGrantDead } = event
      if (lost === null || !isGrantDead) return restore(intent, lost, { type: 'not-refreshed', isGrantDead })
      // Noted with the run that lost the pair, so that every later run says the same and presents nothing.
      const ending: Ending = { type: 'failed', failure: { type: 'lost', pending: lost } }
      return { state: { step: 'ending', ending }, effect: { type: 'note-loss', over: intent, lost } }
    }
    case 'unsent':
      return restore(intent, lost, { type: 'not-refreshed', isGrantDead: false })
    case 'uncertain':
      return fail({ type: 'uncertain' })
    default:
      return misfit(state, event)
  }
}

/** Nothing came of the attempt. What an earlier run left in doubt stays in doubt, and stays noted. */
function restore(intent: Snapshot, lost: Pending | null, failure: Failure): Move {
  const over = { ...intent, pending: lost }
  return { state: { step: 'ending', ending: { type: 'failed', failure } }, effect: { type: 'withdraw', over } }
}

type CommittingState = Extract<RotationState, { readonly staged: StagedPair }>

function write(committing: Committing): Move {
  return { state: { step: 'committing', ...committing }, effect: { type: 'commit', over: committing.over } }
}

function commit(state: CommittingState, event: RotationEvent): Move {
  const { staged, over, attempt } = state
  const committing = { staged, over, attempt }
  switch (`${state.step} ${event.type}`) {
    case 'staging done':
      return write(committing)
    case 'committing written':
      return event.type === 'written' && event.isOurs
        ? { state: { step: 'proving', ...committing }, effect: { type: 'read', as: 'check' } }
        : { state: { step: 'comparing', ...committing }, effect: { type: 'read', as: 'check' } }
    case 'committing store-failed':
    case 'comparing store-failed':
      return pause(committing, 'committing')
    case 'proving store-failed':
      return pause(committing, 'proving')
    case 'pausing done': {
      const again = { ...committing, attempt: attempt + 1 }
      if (state.step === 'pausing' && state.next === 'committing') return write(again)
      return { state: { step: 'proving', ...again }, effect: { type: 'read', as: 'check' } }
    }
    case 'comparing found':
      return compare(committing, event.type === 'found' ? event.stored : null)
    case 'proving found': {
      // That the write landed is seen, not believed.
      const isThere = event.type === 'found' && event.stored !== null && isSame(event.stored, staged)
      if (!isThere) return giveUp(committing)
      return { state: { step: 'finishing', ...committing }, effect: { type: 'finish' } }
    }
    case 'finishing done':
      return end({ type: 'committed' })
    case 'probing-winner probed': {
      const isAccepted = event.type === 'probed' && event.isAccepted
      if (!isAccepted) return fail({ type: 'displaced', isRemoved: false })
      return { state: { step: 'ending', ending: { type: 'adopted' } }, effect: { type: 'remove-stage' } }
    }
    case 'giving-up stage-found': {
      const found = event.type === 'stage-found' ? event.staged : null
      return fail({ type: 'unstored', isStaged: found?.attempt === staged.attempt })
    }
    default:
      return misfit(state, event)
  }
}

function pause(committing: Committing, next: 'committing' | 'proving'): Move {
  const { attempt } = committing
  if (attempt >= attempts) return giveUp(committing)
  return {
    state: { step: 'pausing', next, ...committing },
    effect: { type: 'wait', milliseconds: 200 * attempt, why: 'store' },
  }
}

function giveUp(committing: Committing): Move {
  return { state: { step: 'giving-up', ...committing }, effect: { type: 'read-stage' } }
}

/** Another revision stands there than the one that `pending` was written as. */
function compare(committing: Committing, found: Snapshot | null): Move {
  const { staged, attempt } = committing
  if (found === null) return fail({ type: 'displaced', isRemoved: true })
  // The answer to an earlier write was lost.
  if (isSame(found, staged)) return { state: { step: 'finishing', ...committing }, effect: { type: 'finish' } }
  const isPredecessor = found.lineage === staged.lineage && found.generation === staged.generation - 1
  if (isPredecessor) {
    // The same token is still there under another revision: whoever wrote it did not rotate.
    return attempt < attempts
      ? write({ staged, over: found.revision, attempt: attempt + 1 })
      : giveUp({ ...committing, over: found.revision })
  }
  // Another pair of the lineage, or another lineage. It is kept; ours too, until theirs is proved.
  return { state: { step: 'probing-winner', ...committing }, effect: { type: 'probe', as: 'winner' } }
}

function isSame(found: Snapshot, staged: StagedPair): boolean {
  return found.lineage === staged.lineage && found.generation === staged.generation && found.pair === staged.pair
}
