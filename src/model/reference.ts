/** References between items: fields marked `x-ref`. */
import { isObject, propertiesOf, type Schema } from './schema.js'

/** A field that names an item of another kind. */
export interface Reference {
  readonly kind: string
  readonly name: string
  /** Path of the field, as in `FieldChange.path`; a set's path stands for all its entries. */
  readonly path: string
}

/** Every reference in a value; keyed lists may be maps (desired) or lists (live). */
export function referencesIn(schema: Schema, value: unknown, path = ''): readonly Reference[] {
  const kind = schema['x-ref']
  if (kind !== undefined) return typeof value === 'string' ? [{ kind, name: value, path }] : []
  if (schema.type === 'array') {
    const entries: readonly unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
    return entries.flatMap((entry) => referencesIn(schema.items, entry, path))
  }
  if (!isObject(value)) return []
  return Object.entries(propertiesOf(schema)).flatMap(([property, field]) =>
    referencesIn(field, value[property], path === '' ? property : `${path}.${property}`),
  )
}
