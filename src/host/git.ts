/**
 * Reads commits of the repository that the configuration lies in.
 *
 * git runs without a shell, with an environment of its own, without the user's and the system's configuration, and with
 * everything switched off by which a repository could make it start another program or open a connection. A reference is
 * resolved to a commit first, as one argument that can never be an option; after that only ids are used.
 */
import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { isAbsolute, posix, relative, resolve, sep } from 'node:path'
import { UsageError } from '../model/errors.js'
import { cleanEnvironment } from './program.js'
import type { Environment } from './settings.js'

/** A file of a commit. */
export interface CommitEntry {
  /** From the top of the repository, with slashes. */
  readonly path: string
  /** `link` for a symbolic link; `other` for a submodule. */
  readonly type: 'file' | 'link' | 'other'
  readonly object: string
  readonly bytes: number
}

/** One commit, to read from. */
export interface Commit {
  /** As it was given. */
  readonly ref: string
  /** 40 hexadecimal digits, or 64. */
  readonly commit: string
  /** The path of a file of the working tree, from the top of the repository; `undefined` outside of it. */
  locate(path: string): string | undefined
  /** Every file, sorted by path. */
  entries(): readonly CommitEntry[]
  /** The bytes of one file or the target of one link. */
  read(entry: CommitEntry): Uint8Array
}

/** Nothing that a configuration of git can start, ask or fetch. */
const quiet = [
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.pager=cat', 'protocol.allow=never'],
  // Only objects are read, so it does not matter whose the repository is.
  'safe.directory=*',
].flatMap((setting) => ['-c', setting])

const longestMilliseconds = 60_000
const mostBytes = 256 * 1024 * 1024

type Git = (args: readonly string[], input?: string) => { readonly status: number | null; readonly stdout: Buffer }

function gitIn(environment: Environment): Git {
  const env = {
    ...cleanEnvironment(environment, []),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    LC_ALL: 'C',
  }
  return (args, input = '') => {
    const options = { env, input, maxBuffer: mostBytes, timeout: longestMilliseconds, shell: false, windowsHide: true }
    const { status, stdout, error } = spawnSync('git', [...quiet, '--no-pager', ...args], options)
    if (error !== undefined) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException
      throw new UsageError(`git cannot be run (${code})`, { hint: 'Install git, or leave the comparison out.' })
    }
    return { status, stdout }
  }
}

/**
 * The commit that a reference names, in the repository of the working directory.
 * @throws UsageError where it names none.
 */
export function openCommit(environment: Environment, ref: string, option: string): Commit {
  const git = gitIn(environment)
  // What follows --end-of-options is no option; a null byte cannot be an argument, and a line end is in no name.
  if (ref === '' || ref.startsWith('-') || /[\p{Cc}]/u.test(ref)) {
    throw new UsageError(`${option}: ${JSON.stringify(ref)} is no name of a commit`, {
      hint: 'Write a branch, a tag or a commit id.',
    })
  }
  const top = git(['rev-parse', '--show-toplevel'])
  if (top.status !== 0) {
    throw new UsageError(`${option}: the working directory lies in no git repository`, {
      hint: 'Run bbstate in a clone of the configuration.',
    })
  }
  const found = git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
  const commit = found.stdout.toString('utf8').trim()
  if (found.status !== 0 || !/^[0-9a-f]{40,64}$/u.test(commit)) {
    throw new UsageError(`${option}: ${JSON.stringify(ref)} is no commit of this repository`, {
      hint: 'A shallow clone lacks earlier commits: fetch it (actions/checkout: fetch-depth: 0).',
    })
  }
  const root = realpathSync(top.stdout.toString('utf8').replace(/\r?\n$/u, ''))
  let entries: readonly CommitEntry[] | undefined
  return {
    ref,
    commit,
    locate: (path) => locateIn(root, path),
    entries: () => (entries ??= listFiles(git, commit)),
    read: ({ object }) => git(['cat-file', 'blob', object]).stdout,
  }
}

/** The commit that is checked out; `undefined` outside of a repository, or where git is not there. */
export function headOf(environment: Environment): string | undefined {
  try {
    return openCommit(environment, 'HEAD', 'HEAD').commit
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

function locateIn(root: string, path: string): string | undefined {
  // The file itself may be gone from the working tree; the directory that bbstate runs in is there.
  const absolute = isAbsolute(path) ? path : resolve(realpathSync('.'), path)
  const inside = relative(root, absolute).split(sep).join(posix.sep)
  return inside === '..' || inside.startsWith('../') || isAbsolute(inside) ? undefined : inside
}

function listFiles(git: Git, commit: string): readonly CommitEntry[] {
  const { status, stdout } = git(['ls-tree', '-r', '-z', '--long', '--full-tree', commit])
  if (status !== 0) throw new UsageError(`git cannot list the files of ${commit}`, { hint: 'The clone is damaged.' })
  return stdout
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode, kind, object = '', bytes, path = ''] = /^(\d+) (\w+) (\w+) +(\d+|-)\t(.*)$/su.exec(line) ?? []
      if (mode === undefined) return []
      const type = kind !== 'blob' ? 'other' : mode === '120000' ? 'link' : 'file'
      return [{ path, type, object, bytes: Number(bytes) || 0 } as const]
    })
}
