/**
 * Private files that are replaced in one step and survive a power failure.
 *
 * Write beside, flush, rename, flush the directory: whoever reads sees the text before or the text after, never a part.
 * The name beside is fixed, so that a run that was killed leaves at most one such file, which the next write takes over;
 * callers hold a lock, so there is one writer at a time.
 */
import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuthError } from '../model/errors.js'
import type { RecordFiles } from '../oauth/stores/file.js'

/** Linux's magic numbers of file systems whose locks and flushes another machine decides about (statfs(2)). */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB 2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
])

const isPosix = process.platform !== 'win32'

/**
 * Makes a directory for private files, if need be, and refuses one where they would not be private or durable.
 *
 * @throws AuthError `AUTH_STORE` where others may write to it, or where it lies on a network file system.
 */
export async function prepareDirectory(path: string, options: { readonly allowsNetwork: boolean }): Promise<void> {
  await orRefuse(path, 'cannot be created', () => mkdir(path, { recursive: true, mode: 0o700 }))
  const found = await lstat(path)
  if (!found.isDirectory())
    throw refuse(path, 'is not a directory', 'Name another one with --token-store file:DIRECTORY')
  if (isPosix && (found.mode & 0o022) !== 0) {
    throw refuse(path, 'can be written by other users', `Take that right away: chmod go-w ${path}`)
  }
  if (options.allowsNetwork || process.platform !== 'linux') return
  const name = nameNetworkFileSystem(Number((await statfs(path)).type))
  if (name === undefined) return
  throw refuse(
    path,
    `lies on ${name}, a network file system, where a lock of this machine holds nobody else off`,
    'Keep the token on a local disk: --token-store file:DIRECTORY. If this machine alone ever uses it: --allow network-file-system.',
  )
}

/** The name of a network file system by its number in statfs(2), which may come sign-extended. */
export function nameNetworkFileSystem(type: number): string | undefined {
  return networkFileSystems.get(type >>> 0)
}

/** Private files of this machine. */
export const recordFiles: RecordFiles = {
  async read(path) {
    // O_NOFOLLOW: a link could lead to a file that somebody else may change.
    const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch((thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT') return null
      if (codeOf(thrown) === 'ELOOP') throw refuse(path, 'is a symbolic link', 'Put the file itself there.')
      throw refuse(path, `cannot be read (${codeOf(thrown)})`, 'Check its owner and its rights.')
    })
    if (file === null) return null
    try {
      const found = await file.stat()
      if (!found.isFile()) throw refuse(path, 'is not a regular file', 'Remove it and sign in again.')
      if (isPosix && (found.mode & 0o077) !== 0) {
        throw refuse(path, 'can be read or written by other users', `Take that right away: chmod 600 ${path}`)
      }
      if (isPosix && found.uid !== process.getuid?.()) {
        throw refuse(path, 'belongs to another user', 'Run as that user, or sign in as this one.')
      }
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  },
  async replace(path, text) {
    await orRefuse(path, 'cannot be written', async () => {
      const beside = `${path}.new`
      await rm(beside, { force: true })
      const file = await open(beside, 'wx', 0o600)
      try {
        await file.writeFile(text, 'utf8')
        await file.sync()
      } finally {
        await file.close()
      }
      // The umask can only have taken rights away; this gives back those of the owner.
      await chmod(beside, 0o600)
      await rename(beside, path)
      await flushDirectory(dirname(path))
    })
  },
  async remove(path) {
    return orRefuse(path, 'cannot be removed', async () => {
      await rm(`${path}.new`, { force: true })
      const isThere = (await lstat(path).catch(() => null)) !== null
      await rm(path, { force: true })
      await flushDirectory(dirname(path))
      return isThere
    })
  },
}

async function flushDirectory(path: string): Promise<void> {
  // Windows has no handle for a directory; its journal orders the rename itself.
  if (!isPosix) return
  const directory = await open(path, 'r').catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return null
    throw thrown
  })
  if (directory === null) return
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function orRefuse<T>(path: string, what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    const code = codeOf(thrown)
    const hint = code === 'ENOSPC' ? 'The disk is full: make room, then run the same command again.' : rightsHint
    throw refuse(path, `${what} (${code})`, hint)
  }
}

const rightsHint = 'Check the rights of the directory and the room on the disk, then run the same command again.'

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  return code ?? 'unknown error'
}

function refuse(path: string, what: string, hint: string): AuthError {
  return new AuthError('AUTH_STORE', `${path} ${what}`, { hint })
}
