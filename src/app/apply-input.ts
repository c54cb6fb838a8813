/** What an apply needs. */
import type { Listener } from '../model/event.js'
import type { ApplyReport, Audit } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import type { Undo } from '../model/undo.js'
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
  /** Starts nothing more after the first failure. */
  readonly failFast?: boolean
  /** Who applies what, for the report. */
  readonly audit?: Audit
  /** Keeps the report, whatever becomes of the run. */
  readonly keepReport?: (report: ApplyReport) => Promise<void>
  /** Keeps the undo: before the first write, and again when it is known what was done. */
  readonly keepUndo?: (undo: Undo) => Promise<void>
}
