import { describe, expect, test } from 'vitest'
import { escapeText, formatValue, planSentence, sentenceOf } from '../../../src/report/words.js'

describe('formatValue', () => {
  test.each([
    ['main', 'main'],
    [100, '100'],
    [true, 'true'],
    ['true', '"true"'],
    ['100', '"100"'],
    [undefined, 'not set'],
    ['not set', '"not set"'],
    ['', '""'],
    [' padded ', '" padded "'],
    ['two\nlines', '"two\\nlines"'],
    [['a', 'b c'], '[a, b c]'],
    [{ capacity: 60 }, '{ capacity: 60 }'],
    [{ secret: 'smtp-password' }, '(secret smtp-password)'],
  ])('%j reads %s', (value, expected) => {
    expect(formatValue(value)).toBe(expected)
  })

  test('what could deceive the eye or the terminal is made visible', () => {
    expect(formatValue('a\u202eb')).toBe('"a\\u202eb"')
    expect(escapeText('\u001b[31mred\u0007')).toBe('\\u001b[31mred\\u0007')
    expect(escapeText('zero\u200bwidth\ufeff')).toBe('zero\\u200bwidth\\ufeff')
  })
})

test('a replacement destroys and adds', () => {
  const summary = { create: 1, update: 2, delete: 3, replace: 4, unchanged: 0, unmanaged: 0 }
  expect(planSentence(summary)).toBe('Plan: 5 to add, 2 to change, 7 to destroy.')
})

test('a plan without changes says what it was made against', () => {
  const summary = { create: 0, update: 0, delete: 0, replace: 0, unchanged: 3, unmanaged: 0 }
  const nothing = { changes: [], summary }
  const snapshot = { type: 'snapshot', takenAt: '2026-11-27T12:00:00.000Z' } as const
  const configuration = { type: 'configuration', ref: 'main', commit: 'c0ffee' } as const
  expect(sentenceOf(nothing)).toBe('No changes. Live matches the configuration.')
  expect(sentenceOf({ ...nothing, stand: snapshot })).toBe('No changes. The snapshot matches the configuration.')
  expect(sentenceOf({ ...nothing, stand: configuration })).toBe('No changes. Both configurations say the same.')
})
