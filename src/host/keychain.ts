/**
 * The key of the token store in the system's keychain: macOS's own, or a Secret Service on Linux by `secret-tool`.
 *
 * bbstate reads it and never writes it: putting it there is one command, which docs/reference/token-stores.md shows.
 */
import { existsSync } from 'node:fs'
import type { RunProgram } from '../oauth/stores/exec-protocol.js'
import type { Environment } from './settings.js'

/** What the keychain said. */
export interface KeychainAnswer {
  readonly key?: string
  /** Why it could not be asked, where it is there and could not. */
  readonly problem?: string
}

interface Keychain {
  readonly path: string
  readonly args: readonly string[]
  /** How to reach the user's session. */
  readonly variables: readonly string[]
  /** Exit codes of "there is no such entry"; anything else with words on stderr is a problem. */
  readonly absent: number
}

const keychains: Readonly<Record<string, Keychain>> = {
  darwin: {
    path: '/usr/bin/security',
    args: ['find-generic-password', '-s', 'bbstate', '-a', 'store-key', '-w'],
    variables: [],
    // errSecItemNotFound, -25300, as an exit code.
    absent: 44,
  },
  linux: {
    path: '/usr/bin/secret-tool',
    args: ['lookup', 'service', 'bbstate', 'account', 'store-key'],
    variables: ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'DISPLAY', 'WAYLAND_DISPLAY'],
    absent: 1,
  },
}

/** A person may have to unlock it first. */
const timeoutMilliseconds = 60_000

/**
 * Asks the keychain of a platform.
 * @param path its program, where it lies elsewhere than usual
 */
export async function askKeychain(
  platform: string,
  environment: Environment,
  path = keychains[platform]?.path,
): Promise<KeychainAnswer> {
  const keychain = keychains[platform]
  if (keychain === undefined || path === undefined || !existsSync(path)) return {}
  const { cleanEnvironment, runProgram } = await import('./program.js')
  const result: Awaited<ReturnType<RunProgram>> = await runProgram({
    path,
    args: keychain.args,
    environment: cleanEnvironment(environment, keychain.variables),
    input: '',
    timeoutMilliseconds,
    outputLimitBytes: 4096,
  })
  if (result.type === 'unstarted') return { problem: `${path} cannot be started (${result.reason})` }
  if (result.type === 'cut') return { problem: `${path} did not answer in time` }
  const key = result.stdout.trim()
  if (result.exitCode === 0 && key !== '') return { key }
  const said = result.stderr
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 200)
  const isAbsent = result.exitCode === keychain.absent && (platform !== 'linux' || said === '')
  if (isAbsent || (result.exitCode === 0 && said === '')) return {}
  return { problem: `${path} answered: ${said || `exit code ${result.exitCode}`}` }
}
