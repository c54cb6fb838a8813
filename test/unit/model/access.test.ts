import { describe, expect, test } from 'vitest'
import { type Grants, holdingsOf, shiftsBetween } from '../../../src/model/access.js'

const levels = ['LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN']

function grants(
  people: Record<string, number>,
  groups: Record<string, readonly [number, readonly string[] | null]> = {},
  inactive: readonly string[] = [],
): Grants {
  const read = Object.entries(groups).flatMap(([group, [, members]]) =>
    members === null ? [] : [[group, new Set(members)] as const],
  )
  return {
    people: new Map(Object.entries(people)),
    groups: new Map(Object.entries(groups).map(([group, [level]]) => [group, level])),
    members: new Map(read),
    inactive: new Set(inactive),
  }
}

describe('holdings', () => {
  test('are the strongest of all ways', () => {
    const held = holdingsOf(grants({ ann: 0 }, { admins: [3, ['ann', 'bo']], staff: [1, ['ann']] }))
    expect(held.get('ann')).toEqual({ level: 3, through: 'admins' })
    expect(held.get('bo')).toEqual({ level: 3, through: 'admins' })
  })

  test('of people who cannot sign in are none', () => {
    expect(holdingsOf(grants({ ann: 3 }, { admins: [3, ['ann']] }, ['ann'])).size).toBe(0)
  })
})

describe('shifts', () => {
  test('a move from one way to another of the same strength is none', () => {
    const before = grants({ ann: 3 }, { admins: [3, []] })
    expect(shiftsBetween(before, grants({}, { admins: [3, ['ann']] }), levels)).toEqual({ losses: [], gains: [] })
  })

  test('a stronger way that remains makes the loss of a weaker one none', () => {
    const before = grants({ ann: 1 }, { admins: [3, ['ann']] })
    expect(shiftsBetween(before, grants({}, { admins: [3, ['ann']] }), levels).losses).toEqual([])
  })

  test('are uncertain only where an unread group may give as much', () => {
    const before = grants({ ann: 1 }, { staff: [0, null] })
    expect(shiftsBetween(before, grants({}, { staff: [0, null] }), levels).losses).toEqual([
      { permission: 'PROJECT_CREATE', people: ['ann'] },
    ])
    const perhaps = shiftsBetween(grants({ ann: 1 }, { staff: [1, null] }), grants({}, { staff: [1, null] }), levels)
    expect(perhaps.losses).toEqual([{ permission: 'PROJECT_CREATE', people: ['ann'], isUncertain: true }])
  })

  test('stand with the strongest permission first', () => {
    const { gains } = shiftsBetween(grants({}), grants({ ann: 0, bo: 3, cy: 2 }), levels)
    expect(gains.map(({ permission }) => permission)).toEqual(['SYS_ADMIN', 'ADMIN', 'LICENSED_USER'])
  })
})
