/**
 * The default store: one file on this machine, a kernel lock on a second one that is never renamed or deleted.
 *
 * The revision is a hash of the file's bytes. Between comparing and replacing only the lock protects it, and every
 * writer holds the lock; a writer that does not is found at the next comparison.
 */
import { encodeHex } from '../../model/base64.js'
import type { CryptoPort } from '../ports.js'
import { formatRecord, formatStage, parseStage } from '../record.js'
import type { Sealer } from '../seal.js'
import { openRecord } from '../sealed-record.js'
import type { HighWaterMark, LockedStore, StageArea, Stored, TokenStore } from '../store.js'
import { describeLost } from './lock-errors.js'

/** Private, durable files. */
export interface RecordFiles {
  /**
   * The text of a file, `null` where there is none.
   * @throws AuthError `AUTH_STORE` where it is no regular file of this user alone.
   */
  read(path: string): Promise<string | null>
  /** Replaces the file in one step, readable by this user alone; returns when it would survive a power failure. */
  replace(path: string, text: string): Promise<void>
  /** Removes the file, durably like `replace`. `false`: there was none. */
  remove(path: string): Promise<boolean>
}

/** A lock that is held. */
export interface FileLock {
  /** Whether the lock file that was locked is still the one others would lock. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** What a file store is made of. */
export interface FileStoreOptions {
  /** Path of the record. */
  readonly path: string
  /** Path of the lock file. */
  readonly lockPath: string
  readonly baseUrl: string
  readonly clientId: string
  readonly files: RecordFiles
  /** @throws BusyError where the lock is not free in time. */
  readonly lock: (path: string, timeoutMilliseconds: number) => Promise<FileLock>
  /** Who holds the lock, in words. Absent: nobody can tell. */
  readonly holderOf?: (path: string) => Promise<string | null>
  readonly sealer: Sealer
  readonly crypto: CryptoPort
}

/** The file store over files and locks of the machine. */
export function createFileStore(options: FileStoreOptions): TokenStore {
  const location = `the token file ${options.path}`
  const read = async (): Promise<Stored | null> => {
    const text = await options.files.read(options.path)
    return text === null ? null : { ...openRecord(text, options, location), revision: hash(text, options.crypto) }
  }
  const { holderOf } = options
  return {
    location,
    capabilities: { lock: 'kernel', compareAndSet: true },
    read,
    async lock(timeoutMilliseconds) {
      const lock = await options.lock(options.lockPath, timeoutMilliseconds)
      return lockedStore(options, lock, read)
    },
    // The kernel frees it with the death of the holder, and by nothing else.
    ...(holderOf === undefined ? {} : { lockView: { holder: () => holderOf(options.lockPath) } }),
  }
}

/** The stage beside the file store's record, sealed like it. */
export function createFileStage(path: string, files: RecordFiles, sealer: Sealer): StageArea {
  const location = `the staged token ${path}`
  return {
    location,
    async read() {
      const text = await files.read(path)
      return text === null ? null : parseStage(sealer.open(text).text, location)
    },
    async write(stage) {
      await files.replace(path, sealer.seal(formatStage(stage), stage.record.lineage))
    },
    async remove() {
      await files.remove(path)
    },
  }
}

/** The high-water mark in a file of its own. */
export function createFileMark(path: string, files: RecordFiles): HighWaterMark {
  return {
    async read(lineage) {
      const [seen, generation] = ((await files.read(path)) ?? '').split(' ')
      return seen === lineage ? Number(generation) || 0 : 0
    },
    write: (lineage, generation) => files.replace(path, `${lineage} ${generation}\n`),
  }
}

function lockedStore(options: FileStoreOptions, lock: FileLock, read: TokenStore['read']): LockedStore {
  const { files, path, crypto } = options
  const holdsRevision = async (expected: string | null): Promise<boolean> => {
    const text = await files.read(path)
    return (text === null ? null : hash(text, crypto)) === expected
  }
  return {
    read,
    async compareAndSet(expected, record) {
      if (record.pending !== null && !(await lock.isHeld())) throw describeLost(`the directory of ${path}`)
      if (!(await holdsRevision(expected))) return null
      const text = options.sealer.seal(formatRecord(record), record.lineage)
      await files.replace(path, text)
      return hash(text, crypto)
    },
    overwrite: (record) => files.replace(path, options.sealer.seal(formatRecord(record), record.lineage)),
    discard: () => files.remove(path),
    remaining: async () => ((await lock.isHeld()) ? Number.POSITIVE_INFINITY : 0),
    unlock: () => lock.release(),
  }
}

function hash(text: string, crypto: CryptoPort): string {
  return encodeHex(crypto.sha256(new TextEncoder().encode(text)))
}
