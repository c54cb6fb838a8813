/**
 * An environment secret of GitHub as a store: the weakest one, for whoever has nothing else.
 *
 * A secret is written and never read back: its value reaches a job as a variable, once, when the job starts. So what this
 * job has written lies beside in a private file, which later steps read instead. There is no compare-and-set and no lock
 * between jobs: the concurrency group of the workflow must keep them apart, and nothing here can find out if it does not.
 */
import { AuthError } from '../../model/errors.js'
import { encodeHex } from '../../model/base64.js'
import type { CryptoPort } from '../ports.js'
import { formatRecord, type TokenRecord } from '../record.js'
import { openRecord, type RecordOwner } from '../sealed-record.js'
import type { LockedStore, Stored, TokenStore } from '../store.js'
import type { FileLock, RecordFiles } from './file.js'

/** The variable through which a job gets the record. */
export const githubRecordVariable = 'BBSTATE_TOKEN_RECORD'

/** Said at the start of every run that uses this store. */
export const githubWarning =
  'The token is kept in a GitHub secret, the weakest of all stores: only the concurrency group of the workflow keeps two runs from using up one refresh token. See docs/reference/token-stores.md.'

/** Writes and removes secrets of one environment. */
export interface GithubSecrets {
  /**
   * Returns when GitHub has confirmed the write.
   * @param repeats whether the write may be sent again although an earlier one may still be on its way: only where
   * nothing that is written later can be undone by its late arrival
   * @throws AuthError `AUTH_STORE` where it is refused, or where no confirmation came.
   */
  write(name: string, value: string, repeats: boolean): Promise<void>
  /** `false`: there was none. */
  remove(name: string): Promise<boolean>
}

/** What a GitHub store is made of. */
export interface GithubStoreOptions extends RecordOwner {
  /** In words: `the secret NAME of the environment production of acme/settings`. */
  readonly location: string
  readonly secrets: GithubSecrets
  readonly secretName: string
  /** What the job was given in {@link githubRecordVariable}; `null`: nothing. */
  readonly given: string | null
  /** Where this job keeps what it has written; `null` outside of a job, where nothing may be kept. */
  readonly job: GithubJob | null
  readonly crypto: CryptoPort
}

/** Files of the job, which end with it. */
export interface GithubJob {
  readonly path: string
  readonly files: RecordFiles
  /** Keeps the processes of one job apart. @throws BusyError */
  readonly lock: (timeoutMilliseconds: number) => Promise<FileLock>
}

/** What this job has written last: it counts instead of the variable that it was written over. */
interface Written {
  /** Digest of the variable. */
  readonly over: string
  /** `null`: removed. */
  readonly text: string | null
}

/** The store over an environment secret. */
export function createGithubStore(options: GithubStoreOptions): TokenStore {
  const memory: { written: Written | null } = { written: null }
  const read = async (): Promise<Stored | null> => {
    const written = options.job === null ? memory.written : await readWritten(options, options.job)
    return chooseRecord(options, written)
  }
  const keep = async (text: string | null): Promise<void> => {
    memory.written = { over: digest(options.given ?? '', options.crypto), text }
    await options.job?.files.replace(options.job.path, JSON.stringify(memory.written))
  }
  return {
    location: options.location,
    capabilities: { lock: 'none', compareAndSet: false },
    read,
    async lock(timeoutMilliseconds) {
      const lock = await options.job?.lock(timeoutMilliseconds)
      try {
        await proveWritable(options)
      } catch (thrown) {
        await lock?.release()
        throw thrown
      }
      return lockedStore(options, lock, read, keep)
    },
  }
}

/** Before anything is at stake: a secret beside the real one is written the very same way. */
async function proveWritable(options: GithubStoreOptions): Promise<void> {
  try {
    await options.secrets.write(`${options.secretName}_CANARY`, encodeHex(options.crypto.randomBytes(8)), true)
  } catch (thrown) {
    if (!(thrown instanceof AuthError)) throw thrown
    const hint = `Nothing was sent to Bitbucket, and the token is still good. ${thrown.hint ?? ''}`.trim()
    const requestId = thrown.requestId === undefined ? {} : { requestId: thrown.requestId }
    throw new AuthError('AUTH_STORE', `${options.location} cannot be written: ${thrown.message}`, {
      hint,
      ...requestId,
    })
  }
}

function lockedStore(
  options: GithubStoreOptions,
  lock: FileLock | undefined,
  read: TokenStore['read'],
  keep: (text: string | null) => Promise<void>,
): LockedStore {
  let isOpen = true
  const write = async (record: TokenRecord): Promise<string> => {
    const text = options.sealer.seal(formatRecord(record), record.lineage)
    // A `pending` that arrives late would undo the commit that follows it, so it is sent once. A commit is the last write.
    await options.secrets.write(options.secretName, text, record.pending === null)
    await keep(text)
    return digest(text, options.crypto)
  }
  return {
    read,
    async compareAndSet(expected, record) {
      const found = await read()
      return (found?.revision ?? null) === expected ? write(record) : null
    },
    async overwrite(record) {
      await write(record)
    },
    async discard() {
      const wasThere = await options.secrets.remove(options.secretName)
      await options.secrets.remove(`${options.secretName}_CANARY`)
      await keep(null)
      return wasThere
    },
    remaining: async () => (isOpen && (lock === undefined || (await lock.isHeld())) ? Number.POSITIVE_INFINITY : 0),
    async unlock() {
      isOpen = false
      await lock?.release()
    },
  }
}

async function readWritten(options: GithubStoreOptions, job: GithubJob): Promise<Written | null> {
  const text = await job.files.read(job.path)
  if (text === null) return null
  try {
    const data = JSON.parse(text) as Written
    if (typeof data.over === 'string' && (data.text === null || typeof data.text === 'string')) return data
  } catch {
    // Told below; the parser's own message quotes the text.
  }
  throw new AuthError(
    'AUTH_STORE',
    `${job.path}, where this job keeps what it wrote to ${options.location}, is damaged`,
    {
      hint: 'Remove it and run the job again.',
    },
  )
}

/** What this job wrote over the variable that it was given; else the newer of the two, of different jobs. */
function chooseRecord(options: GithubStoreOptions, written: Written | null): Stored | null {
  const { given, crypto } = options
  const open = (text: string | null): Stored | null =>
    text === null ? null : { ...openRecord(text, options, options.location), revision: digest(text, crypto) }
  if (written === null) return open(given)
  if (written.over === digest(given ?? '', crypto)) return open(written.text)
  const [ours, theirs] = [open(written.text), open(given)]
  if (ours === null || theirs === null) return theirs ?? ours
  if (ours.record.lineage !== theirs.record.lineage) {
    return ours.record.authorizedAt > theirs.record.authorizedAt ? ours : theirs
  }
  return ours.record.generation >= theirs.record.generation ? ours : theirs
}

function digest(text: string, crypto: CryptoPort): string {
  return encodeHex(crypto.sha256(new TextEncoder().encode(text)))
}
