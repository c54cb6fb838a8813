import { describe, expect, test } from 'vitest'
import { requireSamePlan } from '../../../src/app/same-plan.js'
import { ApiError } from '../../../src/model/errors.js'
import { ApplyError } from '../../../src/model/outcome.js'
import { ToyServer, toys } from '../../contract/toys.js'
import { apply, desire, lines, liveOf, pattern, plan, type Wish } from './desires.js'

const shelf: Wish = ['shelves', {}, { name: 'a' }, {}]
const box: Wish = ['boxes', { shelves: 'a' }, { name: 'b' }, { size: 1 }]
const inBox = { shelves: 'a', boxes: 'b' }
const everything: readonly Wish[] = [
  ['door', {}, {}, { open: true }],
  shelf,
  box,
  ['labels', { shelves: 'a' }, { name: 'l' }, { text: 'on the shelf' }],
  ['labels', inBox, { name: 'l' }, { text: 'on the box' }],
  ['keepers', inBox, { person: 'ann' }, {}],
  ['keepers', inBox, { person: 'ben' }, {}],
  ['rules', { shelves: 'a' }, { type: 'keep', scope: { box: 'b' } }, { shelf: 'a' }],
  ['light', inBox, {}, { level: 3 }],
]

async function filled(): Promise<ToyServer> {
  const server = new ToyServer()
  await apply(server, await plan(server, desire(everything)))
  server.sent.length = 0
  return server
}

describe('a first plan and its apply', () => {
  test('creates parents before children, reads nothing inside what does not exist, and converges', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire(everything))
    expect(server.sent.filter((line) => line.startsWith('GET')).sort()).toEqual([
      'GET /door',
      'GET /people',
      'GET /shelves',
    ])
    const position = (address: string): number => made.changes.findIndex((change) => change.address === address)
    expect(position('instance.shelves[a]')).toBeLessThan(position('instance.shelves[a].boxes[b]'))
    expect(position('instance.shelves[a].boxes[b]')).toBeLessThan(position('instance.shelves[a].boxes[b].labels[l]'))
    expect(made.changes.find(({ kind }) => kind === 'shelves')?.after).toEqual({ name: 'a', colour: 'red' })
    const report = await apply(server, made)
    expect(report).toMatchObject({ converged: true, summary: { done: 9, failed: 0, skipped: 0 } })
    expect(lines(await plan(server, desire(everything)))).toEqual([])
  })

  test('several members of one parent are one request', async () => {
    const server = await filled()
    const more = desire([...everything, ['keepers', inBox, { person: 'cyd' }, {}]])
    await apply(server, await plan(server, more))
    expect(server.sent.filter((line) => !line.startsWith('GET'))).toEqual(['POST /shelves/a/boxes/b/keepers'])
  })

  test('the order of what is written changes nothing', async () => {
    const server = await filled()
    const wishes: readonly Wish[] = [
      ...everything,
      ['labels', inBox, { name: 'm' }, { text: 'x' }],
      ['labels', inBox, { name: 'k' }, { text: 'y' }],
    ]
    const forward = await plan(server, desire(wishes))
    const backward = await plan(server, desire([...wishes].reverse()))
    expect(backward.digest).toBe(forward.digest)
    expect(lines(backward)).toEqual(lines(forward))
  })
})

describe('silence, null and defaults', () => {
  test('what is not declared is neither read nor changed', async () => {
    const server = await filled()
    await plan(server, desire([['door', {}, {}, { open: false }]]))
    expect(server.sent).toEqual(['GET /door'])
  })

  test('a silent field keeps what is live; only the changed field is in the plan', async () => {
    const server = await filled()
    const made = await plan(server, desire([['door', {}, {}, { open: false }]]))
    expect(made.changes[0]?.fields.map(({ path, before, after }) => [path, before, after])).toEqual([
      ['open', true, false],
    ])
    expect(made.changes[0]?.after).toEqual({ open: false, width: 100 })
  })

  test('a singleton with nothing left is reset, one that cannot be reset says so', async () => {
    const server = await filled()
    const cleared = desire([shelf, box, ['light', inBox, {}, { level: null, warm: null }]])
    expect(lines(await plan(server, cleared))).toEqual(['delete instance.shelves[a].boxes[b].light'])
    await expect(plan(server, desire([['door', {}, {}, null]]))).rejects.toMatchObject({
      code: 'CONFIG_SCHEMA',
      message: 'instance.door cannot be reset: the server offers no way to',
    })
  })

  test('what a creation needs is checked while planning', async () => {
    const wish: Wish = ['boxes', { shelves: 'a' }, { name: 'b' }, {}]
    await expect(plan(new ToyServer(), desire([shelf, wish]))).rejects.toMatchObject({
      code: 'CONFIG_SCHEMA',
      message: 'instance.shelves[a].boxes[b] needs size to be created',
      source: { file: 'toys.yaml', line: 1 },
    })
  })
})

describe('deletion', () => {
  test('everything that goes with an item stands in the plan, children first, and is sent in that order', async () => {
    const server = await filled()
    const made = await plan(server, desire([['shelves', {}, { name: 'a' }, null]]))
    expect(lines(made).at(-1)).toBe('delete instance.shelves[a]')
    expect(lines(made)).toHaveLength(8)
    expect(made.changes.filter(({ cause }) => cause?.reason === 'goes-with')).toHaveLength(7)
    await apply(server, made)
    expect([...server.tree.keys()]).toEqual(['/door'])
  })

  test('prune deletes what is unlisted, keeps what is protected, and names the rest', async () => {
    const server = await filled()
    for (const name of ['x', 'y', 'z']) server.tree.set(`/shelves/${name}`, { name, colour: 'red' })
    expect((await plan(server, desire([shelf]))).unmanaged).toEqual([
      'instance.shelves[x]',
      'instance.shelves[y]',
      'instance.shelves[z]',
    ])
    const made = await plan(
      server,
      desire([shelf], { prune: [pattern('instance.shelves')], protect: [pattern('instance.shelves[y]')] }),
    )
    expect(lines(made)).toEqual(['delete instance.shelves[x]', 'delete instance.shelves[z]'])
    expect(made.kept).toEqual(['instance.shelves[y]'])
    expect(made.changes[0]?.cause).toMatchObject({ reason: 'pruned', source: { line: 9 } })
  })

  test('prune never empties a collection unless it is written as empty', async () => {
    const server = await filled()
    const prune = [pattern('instance.shelves[*].boxes[*].keepers')]
    const absent: Wish = ['keepers', inBox, { person: 'cyd' }, null]
    const at = 'instance.shelves[a].boxes[b].keepers'
    await expect(plan(server, desire([shelf, box, absent], { prune }))).rejects.toMatchObject({ code: 'PLAN_UNSAFE' })
    const made = await plan(server, desire([shelf, box, absent], { prune }, [at]))
    expect(lines(made)).toEqual([`delete ${at}[ann]`, `delete ${at}[ben]`])
  })

  test('a protected item is not deleted, also not with its parent', async () => {
    const server = await filled()
    const protect = [pattern('instance.shelves[*].boxes[b]')]
    const gone: Wish = ['shelves', {}, { name: 'a' }, null]
    await expect(plan(server, desire([gone], { protect }))).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
      message: 'instance.shelves[a].boxes[b] is protected by policy.protect and would be deleted',
    })
    const below = [pattern('instance.shelves[a]/**')]
    await expect(plan(server, desire([gone], { protect: below }))).rejects.toMatchObject({ code: 'PLAN_UNSAFE' })
  })
})

test('a protected item is not emptied', async () => {
  const server = await filled()
  const protect = [pattern('instance.shelves[a].boxes[b]')]
  const nobody: readonly Wish[] = [
    shelf,
    box,
    ['keepers', inBox, { person: 'ann' }, null],
    ['keepers', inBox, { person: 'ben' }, null],
  ]
  await expect(plan(server, desire(nobody, { protect }))).rejects.toMatchObject({
    code: 'PLAN_UNSAFE',
    message: 'instance.shelves[a].boxes[b] is protected by policy.protect, and its keepers would be emptied',
  })
  expect(lines(await plan(server, desire(nobody.slice(0, 3), { protect })))).toHaveLength(1)
})

describe('references', () => {
  test('an unknown name is found while planning, with the nearest one', async () => {
    const server = await filled()
    const wish: Wish = ['keepers', inBox, { person: 'anna' }, {}]
    await expect(plan(server, desire([shelf, box, wish]))).rejects.toMatchObject({
      code: 'CONFIG_REFERENCE',
      message: 'instance.shelves[a].boxes[b].keepers[anna] names anna, which is not among the people of the server',
      hint: 'Did you mean ann?',
    })
  })

  test('what is live already names something: no list is read for it', async () => {
    const server = await filled()
    await plan(server, desire([shelf, box, ['keepers', inBox, { person: 'ann' }, {}]]))
    expect(server.sent).not.toContain('GET /people')
  })

  test('a name that the same plan deletes is refused, naming both places', async () => {
    const server = await filled()
    server.tree.set('/shelves/x', { name: 'x', colour: 'red' })
    const rule: Wish = ['rules', { shelves: 'a' }, { type: 'drop', scope: { pattern: '*' } }, { shelf: 'x' }]
    await expect(plan(server, desire([shelf, rule, ['shelves', {}, { name: 'x' }, null]]))).rejects.toMatchObject({
      code: 'CONFIG_REFERENCE',
      message:
        'instance.shelves[a].rules[drop,"pattern=*"] names x, but instance.shelves[x] is deleted by the same plan (toys.yaml:1)'.replace(
          '"pattern=*"',
          'pattern="*"',
        ),
    })
  })
})

describe('rename', () => {
  test('is an update of the identity, reads the children under the earlier name and writes them under the new one', async () => {
    const server = await filled()
    const at = { shelves: 'new', boxes: 'b' }
    const wishes: readonly Wish[] = [
      ['shelves', {}, { name: 'new' }, { colour: 'blue' }, 'a'],
      ['boxes', { shelves: 'new' }, { name: 'b' }, { size: 2 }],
      ['keepers', at, { person: 'ann' }, {}],
    ]
    const made = await plan(server, desire(wishes))
    expect(lines(made)).toEqual(['update instance.shelves[new]', 'update instance.shelves[new].boxes[b]'])
    expect(made.changes[0]).toMatchObject({ renamedFrom: 'instance.shelves[a]' })
    await apply(server, made)
    expect(server.tree.get('/shelves/new/boxes/b')).toEqual({ name: 'b', size: 2 })
    expect(server.tree.has('/shelves/a')).toBe(false)
    expect(lines(await plan(server, desire(wishes)))).toEqual([])
  })

  test('is refused where both names exist', async () => {
    const server = await filled()
    server.tree.set('/shelves/new', { name: 'new', colour: 'red' })
    await expect(plan(server, desire([['shelves', {}, { name: 'new' }, {}, 'a']]))).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
    })
  })
})

describe('apply', () => {
  test('refuses where a touched object moved, naming the field, and writes nothing', async () => {
    const server = await filled()
    const made = await plan(server, desire([['door', {}, {}, { open: false }]]))
    server.tree.set('/door', { open: true, width: 42 })
    server.sent.length = 0
    await expect(apply(server, made)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: 'instance.door changed on the server after the plan was made: width was 100, is 42',
    })
    expect(server.sent).toEqual(['GET /door'])
  })

  test('does not mind a change elsewhere', async () => {
    const server = await filled()
    const made = await plan(server, desire([['door', {}, {}, { open: false }]]))
    server.tree.set('/shelves/other', { name: 'other', colour: 'red' })
    expect((await apply(server, made)).converged).toBe(true)
  })

  test('a failure skips only what needs it, and the next plan holds exactly the rest', async () => {
    const server = new ToyServer()
    server.failing.set('/shelves/a/boxes/b', new ApiError('API_FORBIDDEN', 'No boxes today', { requestId: '@1x2' }))
    const error = await apply(server, await plan(server, desire(everything))).catch((thrown: unknown) => thrown)
    if (!(error instanceof ApplyError)) throw error
    const outcomes = new Map(error.report.outcomes.map((one) => [one.address, one]))
    expect(outcomes.get('instance.shelves[a].boxes[b]')).toMatchObject({ outcome: 'failed', requestId: '@1x2' })
    expect(outcomes.get('instance.shelves[a].boxes[b].labels[l]')).toMatchObject({ outcome: 'skipped' })
    expect(outcomes.get('instance.door')).toMatchObject({ outcome: 'done' })
    expect(outcomes.get('instance.shelves[a].labels[l]')).toMatchObject({ outcome: 'done' })
    server.failing.clear()
    const undone = error.report.outcomes.filter(({ outcome }) => outcome !== 'done').map(({ address }) => address)
    expect((await plan(server, desire(everything))).changes.map(({ address }) => address).sort()).toEqual(
      [...undone].sort(),
    )
  })

  test('a value that the server does not keep is an error that names the field', async () => {
    const server = await filled()
    const stubborn = server.writer()
    const made = await plan(server, desire([['door', {}, {}, { open: false }]]))
    const keepsOpen = { ...stubborn, send: async () => null }
    const input = {
      identity: made.server,
      reading: () => server.reader(),
      writer: () => keepsOpen,
      requests: () => 0,
      usesPassword: false,
      holds: async () => true,
    }
    await expect(apply(server, made, { server: input })).rejects.toMatchObject({
      code: 'APPLY_NOT_CONVERGED',
      message: 'instance.door: the server did not keep open: wanted false, has true',
    })
  })

  test('stops in order: what is not started is skipped and the error says so', async () => {
    const server = new ToyServer()
    const stop = new AbortController()
    stop.abort()
    const made = await plan(server, desire(everything))
    await expect(apply(server, made, { signal: stop.signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitCode: 130,
    })
    expect(server.sent.every((line) => line.startsWith('GET'))).toBe(true)
  })
})

describe('waivers and targets', () => {
  const ignore = (until: string) => [
    { address: 'instance.shelves[a]', reason: 'ticket', until, source: { file: 'p.yaml', line: 2, column: 1 } },
  ]

  test('what is ignored is neither read below nor planned; near its end it warns; after it plans fail', async () => {
    const server = new ToyServer()
    expect(lines(await plan(server, desire(everything, { ignore: ignore('2027-11-01') })))).toEqual([
      'update instance.door',
    ])
    expect((await plan(server, desire(everything, { ignore: ignore('2026-12-01') }))).warnings).toHaveLength(1)
    await expect(plan(server, desire(everything, { ignore: ignore('2026-11-22') }))).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
    })
  })

  test('a target plans its item with its ancestors, and nothing else', async () => {
    const server = new ToyServer()
    const targets = ['instance.shelves[a].boxes[b].light']
    expect(lines(await plan(server, desire(everything), { targets }))).toEqual([
      'create instance.shelves[a]',
      'create instance.shelves[a].boxes[b]',
      'create instance.shelves[a].boxes[b].light',
    ])
    await expect(plan(server, desire(everything), { targets: ['instance.dor'] })).rejects.toThrow('matches nothing')
  })
})

describe('a saved plan', () => {
  test('holds for the same change, whoever made it and whenever', async () => {
    const server = await filled()
    const desired = desire([['door', {}, {}, { open: false }]])
    const saved = await plan(server, desired)
    const fresh = { ...(await plan(server, desired)), createdAt: 'later' }
    const input = { registry: toys, server: liveOf(server) }
    expect(await requireSamePlan({ ...input, expected: saved, plan: fresh })).toEqual([])
    server.tree.set('/door', { open: true, width: 1 })
    const moved = await plan(server, desired)
    await expect(requireSamePlan({ ...input, expected: saved, plan: moved })).rejects.toMatchObject({
      code: 'PLAN_STALE',
      findings: [{ message: expect.stringContaining('width was 100, is 1') }],
    })
  })
})
