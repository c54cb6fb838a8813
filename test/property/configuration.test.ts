/** Laws of the configuration language: what is written is read back, whoever writes it and in whatever order. */
import { load } from 'js-yaml'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { block, list, scalar, text } from '../../src/config/text.js'
import { mergeValue } from '../../src/config/unite.js'
import { type WritableItem, writeConfiguration } from '../../src/config/write.js'
import {
  formatAddress,
  formatKey,
  itemAddress,
  matchesPattern,
  parseAddress,
  parseName,
  sectionOf,
} from '../../src/model/address.js'
import type { Desired } from '../../src/model/desired.js'
import { type At, type Collection, resourceOf, type Singleton } from '../../src/model/resource.js'
import { loadText, loadTexts, wants, wide } from '../unit/config/loading.js'

const odd = [
  'x]y',
  'a, b',
  '"',
  '\\',
  'a=b',
  'a&b=c',
  '',
  ' ',
  '*',
  '.',
  '${var:a}',
  '$${x}',
  '<<',
  'ä\u2028',
  '#',
  '-',
  '?',
  ':',
  '- a',
  'no',
  '1',
  '__proto__',
  '\u007f',
  '\ufeff',
  'a\nb',
  '\ud800',
  '\uffff',
  '~',
  '[',
  '{a: b}',
  "'",
]
const name = fc.oneof(
  fc.constantFrom(...odd),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme' }),
)
const read = (lines: readonly string[]): unknown => load(lines.join('\n'))
/** What a reader of configurations makes of a text: `$${` is a literal `${`. */
const unescaped = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll('$${', () => '${') : value)

describe('texts', () => {
  test('a scalar is read back as a value, as a key and in a list', () => {
    const value = fc.oneof(name, fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    fc.assert(
      fc.property(value, name, (one, other) => {
        fc.pre(other !== 'a' && other !== 'c')
        const lines = [`a: ${scalar(one)}`, `${scalar(other)}: 1`, `c: [${scalar(one)}, ${scalar(other)}]`]
        const document = read(lines) as Record<string, unknown>
        const given = one === 0 ? 0 : one
        expect(unescaped(document['a'])).toBe(given)
        expect(Object.keys(document).map(unescaped)).toContain(other)
        expect((document['c'] as unknown[]).map(unescaped)).toEqual([given, other])
      }),
      { numRuns: 2000 },
    )
  })

  test('a text of several lines is read back, at any depth', () => {
    const line = fc.oneof(name, fc.constantFrom('', ' x', 'x ', '\tx', '---', '...', '# x', 'x: y', '\r'))
    const lines = fc.array(line, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('\n'))
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 3 }), (value, depth) => {
        const head = `${'  '.repeat(depth)}a:`
        expect(unescaped((read([...text(head, value, depth), `${'  '.repeat(depth)}b: 1`]) as { a: string }).a)).toBe(
          value,
        )
      }),
      { numRuns: 2000 },
    )
  })

  test('a list is read back, however long', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (values) => {
        const document = read(block('a:', list('  b:', values.map(scalar), 1))) as { a: { b: unknown[] } }
        expect(document.a.b.map(unescaped)).toEqual(values)
      }),
    )
  })
})

describe('addresses', () => {
  const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,6}$/u)
  const naming = fc.oneof(name, fc.dictionary(key, name, { minKeys: 1, maxKeys: 3, noNullPrototype: true }))
  const item = fc.record({ key, namings: fc.array(naming, { minLength: 1, maxLength: 3 }) })
  const written = (namings: readonly unknown[]): string => {
    const identity = namings.map((_, index) => `p${index}`)
    return formatKey(identity, Object.fromEntries(namings.map((one, index) => [`p${index}`, one])))
  }

  test('what was formatted is parsed into the same steps, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), (items) => {
        const address = items.map((one) => itemAddress(one.key, written(one.namings))).join('.')
        const steps = parseAddress(address)
        expect(steps?.map((step) => step.key)).toEqual(items.map((one) => one.key))
        expect(steps?.map((step) => step.names?.length)).toEqual(items.map((one) => one.namings.length))
        const names = steps?.flatMap((step) => step.names ?? []) ?? []
        for (const [index, one] of items.flatMap(({ namings }) => namings).entries()) {
          if (typeof one === 'string') expect(parseName(names[index] ?? '')).toBe(one)
        }
        expect(formatAddress(steps ?? [])).toBe(address)
        expect(matchesPattern(address, address)).toBe(true)
        expect(sectionOf(`a.b[${written(items[0]?.namings ?? [])}]`)).toBe('a.b')
      }),
      { numRuns: 1000 },
    )
  })

  test('two names have two addresses, and a star matches both', () => {
    fc.assert(
      fc.property(naming, naming, (one, other) => {
        const [a, b] = [itemAddress('a', written([one])), itemAddress('a', written([other]))]
        if (JSON.stringify(one) !== JSON.stringify(other) && typeof one === 'string' && typeof other === 'string') {
          expect(a).not.toBe(b)
          expect(matchesPattern(a, b)).toBe(false)
        }
        expect(matchesPattern('a[*]', a) && matchesPattern('a[*]', b)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('any text is parsed or refused, never worse', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a1[]".,*= &\\\n') }), (any) => {
        const steps = parseAddress(any)
        if (steps !== null) expect(formatAddress(steps)).toBe(any)
      }),
      { numRuns: 3000 },
    )
  })
})

const shelfName = fc.constantFrom('a', 'A', 'b', 'x]y', 'c d', '${var:x}')
const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] })
const named = <T>(names: fc.Arbitrary<string>, value: fc.Arbitrary<T>) =>
  fc.dictionary(names, value, { maxKeys: 3, noNullPrototype: true })
const boxesOf = optional({
  size: fc.integer({ min: 0, max: 9 }),
  labels: named(fc.constantFrom('l', 'm'), fc.constantFrom('x', 'y')),
  keepers: named(fc.constantFrom('ann', 'ben'), fc.constantFrom({}, null)),
  light: fc.option(optional({ level: fc.integer({ min: 0, max: 9 }), warm: fc.boolean() })),
})
const shelf = optional({
  colour: fc.constantFrom('red', 'blue', null),
  tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
  boxes: named(fc.constantFrom('b', 'c'), fc.option(boxesOf, { freq: 5 })),
})
const section = optional({
  motto: fc.option(name),
  radio: fc.option(
    optional({
      station: fc.constantFrom('s', 't'),
      volume: fc.option(fc.integer({ min: 0, max: 11 })),
      log: fc.array(fc.constantFrom('x', 'y'), { maxLength: 3 }),
      presets: named(fc.constantFrom('P', 'Q'), fc.option(optional({ station: fc.constantFrom('s', 't') }))),
    }),
  ),
  shelves: named(fc.constantFrom('a', 'b', 'x]y'), fc.option(shelf, { freq: 5 })),
})

const json = (value: unknown): string => JSON.stringify(value).replaceAll('${', () => '$${')
const sorted = (desired: Desired): unknown => Object.entries(wants(desired)).sort(([a], [b]) => (a < b ? -1 : 1))

/** Merging by hand, on the document: maps are merged, null and everything else replaces. */
function mergeByHand(below: unknown, over: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(below) || !isMap(over)) return over
  const merged = Object.entries(over).map(([key, value]) => [key, mergeByHand(below[key], value)] as const)
  return { ...below, ...Object.fromEntries(merged) }
}

describe('files and overlays', () => {
  test('an overlay equals writing the merged document by hand', () => {
    fc.assert(
      fc.property(section, section, section, (base, one, other) => {
        const layered = loadTexts(
          { 'a.yaml': json({ instance: base }) },
          { 'o.yaml': json({ instance: one }), 'p.yaml': json({ instance: other }) },
        )
        const byHand = [one, other].reduce<unknown>(mergeByHand, base)
        expect(sorted(layered)).toEqual(sorted(loadText(json({ instance: byHand }))))
      }),
      { numRuns: 500 },
    )
  })

  test('merging nothing changes nothing, and merging twice is merging once', () => {
    const radio = resourceOf(wide, 'radio')
    fc.assert(
      fc.property(section, section, ({ radio: below }, { radio: over }) => {
        fc.pre(radio !== undefined && below !== undefined && over !== undefined)
        const once = mergeValue(radio.schema, below, over)
        expect(mergeValue(radio.schema, once, over)).toEqual(once)
        if (below !== null) expect(mergeValue(radio.schema, below, {})).toEqual(below)
      }),
    )
  })

  test('neither the order of files nor how items are spread over them counts', () => {
    fc.assert(
      fc.property(named(shelfName, shelf), fc.array(fc.integer({ min: 0, max: 2 })), (shelves, spread) => {
        const twins = new Set(Object.keys(shelves).map((one) => one.toLowerCase()))
        fc.pre(twins.size === Object.keys(shelves).length)
        const whole = loadText(json({ instance: { shelves } }))
        const parts = [0, 1, 2].map((part) =>
          Object.fromEntries(Object.entries(shelves).filter((_, index) => (spread[index] ?? 0) === part)),
        )
        const texts = parts.map((part, index) => [`${index}.yaml`, json({ instance: { shelves: part } })] as const)
        expect(sorted(loadTexts(Object.fromEntries(texts.toReversed())))).toEqual(sorted(whole))
      }),
    )
  })
})

interface Exported {
  readonly shelves: readonly {
    readonly name: string
    readonly value: Record<string, unknown>
    readonly boxes: readonly {
      readonly name: string
      readonly value: Record<string, unknown>
      readonly keepers: readonly string[]
    }[]
    readonly rules: readonly {
      readonly type: string
      readonly scope: Record<string, string>
      readonly shelf?: string
    }[]
    readonly labels: Readonly<Record<string, string>>
  }[]
  readonly radio: Record<string, unknown> | null
  readonly motto: string | null
}

const longText = fc.oneof(
  name,
  fc.array(name, { maxLength: 4 }).map((lines) => lines.join('\n')),
)
const itemName = name.filter((one) => one !== '')
const unique = <T extends { name: string }>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(value, { maxLength: 3, selector: (one) => one.name.toLowerCase() })
const exported: fc.Arbitrary<Exported> = fc.record({
  motto: fc.option(longText),
  radio: fc.option(
    fc.record({
      station: fc.constantFrom('s', 'on', '1e3'),
      volume: fc.constantFrom(0, 1.5),
      log: fc.array(longText, { maxLength: 3 }),
      presets: fc.uniqueArray(fc.record({ button: fc.constantFrom('A', 'B', '<<'), station: name }), {
        selector: ({ button }) => button,
      }),
    }),
  ),
  shelves: unique(
    fc.record({
      name: itemName.map((one) => one.toLowerCase()),
      value: fc.record({ colour: fc.constantFrom('red', 'blue'), tags: fc.uniqueArray(name, { maxLength: 3 }) }),
      boxes: unique(
        fc.record({
          name: itemName,
          value: fc.record({ size: fc.integer() }),
          keepers: fc.uniqueArray(
            itemName.map((one) => one.toLowerCase()),
            { maxLength: 3 },
          ),
        }),
      ),
      rules: fc.uniqueArray(
        fc.record({
          type: fc.constantFrom('keep', 'drop'),
          scope: fc.oneof(fc.record({ box: name }), fc.record({ pattern: name })),
          shelf: name,
        }),
        { maxLength: 3, selector: (rule) => JSON.stringify([rule.type, rule.scope]) },
      ),
      labels: fc.dictionary(itemName, longText, { maxKeys: 3, noNullPrototype: true }),
    }),
  ),
})

/** The live objects as an export reads them. */
function itemsOf({ shelves, radio, motto }: Exported): {
  readonly items: readonly WritableItem[]
  readonly collections: readonly { readonly address: string }[]
} {
  const items: WritableItem[] = []
  const collections: { address: string }[] = [{ address: 'instance.shelves' }]
  const add = (kind: string, base: string, at: At, value: unknown): string => {
    const resource = resourceOf(wide, kind) as Singleton | Collection
    const section = `${base}.${resource.key}`
    const fields = value as Record<string, unknown>
    const identity =
      resource.form === 'collection' ? Object.fromEntries(resource.identity.map((one) => [one, fields[one]])) : {}
    const address =
      resource.form === 'collection' ? itemAddress(section, formatKey(resource.identity, fields)) : section
    items.push({ resource, at, address, identity, value })
    return address
  }
  const has = (...addresses: readonly string[]): void =>
    void collections.push(...addresses.map((address) => ({ address })))
  if (motto !== null) add('motto', 'instance', {}, motto)
  if (radio !== null) add('radio', 'instance', {}, radio)
  for (const { name: shelfNamed, value, boxes, rules, labels } of shelves) {
    const at = { shelves: shelfNamed }
    const address = add('shelves', 'instance', {}, { name: shelfNamed, ...value })
    has(`${address}.boxes`, `${address}.rules`, `${address}.labels`)
    for (const rule of rules) add('rules', address, at, rule)
    for (const [label, words] of Object.entries(labels)) add('labels', address, at, { name: label, text: words })
    for (const box of boxes) {
      const below = add('boxes', address, at, { name: box.name, ...box.value })
      has(`${below}.keepers`)
      for (const person of box.keepers) add('keepers', below, { ...at, boxes: box.name }, { person })
    }
  }
  return { items, collections }
}

/** The value as it is declared: without what names it, keyed lists as maps, sets in any order. */
function declared({ resource, value }: WritableItem): unknown {
  if (typeof value !== 'object' || value === null) return value
  const identity: readonly string[] = resource.form === 'collection' ? resource.identity : []
  const fields = Object.entries(value).flatMap(([property, field]: readonly [string, unknown]) => {
    if (identity.includes(property)) return []
    if (property === 'tags') return [[property, new Set(field as string[])] as const]
    if (property !== 'presets') return [[property, field] as const]
    const presets = (field as { button: string }[]).map(({ button, ...preset }) => [button, preset] as const)
    return [[property, Object.fromEntries(presets)] as const]
  })
  return Object.fromEntries(fields)
}

function withoutSecrets(want: unknown): unknown {
  return JSON.parse(JSON.stringify(want, (key, value: unknown) => (key === 'code' ? undefined : value)))
}

describe('an export', () => {
  test('is read back as what it was written from, and written again as the same bytes', () => {
    const options = { omitsDefaults: false, schemaUrl: 'schema.json' }
    let withItems = 0
    fc.assert(
      fc.property(exported, (state) => {
        const { items, collections } = itemsOf(state)
        const written = writeConfiguration(wide, { items, collections }, options)
        const again = { items: items.toReversed(), collections: collections.toReversed() }
        expect(writeConfiguration(wide, again, options)).toEqual(written)
        const desired = loadText(written.text)
        const found = desired.items.map(({ address, want }) => {
          const fields = withoutSecrets(want) as Record<string, unknown>
          const tags = fields?.['tags']
          const whole = tags === undefined ? fields : { ...fields, tags: new Set(tags as string[]) }
          return [address, whole] as const
        })
        expect(new Map(found)).toEqual(new Map(items.map((one) => [one.address, declared(one)])))
        expect(new Set(desired.collections.map(({ address }) => address))).toEqual(
          new Set(collections.map(({ address }) => address)),
        )
        const { radio } = state
        const names = radio === null ? [] : (radio['presets'] as { button: string }[]).map(({ button }) => button)
        const secrets = names.map((button) => `radio-presets-${button.replace('<<', '').toLowerCase()}-code`)
        expect([...written.placeholders].sort()).toEqual(
          radio === null ? [] : ['radio-code', ...secrets].map((one) => one.replace('--', '-')).sort(),
        )
        withItems += items.length > 3 ? 1 : 0
      }),
      { numRuns: 300 },
    )
    expect(withItems).toBeGreaterThan(100)
  })
})
