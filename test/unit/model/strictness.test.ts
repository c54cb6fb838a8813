/** Policies held against each other: the stricter of both, and what one lets happen that the other does not. */
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../../src/model/desired.js'
import { looseningsBetween, stricterPolicy, tightenPolicy } from '../../../src/model/strictness.js'

const source = { file: 'bbstate.yaml', line: 1, column: 1 }
const patterns = (...texts: readonly string[]): Policy['prune'] => texts.map((pattern) => ({ pattern, source }))
const waivers = (...texts: readonly string[]): Policy['ignore'] =>
  texts.map((text) => {
    const [address = '', until = ''] = text.split(' ')
    return { address, until, reason: 'known', source }
  })

function policy(given: Partial<Policy> = {}): Policy {
  return { prune: [], protect: [], ignore: [], administrators: { users: [], atLeast: 1 }, ...given }
}

/** Each guard: how the base has it, how it stands here, what holds in the end, and what is said about it. */
const cases: readonly [
  name: string,
  base: Partial<Policy>,
  here: Partial<Policy>,
  held: object,
  said: readonly string[],
][] = [
  ['nothing differs', {}, {}, {}, []],
  [
    'a protection that went',
    { protect: patterns('instance.groups[a]') },
    {},
    { protect: patterns('instance.groups[a]') },
    ['policy.protect no longer holds instance.groups[a]'],
  ],
  [
    'a protection that a wider one covers',
    { protect: patterns('instance.groups[a]') },
    { protect: patterns('instance.groups[*]') },
    { protect: patterns('instance.groups[*]', 'instance.groups[a]') },
    [],
  ],
  [
    'a wider protection that became narrow',
    { protect: patterns('instance.groups[*]') },
    { protect: patterns('instance.groups[a]') },
    { protect: patterns('instance.groups[a]', 'instance.groups[*]') },
    ['policy.protect no longer holds instance.groups[*]'],
  ],
  [
    'a pruning that is new',
    {},
    { prune: patterns('instance.groups') },
    { prune: [] },
    ['policy.prune now deletes what is unlisted in instance.groups'],
  ],
  ['a pruning that went', { prune: patterns('instance.groups') }, {}, { prune: [] }, []],
  [
    'a pruning that both have',
    { prune: patterns('instance.groups') },
    { prune: patterns('instance.groups') },
    { prune: patterns('instance.groups') },
    [],
  ],
  [
    'a waiver that is new',
    {},
    { ignore: waivers('instance.banner 2030-01-01') },
    { ignore: [] },
    ['policy.ignore now covers instance.banner, until 2030-01-01'],
  ],
  [
    'a waiver that lasts longer',
    { ignore: waivers('instance.banner 2029-01-01') },
    { ignore: waivers('instance.banner 2030-01-01') },
    { ignore: waivers('instance.banner 2029-01-01') },
    ['policy.ignore for instance.banner ends on 2030-01-01 instead of 2029-01-01'],
  ],
  [
    'a waiver that ends earlier',
    { ignore: waivers('instance.banner 2030-01-01') },
    { ignore: waivers('instance.banner 2029-01-01') },
    { ignore: waivers('instance.banner 2029-01-01') },
    [],
  ],
  [
    'fewer administrators',
    { administrators: { users: ['alice', 'bob'], atLeast: 2 } },
    { administrators: { users: ['bob', 'carol'], atLeast: 1 } },
    { administrators: { users: ['bob', 'carol', 'alice'], atLeast: 2 } },
    ['policy.administrators no longer names alice', 'policy.administrators.atLeast 2 → 1'],
  ],
  [
    'a limit above the default',
    {},
    { limits: { deletes: 51 } },
    { limits: { deletes: 50 } },
    ['policy.limits.deletes 50 → 51'],
  ],
  ['a limit below the default', {}, { limits: { deletes: 49 } }, { limits: { deletes: 49 } }, []],
  [
    'a limit taken away, back to the default',
    { limits: { deletes: 5 } },
    {},
    { limits: { deletes: 5 } },
    ['policy.limits.deletes 5 → 50'],
  ],
  [
    'a limit taken away that has no default',
    { limits: { repositories: 5 } },
    {},
    { limits: { repositories: 5 } },
    ['policy.limits.repositories 5 → any number'],
  ],
  [
    'a limit of none at all',
    { limits: { accessLosses: 0 } },
    { limits: { accessLosses: 1 } },
    { limits: { accessLosses: 0 } },
    ['policy.limits.accessLosses 0 → 1'],
  ],
  [
    'unknown principals that only warn',
    {},
    { unknownPrincipals: 'warn' },
    { unknownPrincipals: 'refuse' },
    ['policy.unknownPrincipals refuse → warn'],
  ],
  [
    'unknown principals that warned already',
    { unknownPrincipals: 'warn' },
    { unknownPrincipals: 'warn' },
    { unknownPrincipals: 'warn' },
    [],
  ],
]

describe('stricterPolicy', () => {
  test.each(cases)('%s', (_, base, here, held) => {
    expect(stricterPolicy(policy(base), policy(here))).toMatchObject(held)
  })

  test.each(cases)('lets nothing happen that the base does not: %s', (_, base, here) => {
    expect(looseningsBetween(policy(base), stricterPolicy(policy(base), policy(here)))).toEqual([])
  })
})

describe('looseningsBetween', () => {
  test.each(cases)('%s', (_, base, here, __, said) => {
    expect(looseningsBetween(policy(base), policy(here)).map(({ message }) => message)).toEqual(said)
  })
})

test('a policy from outside adds its guards, and leaves pruning and waivers alone', () => {
  const own = policy({ prune: patterns('instance.groups'), ignore: waivers('instance.banner 2030-01-01') })
  const outside = policy({ protect: patterns('instance.groups[a]'), limits: { deletes: 5 } })
  expect(tightenPolicy(own, outside)).toMatchObject({
    prune: own.prune,
    ignore: own.ignore,
    protect: outside.protect,
    limits: { deletes: 5, deletesPercent: 30, accessLosses: 50 },
  })
})
