/**
 * Live state, read on demand and kept for one pass.
 *
 * A collection is read once, whole, or item by item where its definition has only `lookup`. Reading nothing that nobody
 * asks for is the rule: whoever wants an item asks for it here, and what was read before is not read again.
 */
import { formatKey, itemAddress, joinAddress } from '../model/address.js'
import { ApiError } from '../model/errors.js'
import type { At, Collection, Live, Reader, Registry, Singleton } from '../model/resource.js'
import { childrenOf } from '../model/resource.js'
import { isObject } from '../model/schema.js'

/** A live item of a collection, in canonical spelling. */
export interface LiveItem extends Live {
  readonly resource: Collection
  readonly at: At
  /** The address of its collection. */
  readonly section: string
  readonly address: string
  readonly identity: Readonly<Record<string, unknown>>
}

/** Where a definition's items lie. */
export interface Place<R extends Singleton | Collection = Singleton | Collection> {
  readonly resource: R
  readonly at: At
  readonly address: string
}

/** One pass over the server. */
export interface LiveState {
  readonly reader: Reader
  single(place: Place<Singleton>): Promise<Live | null>
  /** Every item under one parent, by address. */
  all(place: Place<Collection>): Promise<ReadonlyMap<string, LiveItem>>
  /** One item, by its naming values; a list that was read answers without a request. */
  item(
    place: Place<Collection>,
    identity: Readonly<Record<string, unknown>>,
    declared?: unknown,
  ): Promise<LiveItem | null>
}

/** Starts a pass. */
export function startLiveState(reader: Reader): LiveState {
  const lists = new Map<string, Promise<ReadonlyMap<string, LiveItem>>>()
  const singles = new Map<string, Promise<Live | null>>()
  const remember = <T>(store: Map<string, Promise<T>>, place: Place, read: () => Promise<T>): Promise<T> => {
    const key = `${place.resource.kind} ${JSON.stringify(place.at)}`
    const known = store.get(key)
    if (known !== undefined) return known
    const promise = read()
    store.set(key, promise)
    return promise
  }
  const all: LiveState['all'] = (place) => remember(lists, place, () => readAll(reader, place))
  return {
    reader,
    single: (place) => remember(singles, place, () => readSingle(reader, place)),
    all,
    item: async (place, identity, declared) => {
      if (place.resource.list !== undefined) {
        const address = itemAddress(place.address, formatKey(place.resource.identity, identity))
        return (await all(place)).get(address) ?? null
      }
      const wanted = isObject(declared) ? { ...declared, ...identity } : identity
      const live = await place.resource.lookup?.(reader, place.at, wanted)
      return live ? liveItem(place, live) : null
    },
  }
}

async function readSingle(reader: Reader, { resource, at }: Place<Singleton>): Promise<Live | null> {
  const live = await resource.read(reader, at)
  return live && { value: resource.canonical(live.value), raw: live.raw }
}

async function readAll(reader: Reader, place: Place<Collection>): Promise<ReadonlyMap<string, LiveItem>> {
  const items = new Map<string, LiveItem>()
  const list = (await place.resource.list?.(reader, place.at)) ?? []
  for (const live of list) {
    const item = liveItem(place, live)
    if (items.has(item.address)) throw ambiguous(item)
    items.set(item.address, item)
  }
  return items
}

function ambiguous(item: LiveItem): ApiError {
  return new ApiError('API_UNEXPECTED', `The server has two items that bbstate cannot tell apart: ${item.address}`, {
    address: item.address,
    hint: 'Remove or rename one of them in Bitbucket, or leave this collection out of the configuration.',
  })
}

function liveItem({ resource, at, address: section }: Place<Collection>, live: Live): LiveItem {
  const value = resource.canonical(live.value)
  const identity = isObject(value)
    ? Object.fromEntries(resource.identity.map((property) => [property, value[property]]))
    : {}
  const address = itemAddress(section, formatKey(resource.identity, identity))
  return { resource, at, section, address, identity, value, raw: live.raw }
}

/** The naming value of an item that has children; such kinds are named by one property. */
export function nameOf(resource: Collection, identity: Readonly<Record<string, unknown>>): string {
  return String(identity[resource.identity[0]])
}

/** The places below an item, one for each definition that can live there. */
export function placesBelow(
  registry: Registry,
  item: Pick<LiveItem, 'resource' | 'at' | 'address' | 'identity'>,
): readonly Place[] {
  const at = { ...item.at, [item.resource.kind]: nameOf(item.resource, item.identity) }
  return childrenOf(registry, item.resource.kind).map((resource) => ({
    resource,
    at,
    address: joinAddress(item.address, resource.key),
  }))
}

/** Whether a place holds a collection. */
export function isCollectionPlace(place: Place): place is Place<Collection> {
  return place.resource.form === 'collection'
}

/** Whether a place holds a singleton. */
export function isSingletonPlace(place: Place): place is Place<Singleton> {
  return place.resource.form === 'singleton'
}
