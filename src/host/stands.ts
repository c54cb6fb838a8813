/** Plans without a server, against a snapshot or a commit: no connection is opened, no credentials are looked for. */
import { planAgainst } from '../app/plan-against.js'
import { planSnapshot, snapshotRegistry } from '../app/plan-snapshot.js'
import { parseSnapshot } from '../app/snapshot-file.js'
import { canonicalBaseUrl } from '../model/base-url.js'
import { PlanError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { Plan } from '../model/plan.js'
import { loadCommit, loadConfiguration, registry } from './configuration.js'
import { planOptionsOf } from './plan-options.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/**
 * Plans the configuration against the snapshot that a file holds.
 * @throws PlanError `PLAN_FORMAT` where the file is no snapshot, or one of another server than `--url` names;
 * ConfigError; PlanError `PLAN_UNSAFE` where a guard refuses.
 */
export async function planAgainstSnapshot(
  world: World,
  settings: Settings,
  listen: Listener,
  file: string,
): Promise<Plan> {
  const snapshot = parseSnapshot(world.readFile(file, '--snapshot'), file)
  const url = settings.text('url')
  if (url !== undefined && canonicalBaseUrl(url) !== snapshot.server.url) {
    throw new PlanError('PLAN_FORMAT', `${file} is a snapshot of ${snapshot.server.url}, not of ${url}`, {
      hint: 'Use the snapshot of this server, or leave --url out.',
    })
  }
  const {
    desired,
    registry: definitions,
    options: loaded,
  } = await loadConfiguration(world, settings, snapshotRegistry(registry, snapshot))
  const { clock, sha256, version } = world
  const options = { ...planOptionsOf(settings, definitions), ...loaded }
  return planSnapshot({ registry: definitions, desired, snapshot, clock, sha256, version, listen, options })
}

/**
 * Plans the configuration against the one of a commit.
 * @throws UsageError where the reference names no commit; ConfigError.
 */
export async function planAgainstCommit(
  world: World,
  settings: Settings,
  listen: Listener,
  ref: string,
): Promise<Plan> {
  const { desired, options: loaded } = await loadConfiguration(world, settings)
  const { desired: base, stand } = loadCommit(world, settings, registry, ref, '--against')
  const { clock, sha256, version } = world
  const options = { ...planOptionsOf(settings, registry), ...loaded }
  return planAgainst({ registry, desired, base, stand, clock, sha256, version, listen, options })
}
