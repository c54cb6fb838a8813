/**
 * HashiCorp Vault or OpenBao as a store: a secret of the key-value engine, version 2, whose writes name the version that
 * they replace (`cas`). The lock is a secret beside it with an end by the store's own clock, won by the same `cas`.
 *
 * The answer to a wrong `cas` is a 400 like any other, told apart only by its text; so a 400 is never judged by itself:
 * the version that stands there says what it was.
 */
import { AuthError } from '../../model/errors.js'
import { isObject } from '../../model/schema.js'
import { encodeHex } from '../../model/base64.js'
import type { CryptoPort, Run, TokenClock } from '../ports.js'
import { formatRecord, type TokenRecord } from '../record.js'
import { openRecord, type RecordOwner } from '../sealed-record.js'
import type { LockedStore, LockView, Stored, TokenStore } from '../store.js'
import { describeBusy, describeLost, lockSeconds } from './lock-errors.js'
import type { VaultAnswer, VaultClient } from './vault-client.js'

/** What a Vault store is made of. */
export interface VaultStoreOptions extends RecordOwner {
  /** In words: `Vault at https://vault.example.com, secret/bbstate`. */
  readonly location: string
  readonly client: VaultClient
  /** Where the engine is mounted, `secret`. */
  readonly mount: string
  /** The secret below it, `bbstate/git.example.com-0123`; the lock lies beside it. */
  readonly path: string
  readonly crypto: CryptoPort
  readonly clock: TokenClock
  readonly run: Run
  /** Seconds of the lock. Default 120. */
  readonly lockSeconds?: number
}

const interval = 1000
const attempts = 5

/** A secret as it stands: `data` is `null` where it was never written or was deleted. */
interface Held {
  readonly data: Readonly<Record<string, unknown>> | null
  /** 0 where nothing was ever written. */
  readonly version: number
}

/** The Vault store. */
export function createVaultStore(options: VaultStoreOptions): TokenStore {
  const read = async (): Promise<Stored | null> => {
    const { data, version } = await readSecret(options, options.path)
    const text = data?.['record']
    if (typeof text !== 'string') return null
    return { ...openRecord(text, options, options.location), revision: String(version) }
  }
  return {
    location: options.location,
    capabilities: { lock: 'lease', compareAndSet: true },
    read,
    lock: (timeoutMilliseconds) => waitForLock(options, timeoutMilliseconds, read),
    lockView: viewLock(options),
  }
}

/** The holder looks at its lock before every write: once another version stands there, it writes nothing any more. */
function viewLock(options: VaultStoreOptions): LockView {
  const path = lockPath(options)
  return {
    async holder() {
      const { data, now } = await readSecret(options, path)
      return data === null || Number(data['until']) <= now ? null : String(data['holder'])
    },
    async free() {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const { data, version } = await readSecret(options, path)
        // An end in the past, not 0: who takes it next gives the record another version, as after a lock that has ended.
        if (data === null || (await writeSecret(options, path, version, { until: 1 })) !== null) return
      }
    },
  }
}

async function readSecret({ client, mount }: VaultStoreOptions, path: string): Promise<Held & { now: number }> {
  const answer = await client.call('GET', `/v1/${mount}/data/${path}`)
  // Nothing there, or nowhere to look: an engine of version 1 answers the same.
  if (answer.status === 404 && answer.body['data'] === undefined) await client.requireMount(mount)
  // 404 with data is a version that was deleted; without, nothing was ever there.
  const outer = isObject(answer.body['data']) ? answer.body['data'] : {}
  const metadata = isObject(outer['metadata']) ? outer['metadata'] : {}
  const version = Number(metadata['version'] ?? 0)
  // Version 1 of the engine gives back what was written, without a version.
  if (answer.status !== 404 && !(version > 0)) throw client.refuse(answer)
  const data = answer.status === 200 && isObject(outer['data']) ? outer['data'] : null
  return { data, version, now: answer.now }
}

/** Writes over a version. `null`: another one stands there. */
async function writeSecret(
  options: VaultStoreOptions,
  path: string,
  expected: number,
  data: Readonly<Record<string, unknown>>,
): Promise<number | null> {
  const { client, mount } = options
  let answer: VaultAnswer | undefined
  let failure: Error | undefined
  try {
    answer = await client.call('POST', `/v1/${mount}/data/${path}`, { options: { cas: expected }, data })
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    failure = thrown
  }
  if (answer?.status === 200) {
    const outer = isObject(answer.body['data']) ? answer.body['data'] : {}
    return Number(outer['version'])
  }
  const held = await readSecret(options, path).catch(() => {
    throw failure ?? client.refuse(answer)
  })
  if (held.version === expected + 1 && isSame(held.data, data)) return held.version
  if (held.version !== expected) return null
  throw failure ?? client.refuse(answer)
}

/** Vault gives the members of an object back in an order of its own. */
function isSame(held: Held['data'], data: Readonly<Record<string, unknown>>): boolean {
  if (held === null || Object.keys(held).length !== Object.keys(data).length) return false
  return Object.entries(data).every(([name, value]) => held[name] === value)
}

/** A lock that was won. It is known by its token: its version grows whenever it is prolonged. */
interface Lock {
  readonly token: string
  readonly holder: string
  /** On the monotonic clock of this machine. */
  readonly localUntil: number
}

async function waitForLock(
  options: VaultStoreOptions,
  timeoutMilliseconds: number,
  read: TokenStore['read'],
): Promise<LockedStore> {
  const { clock, run, crypto } = options
  const path = lockPath(options)
  const token = encodeHex(crypto.randomBytes(16))
  const holder = `${run.holder} on ${run.host}`
  const deadline = clock.elapsed() + timeoutMilliseconds
  for (;;) {
    const askedAt = clock.elapsed()
    const held = await readSecret(options, path)
    if (held.data === null || endOf(held) <= held.now) {
      const mark = { token, holder, until: held.now + lifeOf(options) }
      const version = await writeSecret(options, path, held.version, mark)
      if (version !== null) {
        const locked = lockedStore(options, { token, holder, localUntil: askedAt + lifeOf(options) }, read)
        if (endOf(held) > 0) await orUnlock(locked, fenceOff(options))
        return locked
      }
    }
    if (clock.elapsed() >= deadline)
      throw describeBusy(options.location, String(held.data?.['holder'] ?? 'another run'))
    await clock.sleep(Math.min(interval, Math.max(1, deadline - clock.elapsed())))
  }
}

function lockPath({ path }: VaultStoreOptions): string {
  return `${path}.lock`
}

function lifeOf(options: VaultStoreOptions): number {
  return (options.lockSeconds ?? lockSeconds) * 1000
}

/** By the store's clock, milliseconds since 1970; 0 where the lock was freed, or never taken. */
function endOf({ data }: Held): number {
  return Number(data?.['until'] ?? 0) || 0
}

/**
 * Gives the record another version. Vault cannot compare two secrets in one step, so a write of a holder whose lock has
 * ended, still on its way, would be taken as long as the version is the one it names.
 */
async function fenceOff(options: VaultStoreOptions): Promise<void> {
  const { data, version } = await readSecret(options, options.path)
  // Where another version stands there by now, the write has arrived, and is seen by whoever reads from here on.
  if (data !== null) await writeSecret(options, options.path, version, data)
}

async function orUnlock(locked: LockedStore, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (thrown) {
    await locked.unlock()
    throw thrown
  }
}

function lockedStore(options: VaultStoreOptions, lock: Lock, read: TokenStore['read']): LockedStore {
  const { clock, location } = options
  let isHeld = true
  let { localUntil } = lock
  const isOurs = (held: Held): boolean => held.data?.['token'] === lock.token
  const left = (held: Held & { readonly now: number }): number =>
    isOurs(held) ? Math.max(0, Math.min(endOf(held) - held.now, localUntil - clock.elapsed())) : 0
  const seal = (record: TokenRecord): string => options.sealer.seal(formatRecord(record), record.lineage)
  const requireLock = async (): Promise<void> => {
    // Another run may hold the lock by now; then nothing of this one may be announced any more.
    if (left(await readSecret(options, lockPath(options))) === 0) throw describeLost(location)
  }
  const write = async (expected: number, text: string | null): Promise<string | null> => {
    const version = await writeSecret(options, options.path, expected, text === null ? {} : { record: text })
    return version === null ? null : String(version)
  }
  const free = async (): Promise<void> => {
    // It may be prolonged at this very moment.
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const held = await readSecret(options, lockPath(options))
      if (!isOurs(held) || (await writeSecret(options, lockPath(options), held.version, { until: 0 })) !== null) return
    }
  }
  const writeOver = async (text: string | null): Promise<boolean> => {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const held = await readSecret(options, options.path)
      if (held.data?.['record'] === undefined && text === null) return false
      await requireLock()
      if ((await write(held.version, text)) !== null) return true
    }
    throw new AuthError('AUTH_STORE', `What ${options.location} holds changes faster than it can be replaced`, {
      hint: 'Find out what else writes there; while the lock is held nothing should.',
    })
  }
  return {
    read,
    async compareAndSet(expected, record) {
      if (record.pending !== null) await requireLock()
      if (expected !== null) return write(Number(expected), seal(record))
      const held = await readSecret(options, options.path)
      return held.data?.['record'] === undefined ? write(held.version, seal(record)) : null
    },
    async overwrite(record) {
      await writeOver(seal(record))
    },
    discard: () => writeOver(null),
    async remaining() {
      return isHeld ? left(await readSecret(options, lockPath(options))) : 0
    },
    async prolong() {
      const askedAt = clock.elapsed()
      const held = await readSecret(options, lockPath(options))
      if (!isHeld || left(held) === 0) return 0
      const { token, holder } = lock
      const mark = { token, holder, until: held.now + lifeOf(options) }
      const version = await writeSecret(options, lockPath(options), held.version, mark)
      if (version === null) return 0
      localUntil = askedAt + lifeOf(options)
      return Math.max(0, localUntil - clock.elapsed())
    },
    async unlock() {
      if (!isHeld) return
      isHeld = false
      // A lock that cannot be freed ends by itself.
      await free().catch(() => undefined)
    },
  }
}
