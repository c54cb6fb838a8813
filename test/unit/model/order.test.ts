import { describe, expect, test } from 'vitest'
import { registry } from '../../../src/bitbucket/registry.js'
import { layerPhases, orderChanges } from '../../../src/model/order.js'
import type { Registry } from '../../../src/model/resource.js'
import { toys } from '../../contract/toys.js'

const change = (kind: string, action: 'create' | 'delete', address = kind) => ({ kind, action, address })
const layersOf = (of: Registry, ...changes: ReturnType<typeof change>[]): readonly (readonly string[])[] =>
  orderChanges(of, changes).map((layer) => layer.map(({ action, kind }) => `${action} ${kind}`))

describe('the order of changes', () => {
  test('create before use, delete after use', () => {
    expect(layersOf(toys, change('labels', 'create'), change('boxes', 'create'), change('shelves', 'create'))).toEqual([
      ['create shelves'],
      ['create boxes'],
      ['create labels'],
    ])
    expect(layersOf(toys, change('shelves', 'delete'), change('boxes', 'delete'), change('labels', 'delete'))).toEqual([
      ['delete labels'],
      ['delete boxes'],
      ['delete shelves'],
    ])
  })

  test('what is independent shares a layer, in the order of addresses', () => {
    expect(
      layersOf(toys, change('shelves', 'create', 'z'), change('door', 'create', 'b'), change('door', 'create', 'a')),
    ).toHaveLength(1)
  })

  test('a deletion that frees something comes before what needs it', () => {
    const [first, ...rest] = toys.resources
    if (first === undefined) throw new Error('no toys')
    const freeing: Registry = { ...toys, resources: [{ ...first, frees: ['labels'] }, ...rest] }
    expect(layersOf(freeing, change('door', 'create'), change('labels', 'delete'))).toEqual([
      ['delete labels'],
      ['create door'],
    ])
  })

  test('definitions that need each other are a defect that is named', () => {
    const [first, ...rest] = toys.resources
    if (first === undefined) throw new Error('no toys')
    const circle: Registry = {
      ...toys,
      resources: [
        { ...first, after: ['shelves'] },
        ...rest.map((one) => (one.kind === 'shelves' ? { ...one, after: ['door'] } : one)),
      ],
    }
    expect(() => layerPhases(circle)).toThrow(expect.objectContaining({ code: 'PLAN_CYCLE' }))
  })

  test('the real settings need no circle: groups before permissions, exemptions before limits', () => {
    expect(() => layerPhases(registry)).not.toThrow()
    expect(
      layersOf(registry, change('groupPermissions', 'create'), change('groups', 'create'), change('members', 'create')),
    ).toEqual([['create groups'], ['create groupPermissions', 'create members']])
    expect(layersOf(registry, change('rateLimit', 'create'), change('rateLimitUsers', 'create'))).toEqual([
      ['create rateLimitUsers'],
      ['create rateLimit'],
    ])
  })
})
