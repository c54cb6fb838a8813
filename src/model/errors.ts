/**
 * Everything that bbstate refuses or fails at, as few classes with many stable codes.
 *
 * Programs decide on `code`, people read `message` (what happened, and where) and `hint` (what to do). Codes are
 * extended, never renamed. A message never holds a secret: it is built from names, addresses and positions.
 */

/** A place in a file of the configuration; line and column count from 1. */
export interface Source {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type ConfigCode =
  'CONFIG_SYNTAX' | 'CONFIG_SCHEMA' | 'CONFIG_DUPLICATE' | 'CONFIG_REFERENCE' | 'CONFIG_SECRET' | 'CONFIG_FILE'
export type PlanCode = 'PLAN_UNSAFE' | 'PLAN_STALE' | 'PLAN_FORMAT' | 'PLAN_CYCLE'
export type ApplyCode = 'APPLY_PARTIAL' | 'APPLY_NOT_CONVERGED'
export type AuthCode =
  | 'AUTH_SIGN_IN_REQUIRED'
  | 'AUTH_ORIGIN'
  | 'AUTH_CLIENT'
  | 'AUTH_REDIRECT'
  | 'AUTH_SCOPE'
  | 'AUTH_STORE'
  | 'AUTH_UNCERTAIN'
  | 'AUTH_RECOVERABLE'
export type BusyCode = 'BUSY_LOCK'
export type ApiCode =
  | 'API_UNREACHABLE'
  | 'API_TLS'
  | 'API_UNAUTHENTICATED'
  | 'API_FORBIDDEN'
  | 'API_NOT_FOUND'
  | 'API_CONFLICT'
  | 'API_RATE_LIMITED'
  | 'API_SERVER'
  | 'API_UNEXPECTED'
  | 'API_UNSUPPORTED'
  | 'API_REJECTED'
  | 'API_TIMEOUT'
export type UsageCode = 'USAGE'
export type ErrorCode =
  ConfigCode | PlanCode | ApplyCode | AuthCode | BusyCode | ApiCode | UsageCode | 'INTERRUPTED' | 'INTERNAL'

/** What an error may carry beside its message. */
export interface ErrorDetails {
  /** What the reader can do about it. */
  readonly hint?: string
  /** The address of the setting concerned, such as `instance.mailServer`. */
  readonly address?: string
  readonly source?: Source
  /** The server's `X-AREQUESTID`, which its administrators can look up in the access log. */
  readonly requestId?: string
  readonly cause?: unknown
}

/** One finding of several that an error reports at once. */
export interface Finding extends Omit<ErrorDetails, 'cause'> {
  readonly code: ErrorCode
  readonly message: string
}

/** The base of every error that bbstate means to show. */
export abstract class BbstateError extends Error {
  abstract readonly code: ErrorCode
  /** The exit code of the process, see `docs/reference/exit-codes.md`. */
  abstract readonly exitCode: number
  readonly hint: string | undefined
  readonly address: string | undefined
  readonly source: Source | undefined
  readonly requestId: string | undefined

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.hint = details.hint
    this.address = details.address
    this.source = details.source
    this.requestId = details.requestId
  }

  /** The error as data, for `--json`. */
  toFinding(): Finding {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.address === undefined ? {} : { address: this.address }),
      ...(this.source === undefined ? {} : { source: this.source }),
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
    }
  }
}

/** The configuration is invalid. Carries every finding, in the order of files and lines. Exit code 3. */
export class ConfigError extends BbstateError {
  readonly exitCode = 3
  readonly code: ErrorCode
  readonly findings: readonly Finding[]

  constructor(findings: readonly [Finding, ...Finding[]]) {
    const first = findings[0]
    super(findings.length === 1 ? first.message : `${findings.length} findings in the configuration`, first)
    this.code = first.code
    this.findings = findings
  }
}

/** A plan was refused: a guard, a stale plan, a foreign file. Exit code 4. */
export class PlanError extends BbstateError {
  readonly exitCode = 4
  readonly code: PlanCode
  readonly findings: readonly Finding[]

  constructor(
    code: PlanCode,
    message: string,
    details: ErrorDetails & { readonly findings?: readonly Finding[] } = {},
  ) {
    super(message, details)
    this.code = code
    this.findings = details.findings ?? []
  }
}

/** Credentials: sign in again, or a store that cannot be used. Exit code 6. */
export class AuthError extends BbstateError {
  readonly exitCode = 6
  readonly code: AuthCode

  constructor(code: AuthCode, message: string, details: ErrorDetails = {}) {
    super(message, details)
    this.code = code
  }
}

/** Another run holds the lock. Exit code 7. */
export class BusyError extends BbstateError {
  readonly exitCode = 7
  readonly code: BusyCode = 'BUSY_LOCK'
}

/** The server or the way to it failed. Exit code 1. */
export class ApiError extends BbstateError {
  readonly exitCode = 1
  readonly code: ApiCode
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined
  /** The server's Java exception names, in the order of its `errors` array. Decide on these, never on texts. */
  readonly exceptions: readonly string[]
  /** The fields that the server's `errors` array names as `context`. */
  readonly fields: readonly string[]

  constructor(
    code: ApiCode,
    message: string,
    details: ErrorDetails & {
      readonly status?: number
      readonly exceptions?: readonly string[]
      readonly fields?: readonly string[]
    } = {},
  ) {
    super(message, details)
    this.code = code
    this.status = details.status
    this.exceptions = details.exceptions ?? []
    this.fields = details.fields ?? []
  }
}

/**
 * The sign-in ended under a write that must not be repeated blindly, and has been renewed since. Who knows what was to be
 * written reads again, then decides.
 */
export class UnfinishedWrite extends ApiError {
  /** Whether the server may have done it; `false`: it refused before it did anything. */
  readonly mayBeDone: boolean

  constructor(message: string, mayBeDone: boolean, details: ErrorDetails & { readonly status?: number } = {}) {
    super(mayBeDone ? 'API_UNEXPECTED' : 'API_UNAUTHENTICATED', message, details)
    this.mayBeDone = mayBeDone
  }
}

/** The command line or the call makes no sense. Exit code 1, Terraform's habit. */
export class UsageError extends BbstateError {
  readonly exitCode = 1
  readonly code = 'USAGE'
}

/** The user stopped the run; what was in flight has been finished. Exit code 130. */
export class InterruptedError extends BbstateError {
  readonly exitCode = 130
  readonly code = 'INTERRUPTED'
}

/** A premise of bbstate itself is broken: always a defect of bbstate. Exit code 1. */
export class InternalError extends BbstateError {
  readonly exitCode = 1
  readonly code = 'INTERNAL'
}
