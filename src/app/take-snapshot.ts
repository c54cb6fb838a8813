/**
 * Writes live state down: everything that a plan of any configuration of this server would read, as far as lists reach.
 */
import { ApiError, type ApiCode } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { normalise } from '../model/normal.js'
import { coversAddress } from '../model/policy.js'
import { childrenOf, type Live, type Registry } from '../model/resource.js'
import { isObject, propertiesOf } from '../model/schema.js'
import type { Snapshot, SnapshotCollection, SnapshotGap, SnapshotItem, SnapshotSetting } from '../model/snapshot.js'
import { mapBounded } from './bounded.js'
import {
  isCollectionPlace,
  isSingletonPlace,
  type LiveItem,
  type LiveState,
  type Place,
  placesBelow,
  startLiveState,
} from './live-state.js'
import type { Clock, LiveServer } from './ports.js'

/** What a snapshot is taken with. */
export interface SnapshotInput {
  readonly registry: Registry
  readonly server: LiveServer
  readonly clock: Clock
  /** The version of bbstate. */
  readonly version: string
  readonly listen: Listener
  /** Address patterns of what is left out. */
  readonly exclude: readonly string[]
  /** The commit of the configuration, where known. */
  readonly commit?: string
}

/**
 * Takes a snapshot. Sends GETs only.
 * @throws ApiError and AuthError; what this server has not, or this account may not see, is named in it instead.
 */
export async function takeSnapshot(input: SnapshotInput): Promise<Snapshot> {
  const { registry, server, clock, version, commit } = input
  const state = startLiveState(server.reading())
  const taking = new Taking(input, state)
  for (const root of registry.roots) {
    await taking.readPlaces(
      childrenOf(registry, root.kind).map((resource) => ({
        resource,
        at: {},
        address: root.path === '' ? resource.key : `${root.path}.${resource.key}`,
      })),
    )
  }
  const names = await taking.readNames()
  return {
    formatVersion: 1,
    bbstate: version,
    server: server.identity,
    usesPassword: server.usesPassword,
    takenAt: new Date(clock.now()).toISOString(),
    ...(commit === undefined ? {} : { commit }),
    kinds: registry.resources.map(({ kind }) => kind).sort(),
    settings: taking.settings.sort(byAddress),
    collections: taking.collections.sort(byAddress),
    names,
    lacking: taking.lacking.sort(byAddress),
  }
}

/** Refusals that concern one setting; others, such as a server that does not answer, concern the whole run. */
const local: ReadonlySet<ApiCode> = new Set([
  'API_UNSUPPORTED',
  'API_FORBIDDEN',
  'API_NOT_FOUND',
  'API_REJECTED',
  'API_UNEXPECTED',
] as const)

class Taking {
  readonly settings: SnapshotSetting[] = []
  readonly collections: SnapshotCollection[] = []
  readonly lacking: SnapshotGap[] = []
  readonly #input: SnapshotInput
  readonly #state: LiveState

  constructor(input: SnapshotInput, state: LiveState) {
    this.#input = input
    this.#state = state
  }

  async readPlaces(places: readonly Place[]): Promise<void> {
    let done = 0
    await mapBounded(places, async (place) => {
      await this.#noting(place, () => this.#readPlace(place))
      this.#input.listen({ type: 'reading', done: ++done, total: places.length, what: place.address })
    })
  }

  async readNames(): Promise<Snapshot['names']> {
    const names: Record<string, readonly string[]> = {}
    for (const resource of this.#input.registry.resources) {
      if (resource.form !== 'directory') continue
      const { kind, key } = resource
      await this.#noting({ address: key, resource: { kind } }, async () => {
        names[kind] = [...(await resource.names(this.#state.reader))].sort()
      })
    }
    return names
  }

  async #readPlace(place: Place): Promise<void> {
    if (this.#input.exclude.some((pattern) => coversAddress(pattern, place.address))) {
      this.#lacks(place, 'API_UNSUPPORTED', 'it was left out by --exclude')
    } else if (isSingletonPlace(place)) {
      const { resource, at, address } = place
      const live = await this.#state.single(place)
      const value = (live && normalise(resource.schema, live.value)) ?? null
      this.settings.push({ address, kind: resource.kind, at, value })
    } else if (isCollectionPlace(place)) await this.#readCollection(place)
  }

  async #readCollection(place: Place<LiveItem['resource']>): Promise<void> {
    const { resource, at, address } = place
    if (resource.list === undefined) {
      this.#lacks(place, 'API_UNSUPPORTED', 'the server cannot list it')
      return
    }
    const items = [...(await this.#state.all(place)).values()].sort(byAddress)
    this.collections.push({ address, kind: resource.kind, at, items: items.map(itemOf) })
    await this.readPlaces(items.flatMap((item) => placesBelow(this.#input.registry, item)))
  }

  async #noting(
    place: { readonly address: string; readonly resource: { readonly kind: string } },
    read: () => Promise<void>,
  ): Promise<void> {
    try {
      await read()
    } catch (error) {
      if (!(error instanceof ApiError) || !local.has(error.code)) throw error
      this.#lacks(place, error.code, error.message)
    }
  }

  #lacks(
    { address, resource }: { readonly address: string; readonly resource: { readonly kind: string } },
    code: ApiCode,
    reason: string,
  ): void {
    this.lacking.push({ address, kind: resource.kind, code, reason })
  }
}

function itemOf(item: LiveItem): SnapshotItem {
  const { resource, value } = item
  const flags = flagsOf(item)
  const readOnly = resource.isReadOnly?.(item)
  const inactive = resource.isInactive?.(item)
  return {
    value: normalise(resource.schema, value),
    ...(Object.keys(flags).length === 0 ? {} : { flags }),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(inactive === undefined ? {} : { inactive }),
  }
}

/** Nothing but switches is taken of what the schema does not name: a text there could be anything. */
function flagsOf({ resource, raw }: LiveItem & Live): Readonly<Record<string, boolean>> {
  const named = propertiesOf(resource.schema)
  const flags = Object.entries(isObject(raw) ? raw : {}).filter(
    (entry): entry is [string, boolean] => typeof entry[1] === 'boolean' && named[entry[0]] === undefined,
  )
  return Object.fromEntries(flags.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function byAddress(a: { readonly address: string }, b: { readonly address: string }): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : 0
}
