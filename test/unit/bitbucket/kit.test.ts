import { describe, expect, it } from 'vitest'
import { collection, instance, singleton } from '../../../src/bitbucket/kit.js'
import groups from '../../../src/bitbucket/resources/groups.js'
import { record } from './recording-server.js'

const docs = {
  area: 'server',
  title: 'Colour',
  text: 'A toy.',
  rest: 'none',
  permission: 'ADMIN',
  endpoints: [],
} as const
const schema = {
  type: 'object',
  description: 'A toy.',
  required: ['name'],
  properties: {
    name: { type: 'string', description: 'Its name.' },
    tone: { type: 'string', enum: ['LIGHT', 'DARK'], description: 'Its tone.' },
  },
} as const

describe('the kit', () => {
  it('derives what an author leaves out', () => {
    const toy = singleton({ kind: 'toy', parents: [instance], docs, schema, examples: [{ name: 'a' }, { name: 'b' }] })(
      {
        read: async () => null,
        write: async () => undefined,
      },
    )
    expect(toy).toMatchObject({ key: 'toy', after: [], frees: [], excludes: [], volatile: false, clear: undefined })
    expect(toy.replacesSecrets({ name: 'a' })).toBe(false)
    expect(toy.canonical({ name: 'A' })).toEqual({ name: 'A' })
  })

  it('gives verbs the names of the ancestors', async () => {
    const seen: string[] = []
    const toys = collection({
      kind: 'toys',
      parents: [groups],
      identity: ['name'],
      docs,
      schema,
      examples: [{ name: 'a' }, { name: 'b', tone: 'DARK' }],
    })({
      list: async (_api, at) => {
        seen.push(at.groups)
        return []
      },
      create: async () => undefined,
      delete: async () => undefined,
    })
    await toys.list?.(record(() => null).api, { groups: 'devs' })
    expect(seen).toEqual(['devs'])
    expect(toys.update).toBeUndefined()
  })

  it('refuses at compile time what does not fit the schema', () => {
    const about = { kind: 'toy', parents: [instance], docs, schema } as const
    // @ts-expect-error an example with a tone that the schema lacks
    singleton({ ...about, examples: [{ name: 'a', tone: 'LOUD' }, { name: 'b' }] })
    // @ts-expect-error an example without the required name
    singleton({ ...about, examples: [{ tone: 'DARK' }, { name: 'b' }] })
    // @ts-expect-error an identity that is no property
    collection({ ...about, identity: ['colour'], examples: [{ name: 'a' }, { name: 'b' }] })
    singleton({ ...about, examples: [{ name: 'a' }, { name: 'b' }] })({
      read: async () => null,
      write: async (_api, _at, { after }) => {
        // @ts-expect-error a field that the schema lacks
        expect(after.colour).toBeUndefined()
      },
    })
    expect(about.kind).toBe('toy')
  })
})
