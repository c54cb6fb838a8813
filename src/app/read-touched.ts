/** Reads exactly the objects that a plan touches: for the stale check before writing, and for the proof after it. */
import { isInside } from '../model/address.js'
import type { Change } from '../model/plan.js'
import type { At, Live, Registry } from '../model/resource.js'
import { resourceOf } from '../model/resource.js'
import { mapBounded } from './bounded.js'
import { isCollectionPlace, isSingletonPlace, startLiveState } from './live-state.js'
import type { LiveServer } from './ports.js'

/** Live objects by the addresses of the changes; `null` where there is none. */
export type Touched = ReadonlyMap<string, Live | null>

/**
 * Reads the touched objects, one request a list or object. `before`: inside what the plan creates nothing is read, and
 * renamed items are looked for under their earlier names. `after`: everything under its new name.
 */
export async function readTouched(
  registry: Registry,
  server: LiveServer,
  changes: readonly Change[],
  time: 'before' | 'after' = 'before',
): Promise<Touched> {
  const state = startLiveState(server.reading())
  const created = new Set(changes.filter(({ action }) => action === 'create').map(({ address }) => address))
  const gone = new Set(changes.filter(({ action }) => action === 'delete').map(({ address }) => address))
  const renames = changes.filter(({ renamedFrom }) => renamedFrom !== undefined)
  const found = await mapBounded(changes, async (change): Promise<readonly [string, Live | null]> => {
    const resource = resourceOf(registry, change.kind)
    const isWithoutParent = isInside(change.address, time === 'before' ? created : gone)
    if (resource === undefined || resource.form === 'directory' || isWithoutParent) return [change.address, null]
    const at = time === 'before' ? earlierNames(change.at, change.address, renames) : change.at
    const place = { resource, at, address: sectionOf(change.address) }
    if (isSingletonPlace(place)) return [change.address, await state.single(place)]
    if (!isCollectionPlace(place)) return [change.address, null]
    const identity = time === 'before' ? earlierIdentity(change, place.resource.identity[0]) : change.identity
    return [change.address, await state.item(place, identity, change.after ?? change.before)]
  })
  return new Map(found)
}

/** The address of the collection that holds an item: all before its last bracket that opens outside a quoted name. */
function sectionOf(address: string): string {
  let isQuoted = false
  let depth = 0
  let start = 0
  for (let index = 0; index < address.length; index++) {
    const character = address[index]
    if (isQuoted && character === '\\') index++
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === '[' && depth++ === 0) start = index
    else if (!isQuoted && character === ']') depth--
  }
  return address.slice(0, start)
}

/** Names of ancestors as they were before the renames of a plan. */
export function earlierNames(at: At, address: string, renames: readonly Change[]): At {
  return renames
    .filter((rename) => address.startsWith(`${rename.address}.`))
    .reduce<At>((names, rename) => ({ ...names, [rename.kind]: earlierName(rename) }), at)
}

/** The naming values before a rename; `property` is the first of them. */
export function earlierIdentity(change: Change, property: string): Readonly<Record<string, unknown>> {
  return change.renamedFrom === undefined ? change.identity : { ...change.identity, [property]: earlierName(change) }
}

/** The naming value before a rename, as the field change has it. */
function earlierName(change: Change): string {
  const field = change.fields.find(({ path }) => path in change.identity)
  return String(field?.before)
}
