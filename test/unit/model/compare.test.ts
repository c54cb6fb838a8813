import { describe, expect, test } from 'vitest'
import { compare } from '../../../src/model/compare.js'
import { normalise } from '../../../src/model/normal.js'
import type { Schema } from '../../../src/model/schema.js'

const text: Schema = { type: 'string', description: 'Text' }
const schema: Schema = {
  type: 'object',
  description: 'Thing',
  properties: {
    note: text,
    password: { type: 'string', description: 'Password', secret: true },
    names: { type: 'array', description: 'Names', uniqueItems: true, items: text },
    steps: { type: 'array', description: 'Steps', items: text },
    bucket: { type: 'object', description: 'Bucket', properties: { size: { type: 'integer', description: 'Size' } } },
    types: {
      type: 'array',
      description: 'Types',
      'x-key': 'name',
      items: {
        type: 'object',
        description: 'Type',
        properties: {
          name: text,
          bits: { type: 'integer', description: 'Bits' },
          tags: { type: 'array', description: 'Tags', uniqueItems: true, items: text },
        },
      },
    },
  },
}

describe('compare', () => {
  test.each([
    ['equal', { note: 'a' }, { note: 'a' }, []],
    ['a changed field', { note: 'a' }, { note: 'b' }, [{ path: 'note', before: 'a', after: 'b' }]],
    ['an added field', {}, { note: 'b' }, [{ path: 'note', after: 'b' }]],
    ['a removed field', { note: 'a' }, {}, [{ path: 'note', before: 'a' }]],
    ['the order of a set is nothing', { names: ['a', 'b'] }, { names: ['b', 'a'] }, []],
    [
      'a set is one field',
      { names: ['a', 'b'] },
      { names: ['b', 'c'] },
      [{ path: 'names', before: ['a', 'b'], after: ['b', 'c'] }],
    ],
    ['absent and empty are one', { names: [], bucket: {} }, {}, []],
    [
      'the order of a list counts',
      { steps: ['a', 'b'] },
      { steps: ['b', 'a'] },
      [{ path: 'steps', before: ['a', 'b'], after: ['b', 'a'] }],
    ],
    [
      'a nested field',
      { bucket: { size: 1 } },
      { bucket: { size: 2 } },
      [{ path: 'bucket.size', before: 1, after: 2 }],
    ],
    ['a nested object that appears', {}, { bucket: { size: 2 } }, [{ path: 'bucket.size', after: 2 }]],
    [
      'the order of a keyed list is nothing',
      { types: [{ name: 'A' }, { name: 'B' }] },
      { types: [{ name: 'B' }, { name: 'A' }] },
      [],
    ],
    [
      'entries of a keyed list',
      {
        types: [
          { name: 'A', bits: 1 },
          { name: 'x.y', tags: ['p'] },
        ],
      },
      {
        types: [
          { name: 'A', bits: 2 },
          { name: 'x.y', tags: ['p', 'q'] },
          { name: 'N', bits: 3 },
        ],
      },
      [
        { path: 'types[A].bits', before: 1, after: 2 },
        { path: 'types["x.y"].tags', before: ['p'], after: ['p', 'q'] },
        { path: 'types[N].bits', after: 3 },
      ],
    ],
    ['a type change is one update', { note: 'a' }, { note: 1 }, [{ path: 'note', before: 'a', after: 1 }]],
    ['secrets are never compared', { password: 'a' }, { password: { secret: 'b' } }, []],
  ])('%s', (_title, before, after, expected) => {
    const fields = compare(schema, before, after)
    expect(fields).toHaveLength(expected.length)
    expect(fields).toEqual(expect.arrayContaining<unknown>(expected))
  })

  test('a scalar setting has one field without a name', () => {
    expect(compare(text, 'main', 'develop')).toEqual([{ path: '', before: 'main', after: 'develop' }])
    expect(compare(text, undefined, 'develop')).toEqual([{ path: '', after: 'develop' }])
  })
})

describe('normalise', () => {
  test('drops hidden values unless they are kept for writing', () => {
    const value = { note: 'a', password: { secret: 'p' } }
    expect(normalise(schema, value)).toEqual({ note: 'a' })
    expect(normalise(schema, value, 'keep')).toEqual(value)
  })

  test('is undefined where nothing is left', () => {
    expect(normalise(schema, { names: [], bucket: {} })).toBeUndefined()
  })
})
