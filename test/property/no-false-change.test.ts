/**
 * No false change: over random live values of every real setting, a configuration that says a part of what is live, in
 * another order or spelling, changes nothing; one that differs in one field changes exactly that field.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registry } from '../../src/bitbucket/registry.js'
import { exampleDocument } from '../../src/generate/example.js'
import { formatKey } from '../../src/model/address.js'
import { type Draft, draftChange } from '../../src/model/draft.js'
import { normalise, serialise } from '../../src/model/normal.js'
import { type Collection, notationOf, type Singleton } from '../../src/model/resource.js'
import { isHidden, isObject, propertiesOf, type Schema } from '../../src/model/schema.js'
import { desire } from '../live.js'

type Setting = Singleton | Collection
type Fields = Record<string, unknown>

const settings = registry.resources.filter((resource): resource is Setting => resource.form !== 'directory')
const namesOf = (resource: Setting): readonly string[] => (resource.form === 'collection' ? resource.identity : [])

/** What the examples have at a place: the only texts that fit where a pattern or a file format is asked for. */
function sampled(samples: readonly unknown[], property: string): readonly unknown[] {
  return samples.flatMap((sample) => (isObject(sample) && sample[property] !== undefined ? [sample[property]] : []))
}

function textOf(schema: Schema & { type: 'string' }, samples: readonly unknown[], isStrict: boolean) {
  const fitting = samples.filter((sample) => typeof sample === 'string')
  const { minLength = 1, maxLength = 12 } = schema
  const free = fc.string({ minLength: Math.max(1, minLength), maxLength: Math.max(minLength, Math.min(maxLength, 12)) })
  const plain = free.filter((text) => text.trim() === text && !(text in {}))
  if (schema.pattern === undefined && !isStrict)
    return fitting.length === 0 ? plain : fc.oneof(plain, fc.constantFrom(...fitting))
  return fc.constantFrom(...fitting)
}

/** A value as a server might have it; absent where no example shows what would fit. */
function valueOf(schema: Schema, samples: readonly unknown[], isStrict: boolean): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? (schema.minimum ?? 0) + 1000 })
    case 'string':
      return schema.enum === undefined ? textOf(schema, samples, isStrict) : fc.constantFrom(...schema.enum)
    case 'json':
      return fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof(fc.integer(), fc.boolean(), fc.constant(['x', 'y'])))
    case 'array': {
      const inner = samples.flatMap((sample) => (Array.isArray(sample) ? (sample as unknown[]) : []))
      const key = schema['x-key']
      const selector = (entry: unknown): string =>
        serialise(key !== undefined && isObject(entry) ? entry[key] : entry).toLowerCase()
      const entry = valueOf(schema.items, inner, isStrict)
      const isPlain = key === undefined && schema.uniqueItems !== true
      return isPlain ? fc.array(entry, { maxLength: 4 }) : fc.uniqueArray(entry, { selector, maxLength: 4 })
    }
    case 'object':
      return objectOf(schema, samples, isStrict)
  }
}

function objectOf(schema: Schema & { type: 'object' }, samples: readonly unknown[], isStrict: boolean) {
  const { exactlyOne = [], anyOf = [], required = [] } = schema
  const usable = Object.entries(schema.properties).filter(
    ([property, field]) =>
      !isHidden(field) &&
      (field.type !== 'string' ||
        field.enum !== undefined ||
        (field.pattern === undefined && !isStrict) ||
        sampled(samples, property).length > 0),
  )
  const model = Object.fromEntries(
    usable.map(([name, field]) => [name, valueOf(field, sampled(samples, name), isStrict)]),
  )
  const whole = fc.record(model, { requiredKeys: [...required, ...anyOf.slice(0, 1)].filter((name) => name in model) })
  if (exactlyOne.length === 0) return whole
  return fc.tuple(fc.record(model), fc.constantFrom(...exactlyOne)).map(([value, chosen]) => {
    const others = exactlyOne.filter((property) => property !== chosen)
    return Object.fromEntries(Object.entries(value).filter(([property]) => !others.includes(property)))
  })
}

/** A part of a value as a configuration may have it: fields and entries left out, sets and keyed lists in any order. */
function partOf(schema: Schema, value: unknown, draw: () => number, keeps: readonly string[] = []): unknown {
  if (schema.type === 'array' && Array.isArray(value)) {
    const key = schema['x-key']
    if (key === undefined) return schema.uniqueItems === true ? shuffled(value, draw) : value
    const entries = shuffled(value, draw).filter(() => draw() % 3 > 0)
    return entries.map((entry) => partOf(schema.items, entry, draw, [key]))
  }
  if (schema.type !== 'object' || !isObject(value)) return value
  const kept = Object.entries(value).filter(([name]) => keeps.includes(name) || draw() % 3 > 0)
  return Object.fromEntries(
    shuffled(kept, draw).map(([name, field]) => [name, partOf(schema.properties[name] ?? schema, field, draw)]),
  )
}

function shuffled<T>(list: readonly T[], draw: () => number): readonly T[] {
  return list
    .map((entry) => [draw(), entry] as const)
    .sort(([a], [b]) => a - b)
    .map(([, entry]) => entry)
}

const spellings: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => `refs/heads/${text}`,
  (text) => `${text}/`,
  (text) => text.replaceAll('\n', '\r\n'),
]

/** Counts the texts that were written in another way. */
let respelled = 0

/** The same value with texts in another spelling, wherever the definition takes both for one. */
function respell(resource: Setting, value: unknown, draw: () => number): unknown {
  const meaning = serialise(resource.canonical(value))
  const means = (other: unknown): boolean => serialise(resource.canonical(other)) === meaning
  const visit = (part: unknown, put: (other: unknown) => unknown): unknown => {
    if (typeof part === 'string') {
      const other = spellings[draw() % spellings.length]?.(part) ?? part
      if (other === part || !means(put(other))) return put(part)
      respelled++
      return put(other)
    }
    if (Array.isArray(part)) {
      let list: readonly unknown[] = part
      part.forEach((_, at) => visit(list[at], (other) => put((list = list.with(at, other)))))
      return put(list)
    }
    if (!isObject(part)) return put(part)
    let fields: Fields = part
    for (const name of Object.keys(part)) visit(fields[name], (other) => put((fields = { ...fields, [name]: other })))
    return put(fields)
  }
  return visit(value, (other) => other)
}

/** What a plan would do to the live value under a configuration that went through the loader; `null`: nothing. */
function draftOf(resource: Setting, live: unknown, written: unknown): Draft | null {
  const document = exampleDocument(registry, { ...resource, examples: [written] }, 0)
  const item = desire(document).items.find((one) => one.resource.kind === resource.kind)
  if (item === undefined) return null
  const canonical = resource.canonical(live)
  const value = isObject(canonical) ? { ...canonical, ...item.identity } : canonical
  return draftChange({ ...item, live: { value, raw: value } })
}

interface Place {
  readonly path: string
  readonly schema: Schema
  readonly put: (other: unknown) => unknown
  readonly value: unknown
  readonly samples: readonly unknown[]
}

/** Every field of a value that compares as one, each with a configuration that says it alone. */
function placesIn(schema: Schema, value: unknown, samples: readonly unknown[], at: string): readonly Place[] {
  if (isObject(value) && schema.type === 'object') {
    return Object.entries(value).flatMap(([name, part]) => {
      const field = propertiesOf(schema)[name] ?? schema
      const inner = placesIn(field, part, sampled(samples, name), at === '' ? name : `${at}.${name}`)
      return inner.map((place) => ({ ...place, put: (other: unknown) => ({ [name]: place.put(other) }) }))
    })
  }
  const key = schema.type === 'array' ? schema['x-key'] : undefined
  if (schema.type === 'array' && key !== undefined && Array.isArray(value)) {
    const inner = samples.flatMap((sample) => (Array.isArray(sample) ? (sample as unknown[]) : []))
    return value.filter(isObject).flatMap(({ [key]: name, ...entry }) =>
      placesIn(schema.items, entry, inner, `${at}[${formatKey([key], { [key]: name })}]`).map((place) => ({
        ...place,
        put: (other: unknown) => [{ [key]: name, ...(place.put(other) as Fields) }],
      })),
    )
  }
  return [{ path: at, schema, value, samples, put: (other) => other }]
}

const isComputed = (resource: Setting): boolean => resource.form === 'collection' && resource.identify !== undefined
const live = (resource: Setting) => valueOf(resource.schema, resource.examples, isComputed(resource))
const numbers = fc.infiniteStream(fc.nat(1_000_000))
const drawFrom = (stream: Iterator<number>) => (): number => stream.next().value as number

/** What must be written of an item for the loader to know which one it is, and of a scalar item its one value. */
function indispensable(resource: Setting): readonly string[] {
  if (resource.form === 'singleton') return []
  const isWhole = isComputed(resource) || notationOf(registry, resource) === 'scalars'
  return isWhole ? Object.keys(propertiesOf(resource.schema)) : namesOf(resource)
}

const total = 10_000
const each = Math.ceil(total / settings.length)
const seed = 20_261_127

test('a part of what is live, in any order and spelling, changes nothing', () => {
  let counted = 0
  for (const resource of settings) {
    fc.assert(
      fc.property(live(resource), numbers, (value, stream) => {
        const draw = drawFrom(stream)
        const part = partOf(resource.schema, value, draw, indispensable(resource))
        const draft = draftOf(resource, value, respell(resource, part, draw))
        counted++
        expect(draft && [draft.address, draft.action, draft.fields]).toBeNull()
      }),
      { numRuns: each, seed, endOnFailure: true },
    )
  }
  expect(counted).toBeGreaterThanOrEqual(total)
  expect(respelled, 'texts in another spelling').toBeGreaterThan(total / 20)
})

test('a configuration that differs in one field changes exactly that field', () => {
  const kinds = new Set<string>()
  let counted = 0
  for (const resource of settings) {
    const names = isComputed(resource) ? indispensable(resource) : namesOf(resource)
    const normal = (value: unknown): string => serialise(normalise(resource.schema, resource.canonical(value)))
    fc.assert(
      fc.property(live(resource), fc.nat(), fc.nat(), (value, which, seedOfOther) => {
        const places = placesIn(resource.schema, resource.canonical(value), resource.examples, '')
        const changeable = places.filter(({ path }) => !names.includes(path))
        const place = changeable[which % Math.max(1, changeable.length)]
        if (place === undefined) return
        const [other] = fc.sample(valueOf(place.schema, place.samples, isComputed(resource)), {
          numRuns: 1,
          seed: seedOfOther,
        })
        const naming = Object.entries(isObject(value) ? value : {}).filter(([name]) => names.includes(name))
        const write = (field: unknown): unknown => {
          const written = place.put(field)
          return isObject(written) ? { ...Object.fromEntries(naming), ...written } : written
        }
        if (normal(write(other)) === normal(write(place.value))) return
        expect(draftOf(resource, value, write(other))?.fields.map(({ path }) => path)).toEqual([place.path])
        kinds.add(resource.kind)
        counted++
      }),
      { numRuns: Math.ceil(each / 3), seed, endOnFailure: true },
    )
  }
  expect(counted).toBeGreaterThan(total / 10)
  // Names and nothing else, or fixed by what they are computed from.
  expect(settings.map(({ kind }) => kind).filter((kind) => !kinds.has(kind))).toEqual([
    'accessTokens',
    'gpgKeys',
    'groups',
    'members',
    'mirrors',
    'secretScanningExemptions',
    'x509Certificates',
  ])
})
