/**
 * Where the values of secrets come from: `BBSTATE_SECRET_NAME`, else a file of that name in `--secrets-dir`.
 *
 * `BBSTATE_SECRET_SCOPE_NAME=PATTERN` limits the addresses that may use a secret; it stands in the environment, never in
 * the reviewed files.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretSource } from '../app/ports.js'
import { ConfigError, UsageError } from '../model/errors.js'
import { coversAddress } from '../model/policy.js'
import { Secret, secretScopeVariable, secretVariable } from '../model/secret.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** The secrets of a run. Every value that is handed out is known to the scrubber first. */
export function secretSource(world: World, settings: Settings): SecretSource {
  return (name, address) => {
    requireScope(name, address, world.environment[secretScopeVariable(name)])
    const value = world.environment[secretVariable(name)] ?? readSecretFile(settings.text('secrets-dir'), name)
    if (value === undefined || value === '') return undefined
    world.scrubber.add(value)
    return new Secret(value)
  }
}

function requireScope(name: string, address: string, pattern: string | undefined): void {
  if (pattern === undefined || pattern === '' || coversAddress(pattern, address)) return
  throw new ConfigError([
    {
      code: 'CONFIG_SECRET',
      message: `The secret ${name} may not be used by ${address}`,
      address,
      hint: `${secretScopeVariable(name)} allows it for ${pattern} alone.`,
    },
  ])
}

function readSecretFile(directory: string | undefined, name: string): string | undefined {
  if (directory === undefined) return undefined
  try {
    return readFileSync(join(directory, name), 'utf8').replace(/\r?\n$/u, '')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return undefined
    throw new UsageError(`--secrets-dir: cannot read the secret ${name} (${code ?? 'unknown error'})`, { cause })
  }
}
