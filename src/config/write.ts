/**
 * Desired state → YAML, for exports.
 *
 * The order is that of the definitions and of names, every managed field is written, and comments say what a setting
 * means. Planning what was written changes nothing; writing the same state twice gives the same bytes.
 */
import { dump } from 'js-yaml'
import type { Live } from '../model/resource.js'
import {
  type At,
  childrenOf,
  type Collection,
  notationOf,
  plainProperties,
  type Registry,
  type Singleton,
} from '../model/resource.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'

/** One live setting. */
export interface WritableItem {
  readonly resource: Singleton | Collection
  readonly at: At
  readonly address: string
  readonly identity: Readonly<Record<string, unknown>>
  readonly value: Live['value']
}

/** What was read: items, and the addresses of the collections that hold them, empty ones too. */
export interface WritableState {
  readonly items: readonly WritableItem[]
  readonly collections: readonly { readonly address: string }[]
}

/** A configuration as text. */
export interface WrittenText {
  readonly text: string
  /** Names of the secrets that stand as placeholders. */
  readonly placeholders: readonly string[]
}

/** Writes a configuration. */
export function writeConfiguration(
  registry: Registry,
  state: WritableState,
  options: { readonly omitsDefaults: boolean; readonly schemaUrl: string },
): WrittenText {
  const writer = new Writer(registry, state, options.omitsDefaults)
  const lines = registry.roots.flatMap(({ kind, path }) => {
    const section = writer.section(kind, path, 1)
    return section.length === 0 ? [] : [`${path}:`, ...section]
  })
  const head = `# yaml-language-server: $schema=${options.schemaUrl}`
  return { text: `${[head, ...(lines.length === 0 ? ['{}'] : lines)].join('\n')}\n`, placeholders: writer.placeholders }
}

type Lines = readonly string[]

class Writer {
  readonly placeholders: string[] = []
  readonly #registry: Registry
  readonly #omitsDefaults: boolean
  readonly #bySection: ReadonlyMap<string, readonly WritableItem[]>
  readonly #collections: ReadonlySet<string>

  constructor(registry: Registry, state: WritableState, omitsDefaults: boolean) {
    this.#registry = registry
    this.#omitsDefaults = omitsDefaults
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
      const address = `${base}.${resource.key}`
      const items = this.#bySection.get(address) ?? []
      if (resource.form === 'singleton') return items.flatMap((item) => this.#singleton(resource, item, depth))
      return this.#collections.has(address) ? this.#collection(resource, items, depth) : []
    })
  }

  #singleton(resource: Singleton, item: WritableItem, depth: number): Lines {
    const { schema, kind } = resource
    const comment = depth === 1 ? ['', `${pad(depth)}# ${resource.docs.title}`] : []
    if (schema.type !== 'object') return [...comment, `${pad(depth)}${resource.key}: ${scalar(item.value)}`]
    const fields = this.#fields(schema, item.value, depth + 1)
    const secrets = this.#secrets(resource, item.value, kind, depth + 1)
    const all = [...fields, ...secrets]
    return [...comment, ...block(`${pad(depth)}${resource.key}:`, all)]
  }

  /** A secret cannot be read: a placeholder stands where one may be set, so that a later change does not wipe it. */
  #secrets(resource: Singleton, value: unknown, kind: string, depth: number): Lines {
    if (!resource.replacesSecrets(value)) return []
    return Object.entries(propertiesOf(resource.schema)).flatMap(([property, field]) => {
      if (field.secret !== true) return []
      const name = `${kind}-${property}`.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)
      this.placeholders.push(name)
      return [`${pad(depth)}${property}: \${secret:${name}}`]
    })
  }

  #collection(resource: Collection, items: readonly WritableItem[], depth: number): Lines {
    const comment = depth === 1 ? ['', `${pad(depth)}# ${resource.docs.title}`] : []
    const head = `${pad(depth)}${resource.key}:`
    const sorted = [...items].sort((a, b) => (a.address < b.address ? -1 : 1))
    const [name] = resource.identity
    const keyOf = (item: WritableItem): string => scalar(item.identity[name])
    switch (notationOf(this.#registry, resource)) {
      case 'names':
        return [...comment, names(head, sorted.map(keyOf))]
      case 'scalars': {
        const [plain = ''] = plainProperties(resource)
        const valueOf = ({ value }: WritableItem): unknown => (isObject(value) ? value[plain] : undefined)
        return [
          ...comment,
          ...block(
            head,
            sorted.map((item) => `${pad(depth + 1)}${keyOf(item)}: ${scalar(valueOf(item))}`),
          ),
        ]
      }
      case 'map':
        return [
          ...comment,
          ...block(
            head,
            sorted.flatMap((item) => this.#mapEntry(resource, item, keyOf(item), depth + 1)),
          ),
        ]
      case 'list': {
        const entries = sorted.flatMap((item) => this.#listEntry(resource, item, depth + 1))
        return [...comment, ...(entries.length === 0 ? [`${head} []`] : [head, ...entries])]
      }
    }
  }

  #mapEntry(resource: Collection, item: WritableItem, key: string, depth: number): Lines {
    const fields = this.#fields(resource.schema, item.value, depth + 1, resource.identity)
    const below = this.section(resource.kind, item.address, depth + 1)
    return block(`${pad(depth)}${key}:`, [...fields, ...below])
  }

  #listEntry(resource: Collection, item: WritableItem, depth: number): Lines {
    const lines = [
      ...this.#fields(resource.schema, item.value, depth + 1),
      ...this.section(resource.kind, item.address, depth + 1),
    ]
    return lines.map((line, index) => (index === 0 ? `${pad(depth)}- ${line.trimStart()}` : line))
  }

  #fields(schema: Schema, value: unknown, depth: number, leftOut: readonly string[] = []): Lines {
    if (!isObject(value)) return []
    return Object.entries(propertiesOf(schema)).flatMap(([property, field]) => {
      const part = value[property]
      if (part === undefined || part === null || leftOut.includes(property) || field.secret === true) return []
      if (this.#omitsDefaults && 'default' in field && field.default === part) return []
      return this.#field(property, field, part, depth)
    })
  }

  #field(property: string, schema: Schema, value: unknown, depth: number): Lines {
    const head = `${pad(depth)}${property}:`
    const key = schema.type === 'array' ? schema['x-key'] : undefined
    if (schema.type === 'object') return block(head, this.#fields(schema, value, depth + 1))
    if (schema.type !== 'array' || !Array.isArray(value)) return [`${head} ${scalar(value)}`]
    if (key === undefined) return [names(head, (schema.uniqueItems === true ? [...value].sort() : value).map(scalar))]
    const entries = value.filter(isObject).sort((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1))
    return block(
      head,
      entries.flatMap((entry) =>
        block(`${pad(depth + 1)}${scalar(entry[key])}:`, this.#fields(schema.items, entry, depth + 2, [key])),
      ),
    )
  }
}

function pad(depth: number): string {
  return '  '.repeat(depth)
}

function block(head: string, lines: Lines): Lines {
  return lines.length === 0 ? [`${head} {}`] : [head, ...lines]
}

function names(head: string, values: Lines): string {
  return `${head} [${values.join(', ')}]`
}

/** A scalar that every YAML parser reads back, on one line, with a literal `${` kept literal. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  // A function, since `$$` in a replacement text means a single `$`.
  const text = value.replaceAll('${', () => '$${')
  // Flow characters would end the value inside [ ] or { }; line ends need escapes.
  if (/[\p{Cc}\u2028\u2029,[\]{}#]/u.test(text)) return JSON.stringify(text)
  return dump(text, { lineWidth: -1 }).trimEnd()
}

function sectionOf(address: string): string {
  const last = /^(.*)\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]$/su.exec(address)
  return last?.[1] ?? address
}
