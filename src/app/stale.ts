/** What moved on the server since a plan was made, in words. */
import { compare } from '../model/compare.js'
import { digestOf } from '../model/draft.js'
import { type Finding, PlanError } from '../model/errors.js'
import type { Change } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import type { Schema } from '../model/schema.js'
import type { Sha256 } from './ports.js'
import type { Touched } from './read-touched.js'
import { definitionOf } from './write-changes.js'

/** A value inside a sentence. */
export function showValue(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}

/** `open was true, is false; width was 90, is 80`; empty where nothing moved. */
export function movedWords(schema: Schema, seen: unknown, live: unknown): string {
  const moved = compare(schema, seen ?? undefined, live ?? undefined)
  const words = moved.map(({ path, before, after }) => {
    const field = path === '' ? 'the value' : path
    return `${field} was ${showValue(before)}, is ${showValue(after)}`
  })
  if (seen === null || seen === undefined) return ['it was absent', ...words].join('; ')
  return live === null || live === undefined ? 'it is gone' : words.join('; ')
}

/** @throws PlanError `PLAN_STALE` where a touched object is not what the plan saw. */
export function refuseStale(
  { registry, changes, sha256 }: { registry: Registry; changes: readonly Change[]; sha256: Sha256 },
  touched: Touched,
): void {
  const findings = changes.flatMap((change): readonly Finding[] => {
    const { schema } = definitionOf(registry, change)
    const live = touched.get(change.address) ?? null
    if (digestOf(schema, live, sha256) === change.precondition) return []
    const words = movedWords(schema, change.before, live?.value)
    return [
      {
        code: 'PLAN_STALE',
        message: `${change.address} changed on the server after the plan was made: ${words}`,
        address: change.address,
        ...(change.source === undefined ? {} : { source: change.source }),
        hint: 'Plan again, and review what is left.',
      },
    ]
  })
  throwStale('Live settings moved', findings)
}

/** @throws PlanError `PLAN_STALE` with all findings, where there are any. */
export function throwStale(summary: string, findings: readonly Finding[]): void {
  const [first] = findings
  if (first === undefined) return
  if (findings.length === 1) throw new PlanError('PLAN_STALE', first.message, { ...first, findings })
  throw new PlanError('PLAN_STALE', `${summary} (${findings.length} findings)`, { findings })
}
