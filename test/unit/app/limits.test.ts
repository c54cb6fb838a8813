/** Limits of a plan: each refuses where it is passed, and nowhere else; the refusal names the way on. */
import { describe, expect, test } from 'vitest'
import { readAllowances } from '../../../src/host/plan-options.js'
import type { Limits } from '../../../src/model/desired.js'
import { guardLimits, type Takings } from '../../../src/model/limits.js'
import { ToyServer } from '../../contract/toys.js'
import { desire, lines, pattern, plan, type Wish } from './desires.js'

/** `- shelves[a]`, `+ shelves[b]`, `~ …`, `-/+ …`. */
function draft(text: string): Takings['drafts'][number] {
  const [sign = '', address = ''] = text.split(' ')
  const action = { '+': 'create', '~': 'update', '-': 'delete', '-/+': 'replace' }[sign] as 'create'
  return { action, address, resource: undefined as never }
}

const nothing = { sizes: new Map<string, number>(), access: undefined, unseen: [] }
const judge = (takings: Partial<Takings>, limits: Limits = {}, allow: readonly string[] = []): readonly string[] =>
  guardLimits({ drafts: [], ...nothing, ...takings }, limits, readAllowances(allow)).map(
    ({ message, hint }) => `${message}. ${hint}`,
  )
const deletions = (count: number, section = 'instance.shelves'): Takings['drafts'] =>
  Array.from({ length: count }, (_, index) => draft(`- ${section}[s${index}]`))

describe('deletions', () => {
  test('fifty may go, fifty-one may not unless so many are allowed', () => {
    expect(judge({ drafts: deletions(50) })).toEqual([])
    expect(judge({ drafts: deletions(51) })).toEqual([
      'The plan would delete 51 items; policy.limits.deletes is 50. If that is meant, run with --allow deletes=51.',
    ])
    expect(judge({ drafts: deletions(51) }, {}, ['deletes=51'])).toEqual([])
    expect(judge({ drafts: deletions(52) }, {}, ['deletes=51'])).toHaveLength(1)
  })

  test('a replacement is one, a creation and an update are none', () => {
    const drafts = ['-/+ a[x]', '- a[y]', '+ a[z]', '~ a[u]'].map(draft)
    expect(judge({ drafts }, { deletes: 1 })).toHaveLength(1)
    expect(judge({ drafts }, { deletes: 2 })).toEqual([])
  })
})

describe('the share of a collection', () => {
  const sized = (size: number) => new Map([['instance.shelves', size]])

  test('30 % of ten may go, more may not unless so many are allowed; small collections are free', () => {
    expect(judge({ drafts: deletions(3), sizes: sized(10) })).toEqual([])
    expect(judge({ drafts: deletions(4), sizes: sized(10) })).toEqual([
      'instance.shelves would lose 4 of 10 items, 40 %; policy.limits.deletesPercent is 30. If that is meant, run with --allow deletes-percent=40.',
    ])
    expect(judge({ drafts: deletions(4), sizes: sized(10) }, {}, ['deletes-percent=40'])).toEqual([])
    expect(judge({ drafts: deletions(4), sizes: sized(10) }, {}, ['deletes-percent=39'])).toHaveLength(1)
    expect(judge({ drafts: deletions(9), sizes: sized(9) })).toEqual([])
  })

  test('what goes with its parent is no share of its own', () => {
    const inside = deletions(10, 'instance.shelves[s0].boxes')
    const sizes = new Map([
      ['instance.shelves', 10],
      ['instance.shelves[s0].boxes', 10],
    ])
    expect(judge({ drafts: [...deletions(1), ...inside], sizes })).toEqual([])
    expect(judge({ drafts: inside, sizes })).toHaveLength(1)
  })
})

test('people who lose access are counted once, and those who cannot be seen are not taken for none', () => {
  const losses = [
    { permission: 'ADMIN', people: ['ann', 'ben'] },
    { permission: 'LICENSED_USER', through: 'devs', people: ['ben', 'cyd'] },
  ]
  const access = { losses, gains: [] }
  expect(judge({ access }, { accessLosses: 3 })).toEqual([])
  expect(judge({ access }, { accessLosses: 2 })).toEqual([
    '3 people would lose a global permission; policy.limits.accessLosses is 2. If that is meant, run with --allow access-losses=3.',
  ])
  expect(judge({ access }, { accessLosses: 2 }, ['access-losses=3'])).toEqual([])
  expect(judge({ unseen: ['ops'] })[0]).toContain('Everybody in ops would lose a global permission')
  expect(judge({ unseen: ['ops'] }, {}, ['access-losses=3'])).toHaveLength(1)
  expect(judge({ unseen: ['ops'] }, {}, ['access-losses'])).toEqual([])
})

test('fifty people may lose access, fifty-one may not', () => {
  const people = Array.from({ length: 51 }, (_, index) => `p${index}`)
  const access = (count: number) => ({ losses: [{ permission: 'ADMIN', people: people.slice(0, count) }], gains: [] })
  expect(judge({ access: access(50) })).toEqual([])
  expect(judge({ access: access(51) })).toEqual([
    '51 people would lose a global permission; policy.limits.accessLosses is 50. If that is meant, run with --allow access-losses=51.',
  ])
})

test('repositories are counted once each, whatever changes in them', () => {
  const drafts = [
    '~ projects[A].repositories[x]',
    '+ projects[A].repositories[x].webhooks[ci]',
    '+ projects[B].repositories[x].webhooks[ci]',
    '~ projects[B]',
  ].map(draft)
  expect(judge({ drafts })).toEqual([])
  expect(judge({ drafts }, { repositories: 2 })).toEqual([])
  expect(judge({ drafts }, { repositories: 1 })).toEqual([
    'The plan would touch 2 repositories; policy.limits.repositories is 1. If that is meant, run with --allow repositories=2.',
  ])
  expect(judge({ drafts }, { repositories: 1 }, ['repositories=2'])).toEqual([])
})

describe('the finished plan', () => {
  const shelves = (count: number): ToyServer => {
    const server = new ToyServer()
    for (let index = 0; index < count; index++)
      server.tree.set(`/shelves/s${index}`, { name: `s${index}`, colour: 'red' })
    return server
  }
  const one: Wish = ['shelves', {}, { name: 's0' }, {}]
  const prune = [pattern('instance.shelves')]

  test('is judged after prune, with what the server has', async () => {
    await expect(plan(shelves(12), desire([one], { prune }))).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: 'instance.shelves would lose 11 of 12 items, 92 %; policy.limits.deletesPercent is 30',
    })
    const allow = readAllowances(['deletes-percent=92'])
    expect(lines(await plan(shelves(12), desire([one], { prune }), { allow }))).toHaveLength(11)
  })

  test('is judged after target and ignore: what is left out counts for nothing', async () => {
    const door: Wish = ['door', {}, {}, { open: true }]
    const aimed = await plan(shelves(12), desire([one, door], { prune }), { targets: ['instance.door'] })
    expect(lines(aimed)).toEqual(['update instance.door'])
    const source = { file: 'toys.yaml', line: 1, column: 1 }
    const ignore = Array.from({ length: 9 }, (_, index) => ({
      address: `instance.shelves[s${index + 1}]`,
      reason: 'moving',
      until: '2027-11-01',
      source,
    }))
    expect(lines(await plan(shelves(12), desire([one], { prune, ignore })))).toHaveLength(2)
  })

  test('more than fifty deletions are refused through prune too', async () => {
    const limits = { deletesPercent: 100 }
    await expect(plan(shelves(60), desire([one], { prune, limits }))).rejects.toMatchObject({
      message: 'The plan would delete 59 items; policy.limits.deletes is 50',
    })
  })
})

describe('patterns', () => {
  const door: Wish = ['door', {}, {}, { open: true }]
  test.each([
    [{ targets: ['instance.dor'] }, '--target instance.dor matches'],
    [{ updateSecrets: ['instance.dor'] }, '--update-secrets instance.dor matches'],
    [
      { patterns: [{ option: '--allow secret-destination', pattern: 'instance.dor' }] },
      '--allow secret-destination instance.dor matches',
    ],
  ])('%j matches nothing, and the nearest address is named', async (options, message) => {
    await expect(plan(new ToyServer(), desire([door]), options)).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: expect.stringContaining(message),
      hint: 'Did you mean instance.door?',
    })
  })
})
