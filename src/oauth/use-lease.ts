/**
 * The use lease: while somebody works with the token for long, nobody else refreshes it, since a refresh would kill the
 * access token in the middle of that work.
 *
 * It is a lock of its own beside the record's. Who needs both takes the lease first and the lock second, and never waits
 * for the lease while holding the lock. Using an access token that lives needs neither.
 */
import { BusyError, InterruptedError } from '../model/errors.js'
import type { Every } from './kept-lock.js'
import type { TokenRecord } from './record.js'
import { readAgain } from './read-again.js'
import { rotateToken } from './rotation.js'
import type { RotationTools } from './rotation-tools.js'
import type { LeaseArea, LockedStore, LockView, UseLease } from './store.js'

/** What a lease lies on. */
export type LeaseLock = Pick<LockedStore, 'remaining' | 'unlock' | 'prolong'>

/** What leases are made of. */
export interface LeaseOptions {
  lock(timeoutMilliseconds: number): Promise<LeaseLock>
  /** Monotonic milliseconds. */
  elapsed(): number
  readonly every: Every
  /** The lock, for those who do not hold it. */
  readonly view?: LockView
}

/** Milliseconds before its end at which a lease counts as lost: what was started last must be through by then. */
const margin = 30_000

/** Leases over a lock. One that ends by time is prolonged at every third of it. */
export function createLeaseArea(options: LeaseOptions): LeaseArea {
  return {
    ...(options.view === undefined ? {} : { view: options.view }),
    async take(timeoutMilliseconds) {
      const lock = await options.lock(timeoutMilliseconds)
      try {
        const remaining = await lock.remaining()
        return remaining === Number.POSITIVE_INFINITY ? lastingLease(lock) : renewedLease(options, lock, remaining)
      } catch (thrown) {
        await lock.unlock()
        throw thrown
      }
    },
  }
}

/** Freed by the death of its holder and by nothing else. */
function lastingLease(lock: LeaseLock): UseLease {
  return { requireHeld: () => undefined, release: () => lock.unlock() }
}

function renewedLease({ elapsed, every }: LeaseOptions, lock: LeaseLock, remaining: number): UseLease {
  let until = elapsed() + remaining
  let isLost = false
  const prolong = async (): Promise<void> => {
    const askedAt = elapsed()
    // Without an answer it is asked again, until it is over: only the store can say that it is lost before.
    const left = await lock.prolong?.().catch(() => undefined)
    if (left === undefined) return
    if (left <= 0) isLost = true
    else until = askedAt + left
  }
  const stop = every(remaining / 3, () => void prolong())
  return {
    requireHeld() {
      if (!isLost && elapsed() < until - margin) return
      throw new BusyError('The use of the token could not be kept to this run', {
        hint: 'The token store did not answer for a minute and more, or somebody freed the lease. What was begun has been finished; run the same command again.',
      })
    },
    async release() {
      stop()
      await lock.unlock()
    },
  }
}

/** Milliseconds between two looks at the record while somebody else holds the lease. */
const look = 1000

/**
 * Rotates like {@link rotateToken}, with the lease in hand for as long as it takes. While somebody else has it, their
 * newer token is taken as soon as it is there.
 *
 * @throws BusyError naming who holds the lease, where neither it nor a newer token is to be had in time.
 */
export async function rotateUnderLease(
  tools: RotationTools,
  seen: TokenRecord,
  timeoutMilliseconds = tools.lockTimeoutMilliseconds,
): Promise<TokenRecord> {
  const { lease: area, clock, signal } = tools
  if (area === undefined) return rotateToken(tools, seen)
  const deadline = clock.elapsed() + timeoutMilliseconds
  for (;;) {
    const left = Math.max(0, deadline - clock.elapsed())
    const taken = await area.take(Math.min(look, left)).catch((thrown: unknown) => {
      if (thrown instanceof BusyError) return thrown
      throw thrown
    })
    if (!(taken instanceof BusyError)) {
      try {
        return await rotateToken(tools, seen)
      } finally {
        await taken.release()
      }
    }
    if (signal?.aborted === true) throw new InterruptedError('Stopped while the token was in other hands')
    const { record } = await readAgain(tools, tools.store)
    if (record.lineage !== seen.lineage || record.generation !== seen.generation) return record
    if (clock.elapsed() >= deadline) throw taken
  }
}
