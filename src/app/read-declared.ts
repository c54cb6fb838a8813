/**
 * Reads the live side of what is declared, and nothing else: one list a collection, one object a singleton, parents
 * before children, and nothing inside what does not exist yet.
 */
import type { Desired, DesiredCollection, DesiredItem } from '../model/desired.js'
import { PlanError } from '../model/errors.js'
import type { At, Live } from '../model/resource.js'
import { mapBounded } from './bounded.js'
import { isCollectionPlace, isSingletonPlace, type LiveItem, type LiveState, type Place } from './live-state.js'

/** Live objects of the declared items, by the items' addresses; and the live names of renamed ancestors. */
export interface Declared {
  readonly live: ReadonlyMap<string, Live | null>
  /** Addresses under which renamed items are live today. */
  readonly renamed: ReadonlyMap<string, string>
  /** Every declared collection that could be read, with its live items. */
  readonly collections: ReadonlyMap<DesiredCollection, ReadonlyMap<string, LiveItem>>
}

/** Reads what is declared, parents before children; inside what does not exist yet nothing is read. */
export async function readDeclared(desired: Desired, state: LiveState, onRead: OnRead): Promise<Declared> {
  const live = new Map<string, Live | null>()
  const renamed = new Map<string, string>()
  const collections = new Map<DesiredCollection, ReadonlyMap<string, LiveItem>>()
  const progress = countReads(desired, onRead)
  const ownerOf = findOwners(desired)
  const isAbsent = (owner: DesiredItem | undefined): boolean =>
    owner !== undefined && (owner.want === null || (live.get(owner.address) ?? null) === null)
  const liveAt = (below: DesiredItem | DesiredCollection): At => nameAsLive(below, ownerOf, renamed)
  const readCollection = async (collection: DesiredCollection): Promise<void> => {
    const { resource, address } = collection
    if (resource.list === undefined || isAbsent(ownerOf(collection))) return
    const items = await state.all({ resource, address, at: liveAt(collection) })
    collections.set(collection, relocate(items, collection.at))
    progress(address)
  }
  const readOne = async (item: DesiredItem): Promise<void> => {
    const place = { resource: item.resource, address: item.section, at: liveAt(item) }
    const found = isAbsent(ownerOf(item)) ? null : await readItem(state, place, item)
    if (found?.renamedFrom !== undefined) renamed.set(item.address, found.renamedFrom)
    live.set(item.address, found?.live ?? null)
    if (item.resource.form === 'singleton') progress(item.address)
  }
  for (const level of levelsOf(desired)) {
    await Promise.all([mapBounded(level.collections, readCollection), mapBounded(level.items, readOne)])
  }
  return { live, renamed, collections }
}

/** Told after each read: how many of how many are done. */
export type OnRead = (done: number, total: number, what: string) => void

function countReads(desired: Desired, onRead: OnRead): (what: string) => void {
  const singletons = desired.items.filter(({ resource }) => resource.form === 'singleton').length
  const total = singletons + desired.collections.length
  let done = 0
  return (what) => onRead(++done, total, what)
}

interface Level {
  readonly items: readonly DesiredItem[]
  readonly collections: readonly DesiredCollection[]
}

/** What is declared, by the number of named ancestors. */
function levelsOf(desired: Desired): readonly Level[] {
  const depthOf = ({ at }: { at: At }): number => Object.keys(at).length
  const depths = [...new Set([...desired.items, ...desired.collections].map(depthOf))].sort((a, b) => a - b)
  return depths.map((depth) => ({
    items: desired.items.filter((item) => depthOf(item) === depth),
    collections: desired.collections.filter((collection) => depthOf(collection) === depth),
  }))
}

/** The declared item that something lies under; `undefined` directly under a root. */
function findOwners(desired: Desired): (below: DesiredItem | DesiredCollection) => DesiredItem | undefined {
  const byAddress = new Map(desired.items.map((item) => [item.address, item]))
  return (below) => {
    const section = 'section' in below ? below.section : below.address
    return byAddress.get(section.slice(0, -(below.resource.key.length + 1)))
  }
}

/** The ancestors' names as they are live: a renamed ancestor still has its earlier name. */
function nameAsLive(
  below: DesiredItem | DesiredCollection,
  ownerOf: (below: DesiredItem | DesiredCollection) => DesiredItem | undefined,
  renamed: ReadonlyMap<string, string>,
): At {
  let at = below.at
  for (let owner = ownerOf(below); owner !== undefined; owner = ownerOf(owner)) {
    if (owner.renamedFrom !== undefined && renamed.has(owner.address)) {
      at = { ...at, [owner.resource.kind]: owner.renamedFrom }
    }
  }
  return at
}

/** Live items under a renamed ancestor, addressed by its new name as the configuration has it. */
function relocate(items: ReadonlyMap<string, LiveItem>, at: At): ReadonlyMap<string, LiveItem> {
  return new Map([...items].map(([address, item]) => [address, { ...item, at }]))
}

async function readItem(
  state: LiveState,
  place: Place,
  item: DesiredItem,
): Promise<{ live: Live | null; renamedFrom?: string }> {
  if (isSingletonPlace(place)) return { live: await state.single({ ...place, address: item.address }) }
  if (!isCollectionPlace(place)) return { live: null }
  const current = await state.item(place, item.identity, item.want)
  if (item.renamedFrom === undefined) return { live: current }
  const earlier = await state.item(place, { ...item.identity, [place.resource.identity[0]]: item.renamedFrom })
  if (earlier === null) return { live: current }
  if (current !== null) throw bothExist(item, earlier)
  return { live: earlier, renamedFrom: earlier.address }
}

function bothExist(item: DesiredItem, earlier: LiveItem): PlanError {
  return new PlanError('PLAN_UNSAFE', `${item.address} cannot be renamed from ${earlier.address}: both exist`, {
    address: item.address,
    source: item.locate(),
    hint: 'Remove renamedFrom, or delete or rename one of the two.',
  })
}
