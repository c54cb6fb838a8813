/**
 * Saved plans: an expectation, never an instruction.
 *
 * `apply FILE` plans again from the configuration and goes on only where the changes are the same. So an edited file,
 * also one whose digest was computed again, can do nothing but make the apply refuse.
 */
import { digestOfChange, digestOfPlan } from '../model/draft.js'
import { PlanError } from '../model/errors.js'
import { serialise } from '../model/normal.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { isObject } from '../model/schema.js'
import type { Sha256 } from './ports.js'

/** A document that `show` can render. */
export type SavedDocument =
  { readonly type: 'plan'; readonly plan: Plan } | { readonly type: 'report'; readonly report: ApplyReport }

/**
 * Reads a saved plan or report.
 * @throws PlanError `PLAN_FORMAT` where the text is neither, is cut off, or has a format that this version does not know.
 */
export function parseSavedDocument(text: string, file: string): SavedDocument {
  const document = parseJson(text, file)
  if (!isObject(document) || document['formatVersion'] !== 1) {
    const version = isObject(document) ? document['formatVersion'] : undefined
    const what = version === undefined ? 'is not a plan of bbstate' : `has format ${JSON.stringify(version)}`
    throw formatError(file, what)
  }
  if (isPlan(document)) return { type: 'plan', plan: document as unknown as Plan }
  if (document['type'] === 'undo') throw formatError(file, 'is an undo, which bbstate undo shows before it asks')
  if (isReport(document)) return { type: 'report', report: document as unknown as ApplyReport }
  throw formatError(file, 'lacks fields that a plan or a report has')
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw formatError(file, 'is not whole JSON', cause)
  }
}

function formatError(file: string, what: string, cause?: unknown): PlanError {
  return new PlanError('PLAN_FORMAT', `${file} ${what}`, {
    hint: 'Make the plan again with this version of bbstate.',
    cause,
  })
}

const actions: readonly unknown[] = ['create', 'update', 'delete', 'replace']

function isPlan(document: Record<string, unknown>): boolean {
  return (
    isServer(document['server']) &&
    isSummary(document['summary']) &&
    typeof document['digest'] === 'string' &&
    isListOf(document['changes'], isChange) &&
    isListOf(document['unmanaged'], isText) &&
    isListOf(document['kept'], isText) &&
    isListOf(document['warnings'], (warning) => isObject(warning) && isText(warning['message']))
  )
}

function isReport(document: Record<string, unknown>): boolean {
  const isOutcome = (outcome: unknown): boolean =>
    isObject(outcome) && isText(outcome['address']) && actions.includes(outcome['action']) && isText(outcome['outcome'])
  return isServer(document['server']) && isListOf(document['outcomes'], isOutcome) && isObject(document['summary'])
}

function isServer(server: unknown): boolean {
  return isObject(server) && ['url', 'version', 'account'].every((field) => isText(server[field]))
}

function isSummary(summary: unknown): boolean {
  return (
    isObject(summary) && ['create', 'update', 'delete', 'replace'].every((field) => typeof summary[field] === 'number')
  )
}

function isChange(change: unknown): boolean {
  return (
    isObject(change) &&
    ['address', 'kind', 'digest', 'precondition'].every((field) => isText(change[field])) &&
    actions.includes(change['action']) &&
    isObject(change['identity']) &&
    isObject(change['at']) &&
    'before' in change &&
    'after' in change &&
    isListOf(change['fields'], (field) => isObject(field) && isText(field['path']))
  )
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry)
}

/**
 * Refuses a plan whose digests do not belong to what it says: a file that was edited would show what nobody planned.
 * Digests can be computed again, so this is for honest mistakes; what holds an apply back is `requireSamePlan`.
 * @throws PlanError `PLAN_FORMAT`
 */
export function requireIntact(plan: Plan, file: string, sha256: Sha256): void {
  const edited = plan.changes.find(
    (change) =>
      digestOfChange(change, sha256) !== change.digest || sha256(serialise(change.before)) !== change.precondition,
  )
  const isWhole = digestOfPlan(plan.server.url, plan.changes, plan.scope, sha256) === plan.digest
  if (edited === undefined && isWhole) return
  const where = edited === undefined ? '' : ` at ${edited.address}`
  throw formatError(file, `was edited, or cut${where}: its digest is another one`)
}

/**
 * Holds a fresh plan against an expected digest.
 * @throws PlanError `PLAN_STALE`
 */
export function requireDigest(expected: string, fresh: Plan): void {
  if (fresh.digest === expected) return
  throw new PlanError('PLAN_STALE', `The plan has digest ${fresh.digest}, not the expected ${expected}`, {
    hint: 'Something moved since the digest was taken. Plan again, and have the new plan reviewed.',
  })
}
