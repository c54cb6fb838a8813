import { expect, test } from 'vitest'
import {
  compareShown,
  readShownChanges,
  shownDifferenceText,
  writeShownChanges,
} from '../../../src/report/shown-changes.js'

const change = (address: string, digest: string): { address: string; digest: string } => ({
  address,
  digest: digest.repeat(64),
})

test('what was shown is read back, whatever the names hold', () => {
  const changes = [change('instance.groups[a --> b]', 'a'), change('instance.groups[ü\n<!--]', 'b')]
  const line = writeShownChanges(changes)
  expect(line).toMatch(/^<!-- bbstate changes [A-Za-z0-9+/=]+ -->$/u)
  const shown = readShownChanges(`<!-- marker -->\n${line}\n\ntext`)
  expect([...(shown?.digests ?? [])]).toEqual([
    ['instance.groups[a --> b]', 'aaaaaaaaaaaa'],
    ['instance.groups[ü\n<!--]', 'bbbbbbbbbbbb'],
  ])
  expect(shown?.missing).toBe(0)
})

test('many changes are cut, and the rest is counted', () => {
  const changes = Array.from({ length: 2000 }, (_, index) => change(`instance.groups[group-${index}]`, 'c'))
  const line = writeShownChanges(changes)
  expect(line.length).toBeLessThan(13_000)
  const shown = readShownChanges(line)
  expect((shown?.digests.size ?? 0) + (shown?.missing ?? 0)).toBe(2000)
  expect(shown?.digests.size).toBeGreaterThan(100)
  expect(shown && compareShown(shown, changes)).toEqual({ added: [], other: [], gone: [] })
})

test.each(['', '<!-- bbstate changes ??? -->', '<!-- bbstate changes e30= -->', '<!-- bbstate changes W10= -->'])(
  'a comment that says nothing is nothing: %j',
  (comment) => expect(readShownChanges(comment)).toBeNull(),
)

test('new, other and gone are told apart and named as code', () => {
  const shown = {
    digests: new Map([
      ['a', 'a'.repeat(12)],
      ['b', 'b'.repeat(12)],
      ['c', 'c'.repeat(12)],
    ]),
    missing: 0,
  }
  const difference = compareShown(shown, [change('a', 'a'), change('b', 'x'), change('@d', 'd')])
  expect(difference).toEqual({ added: ['@d'], other: ['b'], gone: ['c'] })
  const text = shownDifferenceText(7, difference)
  expect(text).toContain('not all those that the comment of pull request #7 showed')
  expect(text).toContain('New:\n\n- `@d`')
  expect(text).toContain('In another way:\n\n- `b`')
  expect(text).toContain('Gone:\n\n- `c`')
  expect(shownDifferenceText(7, { added: [], other: [], gone: [] })).toContain('are those that')
})
