/** Every order of steps, kills and losses of a small model: nothing is broken, and each safeguard is needed for that. */
import { describe, expect, test } from 'vitest'
import { type Protocol, type ReplayPolicy, searchRotations, type World } from './rotation-model.js'

const whole: Protocol = { comparesRevision: true, checksLiveness: true, waitsOutQuarantine: true }
const policies: readonly ReplayPolicy[] = ['refuse', 'revoke-family', 'same-pair', 'another-pair']

const machines: World = {
  processes: 2,
  policy: 'refuse',
  lock: 'lease',
  isOneHost: false,
  isOracleFresh: true,
  kills: 1,
  stolenLocks: 1,
  lostMessages: 1,
  timeouts: 1,
}
const oneMachine: World = { ...machines, lock: 'kernel', isOneHost: true, stolenLocks: 0, kills: 2 }

describe.each(policies)('where a used token means "%s"', (policy) => {
  test.each([
    ['two machines, whose locks may end while they live', machines],
    ['two machines, the old access token having expired', { ...machines, isOracleFresh: false }],
    ['two processes of one machine, killed twice', oneMachine],
    ['three machines', { ...machines, processes: 3, lostMessages: 0, timeouts: 0 }],
  ] as const)('%s: nothing is broken', (_what, world) => {
    const { states, violations } = searchRotations(whole, { ...world, policy })
    expect(Object.fromEntries(violations)).toEqual({})
    expect(states).toBeGreaterThan(500)
  })
})

describe('a protocol without', () => {
  const brokenBy = (protocol: Protocol, world: World): readonly string[] => {
    const all = policies.flatMap((policy) => [...searchRotations(protocol, { ...world, policy }).violations.keys()])
    return [...new Set(all)].sort()
  }

  test('the revision is broken', () => {
    expect(brokenBy({ ...whole, comparesRevision: false }, machines)).toEqual(['pair-lost', 'presented-twice'])
  })

  test('a look whether the run before lives is broken', () => {
    const broken = brokenBy({ ...whole, checksLiveness: false }, machines)
    expect(broken).toEqual(['needless-sign-in', 'pair-lost', 'presented-twice'])
  })

  test('the wait for requests on their way is broken', () => {
    expect(brokenBy({ ...whole, waitsOutQuarantine: false }, oneMachine)).toEqual(['pair-lost', 'presented-twice'])
  })
})
