/**
 * Locks that end by time, kept alive for as long as their holder lives.
 *
 * They are short, so that the lock of a run that was killed holds others off for two minutes at most, while the answer of
 * a slow server may take five. Whether one is still held is asked of the store, directly before it matters.
 */
import type { LockedStore, TokenStore } from './store.js'

/** Runs something again and again, without keeping the process alive; returns how to stop it. */
export type Every = (milliseconds: number, run: () => void) => () => void

/** Milliseconds between two prolongations: a third of the shortest lock, so that one of them may fail. */
const interval = 30_000
/** Milliseconds below which a lock is prolonged before it is relied on. */
const short = 80_000

/** A store whose locks live as long as their holder. One whose locks do not end by time stays as it is. */
export function keepLocks(store: TokenStore, every: Every): TokenStore {
  return store.capabilities.lock === 'lease'
    ? { ...store, lock: async (timeoutMilliseconds) => keepLock(await store.lock(timeoutMilliseconds), every) }
    : store
}

function keepLock(locked: LockedStore, every: Every): LockedStore {
  let isLost = false
  const prolong = async (): Promise<number> => {
    const left = await locked.prolong?.()
    if (left === 0) isLost = true
    return left ?? 0
  }
  // Without an answer it is asked again: only the store can say that the lock is lost before its time is over.
  const stop = every(interval, () => void prolong().catch(() => 0))
  return {
    ...locked,
    async remaining() {
      if (isLost) return 0
      const left = await locked.remaining()
      return left > 0 && left < short ? Math.max(left, await prolong().catch(() => 0)) : left
    },
    async unlock() {
      stop()
      await locked.unlock()
    },
  }
}
