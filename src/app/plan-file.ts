/**
 * Saved plans: an expectation, never an instruction.
 *
 * `apply FILE` plans again from the configuration and goes on only where the changes are the same. So an edited file,
 * also one whose digest was computed again, can do nothing but make the apply refuse.
 */
import { PlanError } from '../model/errors.js'
import type { Finding } from '../model/errors.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Change, Plan } from '../model/plan.js'
import { isObject } from '../model/schema.js'

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
 * Holds a fresh plan against the expected one.
 * @throws PlanError `PLAN_FORMAT` where the file is for another server; `PLAN_STALE` naming every change that is new,
 * gone or different.
 */
export function requireSamePlan(expected: Plan, fresh: Plan): void {
  if (expected.server.url !== fresh.server.url) {
    throw new PlanError('PLAN_FORMAT', `The plan is for ${expected.server.url}, this run is on ${fresh.server.url}`, {
      hint: 'Use the plan of this server.',
    })
  }
  const findings = differences(expected.changes, fresh.changes)
  if (findings.length > 0) {
    throw new PlanError('PLAN_STALE', 'The plan is no longer what would happen', {
      findings,
      hint: 'Plan again, and have the new plan reviewed.',
    })
  }
}

function differences(expected: readonly Change[], fresh: readonly Change[]): readonly Finding[] {
  const before = new Map(expected.map((change) => [change.address, change]))
  const after = new Map(fresh.map((change) => [change.address, change]))
  const hint = 'Plan again, and have the new plan reviewed.'
  const finding = (address: string, what: string): Finding => ({
    code: 'PLAN_STALE',
    message: `${address} ${what}`,
    address,
    hint,
  })
  const gone = expected.filter(({ address }) => !after.has(address))
  const added = fresh.filter(({ address }) => !before.has(address))
  const moved = fresh.filter((change) => {
    const known = before.get(change.address)
    return known !== undefined && known.digest !== change.digest
  })
  return [
    ...added.map(({ address, action }) =>
      finding(address, `would now be changed (${action}); the plan did not have it`),
    ),
    ...gone.map(({ address, action }) => finding(address, `would no longer be changed (${action} in the plan)`)),
    ...moved.map(({ address }) => finding(address, 'would be changed in another way than planned')),
  ]
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
