/**
 * The port behind which a record is kept, and the port for the pair that is not committed yet.
 *
 * Writing needs the lock, and a write says which revision it expects: the lock keeps two runs from presenting one
 * refresh token, the revision keeps a run whose lock was lost from overwriting what came after it.
 */
import type { Stage, TokenRecord } from './record.js'

/** A record with the store's own, opaque revision of it. */
export interface Stored {
  readonly revision: string
  readonly record: TokenRecord
  readonly isSealed: boolean
}

/** What a store can promise. */
export interface StoreCapabilities {
  /** `kernel`: freed by the death of the holder and by nothing else. `lease`: ends by time. `none`: somebody else's. */
  readonly lock: 'kernel' | 'lease' | 'none'
  /** Whether a write can name the revision that it replaces. */
  readonly compareAndSet: boolean
}

/** A lock as somebody sees it who does not hold it. */
export interface LockView {
  /** Who holds it, in words; `null`: nobody. Never waits. */
  holder(): Promise<string | null>
  /** Frees it, whoever holds it. Absent: only its holder frees it, or time does. */
  free?(): Promise<void>
}

/** A store whose lock is held. */
export interface LockedStore {
  /** As {@link TokenStore.read}. */
  read(): Promise<Stored | null>
  /**
   * Writes durably, if the revision is still the expected one.
   *
   * A record with a `pending` rotation announces a request, and is written only while the lock is held. One without ends
   * what was announced: a pair that was granted is written whatever became of the lock, since nobody else has it.
   * @param expected the revision read before; `null`: nothing must be there
   * @returns the new revision, or `null` where another one stands there
   * @throws BusyError where the lock was needed and is lost
   */
  compareAndSet(expected: string | null, record: TokenRecord): Promise<string | null>
  /** Writes durably whatever stands there, readable or not: a new sign-in replaces it. */
  overwrite(record: TokenRecord): Promise<void>
  /** Removes whatever stands there, readable or not. `false`: nothing did. */
  discard(): Promise<boolean>
  /** Milliseconds for which the lock is surely held; `Infinity` for a kernel lock, 0 where it is lost. */
  remaining(): Promise<number>
  /**
   * Lets a lock that ends by time live on from now. Absent: it ends with its holder, or there is none.
   * @returns milliseconds for which it is surely held; 0 where it was lost
   */
  prolong?(): Promise<number>
  /** Frees the lock; may be called twice. */
  unlock(): Promise<void>
}

/** Where one record is kept, found by canonical base URL and client id. */
export interface TokenStore {
  /** In words, for messages: `the token file /home/…`. */
  readonly location: string
  readonly capabilities: StoreCapabilities
  /**
   * The record as it stands, without waiting for a lock.
   * @throws AuthError `AUTH_STORE` where something stands there that cannot be used.
   */
  read(): Promise<Stored | null>
  /**
   * Waits for the lock.
   * @throws BusyError naming the holder, where it is not free in time.
   */
  lock(timeoutMilliseconds: number): Promise<LockedStore>
  /** Absent where the store has no lock of its own. */
  readonly lockView?: LockView
}

/** Where a new pair lies between the server's answer and the commit: on this machine, outside the workspace. */
export interface StageArea {
  /** In words, for messages. */
  readonly location: string
  read(): Promise<Stage | null>
  /** Returns when it would survive a power failure. */
  write(stage: Stage): Promise<void>
  remove(): Promise<void>
}

/**
 * The highest generation of each lineage that this machine has seen. It lies apart from the record, so that a record
 * that comes back from a backup is recognised: its refresh token has been used, and presenting it again may make the
 * server revoke the newer one.
 */
export interface HighWaterMark {
  /** 0 where the lineage is not known. */
  read(lineage: string): Promise<number>
  write(lineage: string, generation: number): Promise<void>
}

/** A lease that is held. */
export interface UseLease {
  /** @throws BusyError where it was lost: others may refresh by now, so nothing more may be started. */
  requireHeld(): void
  /** May be called twice. */
  release(): Promise<void>
}

/** Where leases of one record are taken. */
export interface LeaseArea {
  /** @throws BusyError naming the holder, where it is not free in time. */
  take(timeoutMilliseconds: number): Promise<UseLease>
  readonly view?: LockView
}
