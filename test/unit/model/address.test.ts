import { describe, expect, test } from 'vitest'
import {
  formatAddress,
  formatKey,
  itemAddress,
  matchesPattern,
  parseAddress,
  parseName,
  sectionOf,
} from '../../../src/model/address.js'

describe('addresses', () => {
  test.each([
    ['instance.banner', [{ key: 'instance' }, { key: 'banner' }]],
    [
      'instance.groups[devs].members[al,b]',
      [{ key: 'instance' }, { key: 'groups', names: ['devs'] }, { key: 'members', names: ['al', 'b'] }],
    ],
    [
      'a["x]y"].b[c=d]',
      [
        { key: 'a', names: ['"x]y"'] },
        { key: 'b', names: ['c=d'] },
      ],
    ],
    ['a[k=v&l="x,&y=z"]', [{ key: 'a', names: ['k=v&l="x,&y=z"'] }]],
    ['a[*]', [{ key: 'a', names: ['*'] }]],
    ['a[r&d]', [{ key: 'a', names: ['r&d'] }]],
  ])('%s', (text, steps) => {
    expect(parseAddress(text)).toEqual(steps)
    expect(formatAddress(steps)).toBe(text)
  })

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a[]',
    'a[b',
    'a[b]c',
    'a[b,]',
    'a[b c]',
    'a["b]',
    'a["b"c]',
    String.raw`a["\q"]`,
    'a["\n"]',
    'a[[b]]',
    'a b',
    '1a',
    'a=b',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull()
  })

  test.each([
    ['devs', 'devs'],
    ['', '""'],
    ['x]y', '"x]y"'],
    ['a,b', '"a,b"'],
    ['a b', '"a b"'],
    ['a.b', '"a.b"'],
    ['a=b', '"a=b"'],
    ['*', '"*"'],
    ['"', String.raw`"\""`],
    ['ö', 'ö'],
  ])('the name %j', (name, written) => {
    expect(formatKey(['name'], { name })).toBe(written)
    expect(parseName(written)).toBe(name)
  })

  test('several names, one of them an object whose properties have no order', () => {
    const identity = ['type', 'branches'] as const
    expect(formatKey(identity, { type: 'no-deletes', branches: { model: 'production' } })).toBe(
      'no-deletes,model=production',
    )
    const [one, other] = [
      { b: 'x', a: 'y=z' },
      { a: 'y=z', b: 'x', c: null },
    ].map((branches) => formatKey(identity, { type: 't', branches }))
    expect(one).toBe('t,a="y=z"&b=x')
    expect(other).toBe(one)
  })

  test.each([
    ['instance.groups[devs]', 'instance.groups'],
    ['instance.groups["a[b]"].members["x]y"]', 'instance.groups["a[b]"].members'],
    [String.raw`instance.a["["].b["\""]`, 'instance.a["["].b'],
    ['instance.banner', 'instance.banner'],
  ])('%s lies in %s', (address, section) => {
    expect(sectionOf(address)).toBe(section)
  })

  test.each([
    ['instance.groups[*]', itemAddress('instance.groups', '"x]y"'), true],
    ['instance.groups[*]', 'instance.groups[a]', true],
    ['instance.groups[*]', 'instance.groups', false],
    ['instance.groups[*]', 'instance.groups[a].members[b]', false],
    ['instance.groups[*].members', 'instance.groups[a].members', true],
    ['instance.groups[*].members', 'instance.groups["].members"].members', true],
    ['instance.groups[dev*]', 'instance.groups[devs]', true],
    ['instance.groups[dev*]', 'instance.groups[ops]', false],
    ['instance.groups["*"]', 'instance.groups["*"]', true],
    ['instance.groups["*"]', 'instance.groups[a]', false],
    ['instance.rules[*]', 'instance.rules[keep,box=b]', true],
    ['instance.rules[*,box=b]', 'instance.rules[keep,box=b]', true],
    ['instance.banner', 'instancexbanner', false],
  ])('%s on %s: %s', (pattern, address, isMatch) => {
    expect(matchesPattern(pattern, address)).toBe(isMatch)
  })
})
