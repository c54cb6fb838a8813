/**
 * Addresses: where an item stands in the configuration, as one line of text.
 *
 * `instance.groups[platform-admins].members[alice]`; several naming properties are joined by commas, and a name that
 * holds white space or one of `[ ] " . , * =` is written as a JSON string. Formatting and parsing are inverse.
 */
import { isObject } from './schema.js'

/** One step of an address: the key of a section, and the names inside the brackets if there are any. */
export interface Step {
  readonly key: string
  readonly names?: readonly string[]
}

/** An address taken apart. */
export type Steps = readonly Step[]

const plainName = /^[^\s"[\].,*=]+$/u

function formatName(name: string): string {
  return plainName.test(name) ? name : JSON.stringify(name)
}

/** The text between the brackets for one naming value: a string, or an object such as `{model: production}`. */
function formatNaming(value: unknown): string {
  if (!isObject(value)) return formatName(String(value))
  return Object.entries(value)
    .map(([property, text]) => `${property}=${formatName(String(text))}`)
    .join('&')
}

/** The key of an item inside its collection: the naming values in the order of `identity`, joined by commas. */
export function formatKey(identity: readonly string[], value: unknown): string {
  const fields = isObject(value) ? value : {}
  return identity.map((property) => formatNaming(fields[property])).join(',')
}

/** The address of a section or collection under a base address (`''` at the top). */
export function joinAddress(base: string, key: string): string {
  return base === '' ? key : `${base}.${key}`
}

/** The address of an item in a collection. */
export function itemAddress(collection: string, key: string): string {
  return `${collection}[${key}]`
}
