/**
 * Written values in the server's terms: one spelling, sets without repetitions, keyed lists as maps by their keys.
 */
import type { Collection, Singleton } from '../model/resource.js'
import { isObject, type Schema } from '../model/schema.js'

/** A written value in canonical spelling. `twice` names keys that are the same one in that spelling. */
export interface Canonical {
  readonly value: unknown
  readonly twice: readonly string[]
}

/** Applies a definition's spelling, which knows keyed lists as lists, to a written value, which has them as maps. */
export function makeCanonical(resource: Singleton | Collection, value: unknown): Canonical {
  const twice: string[] = []
  const spelled = resource.canonical(toLists(resource.schema, value))
  return { value: toMaps(resource.schema, spelled, twice), twice }
}

const isAbsent = Symbol('absent')

function toLists(schema: Schema, value: unknown): unknown {
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined && isObject(value)) {
    return Object.entries(value).map(([name, entry]) =>
      entry === null ? { [key]: name, [isAbsent]: true } : { ...(toLists(schema.items, entry) as object), [key]: name },
    )
  }
  return mapFields(schema, value, toLists)
}

function toMaps(schema: Schema, value: unknown, twice: string[]): unknown {
  if (schema.type !== 'array' || !Array.isArray(value)) {
    return mapFields(schema, value, (inner, field) => toMaps(inner, field, twice))
  }
  const key = schema['x-key']
  if (key === undefined) return schema.uniqueItems === true ? [...new Set(value)] : value
  const map = new Map<string, unknown>()
  for (const entry of value as Record<string | symbol, unknown>[]) {
    const { [key]: name, [isAbsent]: absent, ...rest } = entry
    if (map.has(String(name))) twice.push(String(name))
    map.set(String(name), absent === true ? null : toMaps(schema.items, rest, twice))
  }
  return Object.fromEntries(map)
}

function mapFields(schema: Schema, value: unknown, change: (schema: Schema, value: unknown) => unknown): unknown {
  if (schema.type !== 'object' || !isObject(value)) return value
  const fields = Object.entries(value).map(([property, field]) => {
    const inner = schema.properties[property]
    return [property, inner === undefined ? field : change(inner, field)] as const
  })
  return Object.fromEntries(fields)
}
