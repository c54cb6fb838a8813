/** A setting's documentation as text, from its definition. */
import { notationOf, type Registry, type Resource } from '../model/resource.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'
import { formatValue } from './words.js'

/** All settings, a line each. */
export function listSettings(registry: Registry): string {
  const settings = registry.resources.filter(({ form }) => form !== 'directory')
  const width = Math.max(...settings.map((resource) => pathOf(resource).length))
  return settings.map((resource) => `${pathOf(resource).padEnd(width)}  ${resource.docs.title}\n`).join('')
}

/** Where a setting stands in the YAML: `instance.groups[*].members`. */
export function pathOf(resource: Resource): string {
  const [parent] = resource.parents
  if (parent === undefined) return resource.key
  if ('root' in parent) return parent.path === '' ? resource.key : `${parent.path}.${resource.key}`
  return `${pathOf(parent)}[*].${resource.key}`
}

/** One setting: what it governs, its fields, what it needs, what can go wrong, an example. */
export function explainSetting(registry: Registry, resource: Resource): string {
  const { docs } = resource
  const versions = docs.since === undefined ? 'every supported version' : `${docs.since} and later`
  const facts = [
    `Address      ${pathOf(resource)}`,
    `Permission   ${docs.permission}`,
    `Versions     ${docs.until === undefined ? versions : `${versions}, until ${docs.until}`}`,
    `REST         ${docs.rest}`,
    `Reset        ${resetWords(resource)}`,
  ]
  const fields = describeFields(resource.schema, '')
  const width = Math.max(0, ...fields.map(([name]) => name.length))
  const parts = [
    `${docs.title} (${resource.kind})\n\n${docs.text}\n`,
    `${facts.join('\n')}\n`,
    fields.length === 0 ? '' : `Fields\n${fields.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('')}`,
    (docs.dangers ?? []).length === 0
      ? ''
      : `Dangers\n${(docs.dangers ?? []).map((danger) => `  ${danger}\n`).join('')}`,
    resource.form === 'directory' ? '' : `Example\n${indent(exampleOf(registry, resource))}`,
  ]
  return parts.filter(Boolean).join('\n')
}

function resetWords(resource: Resource): string {
  if (resource.form === 'directory') return 'not managed: names only'
  if (resource.form === 'collection') return 'null deletes an item'
  return resource.clear === undefined ? 'not offered by the server' : 'null resets it'
}

function describeFields(schema: Schema, path: string): readonly (readonly [string, string])[] {
  return Object.entries(propertiesOf(schema)).flatMap(([property, field]) => {
    const name = path === '' ? property : `${path}.${property}`
    const inner = field.type === 'array' ? describeFields(field.items, `${name}[]`) : describeFields(field, name)
    return [[name, `${field.description} (${typeWords(field)})`] as const, ...inner]
  })
}

function typeWords(schema: Schema): string {
  const type = schema.type === 'string' && schema.enum !== undefined ? schema.enum.join(' | ') : schema.type
  const fallback = 'default' in schema ? `, default ${formatValue(schema.default)}` : ''
  const secret = schema.secret === true ? ', secret: write ${secret:name}' : ''
  return `${schema.type === 'array' ? `list of ${schema.items.type}` : type}${fallback}${secret}`
}

function exampleOf(registry: Registry, resource: Exclude<Resource, { form: 'directory' }>): string {
  const [example] = resource.examples
  if (resource.form === 'singleton') return `${resource.key}: ${inline(example)}`
  const fields: Record<string, unknown> = isObject(example) ? example : {}
  const [name] = resource.identity
  const rest = Object.fromEntries(Object.entries(fields).filter(([property]) => !resource.identity.includes(property)))
  switch (notationOf(registry, resource)) {
    case 'names':
      return `${resource.key}: [${formatValue(fields[name])}]`
    case 'scalars':
      return `${resource.key}: { ${formatValue(fields[name])}: ${formatValue(Object.values(rest)[0])} }`
    case 'map':
      return `${resource.key}:\n  ${formatValue(fields[name])}: ${inline(rest)}`
    case 'list':
      return `${resource.key}:\n  - ${inline(fields)}`
  }
}

function inline(value: unknown): string {
  return formatValue(value).replace(/^\{ {2}\}$/u, '{}')
}

function indent(text: string): string {
  return `${text.replaceAll(/^/gmu, '  ')}\n`
}
