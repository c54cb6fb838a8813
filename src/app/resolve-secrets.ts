/** The last moment: references to secrets become their values, inside apply and nowhere else. */
import { isSecretReference } from '../model/secret-reference.js'
import { ConfigError, type Finding } from '../model/errors.js'
import type { Change } from '../model/plan.js'
import { type Registry, resourceOf } from '../model/resource.js'
import { isObject, type Schema } from '../model/schema.js'
import { secretVariable } from '../model/secret.js'
import type { SecretSource } from './ports.js'

/**
 * What each change sends, by its address, secrets in the clear. Nothing of it may be stored or printed.
 * @throws ConfigError `CONFIG_SECRET` for every secret that nothing provides, before anything is written.
 */
export function resolveSecrets(
  registry: Registry,
  changes: readonly Change[],
  source: SecretSource,
): ReadonlyMap<string, unknown> {
  const findings: Finding[] = []
  const resolve = (schema: Schema, value: unknown, change: Change): unknown => {
    if (schema.secret === true && isSecretReference(value)) {
      const secret = source(value.secret, change.address)
      if (secret === undefined) findings.push(missing(value.secret, change))
      return secret?.reveal()
    }
    if (schema.type === 'array' && Array.isArray(value))
      return value.map((entry) => resolve(schema.items, entry, change))
    if (schema.type !== 'object' || !isObject(value)) return value
    const resolved = Object.entries(value).map(([property, field]) => {
      const inner = schema.properties[property]
      return [property, inner === undefined ? field : resolve(inner, field, change)] as const
    })
    return Object.fromEntries(resolved)
  }
  const values = new Map<string, unknown>()
  for (const change of changes) {
    const resource = resourceOf(registry, change.kind)
    if (resource !== undefined) values.set(change.address, resolve(resource.schema, change.after, change))
  }
  const [first, ...rest] = findings
  if (first !== undefined) throw new ConfigError([first, ...rest])
  return values
}

function missing(name: string, change: Change): Finding {
  return {
    code: 'CONFIG_SECRET',
    message: `The secret ${name} of ${change.address} has no value`,
    address: change.address,
    ...(change.source === undefined ? {} : { source: change.source }),
    hint: `Set the environment variable ${secretVariable(name)}, or put a file named ${name} into --secrets-dir.`,
  }
}
