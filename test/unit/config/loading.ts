/** Loads texts as files and overlays, over the toy kinds and a few more notations. */
import { collection, instance, singleton } from '../../../src/bitbucket/kit.js'
import type { ConfigurationFiles } from '../../../src/config/files.js'
import { loadDesired } from '../../../src/config/load.js'
import { compileValidator, type Validate } from '../../../src/config/validator.js'
import type { Desired } from '../../../src/model/desired.js'
import { ConfigError, type Finding } from '../../../src/model/errors.js'
import type { Registry } from '../../../src/model/resource.js'
import { toys } from '../../contract/toys.js'

const docs = { area: 'server', title: 'Toy', text: 'A toy.', rest: 'none', permission: 'ADMIN', endpoints: [] } as const
const unused = (): Promise<never> => Promise.reject(new Error('Loading must not talk to a server'))

const radio = singleton({
  kind: 'radio',
  parents: [instance],
  docs,
  schema: {
    type: 'object',
    description: 'Radio',
    required: ['station'],
    properties: {
      station: { type: 'string', description: 'Station', maxLength: 20 },
      volume: { type: 'number', description: 'Volume', minimum: 0, maximum: 11 },
      code: { type: 'string', description: 'Code', secret: true },
      fm: { type: 'integer', description: 'FM' },
      am: { type: 'integer', description: 'AM' },
      presets: {
        type: 'array',
        description: 'Presets',
        'x-key': 'button',
        items: {
          type: 'object',
          description: 'Preset',
          properties: {
            button: { type: 'string', description: 'Button' },
            station: { type: 'string', description: 'Station' },
            code: { type: 'string', description: 'Code', secret: true },
          },
        },
      },
      log: { type: 'array', description: 'Log', items: { type: 'string', description: 'Line' } },
    },
    exactlyOne: ['fm', 'am'],
  } as const,
  examples: [{ station: 'a' }, { station: 'b' }],
  canonical: {
    presets: (presets) => presets.map((preset) => ({ ...preset, button: (preset.button ?? '').toUpperCase() })),
  },
  replacesSecrets: true,
})({ read: unused, write: unused, clear: unused })

const motto = singleton({
  kind: 'motto',
  parents: [instance],
  docs,
  schema: { type: 'string', description: 'Motto' },
  examples: ['a', 'b'],
})({ read: unused, write: unused, clear: unused })

const guests = collection({
  kind: 'guests',
  parents: [instance],
  docs,
  identity: ['name'],
  schema: {
    type: 'object',
    description: 'Guest',
    required: ['name'],
    properties: {
      name: { type: 'string', description: 'Name', minLength: 2, maxLength: 8 },
      seat: { type: 'string', description: 'Seat', enum: ['front', 'back'] },
    },
  },
  examples: [
    { name: 'ann', seat: 'front' },
    { name: 'ben', seat: 'back' },
  ],
})({ lookup: unused, create: unused, delete: unused })

/** The toys, and: an object with every kind of field, a scalar that can be reset, a collection that cannot be listed. */
export const wide: Registry = { ...toys, resources: [...toys.resources, radio, motto, guests] }

const validate: Validate = compileValidator(wide)

/** Texts by the names of their files. */
export type Texts = Readonly<Record<string, string>>

/** Loads files in the order given, overlays over them. */
export function loadTexts(files: Texts, overlays: Texts = {}, variables: Texts = {}): Desired {
  const port: ConfigurationFiles = {
    expand: () => Object.entries(files).map(([name, text]) => ({ name, text })),
    read: (name) => ({ name, text: overlays[name] ?? '' }),
  }
  const input = { paths: [], overlays: Object.keys(overlays), variables: (name: string) => variables[name] }
  return loadDesired(input, { files: port, registry: wide, validate, digest: () => 'digest' })
}

/** Loads one file. */
export function loadText(text: string, variables: Texts = {}): Desired {
  return loadTexts({ 'a.yaml': text }, {}, variables)
}

/** What is found amiss; empty where nothing is. */
export function findingsOf(load: () => unknown): readonly Finding[] {
  try {
    load()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.findings
    throw error
  }
}

/** `CONFIG_SCHEMA a.yaml:2:3 message`, one a finding. */
export function wordsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(
    ({ code, message, source }) => `${code} ${source?.file}:${source?.line}:${source?.column} ${message}`,
  )
}

/** Declared items as data: address → what is wanted. */
export function wants(desired: Desired): Readonly<Record<string, unknown>> {
  return Object.fromEntries(desired.items.map(({ address, want }) => [address, want]))
}
