/**
 * Names of nobody: users and groups that are unknown or deactivated.
 *
 * One leaver would stop every pipeline, so `policy.unknownPrincipals: warn` leaves out the entries that name somebody
 * like that, and just those. Every other reference that leads nowhere is an error always.
 */
import type { Desired, DesiredItem } from '../model/desired.js'
import { ConfigError } from '../model/errors.js'
import type { Warning } from '../model/plan.js'
import { type Registry, resourceOf } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { explainUnknown, type Unknown, type Use } from './references.js'

/** What remains of a configuration, and what was left out of it. */
export interface Remaining {
  readonly desired: Desired
  readonly warnings: readonly Warning[]
}

/**
 * Leaves out what names nobody, where the policy says so.
 * @throws ConfigError `CONFIG_REFERENCE`, one finding a name.
 */
export function leaveOutUnknown(registry: Registry, desired: Desired, unknown: readonly Unknown[]): Remaining {
  const isLenient = desired.policy.unknownPrincipals === 'warn'
  const isPrincipal = ({ kind }: Unknown): boolean => {
    const access = resourceOf(registry, kind)?.access
    return access === 'people' || access === 'groups'
  }
  const canLeaveOut = (one: Unknown): boolean => isLenient && isPrincipal(one) && one.uses.every(isEntry)
  const [first, ...rest] = unknown.filter((one) => !canLeaveOut(one)).map(explainUnknown)
  if (first !== undefined) throw new ConfigError([first, ...rest])
  const uses = new Map<DesiredItem, Use[]>()
  for (const use of unknown.flatMap((one) => one.uses)) uses.set(use.item, [...(uses.get(use.item) ?? []), use])
  return {
    desired: { ...desired, items: desired.items.flatMap((item) => without(item, uses.get(item) ?? [])) },
    warnings: unknown.map((one) => {
      const { message, address, source } = explainUnknown(one)
      return {
        code: 'UNKNOWN_PRINCIPAL',
        message: `Left out: ${message}`,
        ...(address === undefined ? {} : { address }),
        ...(source === undefined ? {} : { source }),
      }
    }),
  }
}

/** Whether a use is an item of its own or an element of a set: something that can be left out alone. */
function isEntry({ item, reference }: Use): boolean {
  const { resource, want } = item
  if (resource.form === 'collection' && resource.identity.includes(reference.path)) return true
  return isObject(want) && Array.isArray(want[reference.path])
}

function without(item: DesiredItem, uses: readonly Use[]): readonly DesiredItem[] {
  const { resource } = item
  const isNamed = uses.some(
    ({ reference }) => resource.form === 'collection' && resource.identity.includes(reference.path),
  )
  if (isNamed) return []
  if (uses.length === 0 || !isObject(item.want)) return [item]
  const want: Record<string, unknown> = { ...item.want }
  for (const { reference } of uses) {
    const entries: unknown = want[reference.path]
    if (Array.isArray(entries)) want[reference.path] = entries.filter((entry) => entry !== reference.name)
  }
  return [{ ...item, want }]
}
