/** The plan options of the command line. */
import type { PlanOptions } from '../app/plan.js'
import { UsageError } from '../model/errors.js'
import type { Allowances } from '../model/guard.js'
import { findNearest } from '../model/nearest.js'
import { coversAddress } from '../model/policy.js'
import type { Settings } from './settings.js'

/** Guards that `--allow` can lift, and whether they take an address or a path below `/rest`. */
const allowances = new Map([
  ['secret-destination', 'address'],
  ['drop-secrets', 'none'],
  ['no-identity-header', 'none'],
  ['network-file-system', 'none'],
  ['unknown-administrators', 'none'],
  ['hook-scripts', 'none'],
  ['mesh-nodes', 'none'],
  ['rest-settings', 'path'],
] as const)

/** What `--target`, `--update-secrets` and `--allow` say. */
export function planOptionsOf(settings: Settings): PlanOptions & { readonly allow: Allowances } {
  return {
    targets: settings.list('target'),
    updateSecrets: settings.list('update-secrets'),
    allow: readAllowances(settings.list('allow')),
  }
}

/**
 * Reads `--allow NAME` and `--allow NAME=ADDRESS`.
 * @throws UsageError for a name that lifts nothing, or a missing address.
 */
export function readAllowances(given: readonly string[]): Allowances {
  const parsed = given.map((text) => {
    const index = text.indexOf('=')
    const name = index === -1 ? text : text.slice(0, index)
    const value = index === -1 ? undefined : text.slice(index + 1)
    const takes = allowances.get(name as 'drop-secrets')
    if (takes === undefined) throw unknownAllowance(name)
    if (takes === 'address' && !value) {
      throw new UsageError(`--allow ${name} needs an address`, { hint: `Write --allow ${name}=instance.mailServer.` })
    }
    if (takes === 'path' && value?.startsWith('/rest/') !== true) {
      throw new UsageError(`--allow ${name} needs a path below /rest`, { hint: `Write --allow ${name}=/rest/app.` })
    }
    return { name, value }
  })
  return {
    allows: (name, address) =>
      parsed.some((allowed) => {
        if (allowed.name !== name) return false
        return allowed.value === undefined || (address !== undefined && coversAddress(allowed.value, address))
      }),
    allowsPath: (name, path) =>
      parsed.some((allowed) => {
        const prefix = allowed.value?.replace(/\/+$/u, '')
        return allowed.name === name && prefix !== undefined && (path === prefix || path.startsWith(`${prefix}/`))
      }),
  }
}

function unknownAllowance(name: string): UsageError {
  const nearest = findNearest(name, allowances.keys())
  return new UsageError(`--allow ${name} lifts nothing`, {
    hint: nearest === undefined ? `It can lift ${[...allowances.keys()].join(', ')}.` : `Did you mean ${nearest}?`,
  })
}
