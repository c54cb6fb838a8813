/** What an apply leaves: outcomes with request ids, a report whatever happens, an undo, and what stops it. */
import { describe, expect, test } from 'vitest'
import { requireSamePlan } from '../../../src/app/same-plan.js'
import { makeUndoPlan, parseUndo } from '../../../src/app/undo.js'
import { emptyPolicy } from '../../../src/config/policy.js'
import { ApiError } from '../../../src/model/errors.js'
import { ApplyError, type ApplyReport, StoppedError } from '../../../src/model/outcome.js'
import type { Plan } from '../../../src/model/plan.js'
import { digestOfUndo, type Undo } from '../../../src/model/undo.js'
import { ToyServer, toys } from '../../contract/toys.js'
import { apply, clock, desire, lines, liveOf, pattern, plan, sha256, type Wish } from './desires.js'

const door: Wish = ['door', {}, {}, { open: true }]
const shelf = (name: string): Wish => ['shelves', {}, { name }, {}]
const failing = (path: string): ToyServer => {
  const server = new ToyServer()
  server.failing.set(path, new ApiError('API_SERVER', 'broken', { requestId: 'r1' }))
  return server
}

describe('the report', () => {
  test('is kept after a failure, with who, when and every outcome', async () => {
    const server = failing('/door')
    const made = await plan(server, desire([door, shelf('a')]))
    const kept: ApplyReport[] = []
    const audit = { commit: 'c0ffee', actor: 'ann' }
    const applied = apply(server, made, { audit, keepReport: async (report) => void kept.push(report) })
    await expect(applied).rejects.toBeInstanceOf(ApplyError)
    expect(kept).toMatchObject([
      {
        audit,
        startedAt: '2026-11-23T12:00:00.000Z',
        finishedAt: '2026-11-23T12:00:00.000Z',
        summary: { done: 1, failed: 1 },
      },
    ])
  })

  test('is kept after a refusal before the first write: nothing was done, and why', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire([door]))
    server.tree.set('/door', { open: false, width: 1 })
    const kept: ApplyReport[] = []
    await expect(apply(server, made, { keepReport: async (report) => void kept.push(report) })).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: 'instance.door changed on the server after the plan was made: width was 100, is 1',
    })
    expect(kept).toMatchObject([
      { outcomes: [{ outcome: 'skipped', error: { code: 'PLAN_STALE' } }], converged: false },
    ])
    expect(server.sent.filter((line) => !line.startsWith('GET'))).toEqual([])
  })

  test('is kept after a stop, which carries it', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire([door, shelf('a'), shelf('b')]))
    const controller = new AbortController()
    const kept: ApplyReport[] = []
    const stopped = apply(server, made, {
      parallelism: 1,
      signal: controller.signal,
      listen: ({ type }) => (type === 'applied' ? controller.abort() : undefined),
      keepReport: async (report) => void kept.push(report),
    })
    await expect(stopped).rejects.toBeInstanceOf(StoppedError)
    expect(kept).toMatchObject([{ summary: { done: 1, failed: 0, skipped: 2 } }])
  })

  test('is kept although the last reading fails, and says that nothing is proved', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire([door]))
    let passes = 0
    const live = {
      ...liveOf(server),
      reading: () => {
        if (++passes > 1) throw new ApiError('API_SERVER', 'gone')
        return server.reader()
      },
    }
    await expect(apply(server, made, { server: live })).rejects.toMatchObject({
      code: 'APPLY_NOT_CONVERGED',
      report: { summary: { done: 1 }, remaining: [{ message: expect.stringContaining('could not be read again') }] },
    })
  })

  test('names the request of what is done too', async () => {
    const server = new ToyServer()
    const live = liveOf(server)
    const naming: typeof live = {
      ...live,
      writer: (note) => {
        note?.('request-7')
        return live.writer()
      },
    }
    const report = await apply(server, await plan(server, desire([door])), { server: naming })
    expect(report.outcomes).toMatchObject([{ outcome: 'done', requestId: 'request-7' }])
  })
})

test('a failure stops nothing else, and with failFast everything that has not begun', async () => {
  const wishes = desire([door, shelf('a'), shelf('b')])
  const go = async (failFast: boolean): Promise<unknown> => {
    const server = failing('/door')
    return apply(server, await plan(server, wishes), { failFast, parallelism: 1 }).catch(
      (error: unknown) => error instanceof ApplyError && error.report.summary,
    )
  }
  expect(await go(false)).toEqual({ done: 2, failed: 1, skipped: 0 })
  expect(await go(true)).toEqual({ done: 0, failed: 1, skipped: 2 })
})

describe('a stale check', () => {
  test('reads each touched list and object once, however many changes are in it', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire([door, ...['a', 'b', 'c', 'd'].map(shelf)]))
    server.sent.length = 0
    await apply(server, made)
    const firstWrite = server.sent.findIndex((line) => !line.startsWith('GET'))
    expect(server.sent.slice(0, firstWrite).sort()).toEqual(['GET /door', 'GET /shelves'])
  })

  test('a plan of another stand is never applied', async () => {
    const server = new ToyServer()
    const made = await plan(server, desire([door]))
    const stand = { type: 'snapshot', takenAt: '2026-11-01T00:00:00Z' } as const
    await expect(apply(server, { ...made, stand })).rejects.toMatchObject({ code: 'PLAN_FORMAT' })
  })
})

describe('a saved plan', () => {
  const same = (server: ToyServer, expected: Plan, fresh: Plan, replans = false) =>
    requireSamePlan({ expected, plan: fresh, registry: toys, server: liveOf(server), replans })

  test('with what is live already: refused, and with replans the rest goes on', async () => {
    const server = new ToyServer()
    const desired = desire([door, shelf('a')])
    const saved = await plan(server, desired)
    server.tree.set('/door', { open: true, width: 100 })
    const fresh = await plan(server, desired)
    expect(lines(fresh)).toEqual(['create instance.shelves[a]'])
    await expect(same(server, saved, fresh)).rejects.toMatchObject({ code: 'PLAN_STALE' })
    expect(await same(server, saved, fresh, true)).toEqual([])
  })

  test('any other subset is refused: it could be the delete of a pair', async () => {
    const server = new ToyServer()
    server.tree.set('/shelves/old', { name: 'old', colour: 'red' })
    const saved = await plan(server, desire([shelf('new'), ['shelves', {}, { name: 'old' }, null]]))
    const fresh = await plan(server, desire([['shelves', {}, { name: 'old' }, null]]))
    await expect(same(server, saved, fresh, true)).rejects.toMatchObject({
      findings: [{ message: 'instance.shelves[new] would no longer be changed (create in the plan)' }],
    })
  })

  test('of another account is a warning, of another server a refusal', async () => {
    const server = new ToyServer()
    const saved = await plan(server, desire([door]))
    const other = { ...saved, server: { ...saved.server, account: 'ben' } }
    expect(await same(server, other, saved)).toMatchObject([{ code: 'OTHER_ACCOUNT' }])
    const foreign = { ...saved, server: { ...saved.server, url: 'https://elsewhere.example.com' } }
    await expect(same(server, foreign, saved)).rejects.toMatchObject({ code: 'PLAN_FORMAT' })
  })
})

describe('an undo', () => {
  const planUndo = (server: ToyServer, undo: Undo, policy = emptyPolicy): Promise<Plan> =>
    makeUndoPlan({
      registry: toys,
      undo: parseUndo(JSON.stringify(undo), 'undo.json', sha256),
      file: 'undo.json',
      policy,
      server: liveOf(server),
      clock,
      sha256,
      version: '0',
      listen: () => undefined,
    })

  async function applied(
    wishes: readonly Wish[],
  ): Promise<{ server: ToyServer; undos: readonly Undo[]; writes: number }> {
    const server = new ToyServer()
    server.tree.set('/shelves/old', { name: 'old', colour: 'blue', tags: ['t'] })
    const made = await plan(server, desire(wishes))
    const undos: Undo[] = []
    let writes = -1
    await apply(server, made, {
      keepUndo: async (undo) => {
        if (undos.push(undo) === 1) writes = server.sent.filter((line) => !line.startsWith('GET')).length
      },
    })
    return { server, undos, writes }
  }

  test('is kept before the first write, and gives back what was there', async () => {
    const { server, undos, writes } = await applied([
      ['door', {}, {}, { open: true, width: 70 }],
      ['shelves', {}, { name: 'new' }, { colour: 'blue' }],
      ['shelves', {}, { name: 'old' }, null],
    ])
    expect(writes).toBe(0)
    expect(undos.map(({ items }) => items.map(({ isRead }) => isRead))).toEqual([
      [false, false, false],
      [true, true, true],
    ])
    const back = await planUndo(server, undos[1] as Undo)
    expect([...lines(back)].sort()).toEqual([
      'create instance.shelves[old]',
      'delete instance.shelves[new]',
      'update instance.door',
    ])
    await apply(server, back)
    expect(Object.fromEntries(server.tree)).toEqual({
      '/door': { open: false, width: 100 },
      '/shelves/old': { name: 'old', colour: 'blue', tags: ['t'] },
    })
    expect(lines(await planUndo(server, undos[1] as Undo))).toEqual([])
  })

  test('of a rename gives the earlier name back, with what was created inside', async () => {
    const { server, undos } = await applied([
      ['shelves', {}, { name: 'new' }, {}, 'old'],
      ['boxes', { shelves: 'new' }, { name: 'b' }, { size: 1 }],
    ])
    expect([...server.tree.keys()].sort()).toEqual(['/door', '/shelves/new', '/shelves/new/boxes/b'])
    await apply(server, await planUndo(server, undos[1] as Undo))
    expect([...server.tree.keys()].sort()).toEqual(['/door', '/shelves/old'])
  })

  test('is refused where live moved, naming the field, and where something else would go with it', async () => {
    const { server, undos } = await applied([['shelves', {}, { name: 'new' }, {}]])
    const undo = undos[1] as Undo
    server.tree.set('/shelves/new/boxes/b', { name: 'b', size: 1 })
    await expect(planUndo(server, undo)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringContaining('instance.shelves[new].boxes[b] was not touched by the apply'),
    })
    server.tree.delete('/shelves/new/boxes/b')
    server.tree.set('/shelves/new', { name: 'new', colour: 'blue' })
    await expect(planUndo(server, undo)).rejects.toMatchObject({
      message: 'instance.shelves[new] changed on the server after the apply: colour was "red", is "blue"',
    })
  })

  test('passes every guard, and is refused for another server or in another shape', async () => {
    const { server, undos } = await applied([['shelves', {}, { name: 'new' }, {}]])
    const undo = undos[1] as Undo
    const protect = [pattern('instance.shelves[new]')]
    await expect(planUndo(server, undo, { ...emptyPolicy, protect })).rejects.toMatchObject({ code: 'PLAN_UNSAFE' })
    await expect(planUndo(server, undo, { ...emptyPolicy, limits: { deletes: 0 } })).rejects.toMatchObject({
      code: 'PLAN_UNSAFE',
    })
    const elsewhere = { ...undo, server: { ...undo.server, url: 'https://elsewhere.example.com' } }
    const [item] = undo.items
    const odd = { ...undo, items: [{ ...item, restore: { colour: 7 } }] } as unknown as Undo
    const later = { ...undo, formatVersion: 2 } as unknown as Undo
    for (const [bad, words] of [
      [elsewhere, 'The undo is for https://elsewhere.example.com'],
      [odd, 'does not hold what shelves holds'],
    ] as const) {
      await expect(planUndo(server, { ...bad, contentDigest: digestOfUndo(bad, sha256) })).rejects.toMatchObject({
        code: 'PLAN_FORMAT',
        message: expect.stringContaining(words),
      })
      expect(() => parseUndo(JSON.stringify(bad), 'f', sha256)).toThrow('f: was edited, or cut')
    }
    expect(() => parseUndo(JSON.stringify(later), 'f', sha256)).toThrow('has format 2')
    expect(() => parseUndo(JSON.stringify(undo).slice(0, -3), 'f', sha256)).toThrow('not whole JSON')
  })

  test('holds what was done, not what failed before it began', async () => {
    const server = failing('/shelves/a')
    const made = await plan(server, desire([shelf('a'), ['boxes', { shelves: 'a' }, { name: 'b' }, { size: 1 }], door]))
    const undos: Undo[] = []
    await apply(server, made, { keepUndo: async (undo) => void undos.push(undo) }).catch(() => undefined)
    expect(undos[1]?.items.map(({ address }) => address).sort()).toEqual(['instance.door', 'instance.shelves[a]'])
    expect(lines(await planUndo(server, undos[1] as Undo))).toEqual(['update instance.door'])
  })
})
