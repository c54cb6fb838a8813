/** Writes an approved plan, and leaves what the options ask for: the report, and what takes the apply back. */
import { applyPlan } from '../app/apply.js'
import type { WritableServer } from '../app/ports.js'
import type { Listener } from '../model/event.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import type { Undo } from '../model/undo.js'
import { identifyRun } from './audit.js'
import { secretSource } from './secrets.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** What is written where, and who keeps what becomes of it. */
export interface Approved {
  readonly plan: Plan
  readonly registry: Registry
  readonly server: WritableServer
  readonly listen: Listener
  /** Also after a failure. */
  readonly keepReport: (report: ApplyReport) => Promise<void>
  readonly keepUndo?: (undo: Undo) => Promise<void>
}

/** @throws ApplyError, StoppedError with the report */
export async function writeApproved(world: World, settings: Settings, approved: Approved): Promise<ApplyReport> {
  const { plan, keepReport } = approved
  if (plan.changes.length === 0) {
    const report = emptyReport(plan, world.clock.now())
    await keepReport(report)
    return report
  }
  return applyPlan({
    ...approved,
    secrets: secretSource(world, settings),
    clock: world.clock,
    sha256: world.sha256,
    signal: world.signal,
    parallelism: settings.number('parallelism') ?? 10,
    failFast: settings.flag('fail-fast'),
    audit: identifyRun(world.environment).audit,
  })
}

function emptyReport({ server, digest, requests }: Plan, now: number): ApplyReport {
  const summary = { done: 0, failed: 0, skipped: 0 }
  const at = new Date(now).toISOString()
  const times = { startedAt: at, finishedAt: at }
  return { formatVersion: 1, server, digest, ...times, outcomes: [], summary, converged: true, remaining: [], requests }
}
