/**
 * The store behind a helper of the user's own. What the helper promises (compare-and-set on a revision, a lock that ends
 * by time) is all that is relied on; a write whose answer is lost is read back.
 */
import { AuthError } from '../../model/errors.js'
import { encodeHex } from '../../model/base64.js'
import type { CryptoPort, Run, TokenClock } from '../ports.js'
import { formatRecord, type TokenRecord } from '../record.js'
import { openRecord, type RecordOwner } from '../sealed-record.js'
import type { LockedStore, Stored, TokenStore } from '../store.js'
import { greatestText, type HeldText, type Helper } from './exec-protocol.js'
import { describeBusy, describeLost, lockSeconds } from './lock-errors.js'

/** What an exec store is made of. */
export interface ExecStoreOptions extends RecordOwner {
  readonly helper: Helper
  /** Name of the record in the helper's store. */
  readonly key: string
  readonly crypto: CryptoPort
  readonly clock: TokenClock
  readonly run: Run
}

/** A shorter lock would be about to end before the token is even sent. */
const leastLockSeconds = 90
/** Milliseconds between two attempts at the lock; each starts a process. */
const interval = 1000
/** Attempts at a write that must win whatever stands there. */
const attempts = 5

/** The exec store over a helper. */
export function createExecStore(options: ExecStoreOptions): TokenStore {
  const { helper, key, clock } = options
  const read = async (): Promise<Stored | null> => {
    const held = await helper.read(key)
    return held && { ...openRecord(held.text, options, helper.location), revision: held.revision }
  }
  return {
    location: helper.location,
    capabilities: { lock: 'lease', compareAndSet: true },
    read,
    // The protocol frees a lock for the one who has its token, so others can only wait until it ends.
    lockView: { holder: () => askHolder(options) },
    async lock(timeoutMilliseconds) {
      await helper.requireCapabilities()
      const token = encodeHex(options.crypto.randomBytes(16))
      const holder = nameHolder(options.run)
      const deadline = clock.elapsed() + timeoutMilliseconds
      for (;;) {
        // Before the question: the lock may have begun to live as soon as it was asked for.
        const askedAt = clock.elapsed()
        const { heldBy, seconds } = await helper
          .lock(key, token, lockSeconds, holder)
          .catch(async (failure: unknown) => {
            // It may have been granted although the answer was lost; then nobody waits for it to end by itself.
            await helper.unlock(key, token).catch(() => false)
            throw failure
          })
        if (heldBy === null && seconds >= leastLockSeconds) {
          return lockedStore(options, token, askedAt + seconds * 1000, read)
        }
        if (heldBy === null) {
          await helper.unlock(key, token).catch(() => false)
          throw describeShortLock(helper.location, seconds)
        }
        if (clock.elapsed() >= deadline) throw describeBusy(helper.location, heldBy)
        await clock.sleep(Math.min(interval, Math.max(1, deadline - clock.elapsed())))
      }
    },
  }
}

/** Others get it back as a text, which the protocol bounds. */
function nameHolder({ holder, host }: Run): string {
  return `${holder} on ${host}`.slice(0, greatestText)
}

function lockedStore(options: ExecStoreOptions, token: string, end: number, read: TokenStore['read']): LockedStore {
  const { helper, key, clock, run } = options
  let isHeld = true
  let until = end
  const left = (): number => (isHeld ? Math.max(0, until - clock.elapsed()) : 0)
  const seal = (record: TokenRecord): string => options.sealer.seal(formatRecord(record), record.lineage)
  return {
    read,
    async compareAndSet(expected, record) {
      // The helper does not compare the lock: that a write arrives late is found by the age of the pending mark.
      if (record.pending !== null && left() === 0) throw describeLost(helper.location)
      return writeText(options, expected, seal(record))
    },
    async overwrite(record) {
      await writeOver(options, seal(record))
    },
    discard: () => writeOver(options, null),
    remaining: () => Promise.resolve(left()),
    async prolong() {
      if (left() === 0) return 0
      const askedAt = clock.elapsed()
      const { heldBy, seconds } = await helper.lock(key, token, lockSeconds, nameHolder(run))
      until = heldBy === null ? askedAt + seconds * 1000 : 0
      return left()
    },
    async unlock() {
      if (!isHeld) return
      isHeld = false
      // A lock that cannot be freed ends by itself; what was done under it is done.
      await helper.unlock(key, token).catch(() => false)
    },
  }
}

/** Writes over a revision. Where the helper does not say what became of it, what stands there says it. */
async function writeText(
  { helper, key }: ExecStoreOptions,
  expected: string | null,
  text: string | null,
): Promise<string | null> {
  try {
    return await helper.write(key, expected, text)
  } catch (failure) {
    const held = await readBack(helper, key, failure)
    if (held?.text === text && held !== null) return held.revision
    if (text === null && held === null) return ''
    if ((held?.revision ?? null) !== expected) return null
    throw failure
  }
}

async function readBack(helper: Helper, key: string, failure: unknown): Promise<HeldText | null> {
  try {
    return await helper.read(key)
  } catch {
    throw failure
  }
}

/** Writes whatever stands there. `false`: nothing stood there, and nothing was to be written. */
async function writeOver(options: ExecStoreOptions, text: string | null): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const held = await options.helper.read(options.key)
    if (held === null && text === null) return false
    if ((await writeText(options, held?.revision ?? null, text)) !== null) return true
  }
  throw new AuthError('AUTH_STORE', `What ${options.helper.location} holds changes faster than it can be replaced`, {
    hint: 'Find out what else writes there; while the lock is held nothing should.',
  })
}

/** Asks for the lock, which tells who has it, and gives it back where nobody has. */
async function askHolder({ helper, key, crypto, run }: ExecStoreOptions): Promise<string | null> {
  const token = encodeHex(crypto.randomBytes(16))
  const { heldBy } = await helper.lock(key, token, leastLockSeconds, nameHolder(run))
  if (heldBy === null) await helper.unlock(key, token)
  return heldBy
}

function describeShortLock(location: string, seconds: number): AuthError {
  return new AuthError(
    'AUTH_STORE',
    `${location} grants locks of ${seconds} s; a refresh needs ${leastLockSeconds} s`,
    {
      hint: `bbstate asks for ${lockSeconds} s. Let the helper grant them.`,
    },
  )
}
