/**
 * What would have to be declared for a difference to be none: live as configuration, field by field.
 *
 * Each text is a configuration of its own, to be copied into the files or merged over them with `--overlay`. What is not
 * live stands there as `null`, since an overlay cannot take a declaration back.
 */
import { dump } from 'js-yaml'
import { changedFields } from '../model/draft.js'
import type { Change } from '../model/plan.js'
import { type Collection, notationOf, plainProperties, type Registry, resourceOf } from '../model/resource.js'
import { isHidden, isObject, propertiesOf, type Schema } from '../model/schema.js'
import { escapeReferences } from './references.js'

type Document = Record<string, unknown>

/** YAML that accepts the live side of changes; `undefined` where nothing can be written for any of them. */
export function writeAcceptance(registry: Registry, changes: readonly Change[]): string | undefined {
  const document: Document = {}
  for (const change of changes) place(registry, document, change)
  return Object.keys(document).length === 0 ? undefined : dump(document, { lineWidth: -1 })
}

function place(registry: Registry, document: Document, change: Change): void {
  const resource = resourceOf(registry, change.kind)
  if (resource === undefined || resource.form === 'directory') return
  // It goes because something else does, or has another name: accepting that is accepting the other.
  if (change.cause?.reason === 'goes-with' || change.renamedFrom !== undefined) return
  const section = openParent(registry, document, resource, change)
  const live = liveOf(resource.schema, change)
  if (section === undefined) return
  if (resource.form === 'singleton') section[resource.key] = live
  else placeItem(registry, section, resource, change, live)
}

/** The mapping that a setting stands in, with the mappings around it. */
function openParent(
  registry: Registry,
  document: Document,
  { parents }: { readonly parents: Collection['parents'] },
  { at }: Change,
): Document | undefined {
  for (const parent of parents) {
    if ('root' in parent) return open(document, parent.path)
    const name = at[parent.kind]
    if (name === undefined || parent.form !== 'collection') continue
    const above = openParent(registry, document, parent, { at } as Change)
    return above === undefined ? undefined : open(open(above, parent.key), name)
  }
  return undefined
}

function open(document: Document, key: string): Document {
  const known = document[key]
  if (isObject(known)) return known
  const made: Document = {}
  Object.defineProperty(document, key, { value: made, enumerable: true, writable: true, configurable: true })
  return made
}

function placeItem(registry: Registry, section: Document, resource: Collection, change: Change, live: unknown): void {
  const { key, identity } = resource
  if (notationOf(registry, resource) === 'list') {
    const entries = (section[key] ??= []) as unknown[]
    entries.push(live === null ? { ...change.identity, absent: true } : { ...change.identity, ...(live as object) })
    return
  }
  const [plain = ''] = plainProperties(resource)
  const isScalar = notationOf(registry, resource) === 'scalars'
  const value = isScalar && isObject(live) ? live[plain] : live
  open(section, key)[String(change.identity[identity[0]])] = value
}

function liveOf(schema: Schema, change: Change): unknown {
  const { before, after, identity, action } = change
  if (before === null || before === undefined) return null
  if (schema.type !== 'object' || !isObject(before)) return accept(schema, before, after)
  const changed = changedFields(change)
  const isWhole = action === 'delete'
  const fields = Object.entries(schema.properties).filter(
    ([property]) => !(property in identity) && (isWhole || changed.has(property)),
  )
  return acceptFields(withoutDisplaced(schema, fields, before), before, isObject(after) ? after : {})
}

type Fields = readonly (readonly [string, Schema])[]

/** Of alternatives one is written: it takes the place of the others, which may not even be null beside it. */
function withoutDisplaced(schema: Schema, fields: Fields, live: Readonly<Record<string, unknown>>): Fields {
  const alternatives = (schema.type === 'object' ? schema.exactlyOne : undefined) ?? []
  if (!alternatives.some((property) => live[property] !== undefined)) return fields
  return fields.filter(([property]) => !alternatives.includes(property) || live[property] !== undefined)
}

function acceptFields(
  fields: Fields,
  live: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Document {
  const accepted = fields.flatMap(([property, field]) => {
    const isSilent = live[property] === undefined && wanted[property] === undefined
    return isSilent || isHidden(field) ? [] : [[property, accept(field, live[property], wanted[property])] as const]
  })
  return Object.fromEntries(accepted)
}

function accept(schema: Schema, live: unknown, wanted: unknown): unknown {
  if (schema.type === 'array') return acceptList(schema, live, wanted)
  if (live === undefined || live === null) return null
  if (schema.type === 'object' && isObject(live)) {
    const fields = withoutDisplaced(schema, Object.entries(propertiesOf(schema)), live)
    return acceptFields(fields, live, isObject(wanted) ? wanted : {})
  }
  return escape(live)
}

function acceptList(schema: Schema & { type: 'array' }, live: unknown, wanted: unknown): unknown {
  const entries: readonly unknown[] = Array.isArray(live) ? live : []
  const key = schema['x-key']
  if (key === undefined) return entries.map(escape)
  const nameOf = (entry: unknown): string => (isObject(entry) ? String(entry[key]) : '')
  const gone = (Array.isArray(wanted) ? wanted : []).map(nameOf).map((name) => [name, null] as const)
  const fields = Object.entries(propertiesOf(schema.items)).filter(([property]) => property !== key)
  const kept = entries.filter(isObject).map((entry) => [nameOf(entry), acceptFields(fields, entry, {})] as const)
  return Object.fromEntries([...gone, ...kept])
}

/** A text of the server is a text here too, whatever it looks like. */
function escape(value: unknown): unknown {
  if (typeof value === 'string') return escapeReferences(value)
  if (Array.isArray(value)) return value.map(escape)
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, escape(one)])) : value
}
