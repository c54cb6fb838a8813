/**
 * Desired state → YAML, for exports.
 *
 * The order is that of the definitions and of names, every managed field is written, and comments say what a setting
 * means. Planning what was written changes nothing; writing the same state twice gives the same bytes.
 */
import { formatKey, sectionOf } from '../model/address.js'
import {
  type Area,
  type At,
  childrenOf,
  type Collection,
  notationOf,
  plainProperties,
  type Registry,
  type Singleton,
} from '../model/resource.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'
import { escapeReferences } from './references.js'
import { block, comment, type Lines, list, pad, scalar, text } from './text.js'

/** One live setting. */
export interface WritableItem {
  readonly resource: Singleton | Collection
  readonly at: At
  readonly address: string
  readonly identity: Readonly<Record<string, unknown>>
  /** As the schema has it; a keyed list is a list. */
  readonly value: unknown
}

/** What was read: items, and the addresses of the collections that hold them, empty ones too. */
export interface WritableState {
  readonly items: readonly WritableItem[]
  readonly collections: readonly { readonly address: string }[]
}

/** A configuration as text. */
export interface WrittenText {
  readonly text: string
  /** Nothing is declared. */
  readonly isEmpty: boolean
  /** Names of the secrets that stand as placeholders. */
  readonly placeholders: readonly string[]
}

/** Writes a configuration. */
export function writeConfiguration(
  registry: Registry,
  state: WritableState,
  options: { readonly omitsDefaults: boolean; readonly schemaUrl: string; readonly area?: Area },
): WrittenText {
  const writer = new Writer(registry, state, options)
  const lines = registry.roots.flatMap(({ kind, path }) => {
    // The first setting follows its section at once.
    const [, ...section] = writer.section(kind, path, 1)
    return section.length === 0 ? [] : [`${path}:`, ...section]
  })
  const head = `# yaml-language-server: $schema=${options.schemaUrl}`
  const isEmpty = lines.length === 0
  const text = `${[head, ...(isEmpty ? ['{}'] : lines)].join('\n')}\n`
  return { text, isEmpty, placeholders: writer.placeholders }
}

/** Where fields are written: whose they are, how deep, and what stands elsewhere. */
interface Place {
  readonly item: WritableItem
  readonly depth: number
  readonly leftOut: readonly string[]
  /** Names from the kind down, of which that of a placeholder is made. */
  readonly path: readonly string[]
  /** Whether a comment says what a field means, where it stands for the first time. */
  readonly isExplained: boolean
}

class Writer {
  readonly placeholders: string[] = []
  readonly #registry: Registry
  readonly #omitsDefaults: boolean
  /** The one that is written; absent: all. */
  readonly #area: Area | undefined
  readonly #bySection: ReadonlyMap<string, readonly WritableItem[]>
  readonly #collections: ReadonlySet<string>
  readonly #explained = new Set<unknown>()

  constructor(registry: Registry, state: WritableState, options: { omitsDefaults: boolean; area?: Area }) {
    this.#registry = registry
    this.#omitsDefaults = options.omitsDefaults
    this.#area = options.area
    const bySection = new Map<string, WritableItem[]>()
    for (const item of state.items) {
      const section = item.resource.form === 'singleton' ? item.address : sectionOf(item.address)
      const items = bySection.get(section) ?? []
      items.push(item)
      bySection.set(section, items)
    }
    this.#bySection = bySection
    this.#collections = new Set(state.collections.map(({ address }) => address))
  }

  section(kind: string, base: string, depth: number): Lines {
    return childrenOf(this.#registry, kind).flatMap((resource) => {
      // What lies below another setting stands where that stands.
      if (depth === 1 && this.#area !== undefined && resource.docs.area !== this.#area) return []
      const address = `${base}.${resource.key}`
      const items = this.#bySection.get(address) ?? []
      const [only] = items
      if (resource.form === 'singleton') {
        return only === undefined ? [] : [...this.#title(resource, depth), ...this.#singleton(resource, only, depth)]
      }
      if (!this.#collections.has(address)) return []
      return [...this.#title(resource, depth), ...this.#collection(resource, items, depth)]
    })
  }

  #title(resource: Singleton | Collection, depth: number): Lines {
    return [...(depth === 1 ? [''] : []), ...this.#explain(resource, resource.docs.title, depth)]
  }

  /** A comment, once a document. */
  #explain(subject: unknown, words: string, depth: number): Lines {
    if (this.#explained.has(subject)) return []
    this.#explained.add(subject)
    return comment(words, depth)
  }

  #singleton({ schema, key }: Singleton, item: WritableItem, depth: number): Lines {
    if (schema.type !== 'object') return text(`${pad(depth)}${key}:`, item.value, depth)
    const place = placeOf(item, depth + 1, [])
    const fields = this.#fields(schema, item.value, place)
    return block(`${pad(depth)}${key}:`, fields)
  }

  #collection(resource: Collection, items: readonly WritableItem[], depth: number): Lines {
    const head = `${pad(depth)}${resource.key}:`
    const sorted = [...items].sort((a, b) => (a.address < b.address ? -1 : 1))
    const [name] = resource.identity
    const keyOf = ({ identity }: WritableItem): string => scalar(identity[name])
    switch (notationOf(this.#registry, resource)) {
      case 'names':
        return list(head, sorted.map(keyOf), depth)
      case 'scalars': {
        const [plain = ''] = plainProperties(resource)
        const valueOf = ({ value }: WritableItem): unknown => (isObject(value) ? value[plain] : undefined)
        const lines = sorted.flatMap((item) => text(`${pad(depth + 1)}${keyOf(item)}:`, valueOf(item), depth + 1))
        return block(head, lines)
      }
      case 'map': {
        const lines = sorted.flatMap((item) => this.#mapEntry(resource, item, keyOf(item), depth + 1))
        return block(head, lines)
      }
      case 'list': {
        const lines = sorted.flatMap((item) => this.#listEntry(resource, item, depth + 1))
        return lines.length === 0 ? [`${head} []`] : [head, ...lines]
      }
    }
  }

  #mapEntry(resource: Collection, item: WritableItem, key: string, depth: number): Lines {
    const place = placeOf(item, depth + 1, resource.identity)
    const fields = this.#fields(resource.schema, item.value, place)
    const below = this.section(resource.kind, item.address, depth + 1)
    return block(`${pad(depth)}${key}:`, [...fields, ...below])
  }

  /** Without comments on fields: the first line of an entry must be its first field. */
  #listEntry(resource: Collection, item: WritableItem, depth: number): Lines {
    const place = { ...placeOf(item, depth + 1, []), isExplained: false }
    const lines = [
      ...this.#fields(resource.schema, item.value, place),
      ...this.section(resource.kind, item.address, depth + 1),
    ]
    return lines.map((line, index) => (index === 0 ? `${pad(depth)}- ${line.trimStart()}` : line))
  }

  #fields(schema: Schema, value: unknown, place: Place): Lines {
    if (!isObject(value)) return []
    return Object.entries(propertiesOf(schema)).flatMap(([property, field]) => {
      if (place.leftOut.includes(property) || field.writeOnly === true) return []
      const lines =
        field.secret === true
          ? this.#secret(property, schema, place)
          : this.#field(property, field, value[property], place)
      const hasWords = lines.length > 0 && place.isExplained
      return hasWords ? [...this.#explain(field, field.description, place.depth), ...lines] : lines
    })
  }

  /** A secret cannot be read: a placeholder stands where one is needed, or where a later change would wipe it. */
  #secret(property: string, schema: Schema, { item, depth, path }: Place): Lines {
    const isNeeded = schema.type === 'object' && schema.required?.includes(property) === true
    if (!isNeeded && !item.resource.replacesSecrets(item.value)) return []
    const name = placeholderOf([...path, property])
    this.placeholders.push(name)
    return [`${pad(depth)}${property}: \${secret:${name}}`]
  }

  #field(property: string, schema: Schema, value: unknown, place: Place): Lines {
    if (value === undefined || value === null) return []
    if (this.#omitsDefaults && 'default' in schema && schema.default === value) return []
    const { depth } = place
    const head = `${pad(depth)}${property}:`
    const inside = { ...place, depth: depth + 1, leftOut: [], path: [...place.path, property] }
    if (schema.type === 'object') return block(head, this.#fields(schema, value, inside))
    // JSON is YAML.
    if (schema.type === 'json') return [`${head} ${escapeReferences(JSON.stringify(value))}`]
    if (schema.type !== 'array' || !Array.isArray(value)) return text(head, value, depth)
    const key = schema['x-key']
    if (key === undefined) {
      const values = value.map(scalar)
      return list(head, schema.uniqueItems === true ? values.sort() : values, depth)
    }
    const entries = value.filter(isObject).sort((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1))
    const lines = entries.flatMap((entry) => {
      const path = [...inside.path, String(entry[key])]
      const below = { ...inside, depth: depth + 2, leftOut: [key], path }
      return block(`${pad(depth + 1)}${scalar(entry[key])}:`, this.#fields(schema.items, entry, below))
    })
    return block(head, lines)
  }
}

function placeOf(item: WritableItem, depth: number, leftOut: readonly string[]): Place {
  const { resource, identity } = item
  const named = resource.form === 'collection' ? [formatKey(resource.identity, identity)] : []
  const path = [resource.kind, ...named]
  return { item, depth, leftOut, path, isExplained: true }
}

/** `mailServer`, `password` → `mail-server-password`. */
function placeholderOf(path: readonly string[]): string {
  const words = path.join('-').replaceAll(/(?<=[a-z0-9])[A-Z]/gu, (letter) => `-${letter}`)
  return words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .slice(0, 64)
}
