/**
 * Limits: how much one run may take away or touch, judged on what the whole plan would do.
 *
 * A run that means more says so with the `--allow` that the refusal names; the numbers in it hold for that run alone.
 */
import type { AccessShifts } from './access.js'
import { isInside, itemAddress, parseAddress, sectionOf } from './address.js'
import type { Limits } from './desired.js'
import type { Draft } from './draft.js'
import type { Finding } from './errors.js'
import type { Allowances } from './guard.js'

/** What holds where the policy says nothing. Any number of repositories may be touched. */
export const defaultLimits = { deletes: 50, deletesPercent: 30, accessLosses: 50 } as const satisfies Limits

/** Collections with fewer items than this may lose any share of them: two of three is no disaster. */
const smallest = 10

/** What limits are judged on. */
export interface Takings {
  readonly drafts: readonly Pick<Draft, 'address' | 'action' | 'resource'>[]
  /** Live items of each collection that loses some, by its address. */
  readonly sizes: ReadonlyMap<string, number>
  readonly access: AccessShifts | undefined
  /** Groups that lose a permission and whose members cannot be read. */
  readonly unseen: readonly string[]
}

/** Why a plan goes beyond the limits. */
export function guardLimits(takings: Takings, limits: Limits = {}, allow: Allowances): readonly Finding[] {
  return [
    ...guardDeletes(takings, limits.deletes ?? defaultLimits.deletes, allow),
    ...guardShares(takings, limits.deletesPercent ?? defaultLimits.deletesPercent, allow),
    ...guardLosses(takings, limits.accessLosses ?? defaultLimits.accessLosses, allow),
    ...guardRepositories(takings, limits.repositories, allow),
  ]
}

function refusal(message: string, allowed: string, address?: string): Finding {
  const hint = `If that is meant, run with --allow ${allowed}.`
  return { code: 'PLAN_UNSAFE', message, hint, ...(address === undefined ? {} : { address }) }
}

function isRemoval({ action }: Takings['drafts'][number]): boolean {
  return action === 'delete' || action === 'replace'
}

function guardDeletes({ drafts }: Takings, limit: number, allow: Allowances): readonly Finding[] {
  const count = drafts.filter(isRemoval).length
  if (count <= limit || allow.allows('deletes', String(count))) return []
  return [refusal(`The plan would delete ${count} items; policy.limits.deletes is ${limit}`, `deletes=${count}`)]
}

/** What goes because the item around it goes is counted with that item, not as a share of its own collection. */
function guardShares({ drafts, sizes }: Takings, limit: number, allow: Allowances): readonly Finding[] {
  const removed = new Set(drafts.filter(({ action }) => action === 'delete').map(({ address }) => address))
  const losses = new Map<string, number>()
  for (const address of removed) {
    if (isInside(address, removed)) continue
    const section = sectionOf(address)
    losses.set(section, (losses.get(section) ?? 0) + 1)
  }
  return [...losses].flatMap(([section, lost]) => {
    const size = sizes.get(section) ?? 0
    const percent = Math.ceil((100 * lost) / size)
    if (size < smallest || 100 * lost <= limit * size || allow.allows('deletes-percent', String(percent))) return []
    const message = `${section} would lose ${lost} of ${size} items, ${percent} %; policy.limits.deletesPercent is ${limit}`
    return [refusal(message, `deletes-percent=${percent}`, section)]
  })
}

function guardLosses({ access, unseen }: Takings, limit: number, allow: Allowances): readonly Finding[] {
  if (unseen.length > 0 && !allow.allows('access-losses', String(Number.MAX_SAFE_INTEGER))) {
    const message = `Everybody in ${unseen.join(', ')} would lose a global permission, and who that is cannot be read; policy.limits.accessLosses is ${limit}`
    return [refusal(message, 'access-losses')]
  }
  const people = new Set((access?.losses ?? []).flatMap((shift) => shift.people ?? []))
  if (people.size <= limit || allow.allows('access-losses', String(people.size))) return []
  const message = `${people.size} people would lose a global permission; policy.limits.accessLosses is ${limit}`
  return [refusal(message, `access-losses=${people.size}`)]
}

/** The limit has the name of the kind that it counts. */
function guardRepositories({ drafts }: Takings, limit: number | undefined, allow: Allowances): readonly Finding[] {
  if (limit === undefined) return []
  const touched = new Set(drafts.flatMap(({ address }) => repositoryOf(address) ?? []))
  if (touched.size <= limit || allow.allows('repositories', String(touched.size))) return []
  const message = `The plan would touch ${touched.size} repositories; policy.limits.repositories is ${limit}`
  return [refusal(message, `repositories=${touched.size}`)]
}

function repositoryOf(address: string): string | undefined {
  let above = ''
  for (const { key, names } of parseAddress(address) ?? []) {
    const section = above === '' ? key : `${above}.${key}`
    above = names === undefined ? section : itemAddress(section, names.join(','))
    if (key === 'repositories' && names !== undefined) return above
  }
  return undefined
}
