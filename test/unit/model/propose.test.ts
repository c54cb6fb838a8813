import { describe, expect, test } from 'vitest'
import { create, findMissing, propose } from '../../../src/model/propose.js'
import type { Schema } from '../../../src/model/schema.js'

const text: Schema = { type: 'string', description: 'Text' }
const policy: Schema = {
  type: 'object',
  description: 'Policy',
  required: ['level'],
  properties: {
    level: { type: 'string', description: 'Level', default: 'LOW' },
    note: text,
    bucket: {
      type: 'object',
      description: 'Bucket',
      required: ['size'],
      properties: {
        size: { type: 'integer', description: 'Size', default: 60 },
        rate: { type: 'integer', description: 'Rate' },
      },
    },
    names: { type: 'array', description: 'Names', uniqueItems: true, items: text },
    types: {
      type: 'array',
      description: 'Types',
      'x-key': 'name',
      items: {
        type: 'object',
        description: 'Type',
        properties: {
          name: text,
          allowed: { type: 'boolean', description: 'Allowed', default: true },
          bits: { type: 'integer', description: 'Bits' },
        },
      },
    },
  },
}
const matcher: Schema = {
  type: 'object',
  description: 'Matcher',
  exactlyOne: ['branch', 'pattern'],
  properties: { branch: text, pattern: text, note: text },
}

describe('propose', () => {
  test.each([
    ['silence keeps what is live', { note: 'a', level: 'HIGH' }, {}, { note: 'a', level: 'HIGH' }],
    ['a written value wins', { note: 'a' }, { note: 'b' }, { note: 'b' }],
    ['a written null clears', { note: 'a', level: 'LOW' }, { note: null }, { level: 'LOW' }],
    ['defaults do not touch what exists', { note: 'a' }, { note: 'b' }, { note: 'b' }],
    [
      'a nested object absent live gets its defaults',
      { level: 'LOW' },
      { bucket: { rate: 5 } },
      { level: 'LOW', bucket: { size: 60, rate: 5 } },
    ],
    [
      'a nested object that is live keeps what is silent',
      { bucket: { size: 9, rate: 1 } },
      { bucket: { rate: 5 } },
      { bucket: { size: 9, rate: 5 } },
    ],
    ['a set is replaced whole', { names: ['a', 'b'] }, { names: ['c'] }, { names: ['c'] }],
    [
      'a keyed entry is overlaid, a new one gets defaults, a null removes one, others stay',
      {
        types: [
          { name: 'A', allowed: false },
          { name: 'B', allowed: true },
          { name: 'C', allowed: false },
        ],
      },
      { types: { A: { bits: 2 }, B: null, D: { bits: 3 } } },
      {
        types: [
          { name: 'A', allowed: false, bits: 2 },
          { name: 'C', allowed: false },
          { name: 'D', allowed: true, bits: 3 },
        ],
      },
    ],
  ])('%s', (_title, live, want, expected) => {
    expect(propose(policy, live, want)).toEqual(expected)
  })

  test('setting one alternative clears its sibling', () => {
    expect(propose(matcher, { branch: 'main', note: 'n' }, { pattern: 'x/*' })).toEqual({ pattern: 'x/*', note: 'n' })
  })

  test('silence about the alternatives keeps the live one', () => {
    expect(propose(matcher, { branch: 'main' }, { note: 'n' })).toEqual({ branch: 'main', note: 'n' })
  })

  test('neither side is changed', () => {
    const live = { types: [{ name: 'A', allowed: false }] }
    const want = { types: { A: { bits: 1 } } }
    const before = structuredClone([live, want])
    propose(policy, live, want)
    expect([live, want]).toEqual(before)
  })
})

describe('create', () => {
  test('completes by defaults, but not by nested objects that nobody asked for', () => {
    expect(create(policy, { note: 'x', bucket: null })).toEqual({ level: 'LOW', note: 'x' })
  })
})

describe('findMissing', () => {
  test('names what a creation lacks, nested and alternative', () => {
    expect(findMissing(policy, { bucket: {} })).toEqual(['level', 'bucket.size'])
    expect(findMissing(matcher, { note: 'x' })).toEqual(['branch or pattern'])
    expect(findMissing(matcher, { branch: 'x' })).toEqual([])
  })
})
