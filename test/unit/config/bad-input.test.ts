import { describe, expect, test } from 'vitest'
import { findingsOf, loadText, loadTexts, type Texts, wordsOf } from './loading.js'

const find = (text: string, variables?: Texts): readonly string[] =>
  wordsOf(findingsOf(() => loadText(text, variables)))
const hints = (text: string): readonly (string | undefined)[] =>
  findingsOf(() => loadText(text)).map(({ hint }) => hint)

describe('YAML that is none', () => {
  test.each([
    ['a key twice', 'instance: {}\ninstance: {}\n', 'CONFIG_SYNTAX a.yaml:2:1 Not valid YAML: duplicated mapping key'],
    [
      'a tab',
      'instance:\n\tmotto: a\n',
      'CONFIG_SYNTAX a.yaml:2:1 Not valid YAML: tab characters must not be used in indentation',
    ],
    [
      'an open list',
      'instance: [',
      'CONFIG_SYNTAX a.yaml:1:12 Not valid YAML: unexpected end of the stream within a flow collection',
    ],
    ['an unknown tag', 'a: !env HOME\n', 'CONFIG_SYNTAX a.yaml:1:4 Not valid YAML: unknown scalar tag !<!env>'],
    ['an unknown alias', 'a: *b\n', 'CONFIG_SYNTAX a.yaml:1:5 Not valid YAML: unidentified alias "b"'],
    [
      'a second document',
      'instance: {}\n---\n# more\ninstance: {}\n',
      'CONFIG_SYNTAX a.yaml:4:1 Not valid YAML: expected a single document in the stream, but found more',
    ],
    [
      'an alias inside of itself',
      'a: &a [*a]\n',
      'CONFIG_SYNTAX a.yaml:1:1 An alias stands inside of what it stands for',
    ],
  ])('%s', (_what, text, words) => {
    expect(find(text)).toEqual([words])
  })

  test('aliases that expand beyond measure are refused, and what they say is not looked at', () => {
    const rows = [...'bcdefgh'].map(
      (name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index]}`).join(', ')}]`,
    )
    expect(find(`a: &a [1,1,1,1,1,1,1,1,1,1]\n${rows.join('\n')}\n`)).toEqual([
      'CONFIG_SYNTAX a.yaml:1:1 The aliases of this file expand beyond all measure',
    ])
  })

  test('a reason is no copy of the file', () => {
    const [finding] = findingsOf(() => loadText(`a: !${'x'.repeat(5000)} b\n`))
    expect(finding?.message.length).toBeLessThan(140)
    const [key] = findingsOf(() => loadText(`${'y'.repeat(5000)}: b\n`))
    expect(key?.message.length).toBeLessThan(80)
  })

  test.each(['', '# only words\n', '---\n', '\ufeff\r\n', '{}', '---\n# words\n...\n'])('%j holds nothing', (text) => {
    expect(loadText(text).items).toEqual([])
  })

  test('a byte order mark, CRLF, JSON and merge keys are fine', () => {
    expect(loadText('\ufeffinstance:\r\n  motto: a\r\n').items[0]?.want).toBe('a')
    expect(loadText('{"instance": {"motto": "a"}}').items[0]?.want).toBe('a')
    const merged = 'instance:\n  shelves:\n    a: &a { colour: red }\n    b: { <<: *a, tags: [x] }\n'
    expect(loadText(merged).items.at(-1)?.want).toEqual({ colour: 'red', tags: ['x'] })
  })
})

describe('a value that YAML has and a configuration has not', () => {
  test.each([
    [
      'nothing after the colon',
      'instance:\n  shelves:\n    a:\n    b: {}\n',
      'CONFIG_SYNTAX a.yaml:3:5 a has no value',
    ],
    ['nothing in a flow map', 'instance: { motto: }\n', 'CONFIG_SYNTAX a.yaml:1:13 motto has no value'],
    ['nothing but an anchor', 'instance: { motto: &m }\n', 'CONFIG_SYNTAX a.yaml:1:13 motto has no value'],
    ['an empty entry', 'policy:\n  prune:\n    -\n', 'CONFIG_SYNTAX a.yaml:3:5 an entry of prune has no value'],
    [
      'an integer that was rounded',
      'instance:\n  radio: { fm: 9007199254740993 }\n',
      'CONFIG_SYNTAX a.yaml:2:16 The number is too large to be kept exactly',
    ],
  ])('%s', (_what, text, words) => {
    expect(find(text)).toEqual([words])
  })

  test.each(['null', '~', 'Null', '!!null null'])('%s, written out, is a value', (text) => {
    expect(loadText(`instance:\n  motto: ${text}\n`).items[0]?.want).toBeNull()
  })

  test('the hint says what to write', () => {
    expect(hints('instance: { motto: }\n')[0]).toContain('Write {} or null')
  })
})

describe('what the schema does not admit', () => {
  test.each([
    ['an unknown key', 'instance:\n  door: { opn: true }\n', '2:11 Unknown key "opn"', 'Did you mean open?'],
    ['an unknown section', 'instanse: {}\n', '1:1 Unknown key "instanse"', 'Did you mean instance?'],
    ['a setting at the top', 'motto: a\n', '1:1 Unknown key "motto"', 'Write it below instance:'],
    ['a key far from any', 'instance:\n  door: { zzz: 1 }\n', '2:11 Unknown key "zzz"', 'Known here: open, width.'],
    ['a merge key in quotes', 'instance:\n  door: { "<<": {} }\n', '2:11 Unknown key "<<"', 'Known here: open, width.'],
    [
      'yes',
      'instance:\n  door: { open: yes }\n',
      '2:17 open must be true or false',
      'In YAML 1.2, yes, no, on and off are texts.',
    ],
    [
      'a number as a text',
      'instance:\n  motto: 2026\n',
      '2:10 motto must be a text, and is a number',
      'Put it in quotes.',
    ],
    [
      'a text as a number',
      'instance:\n  door: { width: "90" }\n',
      '2:18 width must be a whole number, and is a text',
      'What stands in quotes, and what ${var:…} brings in, is always a text.',
    ],
    [
      'a fraction',
      'instance:\n  door: { width: 1.5 }\n',
      '2:18 width must be a whole number, and is a fraction',
      undefined,
    ],
    [
      'infinity',
      'instance:\n  radio: { volume: .inf }\n',
      '2:20 volume must be a number, and is a fraction',
      undefined,
    ],
    ['too much', 'instance:\n  radio: { volume: 12 }\n', '2:20 volume must be <= 11', undefined],
    [
      'a long text',
      `instance:\n  radio: { station: ${'a'.repeat(21)} }\n`,
      '2:21 station is too long',
      'It may have 20 characters.',
    ],
    [
      'a wrong word',
      'instance:\n  shelves: { a: { colour: blu } }\n',
      '2:27 colour must be red or blue',
      'Did you mean blue?',
    ],
    ['a list for a map', 'instance:\n  door: [open]\n', '2:9 door must be a map, and is a list', undefined],
    ['a text for all', 'just words\n', '1:1 the document must be a map, and is a text', undefined],
    ['an empty name', 'instance:\n  shelves: { "": {} }\n', '2:14 a name in shelves must not be empty', undefined],
    ['a short name', 'instance:\n  guests: { a: front }\n', '2:13 a name in guests is too short', undefined],
    [
      'two alternatives',
      'instance:\n  radio: { fm: 1, am: 2 }\n',
      '2:10 radio can have only one of its alternatives',
      'Write one of them; setting it clears the others.',
    ],
    [
      'a rule without its name',
      'instance: { shelves: { a: { rules: [{ type: keep }] } } }\n',
      '1:37 an entry of rules lacks scope',
      undefined,
    ],
    [
      'a rule with half a name',
      'instance: { shelves: { a: { rules: [{ type: keep, scope: {} }] } } }\n',
      '1:58 scope must not be empty',
      undefined,
    ],
    [
      'a rule that is not absent',
      'instance: { shelves: { a: { rules: [{ type: keep, scope: { box: b }, absent: false }] } } }\n',
      '1:78 absent can only be true',
      undefined,
    ],
  ])('%s', (_what, text, words, hint) => {
    const findings = findingsOf(() => loadText(text))
    expect(wordsOf(findings)).toEqual([`CONFIG_SCHEMA a.yaml:${words}`])
    expect(findings[0]?.hint).toBe(hint)
  })

  test.each([
    ['a section', 'instance: ~\n', '1:11 instance cannot be null'],
    ['a whole collection', 'instance:\n  shelves: null\n', '2:12 shelves cannot be null'],
    ['a setting without reset', 'instance:\n  door: null\n', '2:9 door cannot be null'],
    ['a required field', 'instance:\n  door: { open: null }\n', '2:17 open cannot be null'],
    ['a secret', 'instance:\n  radio: { code: null }\n', '2:18 code cannot be null'],
    [
      'an entry of names',
      'instance: { shelves: { a: { boxes: { b: { keepers: [null] } } } } }\n',
      '1:53 an entry of keepers cannot be null',
    ],
  ])('null for %s', (_what, text, words) => {
    expect(find(text)).toEqual([`CONFIG_SCHEMA a.yaml:${words}`])
  })

  test('null where it can be cleared', () => {
    const text = 'instance:\n  motto: null\n  radio: { volume: null, presets: { a: null } }\n  shelves: { a: null }\n'
    expect(find(text)).toEqual([])
  })

  test.each(['projects', 'rules'])('%s is refused by name', (path) => {
    expect(find(`${path}: {}\n`)[0]).toContain(`${path} is not built yet`)
  })

  test('addresses are those of the plan', () => {
    const text = 'instance: { shelves: { "X y": { boxes: { b: { size: a, light: { level: a } } } } } }\n'
    expect(findingsOf(() => loadText(text)).map(({ address }) => address)).toEqual([
      'instance.shelves["x y"].boxes[b]',
      'instance.shelves["x y"].boxes[b].light',
    ])
  })

  test('inside an alias the place is that of the anchor', () => {
    const text = 'instance:\n  shelves:\n    a: &a\n      colour: green\n    b: *a\n    c: { <<: *a }\n'
    expect(find(text)).toEqual(
      ['CONFIG_SCHEMA a.yaml:4:15 colour must be red or blue'].flatMap((one) => [one, one, one]),
    )
  })
})

describe('references', () => {
  test.each([
    [
      'an unset variable',
      'instance: { motto: "a ${var:b}" }\n',
      'CONFIG_REFERENCE a.yaml:1:20 The variable b is not set',
    ],
    ['an unknown word', 'instance: { motto: "${env:HOME}" }\n', 'CONFIG_REFERENCE a.yaml:1:20 ${…} is no reference'],
    [
      'a name with capitals',
      'instance: { motto: "${var:B}" }\n',
      'CONFIG_REFERENCE a.yaml:1:20 ${var:…} is no reference',
    ],
    ['an open one', 'instance: { motto: "${var:b" }\n', 'CONFIG_REFERENCE a.yaml:1:20 The variable b is not set'],
    [
      'one before the colon',
      'instance: { shelves: { "${var:b}": {} } }\n',
      'CONFIG_REFERENCE a.yaml:1:24 A name before the colon cannot hold a reference',
    ],
    [
      'a literal secret',
      'instance: { radio: { code: "1234" } }\n',
      'CONFIG_SECRET a.yaml:1:28 code is a secret and must not stand in the configuration',
    ],
    [
      'a secret that is a number',
      'instance: { radio: { code: 1234 } }\n',
      'CONFIG_SECRET a.yaml:1:28 code is a secret and must not stand in the configuration',
    ],
    [
      'a literal that looks like one',
      'instance: { radio: { code: "$${secret:a}" } }\n',
      'CONFIG_SECRET a.yaml:1:28 code is a secret and must not stand in the configuration',
    ],
    [
      'a secret elsewhere',
      'instance: { motto: "${secret:a}" }\n',
      'CONFIG_SECRET a.yaml:1:20 A secret can stand only as the whole value of a secret field',
    ],
    [
      'a secret inside a text',
      'instance: { radio: { code: "x${secret:a}" } }\n',
      'CONFIG_SECRET a.yaml:1:28 A secret can stand only as the whole value of a secret field',
    ],
    [
      'a secret as a name',
      'instance: { shelves: { a: { boxes: { b: { keepers: ["${secret:a}"] } } } } }\n',
      'CONFIG_SECRET a.yaml:1:53 A secret can stand only as the whole value of a secret field',
    ],
    [
      'a secret in the policy',
      'policy: { ignore: [{ address: instance.door, reason: "${secret:a}", until: "2027-01-01" }] }\n',
      'CONFIG_SECRET a.yaml:1:54 A secret can stand only as the whole value of a secret field',
    ],
    [
      'a secret for a server',
      'server: ${secret:a}\n',
      'CONFIG_SECRET a.yaml:1:9 A secret can stand only as the whole value of a secret field',
    ],
  ])('%s', (_what, text, words) => {
    expect(find(text)).toContain(words)
    expect(JSON.stringify(findingsOf(() => loadText(text)))).not.toMatch(/1234|HOME/u)
  })

  test('two secrets that one variable would serve', () => {
    const text = 'instance:\n  radio: { code: "${secret:x}", presets: { a: { code: "${secret:scope-x}" } } }\n'
    expect(find(text)).toEqual([
      'CONFIG_SECRET a.yaml:2:3 The secrets x and scope-x would both use BBSTATE_SECRET_SCOPE_X',
    ])
    expect(find(text.replace('scope-x', 'x'))).toEqual([])
  })

  test('what could not be put in is not missed besides', () => {
    const text = 'policy: { ignore: [{ address: instance.door, reason: "${var:a}", until: "2027-01-01" }] }\n'
    expect(find(text)).toEqual(['CONFIG_REFERENCE a.yaml:1:54 The variable a is not set'])
  })

  test.each([
    ['a variable', '${var:a}', 'x', 'x'],
    ['several', '<${var:a}${var:a}>', 'x', '<xx>'],
    ['a literal', '$${var:a}', 'x', '${var:a}'],
    ['a dollar before a literal', '$$${var:a}', 'x', '$${var:a}'],
    ['a dollar alone', 'costs $5 {x}', 'x', 'costs $5 {x}'],
    ['a reference inside a value', '${var:a}', '${secret:b} ${var:a}', '${secret:b} ${var:a}'],
    ['a reference made of a value and a text', '${var:a}{secret:b}', '$', '${secret:b}'],
    ['a reference made of two values', '${var:a}${var:b}', '$', '${secret:c}'],
    ['escapes inside a value', '${var:a}', '$${x}', '$${x}'],
  ])('%s is put in as text', (_what, written, value, read) => {
    const desired = loadText(`instance: { motto: '${written}' }\n`, { a: value, b: '{secret:c}' })
    expect(desired.items[0]?.want).toBe(read)
  })

  test('a secret stands as its name', () => {
    const text = 'instance: { radio: { code: "${secret:a}", presets: { x: { code: "${secret:b}" } } } }\n'
    expect(loadText(text).items[0]?.want).toEqual({ code: { secret: 'a' }, presets: { X: { code: { secret: 'b' } } } })
  })
})

describe('many findings', () => {
  test('all kinds at once, in the order of files and lines', () => {
    const files = {
      'b.yaml': 'instance:\n  shelves: { A: {}, b: { colour: green } }\n  motto: ${var:x}\n',
      'a.yaml':
        'instance:\n  shelves: { a: {} }\n  door: { open: }\n  radio: { code: 1 }\npolicy: { prune: [instance.shelfs] }\n',
      'c.yaml': 'instance: [',
    }
    expect(wordsOf(findingsOf(() => loadTexts(files)))).toEqual([
      'CONFIG_DUPLICATE a.yaml:2:14 instance.shelves[a] is declared twice, here and at b.yaml:2:14',
      'CONFIG_SYNTAX a.yaml:3:11 open has no value',
      'CONFIG_SECRET a.yaml:4:18 code is a secret and must not stand in the configuration',
      'CONFIG_SCHEMA a.yaml:5:19 "instance.shelfs": there is no shelfs here',
      'CONFIG_SCHEMA b.yaml:2:34 colour must be red or blue',
      'CONFIG_REFERENCE b.yaml:3:10 The variable x is not set',
      'CONFIG_SYNTAX c.yaml:1:12 Not valid YAML: unexpected end of the stream within a flow collection',
    ])
  })

  test('twenty a file, and the rest is counted', () => {
    const wrong = Array.from({ length: 25 }, (_, index) => `  wrong${index}: 1`).join('\n')
    const findings = wordsOf(findingsOf(() => loadTexts({ 'a.yaml': `instance:\n${wrong}\n`, 'b.yaml': 'x: 1\n' })))
    expect(findings).toHaveLength(22)
    expect(findings[20]).toBe('CONFIG_SCHEMA a.yaml:21:3 5 more findings in this file')
    expect(findings[21]).toContain('b.yaml')
  })
})
