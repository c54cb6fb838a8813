/**
 * Reads live settings as configuration, and proves that planning what was written changes nothing.
 */
import { type ConfigurationFile, onlyFiles } from '../config/files.js'
import { loadDesired } from '../config/load.js'
import type { Validate } from '../config/validator.js'
import { writeConfiguration } from '../config/write.js'
import { matchesPattern, parseAddress } from '../model/address.js'
import type { Area, Digest, Live, Registry, Resource } from '../model/resource.js'
import { childrenOf } from '../model/resource.js'
import { coversAddress } from '../model/policy.js'
import type { Listener } from '../model/event.js'
import { ApiError, InternalError } from '../model/errors.js'
import { mapBounded } from './bounded.js'
import {
  isCollectionPlace,
  isSingletonPlace,
  type LiveState,
  type Place,
  placesBelow,
  startLiveState,
} from './live-state.js'
import { makePlan, type PlanInput } from './plan.js'
import type { LiveServer } from './ports.js'

/** One live setting, as an export writes it. */
export interface ExportedItem {
  readonly resource: Exclude<Resource, { form: 'directory' }>
  readonly at: Readonly<Record<string, string>>
  readonly address: string
  readonly identity: Readonly<Record<string, unknown>>
  readonly value: unknown
}

/** What was read, and what this server has not. */
export interface Exported {
  readonly items: readonly ExportedItem[]
  /** Addresses of collections that were read, also empty ones. */
  readonly collections: readonly Place[]
  /** Items of read-only directories, which cannot be managed here and are left out. */
  readonly readOnly: number
  /** Sections that this server or this account does not offer, with the reason in words. */
  readonly skipped: readonly { readonly address: string; readonly reason: string }[]
}

/**
 * Reads everything that an `include` pattern covers (all, where none is given), parents before children.
 * @throws ApiError, AuthError; an endpoint that this server lacks is skipped and named.
 */
export async function readExport(
  registry: Registry,
  server: LiveServer,
  include: readonly string[],
  listen: Listener,
): Promise<Exported> {
  const state = startLiveState(server.reading())
  const found = new Reading(state, registry, include, listen)
  for (const root of registry.roots) {
    const places = childrenOf(registry, root.kind).map((resource) => ({
      resource,
      at: {},
      address: root.path === '' ? resource.key : `${root.path}.${resource.key}`,
    }))
    await found.readPlaces(places)
  }
  return found
}

class Reading implements Exported {
  readonly items: ExportedItem[] = []
  readonly collections: Place[] = []
  readonly skipped: { address: string; reason: string }[] = []
  #readOnly = 0
  readonly #state: LiveState
  readonly #registry: Registry
  readonly #include: readonly string[]
  readonly #listen: Listener

  constructor(state: LiveState, registry: Registry, include: readonly string[], listen: Listener) {
    this.#state = state
    this.#registry = registry
    this.#include = include
    this.#listen = listen
  }

  get readOnly(): number {
    return this.#readOnly
  }

  async readPlaces(places: readonly Place[]): Promise<void> {
    let done = 0
    const wanted = places.filter(({ address, resource }) => this.#isWanted(address) && this.#isAsked(address, resource))
    await mapBounded(wanted, async (place) => {
      await this.#readPlace(place)
      this.#listen({ type: 'reading', done: ++done, total: wanted.length, what: place.address })
    })
  }

  /** Included itself, below something included, or on the way to it. */
  #isWanted(address: string): boolean {
    return this.#include.length === 0 || this.#include.some((pattern) => reaches(pattern, address))
  }

  /** What costs much, is rarely wanted or changes by itself is exported where somebody names it. */
  #isAsked(address: string, { isOnRequest, volatile, key }: Place['resource']): boolean {
    if (!isOnRequest && !volatile) return true
    return this.#include.some((pattern) => reaches(pattern, address) && namesKey(pattern, key))
  }

  async #readPlace(place: Place): Promise<void> {
    try {
      if (isSingletonPlace(place)) this.#add(place, {}, await this.#state.single(place))
      else if (isCollectionPlace(place) && place.resource.list !== undefined) {
        const items = [...(await this.#state.all(place)).values()]
        this.collections.push(place)
        const own = items.filter((item) => item.resource.isReadOnly?.(item) === undefined)
        this.#readOnly += items.length - own.length
        const wanted = own.filter((item) => this.#isWanted(item.address))
        for (const item of wanted) this.#add(item, item.identity, item)
        await this.readPlaces(wanted.flatMap((item) => placesBelow(this.#registry, item)))
      }
    } catch (error) {
      if (!(error instanceof ApiError) || (error.code !== 'API_UNSUPPORTED' && error.code !== 'API_FORBIDDEN'))
        throw error
      this.skipped.push({ address: place.address, reason: error.message })
    }
  }

  #add({ resource, at, address }: Place, identity: Readonly<Record<string, unknown>>, live: Live | null): void {
    if (live !== null) this.items.push({ resource, at, address, identity, value: live.value })
  }
}

/** Whether a pattern says the key itself, rather than covering what lies above it. */
function namesKey(pattern: string, key: string): boolean {
  return parseAddress(pattern)?.some((step) => step.key === key) ?? false
}

function reaches(pattern: string, address: string): boolean {
  if (coversAddress(pattern, address)) return true
  for (let index = 1; index < pattern.length; index++) {
    const isBoundary = pattern[index] === '.' || pattern[index] === '['
    if (isBoundary && matchesPattern(pattern.slice(0, index), address)) return true
  }
  return false
}

const areas: readonly Area[] = ['people', 'security', 'repositories', 'server']

/** Where editors find the schema that the first line of an export names. */
const schemaUrl = 'https://unpkg.com/bbstate/schemas/bbstate.schema.json'

/** What an export needs beside the server. */
export interface ExportInput extends Omit<PlanInput, 'desired' | 'options'> {
  readonly include: readonly string[]
  readonly omitsDefaults: boolean
  readonly validate: Validate
  readonly digest: Digest
}

/** An export: the text, whole or by areas, and what it could not hold. */
export interface Export {
  readonly text: string
  /** The same by areas, those left out that hold nothing. */
  readonly files: readonly ConfigurationFile[]
  readonly items: number
  readonly skipped: Exported['skipped']
  readonly readOnly: number
  /** Names of the secrets that stand as placeholders. */
  readonly placeholders: readonly string[]
}

/**
 * Exports.
 * @throws InternalError where planning the export would change something: it is then not what is live.
 */
export async function exportConfiguration(input: ExportInput): Promise<Export> {
  const { registry, include, omitsDefaults, validate } = input
  const reading = input.server.reading()
  const server = { ...input.server, reading: () => reading }
  const exported = await readExport(registry, server, include, input.listen)
  const options = { omitsDefaults, schemaUrl }
  const { text, placeholders } = writeConfiguration(registry, exported, options)
  const filled = areas.flatMap((area) => {
    const written = writeConfiguration(registry, exported, { ...options, area })
    return written.isEmpty ? [] : [{ name: `${area}.yaml`, text: written.text }]
  })
  const [first = { name: 'export.yaml', text }, ...rest] = filled
  const desired = loadDesired(
    { paths: [], overlays: [], variables: () => undefined },
    { files: onlyFiles([first, ...rest]), registry, validate, digest: input.digest },
  )
  const plan = await makePlan({ ...input, server, desired })
  if (plan.changes.length > 0) {
    const addresses = plan.changes.map(({ address }) => address).join(', ')
    throw new InternalError(`The export would change ${addresses}`, {
      hint: 'The server answered differently the second time, or this is a defect of bbstate. Try again, then report it.',
    })
  }
  return {
    text,
    files: filled,
    items: exported.items.length,
    skipped: exported.skipped,
    readOnly: exported.readOnly,
    placeholders,
  }
}
