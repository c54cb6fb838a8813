/** A setting's first example as it stands in a configuration. */
import { dump } from 'js-yaml'
import { escapeReferences } from '../config/references.js'
import { childrenOf, notationOf, type Registry, type Resource } from '../model/resource.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'

/** The example in its place, from `instance:` down. */
export function writeExample(registry: Registry, resource: Resource): string {
  return dump(exampleDocument(registry, resource, 0), { lineWidth: 110, flowLevel: -1 })
}

/** A document that declares one example of a setting; its parents are declared with theirs. */
export function exampleDocument(registry: Registry, resource: Resource, index: number): unknown {
  if (resource.form === 'directory') return {}
  const value = notationValue(registry, resource, resource.examples[index])
  const [parent] = resource.parents
  if (parent === undefined || 'root' in parent) return { [parent?.path ?? '']: { [resource.key]: value } }
  return placeBelow(registry, parent, { [resource.key]: value })
}

function placeBelow(registry: Registry, parent: Resource, below: Record<string, unknown>): unknown {
  const [example] = parent.examples
  const name = parent.form === 'collection' && isObject(example) ? String(example[parent.identity[0]]) : ''
  const [above] = parent.parents
  const section = { [parent.key]: { [name]: { ...neededFields(parent, example), ...below } } }
  if (above === undefined || 'root' in above) return { [above?.path ?? '']: section }
  return placeBelow(registry, above, section)
}

/** What of an example its creation needs. */
function neededFields({ schema, ...resource }: Resource, example: unknown): Record<string, unknown> {
  if (schema.type !== 'object' || !isObject(example)) return {}
  const names: readonly string[] = resource.form === 'collection' ? resource.identity : []
  const needed = (schema.required ?? []).filter((property) => !names.includes(property))
  return Object.fromEntries(needed.map((property): [string, unknown] => [property, example[property]]))
}

/** An example value in the notation of its setting. */
function notationValue(
  registry: Registry,
  resource: Exclude<Resource, { form: 'directory' }>,
  example: unknown,
): unknown {
  const value = writtenForm(resource.schema, example)
  if (resource.form === 'singleton' || !isObject(value)) return value
  const [name] = resource.identity
  const { [name]: key, ...rest } = value
  switch (notationOf(registry, resource)) {
    case 'names':
      return [key]
    case 'scalars':
      return { [String(key)]: Object.values(rest)[0] }
    case 'map':
      return { [String(key)]: childrenOf(registry, resource.kind).length === 0 ? rest : { ...rest } }
    case 'list':
      return [value]
  }
}

/** Keyed lists become maps. */
function writtenForm(schema: Schema, value: unknown): unknown {
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined && Array.isArray(value)) {
    const entries = value.filter(isObject).map(({ [key]: name, ...rest }) => {
      return [String(name), writtenForm(schema.items, rest)] as const
    })
    return Object.fromEntries(entries)
  }
  // What looks like a reference and is none is escaped, as a user must.
  if (typeof value === 'string') return schema.secret === true ? value : escapeReferences(value)
  if (schema.type === 'array' && Array.isArray(value)) return value.map((entry) => writtenForm(schema.items, entry))
  if (!isObject(value)) return value
  const fields = propertiesOf(schema)
  return Object.fromEntries(
    Object.entries(value).map(([property, field]) => [
      property,
      fields[property] === undefined ? field : writtenForm(fields[property], field),
    ]),
  )
}
