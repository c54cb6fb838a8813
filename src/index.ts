/**
 * bbstate as a library: four functions over plain data (docs/library.md). This is the only file that re-exports.
 */
export type { Acceptance, Drift } from './app/drift.js'
export {
  apply,
  type ApplyingOptions,
  type ConfigurationOptions,
  drift,
  type DriftOptions,
  type PasswordCredentials,
  plan,
  type PlanningOptions,
  type ServerOptions,
  type StoredSignIn,
  type TokenCredentials,
  validate,
  type Validation,
} from './host/library.js'
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
