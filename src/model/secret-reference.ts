/** Secrets by name: where a value refers to one, and where a schema has a place for one. */
import type { SecretReference } from './desired.js'
import { isObject, propertiesOf, type Schema } from './schema.js'

/** Whether a value is a secret by name. */
export function isSecretReference(value: unknown): value is SecretReference {
  return isObject(value) && typeof value['secret'] === 'string' && Object.keys(value).length === 1
}

/** The names of the secrets that a value refers to. */
export function secretsIn(schema: Schema, value: unknown): readonly string[] {
  if (schema.secret === true) return isSecretReference(value) ? [value.secret] : []
  if (schema.type === 'array') {
    // A keyed list is a list where it is live or proposed, and a map where it is wanted.
    const entries: readonly unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
    return entries.flatMap((entry) => secretsIn(schema.items, entry))
  }
  if (!isObject(value)) return []
  return Object.entries(propertiesOf(schema)).flatMap(([property, field]) => secretsIn(field, value[property]))
}

/** Whether a schema has a secret anywhere. */
export function holdsSecrets(schema: Schema): boolean {
  if (schema.secret === true) return true
  if (schema.type === 'array') return holdsSecrets(schema.items)
  return Object.values(propertiesOf(schema)).some(holdsSecrets)
}
