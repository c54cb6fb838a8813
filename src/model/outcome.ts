/**
 * What became of a plan: one outcome a change, and the report of the whole run.
 */
import { type ApplyCode, BbstateError, type ErrorDetails, type Finding, InterruptedError } from './errors.js'
import type { Action, ServerIdentity } from './plan.js'

/** The result of one change. `skipped`: not tried, because something it needs failed or the run was stopped. */
export interface Outcome {
  readonly address: string
  readonly action: Action
  readonly outcome: 'done' | 'failed' | 'skipped'
  readonly error?: Finding
  readonly requestId?: string
  /** What the reader should write down, such as a number that the server gave. */
  readonly note?: string
  readonly milliseconds: number
}

/** Who applied what, as far as the environment of the run knows. */
export interface Audit {
  /** The commit of the configuration. */
  readonly commit?: string
  /** Who started the run. */
  readonly actor?: string
  readonly approver?: string
  readonly runUrl?: string
}

/** The report of an apply, format 1, as `apply --json` prints it. */
export interface ApplyReport {
  readonly formatVersion: 1
  readonly server: ServerIdentity
  /** The digest of the plan that was applied. */
  readonly digest: string
  /** ISO 8601. */
  readonly startedAt?: string
  /** ISO 8601. */
  readonly finishedAt?: string
  readonly audit?: Audit
  readonly outcomes: readonly Outcome[]
  readonly summary: { readonly done: number; readonly failed: number; readonly skipped: number }
  /** Whether a reading after the writes found every planned item as planned. */
  readonly converged: boolean
  /** Differences that the server did not keep, where it did not converge. */
  readonly remaining: readonly Finding[]
  readonly requests: number
}

/** Applied in part, or the server did not keep what was written. Carries the whole report. Exit code 5. */
export class ApplyError extends BbstateError {
  readonly exitCode = 5
  readonly code: ApplyCode
  readonly report: ApplyReport

  constructor(code: ApplyCode, message: string, report: ApplyReport, details: ErrorDetails = {}) {
    super(message, details)
    this.code = code
    this.report = report
  }
}

/** The user stopped an apply; what was in flight has been finished and stands in the report. Exit code 130. */
export class StoppedError extends InterruptedError {
  readonly report: ApplyReport

  constructor(message: string, report: ApplyReport) {
    super(message, { hint: 'Apply again to go on: what is done already is not done twice.' })
    this.report = report
  }
}
