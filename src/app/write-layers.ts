/** Writes the layers of a plan one after another, the changes of a layer side by side. */
import { ApiError, AuthError, type BbstateError, BusyError, type Finding } from '../model/errors.js'
import { orderChanges } from '../model/order.js'
import type { Outcome } from '../model/outcome.js'
import type { Change } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import type { ApplyInput } from './apply-input.js'
import { mapBounded } from './bounded.js'
import { dependenciesOf } from './dependencies.js'
import { definitionOf, type Material, writeChanges } from './write-changes.js'

/** What became of the changes. */
export interface Layered {
  readonly outcomes: readonly Outcome[]
  /** The sign-in or the time of the run has ended: nothing can be read any more. */
  readonly isOver: boolean
}

/**
 * Writes everything and answers one outcome a change, in the order of the plan. A failure skips what needs it; with
 * `failFast`, without credentials and after the time is up, all that has not begun. Never rejects.
 */
export async function writeLayers(input: ApplyInput, material: Material): Promise<Layered> {
  const { registry, plan, listen } = input
  const outcomes = new Map<string, Outcome>()
  const record = (outcome: Outcome): void => {
    outcomes.set(outcome.address, outcome)
    listen({ type: 'applied', outcome, done: outcomes.size, total: plan.changes.length })
  }
  const skips = reasonsToSkip(input, outcomes)
  for (const layer of orderChanges(registry, plan.changes)) {
    await mapBounded(
      batch(registry, layer),
      async (changes) => {
        const ready = changes.filter((change) => {
          const error = skips.reasonFor(change)
          if (error !== undefined) record(skipped(change, error))
          return error === undefined
        })
        if (ready.length === 0) return
        for (const change of ready) listen({ type: 'applying', change })
        const started = input.clock.elapsed()
        const { error, requestId } = await writeChanges(input, ready, material)
        const milliseconds = Math.round(input.clock.elapsed() - started)
        if (error !== undefined) skips.note(error)
        for (const change of ready) {
          const { note } = material.made.get(change.address) ?? {}
          record(outcomeOf(change, { error, requestId, note, milliseconds }))
        }
      },
      input.parallelism,
    )
  }
  return {
    outcomes: plan.changes.flatMap((change) => outcomes.get(change.address) ?? []),
    isOver: skips.isOver(),
  }
}

interface Skips {
  reasonFor(change: Change): Finding | undefined
  /** A change failed. */
  note(error: BbstateError): void
  isOver(): boolean
}

function reasonsToSkip(input: ApplyInput, outcomes: ReadonlyMap<string, Outcome>): Skips {
  const needs = dependenciesOf(input.registry, input.plan.changes)
  let fatal: Finding | undefined
  let isOver = false
  return {
    isOver: () => isOver,
    reasonFor(change) {
      if (input.signal.aborted) return { code: 'INTERRUPTED', message: 'The run was stopped before this change.' }
      if (fatal !== undefined) return fatal
      const broken = (needs.get(change.address) ?? []).find((need) => outcomes.get(need)?.outcome !== 'done')
      return broken === undefined ? undefined : { code: 'APPLY_PARTIAL', message: `It needs ${broken}, which failed.` }
    },
    note(error) {
      const isLate = error instanceof ApiError && error.code === 'API_TIMEOUT'
      isOver ||= error instanceof AuthError || error instanceof BusyError || isLate
      if (isOver) fatal ??= error.toFinding()
      else if (input.failFast === true) {
        fatal ??= { code: 'APPLY_PARTIAL', message: 'The run stops at the first failure (--fail-fast).' }
      }
    },
  }
}

function skipped(change: Change, error: Finding): Outcome {
  return { address: change.address, action: change.action, outcome: 'skipped', error, milliseconds: 0 }
}

interface Result {
  readonly error: BbstateError | undefined
  readonly requestId: string | undefined
  readonly note: string | undefined
  readonly milliseconds: number
}

function outcomeOf(change: Change, { error, requestId: last, note, milliseconds }: Result): Outcome {
  const { address, action } = change
  const requestId = error?.requestId ?? last
  const named = requestId === undefined ? {} : { requestId }
  if (error !== undefined) {
    return { address, action, outcome: 'failed', error: findingOf(change, error), ...named, milliseconds }
  }
  return { address, action, outcome: 'done', ...named, ...(note === undefined ? {} : { note }), milliseconds }
}

/** The error at the line that asks for the change; at the field's line, where the server names a field. */
function findingOf(change: Change, error: BbstateError): Finding {
  const fields = error instanceof ApiError ? error.fields : []
  const field = change.fields.find(({ path }) => fields.includes(path))
  const source = field?.source ?? change.source
  return { address: change.address, ...(source === undefined ? {} : { source }), ...error.toFinding() }
}

/** Creations under one parent that the API takes in one request stand together; every other change is alone. */
function batch(registry: Registry, changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const resource = definitionOf(registry, change)
    const isMany = change.action === 'create' && resource.form === 'collection' && resource.createMany !== undefined
    const key = isMany ? `${change.kind} ${JSON.stringify(change.at)}` : change.address
    const group = groups.get(key) ?? []
    group.push(change)
    groups.set(key, group)
  }
  return [...groups.values()]
}
