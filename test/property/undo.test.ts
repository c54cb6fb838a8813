/** The law of the undo: applying a plan and its undo gives the server's earlier state, for everything undoable. */
import fc from 'fast-check'
import { load } from 'js-yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BbstateError } from '../../src/model/errors.js'
import type { Plan } from '../../src/model/plan.js'
import type { Undo } from '../../src/model/undo.js'
import type { SandboxState } from '../../src/sandbox/state.js'
import { type LiveRun, lines, startLive } from '../live.js'
import { configuration, prune, refusals } from './configurations.js'

let live: LiveRun
let initial: SandboxState
beforeAll(async () => {
  live = await startLive()
  initial = structuredClone(live.sandbox.state)
})
afterAll(() => live.close())
const reset = (): void => void Object.assign(live.sandbox.state, structuredClone(initial))
const own = 'instance.userPermissions[admin]'

async function planOrRefusal(document: unknown): Promise<Plan | undefined> {
  try {
    return await live.plan(document)
  } catch (error) {
    if (error instanceof BbstateError && refusals.has(error.code)) return undefined
    throw error
  }
}

/** What is live, without the settings that cannot be brought back. */
async function state(except: ReadonlySet<string>): Promise<Record<string, unknown>> {
  const whole = load(await live.export()) as { instance: Record<string, unknown> }
  return Object.fromEntries(Object.entries(whole.instance).filter(([key]) => !except.has(key)))
}

const runs = Number(process.env['BBSTATE_PROPERTY_RUNS'] ?? 40)

test('applying a plan and then its undo gives the earlier state, and a second undo has nothing to do', async () => {
  let counted = 0
  let items = 0
  await fc.assert(
    fc.asyncProperty(configuration, configuration, prune, fc.boolean(), async (before, wanted, pruned, isKilled) => {
      reset()
      const wandered = await planOrRefusal(before)
      if (wandered !== undefined) await live.apply(wandered).catch(() => undefined)
      const plan = await planOrRefusal({ ...wanted, policy: { prune: pruned, protect: [own] } })
      if (plan === undefined || plan.changes.length === 0) return
      const kept: Undo[] = []
      const earlier = load(await live.export()) as { instance: Record<string, unknown> }
      await live.apply(plan, { keepUndo: async (undo) => void kept.push(undo) })
      expect(kept).toHaveLength(2)
      // Of a run that was killed the undo is the one from before the first write.
      const undo = JSON.parse(JSON.stringify(kept[isKilled ? 0 : 1])) as Undo
      const back = await live.planUndo(undo)
      const partly = new Set(undo.items.map(({ address }) => address))
      const unknown = back.warnings.flatMap(({ code, address }) =>
        code === 'UNKNOWN_PRINCIPAL' ? (address ?? []) : [],
      )
      const hopeless = new Set(
        undo.irreversible
          .map(({ address }) => address)
          .filter((address) => !partly.has(address))
          .concat(unknown)
          .map((address) => address.split(/[.[]/u)[1] ?? ''),
      )
      if (back.changes.length > 0) await live.apply(back)
      const wholeBefore = Object.fromEntries(Object.entries(earlier.instance).filter(([key]) => !hopeless.has(key)))
      expect(await state(hopeless)).toEqual(wholeBefore)
      expect(lines(await live.planUndo(undo))).toEqual([])
      counted++
      items += undo.items.length
    }),
    { numRuns: runs, endOnFailure: true },
  )
  expect(counted, 'runs whose plan was not empty').toBeGreaterThanOrEqual(Math.floor(runs / 5))
  expect(items).toBeGreaterThan(counted)
}, 240_000)
