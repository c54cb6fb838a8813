/**
 * Configuration files on the disk: regular files whose real path lies below the given place, nothing else.
 *
 * A pull request may bring links, devices and files of any size; none of them is followed, opened or read whole.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import type { ConfigurationFile, ConfigurationFiles } from '../config/files.js'
import { ConfigError } from '../model/errors.js'

const largest = 10 * 1024 * 1024

/** Reads from the working directory. */
export function configurationFiles(): ConfigurationFiles {
  return {
    expand: (paths) => (paths.length === 0 ? [defaultPath()] : paths).flatMap(expand),
    read: (path) => readFile(path, path),
  }
}

function defaultPath(): string {
  const found = ['bbstate.yaml', 'bbstate'].find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
  if (found !== undefined) return found
  throw refuse(
    'There is no bbstate.yaml and no bbstate/ here',
    'Name the configuration with -f, or begin with bbstate export.',
  )
}

function expand(path: string): readonly ConfigurationFile[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw refuse(`${path} does not exist`, 'Check the path that -f names.')
  if (!stat.isDirectory()) return [readFile(path, path)]
  const root = realpathSync(path)
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(?:ya?ml|json)$/u.test(entry.name) && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  if (files.length === 0) throw refuse(`${path} holds no *.yaml, *.yml or *.json`, 'Check the path that -f names.')
  return files.map((file) => readBelow(root, file))
}

function readBelow(root: string, file: string): ConfigurationFile {
  const real = resolveLink(file)
  if (real !== root && !real.startsWith(`${root}${sep}`)) {
    throw refuse(`${file} is a link that leads out of the configuration`, 'Put a regular file there.')
  }
  return readFile(file, real)
}

function resolveLink(file: string): string {
  try {
    return realpathSync(file)
  } catch (cause) {
    throw refuse(`${file} is a link that leads nowhere`, 'Remove it, or put a regular file there.', cause)
  }
}

function readFile(name: string, path: string): ConfigurationFile {
  // Without O_NONBLOCK the opening of a pipe would wait for somebody to write.
  const descriptor = open(name, path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw refuse(`${name} is not a regular file`, 'Devices, pipes and directories are not read.')
    if (stat.size > largest) throw refuse(`${name} is larger than 10 MB`, 'Split it into several files.')
    return { name: shorten(name), text: decode(name, readFileSync(descriptor)) }
  } finally {
    closeSync(descriptor)
  }
}

function open(name: string, path: string, flags: number): number {
  try {
    return openSync(path, flags)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw refuse(`${name} cannot be read (${code})`, 'Check the path and its permissions.', cause)
  }
}

function decode(name: string, bytes: Uint8Array): string {
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
