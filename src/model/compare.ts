/**
 * The difference between two values of one schema, field by field.
 *
 * json-diff-ts does the comparison, on normal forms: it knows nothing of absence, order or secrets, so both sides are
 * brought to a form in which it need not. What it folds silently (two entries with one key) is refused before.
 */
import { diff, type IChange } from 'json-diff-ts'
import { formatKey } from './address.js'
import { normalise, serialise } from './normal.js'
import type { FieldChange } from './plan.js'
import { isObject, propertiesOf, type Schema } from './schema.js'

/**
 * The fields in which two values differ; empty where they mean the same. Sets and plain lists are one field.
 * Hidden values (secrets, write-only) are never compared.
 */
export function compare(schema: Schema, before: unknown, after: unknown): readonly FieldChange[] {
  const from = normalise(schema, before)
  const to = normalise(schema, after)
  if (schema.type !== 'object') return serialise(from) === serialise(to) ? [] : [fieldChange('', from, to)]
  const changes = diff(from ?? {}, to ?? {}, { embeddedObjKeys: keysOf(schema), treatTypeChangeAsReplace: false })
  return collectFields(schema, changes, '', from, to)
}

function fieldChange(path: string, before: unknown, after: unknown): FieldChange {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}

function collectFields(
  schema: Schema,
  changes: readonly IChange[],
  path: string,
  from: unknown,
  to: unknown,
): readonly FieldChange[] {
  return changes.flatMap((change) => {
    const field = propertiesOf(schema)[change.key]
    const here = path === '' ? change.key : `${path}.${change.key}`
    const before = isObject(from) ? from[change.key] : undefined
    const after = isObject(to) ? to[change.key] : undefined
    if (field === undefined || change.changes === undefined) return spread(field, here, before, after)
    if (field.type === 'object') return collectFields(field, change.changes, here, before, after)
    if (field.type === 'array' && field['x-key'] !== undefined) {
      return collectEntries(field, field['x-key'], change.changes, here, before, after)
    }
    return [fieldChange(here, before, after)]
  })
}

function collectEntries(
  schema: Schema & { type: 'array' },
  key: string,
  changes: readonly IChange[],
  path: string,
  from: unknown,
  to: unknown,
): readonly FieldChange[] {
  const entryOf = (list: unknown, name: string): unknown =>
    Array.isArray(list) ? list.find((entry: unknown) => isObject(entry) && entry[key] === name) : undefined
  return changes.flatMap((change) => {
    const here = `${path}[${formatKey([key], { [key]: change.key })}]`
    const before = entryOf(from, change.key)
    const after = entryOf(to, change.key)
    if (change.changes !== undefined) return collectFields(schema.items, change.changes, here, before, after)
    const fields = spread(schema.items, here, before, after).filter((field) => field.path !== `${here}.${key}`)
    return fields.length === 0 ? [fieldChange(here, before, after)] : fields
  })
}

/** An object that appears or vanishes is shown by its fields. */
function spread(schema: Schema | undefined, path: string, before: unknown, after: unknown): readonly FieldChange[] {
  const whole = isObject(before) ? before : after
  if (schema?.type !== 'object' || !isObject(whole) || (before !== undefined && after !== undefined)) {
    return [fieldChange(path, before, after)]
  }
  return Object.keys(whole).flatMap((property) =>
    spread(
      schema.properties[property],
      `${path}.${property}`,
      isObject(before) ? before[property] : undefined,
      isObject(after) ? after[property] : undefined,
    ),
  )
}

const keysBySchema = new WeakMap<Schema, Record<string, string>>()

/** The identity of the entries of every list below a schema, as json-diff-ts wants them, made once a schema. */
function keysOf(schema: Schema): Record<string, string> {
  const known = keysBySchema.get(schema)
  if (known !== undefined) return known
  const keys: Record<string, string> = {}
  collectKeys(schema, '', keys)
  keysBySchema.set(schema, keys)
  return keys
}

function collectKeys(schema: Schema, path: string, keys: Record<string, string>): void {
  if (schema.type === 'array') {
    keys[path] = schema['x-key'] ?? (schema.uniqueItems === true ? '$value' : '$index')
    collectKeys(schema.items, path, keys)
  }
  for (const [property, field] of Object.entries(propertiesOf(schema))) {
    collectKeys(field, path === '' ? property : `${path}.${property}`, keys)
  }
}
