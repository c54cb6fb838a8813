/**
 * bbstate as a library: four functions over plain data (docs/library.md). This is the only file that re-exports.
 */
export type { Acceptance, Drift } from './app/drift.js'
export { apply, drift, plan, validate, type Validation } from './host/library.js'
export type {
  ApplyingOptions,
  ConfigurationOptions,
  DriftOptions,
  PasswordCredentials,
  PlanningOptions,
  ServerOptions,
  StoredSignIn,
  TokenCredentials,
} from './host/library-options.js'
export {
  ApiError,
  AuthError,
  BbstateError,
  BusyError,
  ConfigError,
  type Finding,
  InterruptedError,
  PlanError,
  UsageError,
} from './model/errors.js'
export type { Event, Listener } from './model/event.js'
export { ApplyError, type ApplyReport, type Outcome, StoppedError } from './model/outcome.js'
export type { Change, FieldChange, Plan, Summary, Warning } from './model/plan.js'
export type { Undo } from './model/undo.js'
