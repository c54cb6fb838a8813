/** The words of the rotation's machine: what it knows, what it wants done, what can come of that, how it can end. */
import type { Pending } from './record.js'
import type { StoreCapabilities } from './store.js'

/** What a rotation needs to know of a stored record. */
export interface Snapshot {
  readonly revision: string
  readonly lineage: string
  readonly generation: number
  /** Digest of its refresh token. */
  readonly pair: string
  readonly pending: Pending | null
}

/** What it needs to know of a staged pair. */
export interface StagedPair {
  readonly attempt: string
  readonly lineage: string
  /** That it becomes when it is committed. */
  readonly generation: number
  readonly pair: string
}

/** What stays the same while a rotation runs. */
export interface Circumstances {
  /** The machine of this run. */
  readonly host: string
  readonly lock: StoreCapabilities['lock']
  /** How long a request of a dead run may still be on its way. */
  readonly quarantineMilliseconds: number
  /** A person said that no other machine holds the pair. */
  readonly allowsReplay: boolean
}

/** Why a rotation ended without a token. */
export type Failure =
  /** Recovery: the grant was found dead before, after the pair of that run was lost. */
  | { readonly type: 'lost'; readonly pending: Pending }
  | { readonly type: 'holder-may-live'; readonly pending: Pending }
  /** The token was replayed before, without an answer. */
  | { readonly type: 'replayed-before'; readonly pending: Pending }
  | { readonly type: 'elsewhere'; readonly pending: Pending }
  /** Something that does not hold the lock writes to the store. Nothing was sent. */
  | { readonly type: 'disturbed' }
  /** The lock ends too soon, or this run was stopped for too long. Nothing was sent. */
  | { readonly type: 'lock-ending' }
  /** This run was asked to stop. Nothing was sent. */
  | { readonly type: 'stopped' }
  /** The server said no, or the request never left; the token is as good as before. */
  | { readonly type: 'not-refreshed'; readonly isGrantDead: boolean }
  | { readonly type: 'uncertain' }
  /** The record was removed, or replaced by one that does not work. The own pair stays staged. */
  | { readonly type: 'displaced'; readonly isRemoved: boolean }
  | { readonly type: 'unstored'; readonly isStaged: boolean }

/** How a rotation ends. */
export type Ending =
  /** Somebody else's record, as it was read last. */
  | { readonly type: 'adopted' }
  /** The staged pair, which the store now holds. */
  | { readonly type: 'committed' }
  | { readonly type: 'failed'; readonly failure: Failure }

/** What is to be done next; exactly one thing at a time. */
export type Effect =
  | { readonly type: 'read'; readonly as: 'start' | 'check' }
  | { readonly type: 'read-stage' }
  | { readonly type: 'wait'; readonly milliseconds: number; readonly why: 'quarantine' | 'store' }
  /** Ask the server whom the access token of the record read last acts for. */
  | { readonly type: 'probe'; readonly as: 'oracle' | 'winner' }
  | { readonly type: 'check-server' }
  | { readonly type: 'write-pending'; readonly over: Snapshot; readonly isReplay: boolean }
  | { readonly type: 'look-at-lock' }
  | { readonly type: 'present' }
  /** Take `pending` back, since nothing came of it; failing is allowed. */
  | { readonly type: 'withdraw'; readonly over: Snapshot }
  /** Note that the grant is dead and whose pair is lost; failing is allowed. */
  | { readonly type: 'note-loss'; readonly over: Snapshot; readonly lost: Pending }
  | { readonly type: 'write-stage' }
  | { readonly type: 'commit'; readonly over: string }
  | { readonly type: 'remove-stage' }
  /** Raise the high-water mark and remove the stage; failing is allowed. */
  | { readonly type: 'finish' }
  | { readonly type: 'end'; readonly ending: Ending }

/** What came of an effect. */
export type RotationEvent =
  | { readonly type: 'found'; readonly stored: Snapshot | null }
  | { readonly type: 'stage-found'; readonly staged: StagedPair | null }
  | { readonly type: 'done' }
  /** `isAccepted`: the server knows the token, and it acts for the account of the record. */
  | { readonly type: 'probed'; readonly isAccepted: boolean }
  /** `null`: another revision stands there. */
  | { readonly type: 'pending-written'; readonly stored: Snapshot | null }
  /** Milliseconds left of the lock, and since `pending` was written; whether this run was asked to stop. */
  | { readonly type: 'lock-seen'; readonly remaining: number; readonly age: number; readonly isStopped: boolean }
  | { readonly type: 'granted'; readonly staged: StagedPair }
  | { readonly type: 'refused'; readonly isGrantDead: boolean }
  | { readonly type: 'unsent' }
  | { readonly type: 'uncertain' }
  | { readonly type: 'written'; readonly isOurs: boolean }
  /** The store failed; whether it did what it was asked to is not known. */
  | { readonly type: 'store-failed' }

/** Where a rotation stands: which effect it waits for, and what it knows. */
export type RotationState =
  | { readonly step: 'reading' | 'reading-after-disturbance'; readonly seen: Origin }
  | { readonly step: 'salvaging' | 'quarantined' | 'asking'; readonly seen: Origin; readonly current: Snapshot }
  | ({ readonly step: 'preparing' | 'intending'; readonly seen: Origin; readonly current: Snapshot } & Presentation)
  | ({ readonly step: 'guarding' | 'presenting'; readonly intent: Snapshot } & Presentation)
  | { readonly step: 'ending'; readonly ending: Ending }
  | ({ readonly step: 'staging' } & Committing)
  | ({ readonly step: 'committing' | 'comparing' | 'proving' } & Committing)
  | ({ readonly step: 'pausing'; readonly next: 'committing' | 'proving' } & Committing)
  | ({ readonly step: 'probing-winner' | 'giving-up' | 'finishing' } & Committing)
  | { readonly step: 'ended' }

/** The record that somebody holds, by what tells it from others. */
export type Origin = Pick<Snapshot, 'lineage' | 'generation'>

/** What is presented, and why that is allowed. */
export interface Presentation {
  /** Whether the refresh token may have been presented before. */
  readonly isReplay: boolean
  /** The run whose pair cannot be found any more; `null`: no pair was ever made. */
  readonly lost: Pending | null
}

/** A pair on its way into the store. */
export interface Committing {
  readonly staged: StagedPair
  /** The revision that the commit names. */
  readonly over: string
  /** Writes so far, this one included. */
  readonly attempt: number
}

/** A state and what is to be done in it. */
export interface Move {
  readonly state: RotationState
  readonly effect: Effect
}
