import { describe, expect, test } from 'vitest'
import { unitePolicies } from '../../../src/config/policy.js'
import { findingsOf, loadText, wordsOf } from './loading.js'

const policy = (text: string) => loadText(`policy:\n  ${text}\n`).policy
const findings = (text: string) => findingsOf(() => policy(text))

describe('policy', () => {
  test('is read with its places', () => {
    const { prune, protect, ignore } = policy(
      'prune: [instance.shelves, "instance.shelves[*].boxes"]\n  protect: ["instance.shelves[a]"]\n' +
        '  ignore: [{ address: instance.door, reason: moving, until: "2027-02-28" }]',
    )
    expect(prune).toEqual([
      { pattern: 'instance.shelves', source: { file: 'a.yaml', line: 2, column: 11 } },
      { pattern: 'instance.shelves[*].boxes', source: { file: 'a.yaml', line: 2, column: 29 } },
    ])
    expect(protect.map(({ pattern }) => pattern)).toEqual(['instance.shelves[a]'])
    expect(ignore).toEqual([
      {
        address: 'instance.door',
        reason: 'moving',
        until: '2027-02-28',
        source: { file: 'a.yaml', line: 4, column: 12 },
      },
    ])
  })

  test.each([
    ['instance.shelves[A].boxes[Up]', 'instance.shelves[a].boxes[Up]'],
    ['instance.shelves[A*]', 'instance.shelves[a*]'],
    ['instance.shelves["A*"]', 'instance.shelves["a*"]'],
    ['instance.shelves["a"]', 'instance.shelves[a]'],
    ['instance.shelves[a.b]', 'instance.shelves["a.b"]'],
    ['instance.shelves[*].boxes[*].keepers[Ann]/**', 'instance.shelves[*].boxes[*].keepers[ann]/**'],
    ['instance.shelves[a].rules[keep,box=b]', 'instance.shelves[a].rules[keep,box=b]'],
    ['instance.shelves[a].rules[*]', 'instance.shelves[a].rules[*]'],
    ['instance.door', 'instance.door'],
    ['instance/**', 'instance/**'],
  ])('%s is spelled as addresses are', (written, spelled) => {
    expect(policy(`protect: ['${written}']`).protect.map(({ pattern }) => pattern)).toEqual([spelled])
  })

  test.each([
    ['prune: [instance.shelfs]', '2:11 "instance.shelfs": there is no shelfs here', 'Did you mean shelves?'],
    ['prune: [instance.door.x]', '2:11 "instance.door.x": there is no x here', 'Nothing is below it.'],
    [
      'prune: [instance.zzz]',
      '2:11 "instance.zzz": there is no zzz here',
      'Known here: door, shelves, radio, motto, guests.',
    ],
    [
      'prune: [instance.shelves.boxes]',
      '2:11 "instance.shelves.boxes": shelves needs a name or [*]',
      'Write shelves[*] for all of them.',
    ],
    [
      'prune: ["instance.shelves[a]"]',
      '2:11 "instance.shelves[a]" is not a collection',
      'prune names a collection, such as instance.groupPermissions.',
    ],
    [
      'prune: [instance]',
      '2:11 "instance" is not a collection',
      'prune names a collection, such as instance.groupPermissions.',
    ],
    [
      'prune: [instance.guests]',
      '2:11 "instance.guests" cannot be pruned',
      'The server cannot list it, so what is not declared stays unseen.',
    ],
    [
      'prune: [instance.people]',
      '2:11 "instance.people": there is no people here',
      'Known here: door, shelves, radio, motto, guests.',
    ],
    [
      'protect: [instance.shelves]',
      '2:13 "instance.shelves" is not an item',
      'protect names an item, such as instance.groups[devs]; [*] for all of them, /** for all below.',
    ],
    [
      'protect: ["instance.door[a]"]',
      '2:13 "instance.door[a]": door is there once and has no names',
      'Write door without brackets.',
    ],
    [
      'protect: ["instance.shelves[a,b]"]',
      '2:13 "instance.shelves[a,b]": shelves takes 1 name, and has 2',
      'Its items are named by name; a comma inside of a name wants quotes.',
    ],
    [
      'protect: ["instance.shelves[a b]"]',
      '2:13 "instance.shelves[a b]" is not an address',
      expect.stringContaining('double quotes'),
    ],
    ['protect: ["instance.shelves[]"]', '2:13 "instance.shelves[]" is not an address', expect.any(String)],
    [
      'ignore: [{ address: instance.doors, reason: r, until: "2027-01-01" }]',
      '2:23 "instance.doors": there is no doors here',
      'Did you mean door?',
    ],
    [
      'ignore: [{ address: instance.door, reason: r, until: "2027-02-30" }]',
      '2:56 until is no day of the calendar',
      'Write YYYY-MM-DD.',
    ],
    [
      'ignore: [{ address: instance.door, reason: r, until: soon }]',
      '2:56 until is not written in the form that it needs',
      expect.any(String),
    ],
    ['ignore: [{ address: instance.door, until: "2027-01-01" }]', '2:12 an entry of ignore lacks reason', undefined],
    [
      'ignore: [{ address: instance.door, reason: "", until: "2027-01-01" }]',
      '2:46 reason must not be empty',
      undefined,
    ],
  ])('%s', (text, words, hint) => {
    const found = findings(text)
    expect(wordsOf(found)).toEqual([`CONFIG_SCHEMA a.yaml:${words}`])
    expect(found[0]?.hint).toEqual(hint)
  })

  test('the same pattern twice is named', () => {
    expect(wordsOf(findings('prune: [instance.shelves, instance.shelves]'))).toEqual([
      'CONFIG_DUPLICATE a.yaml:2:29 prune names something twice',
    ])
  })
})

describe('limits', () => {
  test('are read, and of several files the lower holds', () => {
    expect(policy('limits: { deletes: 5, deletesPercent: 0, accessLosses: 3, repositories: 9 }').limits).toEqual({
      deletes: 5,
      deletesPercent: 0,
      accessLosses: 3,
      repositories: 9,
    })
    const united = unitePolicies([
      policy('limits: { deletes: 5, repositories: 2 }'),
      policy('limits: { deletes: 3 }'),
      policy('prune: []'),
    ])
    expect(united.limits).toEqual({ deletes: 3, repositories: 2 })
    expect(unitePolicies([policy('prune: []')]).limits).toBeUndefined()
  })

  test.each([
    'limits: { deletes: -1 }',
    'limits: { deletesPercent: 101 }',
    'limits: { delets: 1 }',
    'limits: { deletes: many }',
  ])('%s is refused', (text) => {
    expect(findings(text)).toHaveLength(1)
  })
})
