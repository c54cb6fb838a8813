/** One file's document as addressed items, each knowing where it is written. */
import { formatKey, itemAddress, joinAddress } from '../model/address.js'
import type { Finding } from '../model/errors.js'
import {
  type At,
  childrenOf,
  type Collection,
  type Digest,
  notationOf,
  plainProperties,
  type Registry,
  type Singleton,
} from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { makeCanonical } from './canonical.js'
import { type Positions, pointerTo } from './positions.js'
import { misplacedSecret, resolveReferences } from './references.js'

/** Where something is written. */
export interface Origin {
  readonly positions: () => Positions
  readonly pointer: string
  /** The one property whose value stands for the whole item (`devs: ADMIN`). */
  readonly scalar?: string
}

/** An item as one file has it. */
export interface WrittenItem {
  readonly resource: Singleton | Collection
  readonly at: At
  readonly address: string
  readonly section: string
  readonly identity: Readonly<Record<string, unknown>>
  readonly want: unknown
  readonly renamedFrom?: string
  readonly origin: Origin
}

/** A collection as one file has it. */
export interface WrittenCollection {
  readonly resource: Collection
  readonly at: At
  readonly address: string
  readonly isWrittenEmpty: boolean
  readonly origin: Origin
}

/** What one file declares. */
export interface Written {
  readonly items: readonly WrittenItem[]
  readonly collections: readonly WrittenCollection[]
  readonly findings: readonly Finding[]
}

/** Takes a valid document apart. */
export function flatten(registry: Registry, document: unknown, positions: () => Positions, sha256: Digest): Written {
  const flattening = new Flattening(registry, positions, sha256)
  for (const root of registry.roots) {
    const section = isObject(document) ? document[root.path] : undefined
    if (section !== undefined) flattening.section(root.kind, section, {}, root.path, pointerTo('', root.path))
  }
  return flattening
}

interface Entry {
  readonly identity: Readonly<Record<string, unknown>>
  readonly body: unknown
  readonly pointer: string
  readonly scalar?: string
}

class Flattening implements Written {
  readonly items: WrittenItem[] = []
  readonly collections: WrittenCollection[] = []
  readonly findings: Finding[] = []
  readonly #registry: Registry
  readonly #positions: () => Positions
  readonly #sha256: Digest

  constructor(registry: Registry, positions: () => Positions, sha256: Digest) {
    this.#registry = registry
    this.#positions = positions
    this.#sha256 = sha256
  }

  section(kind: string, node: unknown, at: At, base: string, pointer: string): void {
    if (!isObject(node)) return
    for (const resource of childrenOf(this.#registry, kind)) {
      const written = node[resource.key]
      if (written === undefined) continue
      const address = joinAddress(base, resource.key)
      const here = pointerTo(pointer, resource.key)
      if (resource.form === 'singleton') this.#singleton(resource, written, at, address, here)
      else this.#collection(resource, written, at, address, here)
    }
  }

  #singleton(resource: Singleton, written: unknown, at: At, address: string, pointer: string): void {
    const origin: Origin = { positions: this.#positions, pointer }
    const want = this.#read(resource, written, origin, address)
    this.items.push({ resource, at, address, section: address, identity: {}, want, origin })
  }

  #collection(resource: Collection, written: unknown, at: At, address: string, pointer: string): void {
    const entries = this.#entries(resource, written, pointer)
    const origin: Origin = { positions: this.#positions, pointer }
    this.collections.push({ resource, at, address, isWrittenEmpty: entries.length === 0, origin })
    for (const entry of entries) this.#item(resource, entry, at, address)
  }

  /** The items of a collection, whatever notation it is written in. */
  #entries(resource: Collection, written: unknown, pointer: string): readonly Entry[] {
    if (Array.isArray(written)) {
      // What was found wrong was taken out, which leaves holes.
      return written.flatMap((entry: unknown, index): readonly Entry[] =>
        entry === undefined ? [] : this.#identified(resource, listEntry(resource, entry, pointerTo(pointer, index))),
      )
    }
    const [name] = resource.identity
    const [plain = ''] = plainProperties(resource)
    const isScalar = notationOf(this.#registry, resource) === 'scalars'
    return Object.entries(isObject(written) ? written : {}).map(([key, body]): Entry => {
      const entry = { identity: { [name]: key }, pointer: pointerTo(pointer, key) }
      return body === null || !isScalar ? { ...entry, body } : { ...entry, body: { [plain]: body }, scalar: plain }
    })
  }

  /** The entry with the naming values that are computed from it, where the definition computes them. */
  #identified(resource: Collection, entry: Entry): readonly Entry[] {
    const [name] = resource.identity
    if (resource.identify === undefined || !isObject(entry.body)) return [entry]
    const isNamed = entry.identity[name] !== undefined
    const isBare = Object.keys(entry.body).every((property) => resource.identity.includes(property))
    if (isNamed && isBare) return [entry]
    const identity = resource.identify(entry.body, this.#sha256)
    const origin: Origin = { positions: this.#positions, pointer: entry.pointer }
    if (typeof identity === 'string') {
      const hint = `Write ${name} or what it is computed from.`
      this.#report({ code: 'CONFIG_SCHEMA', message: `${resource.key}: ${identity}`, hint }, origin, '')
      return []
    }
    const spelled = (value: unknown): unknown => {
      const canonical = resource.canonical({ [name]: value })
      return isObject(canonical) ? canonical[name] : value
    }
    if (isNamed && spelled(entry.identity[name]) !== spelled(identity[name])) {
      const message = `${resource.key}: ${name} is not that of what stands beside it`
      this.#report({ code: 'CONFIG_SCHEMA', message, hint: `Leave ${name} out: it is computed.` }, origin, '')
      return []
    }
    return [{ ...entry, identity }]
  }

  #item(resource: Collection, entry: Entry, at: At, section: string): void {
    const { body, pointer, scalar } = entry
    const origin: Origin = { positions: this.#positions, pointer, ...(scalar === undefined ? {} : { scalar }) }
    const own = ownFields(this.#registry, resource, body)
    const whole = this.#read(resource, { ...own, ...entry.identity }, origin, section) as Record<string, unknown>
    const identity = Object.fromEntries(resource.identity.map((property) => [property, whole[property]]))
    const address = itemAddress(section, formatKey(resource.identity, identity))
    const fields = Object.entries(whole).filter(([property]) => !resource.identity.includes(property))
    const want = body === null ? null : Object.fromEntries(fields)
    const earlier = this.#earlierName(resource, body, origin, address)
    this.items.push({ resource, at, address, section, identity, want, origin, ...earlier })
    const below = { ...at, [resource.kind]: String(identity[resource.identity[0]]) }
    if (body !== null) this.section(resource.kind, body, below, address, pointer)
  }

  #earlierName(resource: Collection, body: unknown, origin: Origin, address: string): { renamedFrom?: string } {
    const written = isObject(body) && resource.rename !== undefined ? body['renamedFrom'] : undefined
    if (typeof written !== 'string') return {}
    const [property] = resource.identity
    const pointer = { ...origin, pointer: pointerTo(origin.pointer, 'renamedFrom') }
    const spelled = this.#read(resource, { [property]: written }, pointer, address)
    return isObject(spelled) ? { renamedFrom: String(spelled[property]) } : {}
  }

  /** A written value with its references resolved, in canonical spelling. */
  #read(resource: Singleton | Collection, written: unknown, origin: Origin, address: string): unknown {
    if (written === null) return null
    const { value, misplaced } = resolveReferences(resource.schema, written)
    for (const path of misplaced) this.#report({ ...misplacedSecret, address }, origin, path)
    const canonical = makeCanonical(resource, value)
    for (const path of canonical.twice) this.#report({ ...twoSpellings, address }, origin, path)
    return canonical.value
  }

  #report(finding: Finding, { pointer }: Origin, path: string): void {
    this.findings.push({ ...finding, source: this.#positions().locateValue(`${pointer}${path}`) })
  }
}

const twoSpellings: Finding = {
  code: 'CONFIG_DUPLICATE',
  message: 'The same name stands here twice, in different spellings',
  hint: 'The server treats them as one: write it once.',
}

function listEntry(resource: Collection, entry: unknown, pointer: string): Entry {
  if (!isObject(entry)) return { identity: { [resource.identity[0]]: entry }, body: {}, pointer }
  const { absent, ...body } = entry
  const identity = Object.fromEntries(resource.identity.map((property) => [property, body[property]]))
  return { identity, body: absent === true ? null : body, pointer }
}

/** The fields of an item itself, without its children's sections and the reserved key. */
function ownFields(registry: Registry, resource: Collection, body: unknown): Record<string, unknown> {
  if (!isObject(body)) return {}
  const children = new Set(childrenOf(registry, resource.kind).map(({ key }) => key))
  const isRename = (property: string): boolean => property === 'renamedFrom' && resource.rename !== undefined
  return Object.fromEntries(Object.entries(body).filter(([property]) => !children.has(property) && !isRename(property)))
}
