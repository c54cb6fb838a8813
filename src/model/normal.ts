/**
 * The normal form of a value: what comparison and digests see.
 *
 * Sets and keyed lists are sorted, absent and empty are one (an empty set, an empty object, `null`), hidden values are
 * left out, properties stand in the order of their names. Two values that mean the same have the same normal form.
 */
import { isHidden, isObject, type Schema } from './schema.js'

/** Whether hidden values stay in the normal form: `keep` for what is written, `drop` for what is compared. */
type Hidden = 'keep' | 'drop'

/** The normal form; `undefined` where nothing is left, which is also the normal form of absence. */
export function normalise(schema: Schema, value: unknown, hidden: Hidden = 'drop'): unknown {
  if (value === undefined || value === null) return undefined
  if (isHidden(schema)) return hidden === 'keep' ? value : undefined
  switch (schema.type) {
    case 'object':
      return isObject(value) ? normaliseObject(schema.properties, value, hidden) : value
    case 'array':
      return Array.isArray(value) ? normaliseList(schema, value, hidden) : value
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
    case 'json':
      return value
  }
}

function normaliseObject(
  properties: Readonly<Record<string, Schema>>,
  value: Record<string, unknown>,
  hidden: Hidden,
): unknown {
  const normal: Record<string, unknown> = {}
  for (const property of Object.keys(properties).sort()) {
    const schema = properties[property]
    const field = schema && normalise(schema, value[property], hidden)
    if (field !== undefined) normal[property] = field
  }
  return Object.keys(normal).length === 0 ? undefined : normal
}

function normaliseList(schema: Schema & { type: 'array' }, value: readonly unknown[], hidden: Hidden): unknown {
  const entries = value.map((entry) => normalise(schema.items, entry, hidden)).filter((entry) => entry !== undefined)
  if (entries.length === 0) return undefined
  const key = schema['x-key']
  if (key === undefined && schema.uniqueItems !== true) return entries
  const rank = (entry: unknown): string =>
    key !== undefined && isObject(entry) ? String(entry[key]) : serialise(entry)
  return entries
    .map((entry) => [rank(entry), entry] as const)
    .sort(byRank)
    .map(([, entry]) => entry)
}

function byRank([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** JSON with the properties of every object in the order of their names, so that equal data is equal text. */
export function serialise(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : part,
    ) ?? 'null'
  )
}
