import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { registry } from '../../../src/bitbucket/registry.js'
import { makeConfigurationSchema } from '../../../src/config/configuration-schema.js'
import { compileValidator, type Validate } from '../../../src/config/validator.js'
import { makeValidatorModule } from '../../../src/generate/configuration-validator.js'
import { notationOf } from '../../../src/model/resource.js'
import { isObject } from '../../../src/model/schema.js'
import { wide } from './loading.js'

type Node = Readonly<Record<string, unknown>>

function at(schema: Node, path: string): Node {
  return path.split('/').reduce<Node>((node, step) => {
    const next = node[step]
    if (!isObject(next)) throw new Error(`No ${step} in ${Object.keys(node).join(', ')}`)
    return next
  }, schema)
}

describe('the schema of the configuration', () => {
  const schema = makeConfigurationSchema(wide) as Node
  const kinds = at(schema, 'definitions')

  test('is draft 7 and has nothing that an editor would not know', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#')
    expect(JSON.stringify(schema)).not.toMatch(/"(?:x-|secret"|writeOnly|canonical)/u)
    expect(Object.keys(at(schema, 'properties'))).toEqual(['server', 'instance', 'policy'])
  })

  test('names the notation of every kind, which a field added later must not change', () => {
    const notations = [...registry.resources, ...wide.resources].flatMap((resource) => {
      if (resource.form !== 'collection') return []
      const of = registry.resources.includes(resource) ? registry : wide
      return [[resource.kind, notationOf(of, resource)]]
    })
    expect(Object.fromEntries(notations)).toEqual({
      accessTokens: 'names',
      gpgKeys: 'map',
      groupPermissions: 'scalars',
      groups: 'map',
      hookScripts: 'map',
      identityProviders: 'map',
      loggers: 'scalars',
      members: 'names',
      mergeStrategies: 'map',
      meshNodes: 'map',
      mirrors: 'names',
      rateLimitUsers: 'map',
      restSettings: 'map',
      secretScanningExemptions: 'list',
      secretScanningRules: 'map',
      sshKeys: 'map',
      userPermissions: 'scalars',
      users: 'map',
      x509Certificates: 'list',
      boxes: 'map',
      guests: 'scalars',
      keepers: 'names',
      labels: 'scalars',
      rules: 'list',
      shelves: 'map',
    })
  })

  test('admits null where something can be cleared, and nowhere else', () => {
    const types = {
      'a section': at(schema, 'properties/instance')['type'],
      'a setting that can be reset': at(kinds, 'radio')['type'],
      'a setting that cannot': at(kinds, 'door')['type'],
      'a collection': at(kinds, 'shelves')['type'],
      'an item': at(kinds, 'shelves/additionalProperties')['type'],
      'a required field': at(kinds, 'door/properties/open')['type'],
      'another field': at(kinds, 'door/properties/width')['type'],
      'a secret': at(kinds, 'radio/properties/code')['type'],
      'a keyed list': at(kinds, 'radio/properties/presets')['type'],
      'an entry of one': at(kinds, 'radio/properties/presets/additionalProperties')['type'],
      'a set': at(kinds, 'shelves/additionalProperties/properties/tags')['type'],
    }
    expect(types).toEqual({
      'a section': 'object',
      'a setting that can be reset': ['object', 'null'],
      'a setting that cannot': 'object',
      'a collection': 'object',
      'an item': ['object', 'null'],
      'a required field': 'boolean',
      'another field': ['integer', 'null'],
      'a secret': 'string',
      'a keyed list': ['object', 'null'],
      'an entry of one': ['object', 'null'],
      'a set': ['array', 'null'],
    })
  })

  test('tells defaults, bounds, words and descriptions to the editor', () => {
    expect(at(kinds, 'door/properties/width')).toEqual({
      type: ['integer', 'null'],
      description: 'Width',
      default: 90,
      maximum: Number.MAX_SAFE_INTEGER,
    })
    expect(at(kinds, 'shelves/additionalProperties/properties/colour')['enum']).toEqual(['red', 'blue', null])
    expect(at(kinds, 'guests/propertyNames')).toEqual({ minLength: 2, maxLength: 8 })
    expect(at(kinds, 'door')['description']).toBe('Toy. A toy.')
  })

  test('holds each kind once, and refers to it under all its parents', () => {
    const labels = { $ref: '#/definitions/labels' }
    expect(at(kinds, 'shelves/additionalProperties/properties')['labels']).toEqual(labels)
    expect(at(kinds, 'boxes/additionalProperties/properties')['labels']).toEqual(labels)
    expect(at(schema, 'properties/instance/properties')['door']).toEqual({ $ref: '#/definitions/door' })
  })

  test('the reserved key stands where something can be renamed', () => {
    const shelf = at(kinds, 'shelves/additionalProperties/properties')
    expect(shelf).toHaveProperty('renamedFrom')
    expect(at(kinds, 'boxes/additionalProperties/properties')).not.toHaveProperty('renamedFrom')
  })
})

describe('the generated validator', () => {
  const documents: readonly unknown[] = [
    {},
    { instance: { banner: null, groups: { devs: { members: ['a', 'b'] } } } },
    { instance: { banner: { audience: 'Al', mesage: 'x' }, groups: { '': {} }, rateLimit: null } },
    { instance: { mailServer: { password: 'x', port: 99999 }, groups: { d: { members: ['a', 'a', 3] } } } },
    { instance: { rateLimitUsers: { a: { whitelisted: true, settings: { capacity: 1 } } } }, projects: {} },
    { policy: { prune: ['x', 'x'], ignore: [{ until: 'soon' }] } },
    'text',
  ]

  test('finds what the compiled one finds, bundled as the build bundles it', async () => {
    const { outputFiles } = await build({
      stdin: { contents: makeValidatorModule(registry), resolveDir: process.cwd() },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      minify: true,
    })
    const [file] = outputFiles
    const module: unknown = await import(
      `data:text/javascript;base64,${Buffer.from(file?.contents ?? []).toString('base64')}`
    )
    const generated = (module as { configurationValidator(): Validate }).configurationValidator()
    const compiled = compileValidator(registry)
    const plain = (validate: Validate) => documents.map((document) => JSON.parse(JSON.stringify(validate(document))))
    expect(plain(generated)).toEqual(plain(compiled))
    expect(documents.map((document) => generated(document).length > 0)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      true,
    ])
  })
})
