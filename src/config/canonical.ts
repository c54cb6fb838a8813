/** Written values in the server's terms: one spelling, and sets without repetitions. Keyed lists are maps here. */
import type { Collection, Singleton } from '../model/resource.js'
import { isObject, type Schema } from '../model/schema.js'
import { pointerTo } from './positions.js'

/** A written value in canonical spelling. `twice` leads to keyed lists of which two keys are the same in it. */
export interface Canonical {
  readonly value: unknown
  readonly twice: readonly string[]
}

/** Applies a definition's spelling to a written value. */
export function makeCanonical(resource: Singleton | Collection, value: unknown): Canonical {
  const spelled = dropRepetitions(resource.schema, resource.canonical(value))
  return { value: spelled, twice: findTwins(resource.schema, value, spelled, '') }
}

function dropRepetitions(schema: Schema, value: unknown): unknown {
  if (schema.type === 'array') {
    if (Array.isArray(value)) return schema.uniqueItems === true ? [...new Set(value)] : value
    return mapFields(value, (entry) => dropRepetitions(schema.items, entry))
  }
  if (schema.type !== 'object') return value
  return mapFields(value, (field, property) => {
    const inner = fieldOf(schema.properties, property)
    return inner === undefined ? field : dropRepetitions(inner, field)
  })
}

function findTwins(schema: Schema, written: unknown, spelled: unknown, pointer: string): readonly string[] {
  if (!isObject(written) || !isObject(spelled)) return []
  if (schema.type === 'array') {
    const isFolded = Object.keys(spelled).length < Object.keys(written).length
    return isFolded ? [pointer] : []
  }
  if (schema.type !== 'object') return []
  return Object.entries(schema.properties).flatMap(([property, field]) =>
    findTwins(field, written[property], spelled[property], pointerTo(pointer, property)),
  )
}

function mapFields(value: unknown, change: (field: unknown, property: string) => unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([property, field]) => [property, change(field, property)]))
}

/** A file may use any word as a key, `constructor` too. */
export function fieldOf(properties: Readonly<Record<string, Schema>>, property: string): Schema | undefined {
  return Object.hasOwn(properties, property) ? properties[property] : undefined
}
