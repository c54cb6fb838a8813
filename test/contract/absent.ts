/** The removal of a setting, as a configuration writes it. */
import type { Collection, Singleton } from '../../src/model/resource.js'
import { isObject } from '../../src/model/schema.js'

type Setting = Singleton | Collection

/** The document with every item of the kind's collection, or the singleton itself, written as absent. */
export function absent(document: unknown, resource: Setting): unknown {
  if (!isObject(document)) return document
  const { key } = resource
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      if (name !== key) return [name, absent(value, resource)]
      if (resource.form === 'singleton') return [name, null]
      if (!Array.isArray(value)) return [name, nothing(isObject(value) ? Object.keys(value) : [])]
      const isList = value.some(isObject)
      return [name, isList ? value.map((one) => ({ ...(one as object), absent: true })) : nothing(value.map(String))]
    }),
  )
}

function nothing(names: readonly string[]): unknown {
  return Object.fromEntries(names.map((name) => [name, null]))
}
