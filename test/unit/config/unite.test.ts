import { describe, expect, test } from 'vitest'
import { findingsOf, loadText, loadTexts, wants, wordsOf } from './loading.js'

describe('many files', () => {
  test('are one declaration', () => {
    const desired = loadTexts({
      'a.yaml': 'instance: { shelves: { a: { boxes: { b: { size: 1 } } } } }\n',
      'b.yaml': 'instance: { shelves: { c: {} }, motto: m }\nserver: https://b.example.com\n',
    })
    expect(wants(desired)).toEqual({
      'instance.shelves[a]': {},
      'instance.shelves[a].boxes[b]': { size: 1 },
      'instance.shelves[c]': {},
      'instance.motto': 'm',
    })
    expect(desired.collections.map(({ address }) => address)).toEqual(['instance.shelves', 'instance.shelves[a].boxes'])
    expect(desired.server).toEqual({
      url: 'https://b.example.com',
      source: { file: 'b.yaml', line: 2, column: 9 },
    })
  })

  test.each([
    [
      'in two files',
      { 'a.yaml': 'instance: { motto: a }\n', 'b.yaml': 'instance:\n  motto: a\n' },
      'b.yaml:2:3',
      'a.yaml:1:13',
    ],
    ['in two spellings', { 'a.yaml': 'instance: { shelves: { A: {}, a: {} } }\n' }, 'a.yaml:1:31', 'a.yaml:1:24'],
    [
      'in a list of names',
      { 'a.yaml': 'instance: { shelves: { a: { boxes: { b: { keepers: [ann, ANN] } } } } }\n' },
      'a.yaml:1:58',
      'a.yaml:1:53',
    ],
    [
      'in a list, the properties of a name in another order',
      {
        'a.yaml':
          'instance: { shelves: { a: { rules: [\n  { type: keep, scope: { box: b } },\n  { scope: { box: b }, type: keep }] } } }\n',
      },
      'a.yaml:3:3',
      'a.yaml:2:3',
    ],
  ])('the same address %s is refused with both places', (_what, files, second, first) => {
    const [finding, ...more] = findingsOf(() => loadTexts(files))
    expect(more).toEqual([])
    expect(finding?.code).toBe('CONFIG_DUPLICATE')
    expect(`${finding?.source?.file}:${finding?.source?.line}:${finding?.source?.column}`).toBe(second)
    expect(finding?.message).toContain(`and at ${first}`)
  })

  test('two servers are refused', () => {
    const files = { 'a.yaml': 'server: https://a.example.com\n', 'b.yaml': 'server: https://b.example.com\n' }
    expect(wordsOf(findingsOf(() => loadTexts(files)))).toEqual([
      'CONFIG_DUPLICATE b.yaml:1:9 server: names another address than a.yaml:1',
    ])
  })

  test('two spellings of one key in a keyed list are refused', () => {
    expect(wordsOf(findingsOf(() => loadText('instance: { radio: { presets: { a: {}, A: null } } }\n')))).toEqual([
      'CONFIG_DUPLICATE a.yaml:1:31 The same name stands here twice, in different spellings',
    ])
  })
})

describe('overlays', () => {
  const base = `instance:
  radio: { station: s, volume: 3, log: [x, y], fm: 1, presets: { a: { station: one }, b: {} } }
  shelves:
    a: { colour: red, tags: [x], boxes: { b: { size: 1, light: { level: 1 } } } }
    c: {}
`
  const over = (...texts: readonly string[]) =>
    wants(loadTexts({ 'a.yaml': base }, Object.fromEntries(texts.map((text, index) => [`o${index}.yaml`, text]))))

  test('objects are merged by field and keyed lists by key; sets and lists are replaced', () => {
    const text = 'instance: { radio: { volume: 4, log: [z], presets: { A: { code: "${secret:p}" }, b: null } } }\n'
    expect(over(text)['instance.radio']).toEqual({
      station: 's',
      volume: 4,
      log: ['z'],
      fm: 1,
      presets: { A: { station: 'one', code: { secret: 'p' } }, B: null },
    })
  })

  test('items are merged by identity, in canonical spelling', () => {
    expect(over('instance: { shelves: { A: { colour: blue, tags: [] }, d: {} } }\n')).toMatchObject({
      'instance.shelves[a]': { colour: 'blue', tags: [] },
      'instance.shelves[d]': {},
      'instance.shelves[a].boxes[b]': { size: 1 },
    })
  })

  test('null takes what is below with it, and a later overlay begins anew', () => {
    const gone = over('instance: { shelves: { a: null } }\n')
    expect(Object.keys(gone)).toEqual(['instance.shelves[a]', 'instance.shelves[c]', 'instance.radio'])
    expect(gone['instance.shelves[a]']).toBeNull()
    const back = over('instance: { shelves: { a: null } }\n', 'instance: { shelves: { a: { tags: [n] } } }\n')
    expect(back['instance.shelves[a]']).toEqual({ tags: ['n'] })
    expect(back).not.toHaveProperty(['instance.shelves[a].boxes[b]'])
  })

  test('null for a setting replaces it, and a setting replaces null', () => {
    expect(over('instance: { radio: null }\n')['instance.radio']).toBeNull()
    expect(over('instance: { radio: null }\n', 'instance: { radio: { am: 2 } }\n')['instance.radio']).toEqual({ am: 2 })
  })

  test('a collection that was dropped is not pruned any more', () => {
    const overlays = { 'o.yaml': 'instance: { shelves: { a: null } }\n' }
    expect(loadTexts({ 'a.yaml': base }, overlays).collections.map(({ address }) => address)).toEqual([
      'instance.shelves',
    ])
  })

  test('every field knows the layer that it comes from', () => {
    const desired = loadTexts({ 'a.yaml': base }, { 'o.yaml': 'instance:\n  radio:\n    volume: 4\n' })
    const radio = desired.items.find(({ address }) => address === 'instance.radio')
    expect(radio?.locate('volume')).toEqual({ file: 'o.yaml', line: 3, column: 5 })
    expect(radio?.locate('station')).toEqual({ file: 'a.yaml', line: 2, column: 12 })
    expect(radio?.locate('presets[A].station')).toMatchObject({ file: 'a.yaml', line: 2 })
  })

  test('the same address twice in one overlay is refused', () => {
    const overlays = { 'o.yaml': 'instance: { shelves: { a: {}, A: {} } }\n' }
    expect(findingsOf(() => loadTexts({ 'a.yaml': base }, overlays)).map(({ code }) => code)).toEqual([
      'CONFIG_DUPLICATE',
    ])
  })
})

describe('notations', () => {
  test('all four, with absent items', () => {
    const text = `instance:
  guests: { ann: front, bob: null }
  shelves:
    a:
      labels: { l: text }
      rules: [{ type: keep, scope: { box: b }, shelf: A }, { type: drop, scope: { box: b }, absent: true }]
      boxes: { b: { size: 1, keepers: [Ann, ben] }, c: { keepers: { ann: {}, ben: null } } }
`
    expect(wants(loadText(text))).toEqual({
      'instance.shelves[a]': {},
      'instance.shelves[a].boxes[b]': { size: 1 },
      'instance.shelves[a].boxes[b].keepers[ann]': {},
      'instance.shelves[a].boxes[b].keepers[ben]': {},
      'instance.shelves[a].boxes[c]': {},
      'instance.shelves[a].boxes[c].keepers[ann]': {},
      'instance.shelves[a].boxes[c].keepers[ben]': null,
      'instance.shelves[a].labels[l]': { text: 'text' },
      'instance.shelves[a].rules[keep,box=b]': { shelf: 'A' },
      'instance.shelves[a].rules[drop,box=b]': null,
      'instance.guests[ann]': { seat: 'front' },
      'instance.guests[bob]': null,
    })
  })

  test('empty collections are declared as empty', () => {
    const { collections } = loadText('instance: { shelves: { a: { rules: [], boxes: {} } } }\n')
    expect(collections.map(({ address, isWrittenEmpty }) => [address, isWrittenEmpty])).toEqual([
      ['instance.shelves', false],
      ['instance.shelves[a].boxes', true],
      ['instance.shelves[a].rules', true],
    ])
  })

  test('an ancestor is named in canonical spelling', () => {
    const [, , keeper] = loadText('instance: { shelves: { A: { boxes: { B: { keepers: [Ann] } } } } }\n').items
    expect(keeper).toMatchObject({ at: { shelves: 'a', boxes: 'B' }, identity: { person: 'ann' } })
  })

  test('names may be any words, those of JavaScript too', () => {
    const names = ['__proto__', 'constructor', 'toString', '<<', 'null', '1', 'a.b]"', '$${var:x}']
    const shelves = names.map((name) => `    ${JSON.stringify(name)}: { labels: { ${JSON.stringify(name)}: x } }\n`)
    const { items } = loadText(`instance:\n  shelves:\n${shelves.join('')}`)
    const plain = names.map((name) => name.replace('$$', () => '$'))
    const found = items.map(({ resource, identity }) => `${resource.kind} ${String(identity['name'])}`)
    expect(new Set(found)).toEqual(
      new Set(plain.flatMap((name) => [`shelves ${name.toLowerCase()}`, `labels ${name}`])),
    )
  })
})

describe('renames', () => {
  test('the earlier name is read in canonical spelling', () => {
    const [item] = loadText('instance: { shelves: { new: { renamedFrom: OLD } } }\n').items
    expect(item).toMatchObject({ address: 'instance.shelves[new]', renamedFrom: 'old', want: {} })
  })

  test.each([
    ['from its own name', '{ a: { renamedFrom: A } }', 'instance.shelves[a] cannot be renamed from its own name'],
    [
      'from a name that is declared',
      '{ a: { renamedFrom: b }, b: {} }',
      'instance.shelves[a] is renamed from instance.shelves[b], which is claimed at a.yaml:1:47 too',
    ],
    [
      'of two from one',
      '{ a: { renamedFrom: c }, b: { renamedFrom: c } }',
      'instance.shelves[b] is renamed from instance.shelves[c], which is claimed at a.yaml:1:24 too',
    ],
  ])('%s is refused', (_what, shelves, message) => {
    const findings = findingsOf(() => loadText(`instance: { shelves: ${shelves} }\n`))
    expect(findings.map((finding) => [finding.code, finding.message])).toEqual([['CONFIG_DUPLICATE', message]])
  })

  test('where nothing can be renamed the key is unknown', () => {
    const text = 'instance: { shelves: { a: { boxes: { b: { renamedFrom: c } } } } }\n'
    expect(findingsOf(() => loadText(text))[0]?.message).toBe('Unknown key "renamedFrom"')
  })
})
