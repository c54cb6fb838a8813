/**
 * Every order of steps, kills and losses of rotations as `src/oauth/transitions.ts` decides them: nothing is broken, and
 * each safeguard is needed for that.
 */
import { describe, expect, test } from 'vitest'
import { searchRotations } from './rotation-model.js'
import type { Protocol, ReplayPolicy, World } from './rotation-world.js'

const whole: Protocol = {
  comparesRevision: true,
  checksLiveness: true,
  waitsOutQuarantine: true,
}
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
  reruns: 1,
}
const oneMachine: World = { ...machines, lock: 'kernel', isOneHost: true, stolenLocks: 0, kills: 2, reruns: 2 }

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
  const few: World = { ...machines, lostMessages: 0 }
  const local: World = { ...oneMachine, kills: 1, lostMessages: 0 }
  test.each([
    ['the revision', { comparesRevision: false }, few],
    ['a look whether the run before lives', { checksLiveness: false }, few],
    ['the wait for requests on their way', { waitsOutQuarantine: false }, local],
  ] as const)('%s is broken', (_what, without, world) => {
    const broken = (policy: ReplayPolicy): readonly string[] =>
      [...searchRotations({ ...whole, ...without }, { ...world, policy }).violations.keys()].sort()
    expect(broken('refuse')).toEqual(['presented-twice'])
    expect(broken('revoke-family')).toEqual(['pair-lost', 'presented-twice'])
  })
})

test('the search carries out every effect but that of a fresh sign-in, and reaches the endings that its worlds have', () => {
  const local = searchRotations(whole, { ...oneMachine, kills: 1 })
  const far = searchRotations(whole, machines)
  const effects = 'read read-stage wait probe check-server write-pending look-at-lock present withdraw note-loss'
  const endings = 'adopted committed lost holder-may-live replayed-before elsewhere disturbed lock-ending uncertain'
  const expected = [
    ...`${effects} write-stage commit finish`.split(' '),
    ...endings.split(' ').map((ending) => `end ${ending}`),
  ]
  expect([...new Set([...local.seen, ...far.seen])].sort()).toEqual(expected.sort())
})
