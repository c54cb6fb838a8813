/**
 * etcd as a store, over the JSON gateway of its version 3 API: compare-and-set on the modification revision, a lock that
 * is a key under a lease, and a write that needs the lock a transaction that also compares the revision at which it was won.
 *
 * A run whose lease has ended can therefore announce nothing any more, whatever it still believes, and a message of it
 * that was delayed does nothing. A transaction whose answer is lost is sent again only after what stands there has said
 * that it was not done.
 */
import { AuthError, BusyError } from '../../model/errors.js'
import { isObject } from '../../model/schema.js'
import type { CryptoPort, Run, TokenClock } from '../ports.js'
import { decodeBase64, encodeBase64, encodeHex } from '../../model/base64.js'
import { formatRecord, type TokenRecord } from '../record.js'
import { openRecord, type RecordOwner } from '../sealed-record.js'
import type { LockedStore, LockView, Stored, TokenStore } from '../store.js'
import type { EtcdClient } from './etcd-client.js'
import { describeBusy, describeLost, lockSeconds } from './lock-errors.js'

/** What an etcd store is made of. */
export interface EtcdStoreOptions extends RecordOwner {
  /** In words: `etcd at https://a:2379, https://b:2379`. */
  readonly location: string
  readonly client: EtcdClient
  /** The key of the record; the lock lies beside it. */
  readonly key: string
  readonly crypto: CryptoPort
  readonly clock: TokenClock
  readonly run: Run
  /** Seconds of the lease of the lock. Default 120. */
  readonly lockSeconds?: number
}

/** Milliseconds between two attempts at the lock. */
const interval = 500
/** Times that one transaction is sent where answers are lost. */
const sends = 2
/** Attempts at a write that must win whatever stands there. */
const attempts = 5

interface Held {
  readonly text: string
  readonly revision: string
}

/** The etcd store. */
export function createEtcdStore(options: EtcdStoreOptions): TokenStore {
  const read = async (): Promise<Stored | null> => {
    const held = await readKey(options, options.key)
    return held && { ...openRecord(held.text, options, options.location), revision: held.revision }
  }
  return {
    location: options.location,
    capabilities: { lock: 'lease', compareAndSet: true },
    read,
    lock: (timeoutMilliseconds) => waitForLock(options, timeoutMilliseconds, read),
    lockView: viewLock(options),
  }
}

/** Every write of the holder compares the lock's revision: once the key is gone, none of them succeeds any more. */
function viewLock(options: EtcdStoreOptions): LockView {
  const lockKey = `${options.key}.lock`
  return {
    async holder() {
      const held = await readKey(options, lockKey)
      return held === null ? null : readLock(held.text).holder
    },
    async free() {
      await options.client.call('/v3/kv/deleterange', { key: encode(lockKey) }, 'write')
    },
  }
}

async function readKey({ client }: EtcdStoreOptions, key: string): Promise<Held | null> {
  const { kvs } = await client.call('/v3/kv/range', { key: encode(key) }, 'read')
  const [found] = Array.isArray(kvs) ? kvs : []
  if (!isObject(found)) return null
  return { text: decode(found['value']), revision: String(found['mod_revision']) }
}

async function waitForLock(
  options: EtcdStoreOptions,
  timeoutMilliseconds: number,
  read: TokenStore['read'],
): Promise<LockedStore> {
  const { clock } = options
  const lockKey = `${options.key}.lock`
  const deadline = clock.elapsed() + timeoutMilliseconds
  for (;;) {
    // Looked at first: who waits writes nothing into the log of the cluster.
    const held = await readKey(options, lockKey)
    const lock = held === null ? await winLock(options, lockKey) : null
    if (lock !== null) return lockedStore(options, lock, read)
    if (clock.elapsed() >= deadline) {
      const now = held ?? (await readKey(options, lockKey))
      throw describeBusy(options.location, now === null ? 'another run' : readLock(now.text).holder)
    }
    await clock.sleep(Math.min(interval, Math.max(1, deadline - clock.elapsed())))
  }
}

/** One attempt. `null`: another run was faster. */
async function winLock(options: EtcdStoreOptions, lockKey: string): Promise<Lock | null> {
  const { client, clock, run } = options
  const token = encodeHex(options.crypto.randomBytes(16))
  const holder = `${run.holder} on ${run.host}`
  const askedAt = clock.elapsed()
  const granted = await client.call('/v3/lease/grant', { TTL: String(options.lockSeconds ?? lockSeconds) }, 'read')
  const { ID: lease } = granted
  const until = askedAt + secondsOf(granted) * 1000
  const value = encode(JSON.stringify({ token, holder }))
  const put = { requestPut: { key: encode(lockKey), value, lease } }
  const isFree = { key: encode(lockKey), target: 'CREATE', result: 'EQUAL', create_revision: '0' }
  try {
    const answer = await client.call('/v3/kv/txn', { compare: [isFree], success: [put] }, 'write')
    if (answer['succeeded'] === true) return { lockKey, revision: revisionOf(answer), lease, until }
  } catch (lost) {
    // It may have been won although the answer was lost; the token in it says whose it is.
    const held = await readKey(options, lockKey).catch(() => null)
    if (held !== null && readLock(held.text).token === token) return { lockKey, revision: held.revision, lease, until }
    // Without its lease, a transaction that arrives late is refused, and holds nobody off.
    await revokeLease(options, lease)
    throw lost
  }
  await revokeLease(options, lease)
  return null
}

function revisionOf(answer: Readonly<Record<string, unknown>>): string {
  return isObject(answer['header']) ? String(answer['header']['revision']) : ''
}

/** A lease that has ended is answered without its time to live. */
function secondsOf({ TTL: seconds }: Readonly<Record<string, unknown>>): number {
  return Math.max(0, Number(seconds ?? 0)) || 0
}

/** The keys under a lease go with it. One that cannot be revoked ends by itself. */
async function revokeLease({ client }: EtcdStoreOptions, lease: unknown): Promise<void> {
  await client.call('/v3/lease/revoke', { ID: lease }, 'read').catch(() => ({}))
}

function readLock(text: string): { token: string; holder: string } {
  try {
    const { token, holder } = JSON.parse(text) as { token?: unknown; holder?: unknown }
    return { token: String(token), holder: String(holder) }
  } catch {
    return { token: '', holder: 'somebody who is not bbstate' }
  }
}

interface Lock {
  readonly lockKey: string
  /** At which it was won. */
  readonly revision: string
  readonly lease: unknown
  /** On the monotonic clock of this machine, counted from before the lease was asked for. */
  readonly until: number
}

function lockedStore(options: EtcdStoreOptions, lock: Lock, read: TokenStore['read']): LockedStore {
  let isHeld = true
  let until = lock.until
  const isOurs = async (): Promise<boolean> => (await readKey(options, lock.lockKey))?.revision === lock.revision
  const left = (): number => Math.max(0, until - options.clock.elapsed())
  const seal = (record: TokenRecord): string => options.sealer.seal(formatRecord(record), record.lineage)
  return {
    read,
    compareAndSet: (expected, record) =>
      writeText(options, record.pending === null ? null : lock, expected, seal(record)),
    async overwrite(record) {
      await writeOver(options, lock, seal(record))
    },
    discard: () => writeOver(options, lock, null),
    async remaining() {
      return isHeld && (await isOurs()) ? left() : 0
    },
    async prolong() {
      if (!isHeld || left() === 0) return 0
      const askedAt = options.clock.elapsed()
      const { result } = await options.client.call('/v3/lease/keepalive', { ID: lock.lease }, 'read')
      const seconds = isObject(result) ? secondsOf(result) : 0
      // A lease may live on without the key: somebody removed the lock.
      if (seconds === 0 || !(await isOurs())) return 0
      until = askedAt + seconds * 1000
      return left()
    },
    async unlock() {
      if (!isHeld) return
      isHeld = false
      await revokeLease(options, lock.lease)
    },
  }
}

/**
 * One transaction over the record's revision and, where it is needed, the lock's. `null`: another record stands there.
 * @param lock `null`: the record's revision alone decides
 */
async function writeText(
  options: EtcdStoreOptions,
  lock: Lock | null,
  expected: string | null,
  text: string | null,
): Promise<string | null> {
  const { client, key } = options
  const isExpected = { key: encode(key), target: 'MOD', result: 'EQUAL', mod_revision: expected ?? '0' }
  const isLocked =
    lock === null ? [] : [{ key: encode(lock.lockKey), target: 'MOD', result: 'EQUAL', mod_revision: lock.revision }]
  const change =
    text === null
      ? { requestDeleteRange: { key: encode(key) } }
      : { requestPut: { key: encode(key), value: encode(text) } }
  const transaction = { compare: [isExpected, ...isLocked], success: [change] }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.call('/v3/kv/txn', transaction, 'write')
      if (answer['succeeded'] === true) return revisionOf(answer)
      return await judgeRefused(options, lock, text)
    } catch (failure) {
      if (failure instanceof BusyError || attempt === sends) throw failure
      const held = await readKey(options, key).catch(() => {
        throw failure
      })
      if (isSame(held, text)) return held?.revision ?? ''
      if ((held?.revision ?? null) !== expected) return null
      // Nothing was done yet. The transaction is sent again: should the lost one arrive after all, one of the two finds
      // another revision and does nothing.
    }
  }
}

function isSame(held: Held | null, text: string | null): boolean {
  return text === null ? held === null : held?.text === text
}

/** A transaction whose conditions did not hold: ours was done before, the lock is gone, or somebody else wrote. */
async function judgeRefused(options: EtcdStoreOptions, lock: Lock | null, text: string | null): Promise<string | null> {
  const held = await readKey(options, options.key)
  if (isSame(held, text)) return held?.revision ?? ''
  if (lock === null || (await readKey(options, lock.lockKey))?.revision === lock.revision) return null
  throw describeLost(options.location)
}

/** Writes whatever stands there. `false`: nothing stood there, and nothing was to be written. */
async function writeOver(options: EtcdStoreOptions, lock: Lock, text: string | null): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const held = await readKey(options, options.key)
    if (held === null && text === null) return false
    if ((await writeText(options, lock, held?.revision ?? null, text)) !== null) return true
  }
  throw new AuthError('AUTH_STORE', `What ${options.location} holds changes faster than it can be replaced`, {
    hint: 'Find out what else writes there; while the lock is held nothing should.',
  })
}

/** Keys and values travel in Base64. */
function encode(text: string): string {
  return encodeBase64(new TextEncoder().encode(text))
}

function decode(value: unknown): string {
  return new TextDecoder().decode(decodeBase64(typeof value === 'string' ? value : '') ?? new Uint8Array())
}
