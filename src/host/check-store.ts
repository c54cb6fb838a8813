/** Tries a helper that keeps tokens, before a token depends on it. Needs no server and touches no record in use. */
import { UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { findNearest } from '../model/nearest.js'
import { checkHelper, type HelperCheck, listChecks } from '../oauth/stores/exec-check.js'
import { nodeCrypto } from './crypto.js'
import { prepareHelper } from './exec-helper.js'
import type { Settings } from './settings.js'
import { systemClock } from './token.js'
import { requireHelper } from './token-store.js'
import type { World } from './world.js'

/**
 * Every check of the helper that the options name, or `only` one.
 * @throws UsageError where they name no helper, or there is no such check.
 */
export async function checkStore(
  world: World,
  settings: Settings,
  only: string | undefined,
  listen: Listener,
): Promise<readonly HelperCheck[]> {
  const names = listChecks()
  if (only !== undefined && !names.includes(only)) {
    const nearest = findNearest(only, names)
    throw new UsageError(`There is no check ${JSON.stringify(only)}`, {
      hint: nearest === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${JSON.stringify(nearest)}?`,
    })
  }
  const helper = prepareHelper(world, requireHelper(settings), listen)
  return checkHelper(helper, { crypto: nodeCrypto, clock: systemClock }, only)
}
