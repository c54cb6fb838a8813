/**
 * Moves a sign-in from one store to another, so that at no moment two stores hold a token that may be used.
 *
 * A note in the source comes first: from then on nobody uses or refreshes the token there. Then the target is written and
 * read back, the user's profile is turned to it, and the source is cleared. A move that is killed between any two steps
 * is finished by running it again: the note says where to, and the target says how far it came.
 */
import { AuthError } from '../model/errors.js'
import { digestToken, type Moving, type TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import { takeBoth } from './sign-in.js'
import type { LockedStore, Stored } from './store.js'

/** What a move needs beside the tools of both stores. */
export interface MoveSteps {
  /** The target, as `--token-store` names it. */
  readonly to: string
  /** Turns later runs to the target; called before the source is cleared. */
  turn(): Promise<void>
  /** The source is clear. */
  finish(): Promise<void>
}

/** The record in its new place. `isNew: false`: it had been moved before, and nothing was left to do. */
export interface Moved {
  readonly stored: Stored
  readonly isNew: boolean
}

/**
 * Moves what the source holds, or finishes a move that was begun.
 * @throws AuthError `AUTH_STORE`, `AUTH_UNCERTAIN`, `AUTH_SIGN_IN_REQUIRED`; BusyError. The message says where the token is.
 */
export async function moveSignIn(source: RotationTools, target: RotationTools, steps: MoveSteps): Promise<Moved> {
  const from = await takeBoth(source, source.lockTimeoutMilliseconds)
  try {
    const to = await takeBoth(target, target.lockTimeoutMilliseconds)
    try {
      return await moveBetween({ source, target, steps, from: from.locked, to: to.locked })
    } finally {
      await to.release()
    }
  } finally {
    await from.release()
  }
}

interface Way {
  readonly source: RotationTools
  readonly target: RotationTools
  readonly steps: MoveSteps
  readonly from: LockedStore
  readonly to: LockedStore
}

async function moveBetween(way: Way): Promise<Moved> {
  const { source, steps, from, to } = way
  const [left, found] = [await from.read(), await to.read()]
  if (left === null) return finishCleared(way, found)
  requireMovable(way, left.record)
  if (found !== null && found.record.lineage !== left.record.lineage) throw describeOccupied(way, found.record)
  // Somebody who knew the new place has refreshed there already: what the source holds is used up.
  const isBehind =
    found !== null && found.record.moving === undefined && found.record.generation >= left.record.generation
  const noted = await noteMove(way, left)
  const stored = isBehind ? found : await writeTarget(way, noted, found)
  await way.target.mark.write(stored.record.lineage, stored.record.generation).catch(() => undefined)
  await steps.turn()
  await source.stage.remove()
  await from.discard()
  await steps.finish()
  return { stored, isNew: true }
}

/** Nothing is left in the source: it was moved and cleared before, or nobody was ever signed in. */
async function finishCleared({ source, target, steps }: Way, found: Stored | null): Promise<Moved> {
  if (found === null) {
    const { baseUrl } = source.transport
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${baseUrl}: there is no token to move`, {
      hint: `Neither ${source.store.location} nor ${target.store.location} holds one. Sign in where it shall lie: bbstate auth login --token-store ${steps.to}`,
    })
  }
  await steps.turn()
  await steps.finish()
  return { stored: found, isNew: false }
}

function requireMovable({ source, steps }: Way, { pending, moving }: TokenRecord): void {
  if (pending !== null) {
    throw new AuthError('AUTH_UNCERTAIN', `A refresh of the token in ${source.store.location} is unfinished`, {
      hint: 'Nothing was moved. Run bbstate auth recover first: what it needs lies with this store.',
    })
  }
  if (moving === undefined || moving.to === steps.to) return
  throw new AuthError('AUTH_STORE', `The token in ${source.store.location} is being moved to ${moving.to} already`, {
    hint: `Finish that first: bbstate auth move --to ${moving.to}`,
  })
}

function describeOccupied({ target, steps }: Way, { account, authorizedAt }: TokenRecord): AuthError {
  const whose = `another sign-in (of ${account ?? 'an unnamed account'}, ${new Date(authorizedAt).toISOString()})`
  return new AuthError('AUTH_STORE', `${target.store.location} holds ${whose}`, {
    hint: `Nothing was moved. To give that one up: bbstate auth logout --token-store ${steps.to}`,
  })
}

async function noteMove({ source, steps, from }: Way, left: Stored): Promise<Stored> {
  if (left.record.moving !== undefined) return left
  const moving: Moving = { to: steps.to, startedAt: source.clock.now() }
  const record = { ...left.record, moving }
  const revision = await from.compareAndSet(left.revision, record)
  if (revision !== null) return { ...left, revision, record }
  throw new AuthError('AUTH_STORE', `${source.store.location} was changed by somebody who does not hold its lock`, {
    hint: 'Nothing was moved. Run the same command again; if it stays so, find out what else writes there.',
  })
}

async function writeTarget(way: Way, noted: Stored, found: Stored | null): Promise<Stored> {
  const { target, to } = way
  const { moving: _, ...record } = noted.record
  const failure = await to.compareAndSet(found?.revision ?? null, record).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  const written = await to.read().catch(() => undefined)
  if (written !== null && written !== undefined && isSame(written.record, record, target)) return written
  // The target was seen, and does not hold it: the token is given back to the source.
  if (written !== undefined && (await withdraw(way, noted, record))) throw describeFailure(way, failure, true)
  throw describeFailure(way, failure, false)
}

async function withdraw({ from }: Way, noted: Stored, record: TokenRecord): Promise<boolean> {
  return (await from.compareAndSet(noted.revision, record).catch(() => null)) !== null
}

function isSame(found: TokenRecord, record: TokenRecord, { crypto }: RotationTools): boolean {
  const digest = ({ lineage, refreshToken }: TokenRecord): string => digestToken(lineage, refreshToken, crypto)
  return found.generation === record.generation && digest(found) === digest(record)
}

function describeFailure({ source, target }: Way, failure: unknown, isBack: boolean): AuthError {
  // Only what this program itself says of a store is repeated: another message may quote what was written.
  const reason = failure instanceof AuthError ? failure.message : 'what was written could not be read back'
  const where = isBack
    ? `The token is in ${source.store.location} as before.`
    : `The token is safe in ${source.store.location}, and is not used until the move is finished: run the same command again.`
  return new AuthError('AUTH_STORE', `The token could not be moved to ${target.store.location}: ${reason}`, {
    hint: `${where}`,
  })
}
