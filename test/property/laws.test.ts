/**
 * The laws of the plan, over random live states and random configurations against the sandbox with its quirks: it
 * converges in one apply, an export is a fixed point, the order of what is written changes nothing, no secret leaks.
 */
import fc from 'fast-check'
import { load } from 'js-yaml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BbstateError } from '../../src/model/errors.js'
import type { Plan } from '../../src/model/plan.js'
import type { SandboxState } from '../../src/sandbox/state.js'
import { type LiveRun, lines, startLive } from '../live.js'
import { configuration, prune, refusals } from './configurations.js'

let live: LiveRun
let initial: SandboxState
const reset = (): void => void Object.assign(live.sandbox.state, structuredClone(initial))
beforeAll(async () => {
  live = await startLive()
  initial = structuredClone(live.sandbox.state)
})
beforeEach(reset)
afterAll(() => live.close())

type Document = {
  instance: Record<string, unknown>
  policy?: { prune: readonly string[]; protect: readonly string[] }
}
/** The server refuses to take away the rights of whoever asks. */
const own = 'instance.userPermissions[admin]'

/** The plan, or the code of a refusal that is right. */
async function planOrRefusal(document: unknown): Promise<Plan | string> {
  try {
    return await live.plan(document)
  } catch (error) {
    if (error instanceof BbstateError && refusals.has(error.code)) return error.code
    throw error
  }
}

/** Takes the server to a random state; changes that the server refuses (the administrator's own rights) stay undone. */
async function wander(document: unknown): Promise<void> {
  const plan = await planOrRefusal(document)
  if (typeof plan !== 'string' && plan.changes.length > 0) await live.apply(plan).catch(() => undefined)
}

const runs = Number(process.env['BBSTATE_PROPERTY_RUNS'] ?? 150)
const options = { numRuns: runs, endOnFailure: true }

describe('laws', () => {
  test('a plan converges in one apply', async () => {
    let counted = 0
    await fc.assert(
      fc.asyncProperty(configuration, configuration, prune, async (before, wanted, pruned) => {
        reset()
        await wander(before)
        const document: Document = { ...wanted, policy: { prune: pruned, protect: [own] } }
        const plan = await planOrRefusal(document)
        if (typeof plan === 'string' || plan.changes.length === 0) return
        counted++
        expect((await live.apply(plan)).converged).toBe(true)
        expect(lines(await live.plan(document))).toEqual([])
      }),
      options,
    )
    expect(counted, 'runs whose plan was not empty').toBeGreaterThanOrEqual(Math.floor(runs / 3))
  })

  test('an export is a fixed point, and the same bytes twice', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (before) => {
        reset()
        await wander(before)
        const text = await live.export()
        expect(lines(await live.plan(load(text)))).toEqual([])
        expect(await live.export()).toBe(text)
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })

  test('no false change: what is live, declared in part, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, fc.infiniteStream(fc.boolean()), async (before, keep) => {
        reset()
        await wander(before)
        const whole = load(await live.export()) as Document
        const kept = Object.entries(whole.instance).filter(() => keep.next().value)
        expect(lines(await live.plan({ instance: Object.fromEntries(kept) }))).toEqual([])
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })

  test('the order of maps and sets changes nothing', async () => {
    const backwards = (value: unknown): unknown => {
      if (Array.isArray(value)) return [...value].reverse().map(backwards)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, backwards(field)]),
      )
    }
    await fc.assert(
      fc.asyncProperty(configuration, prune, async (wanted, pruned) => {
        reset()
        const document = { ...wanted, policy: { prune: pruned, protect: [own] } }
        const digestOf = (plan: Plan | string): string => (typeof plan === 'string' ? plan : plan.digest)
        expect(digestOf(await planOrRefusal(backwards(document)))).toBe(digestOf(await planOrRefusal(document)))
      }),
      options,
    )
  })

  test('no secret stands in a plan or a report', async () => {
    await fc.assert(
      fc.asyncProperty(configuration, async (wanted) => {
        reset()
        const plan = await planOrRefusal(wanted)
        if (typeof plan === 'string' || plan.changes.length === 0) return
        const report = await live.apply(plan).catch((error: unknown) => error)
        expect(JSON.stringify([plan, report])).not.toContain('value-of-smtp')
      }),
      { ...options, numRuns: Math.ceil(runs / 2) },
    )
  })
})
