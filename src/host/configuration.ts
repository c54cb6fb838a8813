/** Loads the configuration of a run. */
import { registry } from '../bitbucket/registry.js'
import { loadDesired } from '../config/load.js'
import type { Desired } from '../model/desired.js'
import type { Registry } from '../model/resource.js'
import { configurationFiles } from './configuration-files.js'
import { configurationValidator } from './configuration-validator.js'
import type { Settings } from './settings.js'
import { readVariables } from './variables.js'
import type { World } from './world.js'

export { registry }

/**
 * Loads what `--file` and `--overlay` name, by the definitions given (those of this build by default).
 * @throws ConfigError with every finding.
 */
export async function loadConfiguration(
  world: World,
  settings: Settings,
  definitions: Registry = registry,
): Promise<{ readonly registry: Registry; readonly desired: Desired }> {
  const input = {
    paths: settings.list('file'),
    overlays: settings.list('overlay'),
    variables: readVariables(world, settings),
  }
  const ports = {
    files: configurationFiles(),
    registry: definitions,
    validate: configurationValidator(),
    digest: world.digest,
  }
  return { registry: definitions, desired: loadDesired(input, ports) }
}

/** What an export needs beside the server. */
export function exportPorts(world: World) {
  const { clock, sha256, digest, version } = world
  return { registry, validate: configurationValidator(), clock, sha256, digest, version }
}
