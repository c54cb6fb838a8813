/**
 * Configuration files on the disk: regular files whose real path lies below the given place, nothing else.
 *
 * A pull request may bring links, devices and files of any size; none of them is followed, opened or read whole. The
 * given place of a file is the folder that it is named in, so that links beside each other (mounted secrets and
 * configuration maps of Kubernetes) work.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { ConfigurationFile, ConfigurationFiles } from '../config/files.js'
import { ConfigError, type Finding } from '../model/errors.js'

/** Bytes that a file may have. */
export const largestFile = 10 * 1024 * 1024

/** Reads from the working directory. */
export function configurationFiles(): ConfigurationFiles {
  return {
    expand(paths) {
      const found = forEach(paths.length === 0 ? [defaultPath()] : paths, findFiles).flat()
      const once = new Map(found.map((file) => [file.path, file] as const))
      return forEach([...once.values()], readFile)
    },
    read: (path) => readFile(locate(dirname(path), path)),
  }
}

/** The answer for each of many; what is refused is refused together. */
function forEach<A, B>(many: readonly A[], answer: (one: A) => B): readonly B[] {
  const answers: B[] = []
  const findings: Finding[] = []
  for (const one of many) {
    try {
      answers.push(answer(one))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      findings.push(...error.findings)
    }
  }
  const [first, ...rest] = findings
  if (first !== undefined) throw new ConfigError([first, ...rest])
  return answers
}

interface FoundFile {
  readonly name: string
  /** Without links. */
  readonly path: string
}

function defaultPath(): string {
  const found = ['bbstate.yaml', 'bbstate'].find((path) => statOf(path) !== undefined)
  if (found !== undefined) return found
  throw refuse(
    'There is no bbstate.yaml and no bbstate/ here',
    'Name the configuration with -f, or begin with bbstate export.',
  )
}

function findFiles(path: string): readonly FoundFile[] {
  const stat = statOf(path)
  if (stat === undefined) throw refuse(`${path} does not exist`, 'Check the path that -f names.')
  if (!stat.isDirectory()) return [locate(dirname(path), path)]
  const files = listFolder(path).sort()
  if (files.length === 0) throw refuse(`${path} holds no *.yaml, *.yml or *.json`, 'Check the path that -f names.')
  return forEach(files, (file) => locate(path, file))
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw refuse(`${path} cannot be read (${codeOf(cause)})`, 'Check the path and its permissions.', cause)
  }
}

/** The files below a folder. Names that begin with a dot belong to other tools. */
function listFolder(folder: string): string[] {
  return listEntries(folder)
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return listFolder(path)
      if (entry.isSymbolicLink() && statOf(path)?.isDirectory() === true) {
        throw refuse(`${path} is a link to a folder, which is not followed`, 'Put the files there, or name it with -f.')
      }
      return isConfigurationName(entry.name) ? [path] : []
    })
}

/** Whether a folder's file of this name belongs to the configuration. */
export function isConfigurationName(name: string): boolean {
  return /\.(?:ya?ml|json)$/u.test(name)
}

function listEntries(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (cause) {
    throw refuse(`${folder} cannot be read (${codeOf(cause)})`, 'Check its permissions.', cause)
  }
}

function locate(root: string, file: string): FoundFile {
  const [inside, path] = [withoutLinks(root), withoutLinks(file)]
  if (!path.startsWith(inside.endsWith(sep) ? inside : `${inside}${sep}`)) {
    throw refuse(`${file} is a link that leads out of the configuration`, 'Put a regular file there.')
  }
  return { name: shorten(file), path }
}

function withoutLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (cause) {
    throw refuse(`${path} leads nowhere (${codeOf(cause)})`, 'Check the path; links must lead to a file.', cause)
  }
}

function readFile({ name, path }: FoundFile): ConfigurationFile {
  const descriptor = open(name, path)
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw refuse(`${name} is not a regular file`, 'Devices, pipes and folders are not read.')
    if (stat.size > largestFile) throw refuse(`${name} is larger than 10 MB`, 'Split it into several files.')
    return { name, text: decodeText(name, readFileSync(descriptor)) }
  } finally {
    closeSync(descriptor)
  }
}

function open(name: string, path: string): number {
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for somebody to write; the path has no links any more.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (cause) {
    throw refuse(`${name} cannot be read (${codeOf(cause)})`, 'Check the path and its permissions.', cause)
  }
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? 'unknown error'
}

/** @throws ConfigError where the bytes are no UTF-8. */
export function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw refuse(`${name} is not UTF-8`, 'Save it as UTF-8.', cause)
  }
}

/** As seen from the working directory, where that is shorter. */
function shorten(path: string): string {
  const short = relative('.', resolve(path))
  return short.length < path.length && !short.startsWith('..') ? short : path
}

function refuse(message: string, hint: string, cause?: unknown): ConfigError {
  return new ConfigError([{ code: 'CONFIG_FILE', message, hint, ...(cause === undefined ? {} : { cause }) }])
}
