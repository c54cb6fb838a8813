/**
 * Which part of a configuration differs from an earlier one, widened to whatever a changed policy touches.
 *
 * Both are compared as they mean: overlays merged, variables put in. So a changed variable or overlay shows in every
 * item that it reaches.
 */
import { matchesPattern } from '../model/address.js'
import type { Desired, DesiredCollection, DesiredItem, Policy } from '../model/desired.js'
import { serialise } from '../model/normal.js'
import type { Warning } from '../model/plan.js'
import { coversAddress, isProtected } from '../model/policy.js'

/** The part that is read and planned. */
export interface ChangedScope {
  readonly ref: string
  readonly commit: string
  readonly items: ReadonlySet<string>
  readonly collections: ReadonlySet<string>
  /** Items that are declared no longer: they stay as they are. */
  readonly warnings: readonly Warning[]
}

/** What differs between a configuration and the one of a commit. */
export function changedScope(base: Desired, here: Desired, stand: { ref: string; commit: string }): ChangedScope {
  const known = new Map(base.items.map((item) => [item.address, meaningOf(item)]))
  const declared = new Set(here.items.map(({ address }) => address))
  const gone = base.items.filter(({ address }) => !declared.has(address))
  const touched = touchedByPolicy(base.policy, here.policy)
  const changed = here.items.filter((item) => known.get(item.address) !== meaningOf(item) || touched(item.address))
  const moved = new Set([...changed, ...gone].map(({ section }) => section))
  const lists = new Map(base.collections.map((collection) => [collection.address, collection.isWrittenEmpty]))
  const isPruned = ({ address }: DesiredCollection): boolean =>
    here.policy.prune.some(({ pattern }) => matchesPattern(pattern, address))
  // A collection is pruned whole or not at all: its other items would count as unlisted.
  const whole = here.collections.filter(
    (collection) =>
      touched(collection.address) ||
      (isPruned(collection) &&
        (moved.has(collection.address) || lists.get(collection.address) !== collection.isWrittenEmpty)),
  )
  const collections = new Set(whole.map(({ address }) => address))
  const items = new Set(changed.map(({ address }) => address))
  for (const { address, section } of here.items) if (collections.has(section)) items.add(address)
  const left = gone.filter(({ section, want }) => want !== null && !collections.has(section))
  return { ...stand, items, collections, warnings: left.map((item) => undeclared(item, stand.ref)) }
}

function undeclared({ address, locate }: DesiredItem, ref: string): Warning {
  const message = `${address} is declared no longer (it was on ${ref}), so it is not managed and stays as it is`
  return { code: 'NO_LONGER_DECLARED', message, address, source: locate() }
}

function meaningOf({ want, renamedFrom }: DesiredItem): string {
  return serialise({ want, renamedFrom: renamedFrom ?? null })
}

/** What a changed policy is about; everything where it is about the whole plan. */
function touchedByPolicy(base: Policy, here: Policy): (address: string) => boolean {
  const demands = ({ administrators, unknownPrincipals, limits }: Policy): string =>
    serialise({ administrators, unknownPrincipals: unknownPrincipals ?? 'refuse', limits: limits ?? {} })
  if (demands(base) !== demands(here)) return () => true
  const prune = differing(base.prune, here.prune, ({ pattern }) => pattern)
  const protect = differing(base.protect, here.protect, ({ pattern }) => pattern)
  const ignore = differing(base.ignore, here.ignore, ({ address, until }) => `${address} ${until}`)
  return (address) =>
    prune.some(({ pattern }) => coversAddress(pattern, address)) ||
    isProtected(protect, address) ||
    ignore.some((waiver) => coversAddress(waiver.address, address))
}

/** The entries that one of two lists has and the other has not. */
function differing<T>(a: readonly T[], b: readonly T[], nameOf: (entry: T) => string): readonly T[] {
  const [inA, inB] = [new Set(a.map(nameOf)), new Set(b.map(nameOf))]
  return [...a.filter((entry) => !inB.has(nameOf(entry))), ...b.filter((entry) => !inA.has(nameOf(entry)))]
}
