/**
 * The world as one run sees it: clock, environment, files, hashes, signals. Everything above asks for it here, so that
 * a test can hand in another one.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock, Sha256 } from '../app/ports.js'
import type { Digest } from '../model/resource.js'
import { UsageError } from '../model/errors.js'
import { Scrubber } from '../model/secret.js'
import type { UserDirectories } from './profile.js'
import type { Environment } from './settings.js'

/** The world of one run. */
export interface World {
  readonly environment: Environment
  readonly clock: Clock
  readonly sha256: Sha256
  readonly digest: Digest
  readonly scrubber: Scrubber
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** The version of bbstate. */
  readonly version: string
  /** Whether a person sits at the keyboard. */
  readonly isInteractive: boolean
  /** Where this user's configuration and data lie; `BBSTATE_HOME` moves both. */
  directories(): Promise<UserDirectories>
  /** Shows a page to the person; rejects where there is no browser. */
  openBrowser(url: string): Promise<void>
  /** Reads a text file named by an option. */
  readFile(path: string, option: string): string
  /** Whether a file named by an option is there. */
  hasFile(path: string): boolean
}

/** SHA-256 in hexadecimal. Node's crypto is loaded at the first digest: validate needs none, and loading it is dear. */
function hash(data: string | Uint8Array): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(data).digest('hex')
}

/** The real world. */
export function createWorld(
  environment: Environment,
  signal: AbortSignal,
  version: string,
  isInteractive: boolean,
  scrubber: Scrubber = new Scrubber(),
): World {
  return {
    environment,
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
    sha256: hash,
    digest: hash,
    scrubber,
    signal,
    version,
    isInteractive,
    directories: () => directoriesOf(environment),
    openBrowser: async (url) => {
      const { default: open } = await import('open')
      await open(url)
    },
    hasFile: (path) => existsSync(resolve(path)),
    readFile: (path, option) => {
      try {
        return readFileSync(resolve(path), 'utf8')
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
        throw new UsageError(`${option}: cannot read ${path} (${code})`, { cause })
      }
    },
  }
}

async function directoriesOf(environment: Environment): Promise<UserDirectories> {
  const home = environment['BBSTATE_HOME']
  if (home) return { config: join(home, 'config'), data: join(home, 'data') }
  const { userDirectories } = await import('./profile.js')
  return userDirectories()
}

/** The same world with another environment, and the directories that it names. */
export function withEnvironment(world: World, environment: Environment): World {
  return { ...world, environment, directories: () => directoriesOf(environment) }
}
