/**
 * The JSON Schema of the configuration, derived from the definitions: for editors, and for ajv.
 *
 * Draft 7, since editors know it best. What a creation needs is not required here: a declared object may be partial,
 * and its missing fields are found while planning.
 */
import {
  childrenOf,
  type Collection,
  notationOf,
  plainProperties,
  type Registry,
  type Resource,
  type Singleton,
} from '../model/resource.js'
import { type ObjectSchema, propertiesOf, type Schema } from '../model/schema.js'
import { policySchema } from './policy-schema.js'

type JsonSchema = Readonly<Record<string, unknown>>

/** What a secret field holds. */
export const secretPattern = '^\\$\\{secret:[a-z][a-z0-9-]{0,63}\\}$'

/** The schema of a whole document. */
export function makeConfigurationSchema(registry: Registry): JsonSchema {
  const sections = registry.roots.map(({ kind, path }) => [path, sectionSchema(registry, kind)] as const)
  const written = registry.resources.filter(isWritten)
  const definitions = Object.fromEntries(written.map((resource) => [resource.kind, settingSchema(registry, resource)]))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'bbstate configuration',
    description: 'Desired settings of a Bitbucket Data Center. What is not written is not managed; null means absent.',
    type: 'object',
    additionalProperties: false,
    properties: {
      server: {
        type: 'string',
        description: 'The base URL that this configuration is for; refused against any other.',
      },
      ...Object.fromEntries(sections),
      policy: policySchema,
    },
    definitions,
  }
}

function isWritten(resource: Resource): resource is Singleton | Collection {
  return resource.form !== 'directory'
}

function sectionSchema(registry: Registry, kind: string): JsonSchema {
  return {
    type: 'object',
    description: 'Settings of the whole server.',
    additionalProperties: false,
    properties: sectionProperties(registry, kind),
  }
}

function sectionProperties(registry: Registry, kind: string): JsonSchema {
  const children = childrenOf(registry, kind)
  return Object.fromEntries(children.map((child) => [child.key, { $ref: `#/definitions/${child.kind}` }]))
}

function settingSchema(registry: Registry, resource: Singleton | Collection): JsonSchema {
  const described = (schema: JsonSchema): JsonSchema => ({ ...schema, description: describe(resource) })
  if (resource.form === 'singleton') {
    const schema = valueSchema(resource.schema)
    return described(resource.clear === undefined ? schema : nullable(schema))
  }
  return described(collectionSchema(registry, resource))
}

function describe({ docs }: Singleton | Collection): string {
  const since = docs.since === undefined ? '' : ` From Bitbucket ${docs.since}.`
  return `${docs.title}. ${docs.text}${since}`
}

function collectionSchema(registry: Registry, resource: Collection): JsonSchema {
  const [plain = ''] = plainProperties(resource)
  const properties = propertiesOf(resource.schema)
  const naming = namingSchema(properties[resource.identity[0]])
  switch (notationOf(registry, resource)) {
    case 'names': {
      const body = { type: 'object', additionalProperties: false, properties: renameOf(resource) }
      return {
        type: ['array', 'object'],
        items: { type: 'string', ...naming },
        uniqueItems: true,
        propertyNames: naming,
        additionalProperties: nullable(body),
      }
    }
    case 'scalars': {
      const field = properties[plain]
      const value = field === undefined ? {} : removable(resource, valueSchema(field))
      return { type: 'object', propertyNames: naming, additionalProperties: value }
    }
    case 'map': {
      const item = removable(resource, itemSchema(registry, resource, resource.identity))
      return { type: 'object', propertyNames: naming, additionalProperties: item }
    }
    case 'list':
      return { type: 'array', items: entrySchema(registry, resource) }
  }
}

/** An item may be written as null where the API can remove it. */
function removable(resource: Collection, schema: JsonSchema): JsonSchema {
  return resource.delete === undefined ? schema : nullable(schema)
}

/** What a name must look like where it stands before a colon. */
function namingSchema(schema: Schema | undefined): JsonSchema {
  const given = Object.entries(schema ?? {}).filter(([keyword]) => namingKeywords.some((known) => known === keyword))
  return { minLength: 1, ...Object.fromEntries(given) }
}

const namingKeywords = ['enum', 'pattern', 'minLength', 'maxLength'] as const

/** An entry of a list, which names itself and may say that it must not exist. */
function entrySchema(registry: Registry, resource: Collection): JsonSchema {
  const item = itemSchema(registry, resource, [])
  const naming = resource.identity.map((property) => {
    const schema = propertiesOf(resource.schema)[property]
    return [property, schema === undefined ? {} : namingValue(schema)] as const
  })
  const properties = {
    ...(item['properties'] as JsonSchema),
    ...Object.fromEntries(naming),
    absent: { const: true, description: 'Write true to say that the item must not exist.' },
  }
  return { ...item, ...(resource.identify === undefined ? { required: resource.identity } : {}), properties }
}

/** A naming property holds no null, and an object that names is not empty. */
function namingValue(schema: Schema): JsonSchema {
  if (schema.type !== 'object') return valueSchema(schema)
  return { ...valueSchema({ ...schema, required: Object.keys(schema.properties) }), minProperties: 1 }
}

function renameOf(resource: Collection): JsonSchema {
  if (resource.rename === undefined) return {}
  return {
    renamedFrom: {
      type: 'string',
      minLength: 1,
      description: 'The name that the item had before; it is renamed in place.',
    },
  }
}

function itemSchema(registry: Registry, resource: Collection, leftOut: readonly string[]): JsonSchema {
  const own = valueSchema(resource.schema)
  const fields = Object.entries(own['properties'] as JsonSchema).filter(([property]) => !leftOut.includes(property))
  return {
    ...own,
    properties: { ...Object.fromEntries(fields), ...sectionProperties(registry, resource.kind), ...renameOf(resource) },
  }
}

function nullable(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema
  if (typeof type !== 'string' && !Array.isArray(type)) return schema
  return {
    ...schema,
    type: [...(typeof type === 'string' ? [type] : type), 'null'],
    ...(Array.isArray(values) ? { enum: [...values, null] } : {}),
  }
}

function valueSchema(schema: Schema): JsonSchema {
  const { description } = schema
  if (schema.secret === true) {
    return { type: 'string', pattern: secretPattern, description: `${description} Write \${secret:name}.` }
  }
  switch (schema.type) {
    case 'object':
      return { type: 'object', description, additionalProperties: false, ...fieldsOf(schema) }
    case 'array':
      return listSchema(schema)
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return scalarSchema(schema)
    case 'json':
      return { type: ['object', 'array', 'string', 'number', 'boolean'], description }
  }
}

const plainKeywords = [
  'type',
  'description',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'default',
] as const

function scalarSchema(schema: Schema): JsonSchema {
  const given = Object.entries(schema).filter(([keyword]) => plainKeywords.some((known) => known === keyword))
  const maximum = 'maximum' in schema ? schema.maximum : undefined
  // Integers beyond 2^53 cannot be kept exactly.
  const bound = schema.type === 'integer' ? { maximum: maximum ?? Number.MAX_SAFE_INTEGER } : {}
  return { ...Object.fromEntries(given), ...(maximum === undefined ? {} : { maximum }), ...bound }
}

function listSchema(schema: Schema & { type: 'array' }): JsonSchema {
  const { description } = schema
  const key = schema['x-key']
  if (key !== undefined && schema.items.type === 'object') {
    const { [key]: _key, ...properties } = schema.items.properties
    const entry = nullable(valueSchema({ ...schema.items, properties }))
    return {
      type: 'object',
      description,
      propertyNames: namingSchema(schema.items.properties[key]),
      additionalProperties: entry,
    }
  }
  const set = schema.uniqueItems === true ? { uniqueItems: true } : {}
  return { type: 'array', description, items: valueSchema(schema.items), ...set }
}

function fieldsOf(schema: ObjectSchema): JsonSchema {
  const properties = Object.entries(schema.properties).map(([property, field]) => {
    const isFixed = schema.required?.includes(property) === true || field.secret === true
    return [property, isFixed ? valueSchema(field) : nullable(valueSchema(field))] as const
  })
  const alternatives = schema.exactlyOne ?? []
  // Beside an alternative none of the others; `dependencies` speaks of objects alone, so that null stays allowed.
  const exclusions = alternatives.map((property) => {
    const others = alternatives.filter((other) => other !== property).map((other) => ({ required: [other] }))
    return [property, { not: { anyOf: others } }] as const
  })
  return {
    properties: Object.fromEntries(properties),
    ...(exclusions.length === 0 ? {} : { dependencies: Object.fromEntries(exclusions) }),
  }
}
