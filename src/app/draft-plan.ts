/**
 * The drafts of a plan: what the files ask for, and what prune adds. Policy comes before the difference: what is
 * ignored or protected changes what is wanted, and then one dumb comparison runs.
 */
import { matchesPattern } from '../model/address.js'
import type { Desired, DesiredCollection, Pattern } from '../model/desired.js'
import { type Draft, draftChange } from '../model/draft.js'
import type { Finding } from '../model/errors.js'
import { refuse } from '../model/guard.js'
import type { Cause } from '../model/plan.js'
import { isProtected } from '../model/policy.js'
import type { LiveItem } from './live-state.js'
import type { Declared } from './read-declared.js'

/** The changes that the files ask for. */
export function draftDeclared(
  desired: Desired,
  declared: Declared,
  updatesSecrets: (address: string) => boolean,
): readonly Draft[] {
  return desired.items.flatMap((item) => {
    const aim = { ...item, live: declared.live.get(item.address) ?? null, updatesSecrets: updatesSecrets(item.address) }
    const draft = draftChange(aim)
    if (draft === null) return []
    const renamedFrom = declared.renamed.get(item.address)
    const { renamedFrom: _name, ...plain } = draft
    return [renamedFrom === undefined ? plain : { ...plain, renamedFrom }]
  })
}

/** What prune would delete, and what it leaves because it is protected or read-only. */
export interface Pruning {
  readonly drafts: readonly Draft[]
  readonly kept: readonly LiveItem[]
  readonly unmanaged: readonly LiveItem[]
}

/**
 * Sorts the live items that no file declares into deletions, protected ones and unmanaged ones.
 * @throws PlanError `PLAN_UNSAFE` where pruning would empty a collection that is not written as empty.
 */
export function draftPruned(desired: Desired, declared: Declared, isIgnored: (address: string) => boolean): Pruning {
  const drafts: Draft[] = []
  const kept: LiveItem[] = []
  const unmanaged: LiveItem[] = []
  const named = new Set([...desired.items.map(({ address }) => address), ...declared.renamed.values()])
  const filled = new Set(desired.items.filter(({ want }) => want !== null).map(({ section }) => section))
  const refused: Finding[] = []
  for (const [collection, items] of declared.collections) {
    const extra = [...items.values()].filter(({ address }) => !named.has(address) && !isIgnored(address))
    const prune = desired.policy.prune.find(({ pattern }) => matchesPattern(pattern, collection.address))
    if (prune === undefined) {
      unmanaged.push(...extra)
      continue
    }
    const cause: Cause = { reason: 'pruned', source: prune.source }
    const stays = (item: LiveItem): boolean => isProtected(desired.policy.protect, item.address) || isReadOnly(item)
    const gone = extra.filter((item) => !stays(item)).flatMap((item) => draftDeletion(item, cause) ?? [])
    const staying = extra.filter(stays)
    if (gone.length > 0 && staying.length === 0 && !filled.has(collection.address) && !collection.isWrittenEmpty) {
      refused.push(wouldEmpty(collection, prune, gone.length))
    }
    drafts.push(...gone)
    kept.push(...staying)
  }
  if (refused.length > 0) throw refuse('Pruning would leave a collection empty', refused)
  return { drafts, kept, unmanaged }
}

/** Protected items that would lose everything in one of their collections. */
export function findEmptied(desired: Desired, declared: Declared, drafts: readonly Draft[]): readonly Finding[] {
  const actions = new Map<string, Draft['action']>(drafts.map(({ address, action }) => [address, action]))
  const sections = new Set(desired.items.filter(({ want }) => want !== null).map(({ section }) => section))
  return [...declared.collections].flatMap(([collection, items]): readonly Finding[] => {
    const owner = collection.address.slice(0, -(collection.resource.key.length + 1))
    const isEmptied = items.size > 0 && [...items.keys()].every((address) => actions.get(address) === 'delete')
    if (!isEmptied || sections.has(collection.address) || !isProtected(desired.policy.protect, owner)) return []
    return [
      {
        code: 'PLAN_UNSAFE',
        message: `${owner} is protected by policy.protect, and its ${collection.resource.key} would be emptied`,
        address: collection.address,
        source: collection.locate(),
        hint: 'Keep at least one, or take it out of policy.protect in a change of its own.',
      },
    ]
  })
}

function isReadOnly(item: LiveItem): boolean {
  return item.resource.isReadOnly?.(item) !== undefined
}

function wouldEmpty(collection: DesiredCollection, prune: Pattern, count: number): Finding {
  return {
    code: 'PLAN_UNSAFE',
    message: `${collection.address} would be emptied: prune (${prune.source.file}:${prune.source.line}) would delete all ${count} items`,
    address: collection.address,
    source: collection.locate(),
    hint: 'Write the collection as {} or [] if it shall really be empty, or declare what stays.',
  }
}

function draftDeletion(item: LiveItem, cause: Cause): Draft | null {
  const draft = draftChange({ ...item, live: item, want: null })
  return draft && { ...draft, cause }
}
