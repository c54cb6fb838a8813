/**
 * What goes with a deletion. Bitbucket drops memberships and permissions silently with their group or user; a plan
 * shows them as changes of their own.
 */
import { type Draft, draftChange } from '../model/draft.js'
import type { Finding } from '../model/errors.js'
import { refuse } from '../model/guard.js'
import { type Reference, referencesIn } from '../model/reference.js'
import { childrenOf, type Live, type Registry, resourceOf } from '../model/resource.js'
import type { Schema } from '../model/schema.js'
import { mapBounded } from './bounded.js'
import {
  isCollectionPlace,
  isSingletonPlace,
  type LiveItem,
  type LiveState,
  nameOf,
  type Place,
  placesBelow,
} from './live-state.js'

/**
 * What vanishes or must change when items are deleted: their children, and the items that name them. They are read
 * and stand in the plan as changes of their own, so that nothing disappears unseen.
 * @throws PlanError `PLAN_UNSAFE` where another item names a deleted one in a field that bbstate cannot take it out of.
 */
export async function draftGoneWith(
  registry: Registry,
  state: LiveState,
  drafts: readonly Draft[],
  isDeclared: (address: string) => boolean,
): Promise<readonly Draft[]> {
  const added: Draft[] = []
  const naming: Naming[] = []
  const known = new Set(drafts.map(({ address }) => address))
  const queue = drafts.filter(isItemDeletion)
  for (let draft = queue.shift(); draft !== undefined; draft = queue.shift()) {
    const uses = (await readUses(registry, state, draft)).filter(({ item }) => !isDeclared(item.address))
    naming.push(...uses.filter((use) => !use.isIdentity))
    const referrers = uses.filter(({ isIdentity }) => isIdentity).map(({ item }) => ({ ...item, live: item }))
    for (const item of [...(await readChildren(registry, state, draft)), ...referrers]) {
      if (known.has(item.address)) continue
      const gone = draftChange({ ...item, want: null })
      if (gone === null) continue
      const withCause: Draft = { ...gone, cause: { reason: 'goes-with', address: draft.address } }
      known.add(item.address)
      added.push(withCause)
      if (isItemDeletion(withCause)) queue.push(withCause)
    }
  }
  refuseNaming(naming.filter(({ item }) => !known.has(item.address)))
  return added
}

function isItemDeletion(draft: Draft): boolean {
  return draft.action === 'delete' && draft.resource.form === 'collection'
}

type Found = Pick<LiveItem, 'at' | 'address' | 'identity'> & {
  readonly resource: Draft['resource']
  readonly live: Live
}

async function readChildren(registry: Registry, state: LiveState, draft: Draft): Promise<readonly Found[]> {
  if (draft.resource.form !== 'collection' || childrenOf(registry, draft.resource.kind).length === 0) return []
  const places = placesBelow(registry, { ...draft, resource: draft.resource })
  const found = await mapBounded(places, async (place): Promise<readonly Found[]> => {
    if (isCollectionPlace(place)) return [...(await state.all(place)).values()].map((item) => ({ ...item, live: item }))
    if (!isSingletonPlace(place) || place.resource.clear === undefined) return []
    const live = await state.single(place)
    return live === null ? [] : [{ ...place, identity: {}, live }]
  })
  return found.flat()
}

/** A live item that names a deleted one, in its identity or in another field. */
interface Naming {
  readonly deleted: Draft
  readonly item: LiveItem
  readonly reference: Reference
  readonly isIdentity: boolean
}

async function readUses(registry: Registry, state: LiveState, deleted: Draft): Promise<readonly Naming[]> {
  const { resource } = deleted
  if (resource.form !== 'collection') return []
  const name = nameOf(resource, deleted.identity)
  const uses: Naming[] = []
  for (const other of registry.resources) {
    if (other.form !== 'collection' || !refersTo(other.schema, resource.kind)) continue
    for (const item of await readEverywhere(registry, state, other.kind)) {
      const reference = referencesIn(other.schema, item.value).find((r) => r.kind === resource.kind && r.name === name)
      if (reference === undefined) continue
      uses.push({ deleted, item, reference, isIdentity: other.identity.includes(reference.path) })
    }
  }
  return uses
}

function refersTo(schema: Schema, kind: string): boolean {
  if (schema['x-ref'] === kind) return true
  if (schema.type === 'array') return refersTo(schema.items, kind)
  return schema.type === 'object' && Object.values(schema.properties).some((field) => refersTo(field, kind))
}

function refuseNaming(naming: readonly Naming[]): void {
  if (naming.length === 0) return
  const findings = naming.map(({ deleted, item, reference }): Finding => ({
    code: 'PLAN_UNSAFE',
    message: `${deleted.address} is still named by ${item.address} (${reference.path})`,
    address: deleted.address,
    hint: `Declare ${item.address} without it, then delete ${deleted.address}.`,
  }))
  throw refuse('Deletions are refused', findings)
}

/** Every live item of a kind, wherever it lies. */
export async function readEverywhere(registry: Registry, state: LiveState, kind: string): Promise<readonly LiveItem[]> {
  const places = await placesOf(registry, state, kind)
  const items = await mapBounded(places.filter(isCollectionPlace), async (place) => [
    ...(await state.all(place)).values(),
  ])
  return items.flat()
}

async function placesOf(registry: Registry, state: LiveState, kind: string): Promise<readonly Place[]> {
  const resource = resourceOf(registry, kind)
  if (resource === undefined || resource.form === 'directory') return []
  const places: Place[] = []
  for (const parent of resource.parents) {
    if ('root' in parent) {
      places.push({ resource, at: {}, address: parent.path === '' ? resource.key : `${parent.path}.${resource.key}` })
      continue
    }
    const items = await readEverywhere(registry, state, parent.kind)
    places.push(...items.flatMap((item) => placesBelow(registry, item).filter((place) => place.resource === resource)))
  }
  return places
}
