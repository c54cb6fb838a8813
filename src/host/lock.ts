/**
 * A kernel lock between processes of one machine, on a file of its own.
 *
 * The kernel frees it with the death of its holder, and by nothing else: a holder that is merely stopped keeps it. The
 * file is never renamed or deleted, since a lock lies on the file and not on its name. It holds a line about the holder,
 * for people. The native module is loaded with the first lock, since most runs need none.
 */
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { AuthError, BusyError } from '../model/errors.js'
import type { Run, TokenClock } from '../oauth/ports.js'
import type { FileLock } from '../oauth/stores/file.js'

/** Milliseconds between two attempts. */
const interval = 50

/**
 * Waits for the lock of a file, which is made if it is not there.
 *
 * @throws BusyError naming the holder, where it is not free in time; AuthError `AUTH_STORE` where there can be no lock.
 */
export async function acquireLock(
  path: string,
  timeoutMilliseconds: number,
  run: Run,
  clock: TokenClock,
): Promise<FileLock> {
  const { tryLock, unlock } = await loadLocks()
  const deadline = clock.elapsed() + timeoutMilliseconds
  for (;;) {
    const file = await openLockFile(path)
    let isLocked = false
    try {
      isLocked = tryLock(file.fd)
      if (isLocked && (await isSameFile(file, path))) {
        // A full disk takes no line for people; the lock holds all the same, and what is written under it says so.
        await describeHolder(file, run, clock).catch(() => undefined)
        return makeLock(file, path, unlock)
      }
      if (clock.elapsed() >= deadline) throw describeBusy(await file.readFile('utf8').catch(() => ''))
    } catch (thrown) {
      await file.close()
      throw thrown
    }
    await file.close()
    await clock.sleep(interval)
  }
}

/**
 * Who holds the lock of a file, in words: process, command and since when; `null`: nobody. Never waits.
 * @throws AuthError `AUTH_STORE` where there can be no lock.
 */
export async function findHolder(path: string): Promise<string | null> {
  const { tryLock, unlock } = await loadLocks()
  const isThere = (await stat(path).catch(() => null)) !== null
  if (!isThere) return null
  const file = await openLockFile(path)
  try {
    if (tryLock(file.fd)) {
      unlock(file.fd)
      return null
    }
    const { holder, host, since, pid } = parseHolder(await file.readFile('utf8').catch(() => ''))
    const command = pid === undefined || host !== hostname() ? null : await findCommand(pid)
    return `${holder} on ${host}, since ${since}${command === null ? '' : ` (process ${pid}: ${command})`}`
  } finally {
    await file.close()
  }
}

/** The command line of a process of this machine, where the system shows it. bbstate itself takes no secret there. */
async function findCommand(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text === '' ? null : oneLine(text.split('\0').join(' ').trim())
}

function makeLock(file: FileHandle, path: string, unlock: (fd: number) => void): FileLock {
  let isOpen = true
  return {
    isHeld: async () => isOpen && (await isSameFile(file, path)),
    async release() {
      if (!isOpen) return
      isOpen = false
      await file.truncate(0).catch(() => undefined)
      unlock(file.fd)
      await file.close()
    },
  }
}

async function loadLocks(): Promise<(typeof import('fs-native-extensions'))['default']> {
  try {
    return (await import('fs-native-extensions')).default
  } catch {
    throw new AuthError('AUTH_STORE', `bbstate has no kernel lock for ${process.platform} ${process.arch}`, {
      hint: 'Without one, two runs could use up one refresh token. Run bbstate on Linux, macOS or Windows, x64 or arm64.',
    })
  }
}

async function openLockFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+', 0o600)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    throw new AuthError('AUTH_STORE', `The lock ${path} cannot be opened (${code ?? 'unknown error'})`, {
      hint: 'Check owner and rights of the directory.',
    })
  }
}

/** Whether the name still leads to the file that was locked: somebody may have deleted the directory meanwhile. */
async function isSameFile(file: FileHandle, path: string): Promise<boolean> {
  const [locked, named] = await Promise.all([file.stat(), stat(path).catch(() => null)])
  return named !== null && named.ino === locked.ino && named.dev === locked.dev
}

async function describeHolder(file: FileHandle, run: Run, clock: TokenClock): Promise<void> {
  const since = new Date(clock.now()).toISOString()
  const text = JSON.stringify({ holder: run.holder, host: run.host, since, pid: process.pid })
  await file.truncate(0)
  await file.appendFile(text)
}

function describeBusy(text: string): BusyError {
  const { holder, host, since } = parseHolder(text)
  return new BusyError(`The token is in use: ${holder} on ${host} has held its lock since ${since}`, {
    hint: 'Run again when it is done, or wait longer with --lock-timeout SECONDS.',
  })
}

interface Holder {
  readonly holder: string
  readonly host: string
  readonly since: string
  readonly pid?: number
}

function parseHolder(text: string): Holder {
  const unknown = { holder: 'another run', host: 'this machine', since: 'a moment ago' }
  try {
    const data: unknown = JSON.parse(text)
    if (typeof data !== 'object' || data === null) return unknown
    const fields = data as Readonly<Record<string, unknown>>
    const read = (name: keyof typeof unknown): string => {
      const value = fields[name]
      return typeof value === 'string' ? oneLine(value) : unknown[name]
    }
    const { pid } = fields
    const process = typeof pid === 'number' && Number.isInteger(pid) ? { pid } : {}
    return { holder: read('holder'), host: read('host'), since: read('since'), ...process }
  } catch {
    return unknown
  }
}

/** What lies in a file goes to a terminal: one short line without control characters. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').slice(0, 200)
}
