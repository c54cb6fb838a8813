/** Loads the configuration of a run. */
import { type ChangedScope, changedScope } from '../app/changed-scope.js'
import type { PlanOptions } from '../app/plan.js'
import { registry } from '../bitbucket/registry.js'
import { type ConfigurationFiles, onlyFile } from '../config/files.js'
import { type ConfigurationPorts, loadDesired } from '../config/load.js'
import type { Desired, Policy } from '../model/desired.js'
import { ConfigError } from '../model/errors.js'
import type { Loosening } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import { looseningsBetween, stricterPolicy, tightenPolicy } from '../model/strictness.js'
import { commitFiles, readCommitText } from './commit-files.js'
import { configurationFiles } from './configuration-files.js'
import { configurationValidator } from './configuration-validator.js'
import { type Commit, openCommit } from './git.js'
import type { Settings } from './settings.js'
import { readVariables } from './variables.js'
import type { World } from './world.js'

export { registry }

/** A configuration, and what others say about it. */
export interface LoadedConfiguration {
  readonly registry: Registry
  /** With the policy that holds: tightened by `--policy`, and judged with that of `--policy-base`. */
  readonly desired: Desired
  /** The part of `--changed-since`, and what the policy loosens against `--policy-base`. */
  readonly options: Pick<PlanOptions, 'changed' | 'loosened'>
}

/**
 * Loads what `--file` and `--overlay` name, by the definitions given (those of this build by default).
 * @throws ConfigError with every finding; UsageError for a reference that names no commit.
 */
export async function loadConfiguration(
  world: World,
  settings: Settings,
  definitions: Registry = registry,
): Promise<LoadedConfiguration> {
  const desired = load(world, settings, definitions, configurationFiles())
  const changedSince = settings.text('changed-since')
  const policyBase = settings.text('policy-base')
  const policyFile = settings.text('policy')
  const options: { changed?: ChangedScope; loosened?: readonly Loosening[] } = {}
  if (changedSince !== undefined) {
    const base = loadCommit(world, settings, definitions, changedSince, '--changed-since')
    options.changed = changedScope(base.desired, desired, base.stand)
  }
  let { policy } = desired
  if (policyBase !== undefined) {
    const base = loadCommit(world, settings, definitions, policyBase, '--policy-base').desired
    options.loosened = looseningsBetween(base.policy, policy)
    policy = stricterPolicy(base.policy, policy)
  }
  if (policyFile !== undefined) {
    policy = tightenPolicy(policy, readOutsidePolicy(world, definitions, policyFile))
  }
  return { registry: definitions, desired: { ...desired, policy }, options }
}

/** The configuration as a commit has it, with the same options; what the commit lacks declares nothing. */
export function loadCommit(
  world: World,
  settings: Settings,
  definitions: Registry,
  ref: string,
  option: string,
): { readonly desired: Desired; readonly stand: { readonly type: 'configuration'; ref: string; commit: string } } {
  const commit = openCommit(world.environment, ref, option)
  const past = { ...world, readFile: readPast(world, commit) }
  const desired = load(past, settings, definitions, commitFiles(commit))
  return { desired, stand: { type: 'configuration', ref, commit: commit.commit } }
}

/** Files of variables belong to the commit, where they lie in the repository. */
function readPast(world: World, commit: Commit): World['readFile'] {
  return (path, option) => readCommitText(commit, path) ?? world.readFile(path, option)
}

function load(world: World, settings: Settings, definitions: Registry, files: ConfigurationFiles): Desired {
  const input = {
    paths: settings.list('file'),
    overlays: settings.list('overlay'),
    variables: readVariables(world, settings),
  }
  return loadDesired(input, portsFor(world, definitions, files))
}

function portsFor(world: World, definitions: Registry, files: ConfigurationFiles): ConfigurationPorts {
  return { files, registry: definitions, validate: configurationValidator(), digest: world.digest }
}

/** @throws ConfigError for anything in the file that could not tighten. */
function readOutsidePolicy(world: World, definitions: Registry, path: string): Policy {
  const files = onlyFile(path, world.readFile(path, '--policy'))
  const input = { paths: [], overlays: [], variables: () => undefined }
  const { items, collections, policy } = loadDesired(input, portsFor(world, definitions, files))
  const [declared] = [...items, ...collections]
  const loose = policy.prune[0]?.source ?? policy.ignore[0]?.source ?? declared?.locate()
  if (loose === undefined) return policy
  throw new ConfigError([
    {
      code: 'CONFIG_SCHEMA',
      message: `${path}: the file of --policy may only tighten`,
      source: loose,
      hint: 'It takes protect, limits, administrators and unknownPrincipals; everything else belongs into the reviewed files.',
    },
  ])
}

/** What an export needs beside the server. */
export function exportPorts(world: World) {
  const { clock, sha256, digest, version } = world
  return { registry, validate: configurationValidator(), clock, sha256, digest, version }
}
