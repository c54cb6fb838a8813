/**
 * bbstate as a library: load a configuration, plan it against live settings, apply the plan.
 *
 * Everything that touches the world is handed in; `host` has what the command line uses. This is the only file that
 * re-exports.
 */
export { applyPlan } from './app/apply.js'
export type { ApplyInput } from './app/apply-input.js'
export { makePlan, type PlanInput, type PlanOptions } from './app/plan.js'
export { parseSavedDocument, requireDigest, requireIntact } from './app/plan-file.js'
export { requireSamePlan, type SamePlanInput } from './app/same-plan.js'
export type { Clock, LiveServer, SecretSource, Sha256, WritableServer } from './app/ports.js'
export { loadConfiguration } from './host/configuration.js'
export { openServer, openWritableServer } from './host/server.js'
export { Settings } from './host/settings.js'
export { createWorld, type World } from './host/world.js'
export type { Desired, DesiredItem } from './model/desired.js'
export { ApiError, AuthError, BbstateError, BusyError, ConfigError, type Finding, PlanError } from './model/errors.js'
export type { Event, Listener } from './model/event.js'
export { ApplyError, type ApplyReport, type Outcome } from './model/outcome.js'
export type { Change, FieldChange, Plan, Summary, Warning } from './model/plan.js'
export { Secret } from './model/secret.js'
