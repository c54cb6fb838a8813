/** Hazards of a plan: what the definitions say is dangerous about its changes. */
import type { Desired } from '../model/desired.js'
import type { Draft } from '../model/draft.js'
import type { Finding } from '../model/errors.js'
import type { Allowances } from '../model/guard.js'
import type { Warning } from '../model/plan.js'
import type { Hazard, Outlook, Registry } from '../model/resource.js'
import { isObject } from '../model/schema.js'
import { mapBounded } from './bounded.js'
import { readEverywhere } from './gone-with.js'
import type { LiveState } from './live-state.js'
import type { LiveServer } from './ports.js'

/** What hazards are judged with. */
export interface HazardInput {
  readonly registry: Registry
  readonly desired: Desired
  readonly drafts: readonly Draft[]
  readonly state: LiveState
  readonly server: LiveServer
  readonly allow: Allowances
}

/** Refusals and warnings of every changed setting that has hazards. */
export async function judgeHazards(
  input: HazardInput,
): Promise<{ readonly refused: readonly Finding[]; readonly warnings: readonly Warning[] }> {
  const outlook = outlookOf(input)
  const judged = await mapBounded(input.drafts, async (draft) => {
    const change = { before: draft.live?.value ?? null, after: draft.after ?? null }
    const hazards = (await draft.resource.hazards?.(change, outlook)) ?? []
    return hazards.map((hazard) => ({ draft, hazard }))
  })
  const all = judged.flat()
  const refused = all.filter(({ hazard }) => hazard.isWarning !== true && !isAllowed(hazard, input.allow))
  const warned = all.filter(({ hazard }) => hazard.isWarning === true)
  return {
    refused: refused.map(({ draft, hazard }) => ({
      code: 'PLAN_UNSAFE',
      message: `${draft.address}: ${hazard.message}`,
      address: draft.address,
      ...sourceOf(input.desired, draft.address),
      hint: hazard.hint,
    })),
    warnings: warned.map(({ draft, hazard }) => ({
      code: 'HAZARD',
      message: `${draft.address}: ${hazard.message}. ${hazard.hint}`,
      address: draft.address,
      ...sourceOf(input.desired, draft.address),
    })),
  }
}

function isAllowed(hazard: Hazard, allow: Allowances): boolean {
  return hazard.allow !== undefined && allow.allows(hazard.allow)
}

function sourceOf(desired: Desired, address: string): Pick<Finding, 'source'> {
  const item = desired.items.find((declared) => declared.address === address)
  return item === undefined ? {} : { source: item.locate() }
}

function outlookOf({ registry, drafts, state, server }: HazardInput): Outlook {
  return {
    account: server.identity.account,
    usesPassword: server.usesPassword,
    // Apply reads again what was read, before and after, and writes each change.
    requests: 2 * server.requests() + drafts.length,
    live: (kind) => readEverywhere(registry, state, kind),
    after: async (kind) => {
      const values = new Map<string, unknown>()
      for (const item of await readEverywhere(registry, state, kind)) values.set(item.address, item.value)
      for (const draft of drafts.filter(({ resource }) => resource.kind === kind)) {
        if (draft.renamedFrom !== undefined) values.delete(draft.renamedFrom)
        if (draft.action === 'delete') values.delete(draft.address)
        else values.set(draft.address, isObject(draft.after) ? { ...draft.after, ...draft.identity } : draft.after)
      }
      return [...values.values()]
    },
  }
}
