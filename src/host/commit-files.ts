/**
 * Configuration files as a commit has them, by the rules that hold on the disk: regular files below the given place, up
 * to 10 MB, links no further than it. What the commit does not have yet declares nothing.
 */
import { posix } from 'node:path'
import type { ConfigurationFile, ConfigurationFiles } from '../config/files.js'
import { ConfigError } from '../model/errors.js'
import { decodeText, isConfigurationName, largestFile } from './configuration-files.js'
import type { Commit, CommitEntry } from './git.js'

/** Reads from a commit; names of files begin with the reference. */
export function commitFiles(commit: Commit): ConfigurationFiles {
  return {
    expand(paths) {
      const wanted = paths.length === 0 ? defaultPaths(commit) : paths
      const entries = wanted.flatMap((path) => findEntries(commit, path))
      const once = new Map(entries.map((entry) => [entry.path, entry] as const))
      return [...once.values()].map((entry) => readEntry(commit, entry))
    },
    read(path) {
      const [entry] = findEntries(commit, path)
      return entry === undefined ? { name: `${commit.ref}:${path}`, text: '{}' } : readEntry(commit, entry)
    },
  }
}

/** A text file of the commit, such as one of variables; `undefined` where it has none at that path. */
export function readCommitText(commit: Commit, path: string): string | undefined {
  const inside = commit.locate(path)
  const entry = inside === undefined ? undefined : find(commit, inside)
  return entry === undefined ? undefined : readEntry(commit, entry).text
}

function defaultPaths(commit: Commit): readonly string[] {
  const found = ['bbstate.yaml', 'bbstate'].find((path) => findEntries(commit, path).length > 0)
  return found === undefined ? [] : [found]
}

function find(commit: Commit, path: string): CommitEntry | undefined {
  return commit.entries().find((entry) => entry.path === path)
}

function findEntries(commit: Commit, path: string): readonly CommitEntry[] {
  const inside = commit.locate(path)
  if (inside === undefined) {
    throw refuse(
      `${path} lies outside of the repository, so ${commit.ref} does not have it`,
      'Name a path inside of it.',
    )
  }
  const file = find(commit, inside)
  if (file !== undefined) return [follow(commit, posix.dirname(inside), file)]
  const below = inside === '' ? '' : `${inside}/`
  const entries = commit.entries().filter((entry) => entry.path.startsWith(below) && isConfiguration(entry, below))
  return entries.map((entry) => follow(commit, inside === '' ? '.' : inside, entry))
}

/** Names that begin with a dot belong to other tools. */
function isConfiguration({ path }: CommitEntry, below: string): boolean {
  const rest = path.slice(below.length)
  return isConfigurationName(rest) && !rest.split('/').some((name) => name.startsWith('.'))
}

const mostLinks = 8

/** The file that a link leads to, which must lie below the given place. */
function follow(commit: Commit, root: string, first: CommitEntry): CommitEntry {
  let entry: CommitEntry | undefined = first
  for (let links = 0; entry?.type === 'link' && links < mostLinks; links++) {
    const target = posix.normalize(posix.join(posix.dirname(entry.path), decodeText(entry.path, commit.read(entry))))
    const isInside = root === '.' ? !target.startsWith('../') && target !== '..' : target.startsWith(`${root}/`)
    if (!isInside) throw refuse(`${nameOf(commit, first)} is a link that leads out of the configuration`, plainFile)
    entry = find(commit, target)
  }
  if (entry === undefined) throw refuse(`${nameOf(commit, first)} leads nowhere`, plainFile)
  if (entry.type !== 'file') throw refuse(`${nameOf(commit, first)} is not a regular file`, plainFile)
  return entry
}

const plainFile = 'Put a regular file there.'

function readEntry(commit: Commit, entry: CommitEntry): ConfigurationFile {
  const name = nameOf(commit, entry)
  if (entry.bytes > largestFile) throw refuse(`${name} is larger than 10 MB`, 'Split it into several files.')
  return { name, text: decodeText(name, commit.read(entry)) }
}

function nameOf({ ref }: Commit, { path }: CommitEntry): string {
  return `${ref}:${path}`
}

function refuse(message: string, hint: string): ConfigError {
  return new ConfigError([{ code: 'CONFIG_FILE', message, hint }])
}
