/**
 * Applies a plan: the only caller of writing verbs.
 *
 * Steps: read the touched objects again and refuse where one moved, resolve the secrets, write layer by layer, and
 * prove by a last reading that the server kept what was written. Everything that is not data (ids, unknown fields, the
 * server's spelling) comes from the reading, never from the plan.
 */
import { compare } from '../model/compare.js'
import { digestOf } from '../model/draft.js'
import {
  ApiError,
  AuthError,
  type BbstateError,
  BusyError,
  type Finding,
  InterruptedError,
  PlanError,
} from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { orderChanges } from '../model/order.js'
import { ApplyError, type ApplyReport, type Outcome } from '../model/outcome.js'
import type { Change, FieldChange, Plan } from '../model/plan.js'
import type { Created, Registry } from '../model/resource.js'
import { mapBounded } from './bounded.js'
import { dependenciesOf } from './dependencies.js'
import { readTouched, type Touched } from './read-touched.js'
import { checkRights } from './rights.js'
import { resolveSecrets } from './resolve-secrets.js'
import { definitionOf, writeChanges } from './write-changes.js'
import type { Clock, SecretSource, Sha256, WritableServer } from './ports.js'

/** What an apply needs. */
export interface ApplyInput {
  readonly registry: Registry
  readonly plan: Plan
  readonly server: WritableServer
  readonly secrets: SecretSource
  readonly clock: Clock
  readonly sha256: Sha256
  readonly listen: Listener
  /** Stops the run: what is in flight is finished, nothing more is started. */
  readonly signal: AbortSignal
  /** Changes written at the same time. */
  readonly parallelism: number
}

/**
 * Writes the changes of a plan and proves the result.
 * @throws PlanError `PLAN_STALE` before anything is written; ConfigError `CONFIG_SECRET` likewise; ApplyError with the
 * whole report where a change failed or did not stick; InterruptedError after an orderly stop.
 */
export async function applyPlan(input: ApplyInput): Promise<ApplyReport> {
  const { plan, registry, server } = input
  const touched = await readTouched(registry, server, plan.changes)
  refuseStale(input, touched)
  await checkRights(registry, plan, server)
  const values = resolveSecrets(registry, plan.changes, input.secrets)
  const made = new Map<string, Created>()
  const { outcomes, fatal } = await writeLayers(input, touched, values, made)
  // Where the sign-in has ended nothing can be read any more; what is done is told all the same.
  const isOver = input.signal.aborted || fatal !== undefined
  const remaining = isOver ? [] : await proveConvergence(input, outcomes, made)
  const report = makeReport(input, outcomes, remaining)
  return judge(report, input.signal.aborted)
}

function refuseStale({ registry, plan, sha256 }: ApplyInput, touched: Touched): void {
  const findings = plan.changes.flatMap((change): readonly Finding[] => {
    const { schema } = definitionOf(registry, change)
    const live = touched.get(change.address) ?? null
    if (digestOf(schema, live, sha256) === change.precondition) return []
    const moved = compare(schema, change.before ?? undefined, live?.value)
    const words = moved.map(({ path, before, after }) => `${path} was ${show(before)}, is ${show(after)}`)
    return [
      {
        code: 'PLAN_STALE',
        message: `${change.address} changed on the server after the plan was made: ${words.join('; ')}`,
        address: change.address,
        ...(change.source === undefined ? {} : { source: change.source }),
        hint: 'Plan again, and review what is left.',
      },
    ]
  })
  if (findings.length === 0) return
  const [first] = findings
  throw new PlanError('PLAN_STALE', first?.message ?? '', { ...first, findings })
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}

async function writeLayers(
  input: ApplyInput,
  touched: Touched,
  values: ReadonlyMap<string, unknown>,
  made: Map<string, Created>,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly fatal: BbstateError | undefined }> {
  const { registry, plan, signal, listen } = input
  const outcomes = new Map<string, Outcome>()
  const needs = dependenciesOf(registry, plan.changes)
  let fatal: BbstateError | undefined
  const record = (outcome: Outcome): void => {
    outcomes.set(outcome.address, outcome)
    listen({ type: 'applied', outcome, done: outcomes.size, total: plan.changes.length })
  }
  for (const layer of orderChanges(registry, plan.changes)) {
    await mapBounded(
      batch(registry, layer),
      async (changes) => {
        const reason = (change: Change): Finding | undefined => {
          if (signal.aborted) return { code: 'INTERRUPTED', message: 'The run was stopped before this change.' }
          if (fatal !== undefined) return fatal.toFinding()
          const broken = (needs.get(change.address) ?? []).find((need) => outcomes.get(need)?.outcome !== 'done')
          return broken === undefined
            ? undefined
            : { code: 'APPLY_PARTIAL', message: `It needs ${broken}, which failed.` }
        }
        const ready = changes.filter((change) => reason(change) === undefined)
        for (const change of changes) {
          const why = reason(change)
          if (why !== undefined) record(skip(change, why))
        }
        if (ready.length === 0) return
        for (const change of ready) listen({ type: 'applying', change })
        const started = input.clock.elapsed()
        const error = await writeChanges(input, ready, { touched, values, made })
        const milliseconds = Math.round(input.clock.elapsed() - started)
        if (error instanceof AuthError || error instanceof BusyError) fatal = error
        for (const change of ready) record(outcomeOf(change, error, milliseconds, made.get(change.address)))
      },
      input.parallelism,
    )
  }
  return { outcomes: plan.changes.flatMap((change) => outcomes.get(change.address) ?? []), fatal }
}

function skip(change: Change, error: Finding): Outcome {
  return { address: change.address, action: change.action, outcome: 'skipped', error, milliseconds: 0 }
}

function outcomeOf(
  change: Change,
  error: BbstateError | undefined,
  milliseconds: number,
  made: Created | undefined,
): Outcome {
  const { address, action } = change
  if (error === undefined) {
    return { address, action, outcome: 'done', ...(made === undefined ? {} : { note: made.note }), milliseconds }
  }
  const requestId = error.requestId === undefined ? {} : { requestId: error.requestId }
  return { address, action, outcome: 'failed', error: findingOf(change, error), ...requestId, milliseconds }
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

async function proveConvergence(
  input: ApplyInput,
  outcomes: readonly Outcome[],
  made: ReadonlyMap<string, Created>,
): Promise<readonly Finding[]> {
  const { registry, plan, server, listen } = input
  const done = new Set(outcomes.filter(({ outcome }) => outcome === 'done').map(({ address }) => address))
  const written = plan.changes.filter(({ address }) => done.has(address))
  if (written.length === 0) return []
  listen({ type: 'proving', total: written.length })
  const findable = written.filter(({ address }) => !made.has(address))
  const live = await readTouched(registry, server, findable, 'after')
  return written.flatMap((change) => {
    const { schema } = definitionOf(registry, change)
    const found = made.get(change.address)?.live ?? live.get(change.address)
    const fields = compare(schema, found?.value, change.after ?? undefined)
    return fields
      .filter((field) => isPlanned(change, field))
      .map(({ path, before, after }): Finding => ({
        code: 'APPLY_NOT_CONVERGED',
        message: `${change.address}: the server did not keep ${path === '' ? 'the value' : path}: wanted ${show(after)}, has ${show(before)}`,
        address: change.address,
        hint: `The setting may be overruled elsewhere, or this server treats it in a way that bbstate does not know.`,
      }))
  })
}

/** Whether a plan said anything about a field: what nobody set and nobody cleared, the server may fill in. */
function isPlanned(change: Change, { path, after }: FieldChange): boolean {
  if (after !== undefined || change.action === 'delete') return true
  return change.fields.some((field) => field.path === path && field.after === undefined)
}

function makeReport(input: ApplyInput, outcomes: readonly Outcome[], remaining: readonly Finding[]): ApplyReport {
  const { plan, server } = input
  const count = (outcome: Outcome['outcome']): number => outcomes.filter((one) => one.outcome === outcome).length
  const summary = { done: count('done'), failed: count('failed'), skipped: count('skipped') }
  return {
    formatVersion: 1,
    server: server.identity,
    digest: plan.digest,
    outcomes,
    summary,
    converged: remaining.length === 0 && summary.failed === 0 && summary.skipped === 0,
    remaining,
    requests: server.requests(),
  }
}

function judge(report: ApplyReport, isStopped: boolean): ApplyReport {
  const { done, failed, skipped } = report.summary
  if (failed > 0 || (skipped > 0 && !isStopped)) {
    const message = `Applied in part: ${done} done, ${failed} failed, ${skipped} skipped`
    throw new ApplyError('APPLY_PARTIAL', message, report, {
      hint: 'Mend what failed and apply again: what is done already is not done twice.',
    })
  }
  if (isStopped && skipped > 0) throw new InterruptedError(`Stopped: ${done} changes done, ${skipped} not started`)
  if (report.remaining.length > 0) {
    throw new ApplyError('APPLY_NOT_CONVERGED', report.remaining[0]?.message ?? '', report)
  }
  return report
}
