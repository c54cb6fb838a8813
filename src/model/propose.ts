/**
 * Proposed = live overlaid with desired.
 *
 * Silence keeps what is live; a written `null` clears. Defaults belong to creation alone: to an item, a nested object
 * or a keyed entry that is absent live. Keyed lists are maps in what is wanted and lists in what is live or proposed.
 */
import { isObject, type ObjectSchema, type Schema } from './schema.js'

/** Overlays what is wanted on what is live. `undefined` is absence, on either side and as the answer. */
export function propose(schema: Schema, live: unknown, want: unknown): unknown {
  if (want === undefined) return live
  if (want === null) return undefined
  if (live === undefined || live === null) return create(schema, want)
  if (schema.type === 'object' && isObject(live) && isObject(want)) return proposeObject(schema, live, want)
  if (schema.type === 'array' && schema['x-key'] !== undefined && isObject(want)) {
    return proposeEntries(schema, schema['x-key'], Array.isArray(live) ? live : [], want)
  }
  return want
}

/** What is wanted, completed by the documented defaults: the value of something that does not exist yet. */
export function create(schema: Schema, want: unknown): unknown {
  if (want === undefined || want === null) return undefined
  if (schema.type === 'object' && isObject(want)) {
    return compact(schema, (property, field) => {
      const wanted = want[property]
      if (wanted === null) return undefined
      return wanted === undefined ? defaultOf(field) : create(field, wanted)
    })
  }
  if (schema.type === 'array' && schema['x-key'] !== undefined && isObject(want)) {
    return proposeEntries(schema, schema['x-key'], [], want)
  }
  return want
}

function defaultOf(schema: Schema): unknown {
  return 'default' in schema ? schema.default : undefined
}

function proposeObject(schema: ObjectSchema, live: Record<string, unknown>, want: Record<string, unknown>): unknown {
  const alternatives = schema.exactlyOne ?? []
  const isChosen = alternatives.some((property) => want[property] !== undefined && want[property] !== null)
  return compact(schema, (property, field) => {
    const isDisplaced = isChosen && alternatives.includes(property) && want[property] === undefined
    return isDisplaced ? undefined : propose(field, live[property], want[property])
  })
}

function proposeEntries(
  schema: Schema & { type: 'array' },
  key: string,
  live: readonly unknown[],
  want: Record<string, unknown>,
): unknown {
  const entries = new Map(live.map((entry) => [isObject(entry) ? String(entry[key]) : '', entry] as const))
  for (const [name, wanted] of Object.entries(want)) {
    if (wanted === null) entries.delete(name)
    else
      entries.set(name, propose(schema.items, entries.get(name), { ...(isObject(wanted) ? wanted : {}), [key]: name }))
  }
  return [...entries.values()]
}

function compact(schema: ObjectSchema, valueOf: (property: string, field: Schema) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [property, field] of Object.entries(schema.properties)) {
    const value = valueOf(property, field)
    if (value !== undefined) result[property] = value
  }
  return result
}

/** Paths of fields that a creation needs and that `value` lacks, such as `defaultSettings.capacity`. */
export function findMissing(schema: Schema, value: unknown, path = ''): readonly string[] {
  if (schema.type === 'array') {
    const key = schema['x-key']
    if (key === undefined || !Array.isArray(value)) return []
    return value.flatMap((entry: unknown) =>
      findMissing(schema.items, entry, `${path}[${isObject(entry) ? String(entry[key]) : ''}]`),
    )
  }
  if (schema.type !== 'object' || !isObject(value)) return []
  const at = (property: string): string => (path === '' ? property : `${path}.${property}`)
  const missing = (schema.required ?? []).filter((property) => value[property] === undefined).map(at)
  const groups = [schema.exactlyOne, schema.anyOf].filter((group) => group !== undefined)
  const unmet = groups.filter((group) => group.every((property) => value[property] === undefined))
  const nested = Object.entries(schema.properties).flatMap(([property, field]) =>
    findMissing(field, value[property], at(property)),
  )
  return [...missing, ...unmet.map((group) => group.map(at).join(' or ')), ...nested]
}
