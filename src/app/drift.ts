/**
 * Drift: where live differs from the configuration that was applied.
 *
 * Nothing is refused and nothing can be written: the server handed in has no way to. Settings that change by themselves
 * are shown and not counted.
 */
import { writeAcceptance } from '../config/write-acceptance.js'
import type { Change, Plan, ServerIdentity, Warning } from '../model/plan.js'
import { resourceOf } from '../model/resource.js'
import { makePlan, type PlanInput } from './plan.js'

/** YAML that would accept one difference. */
export interface Acceptance {
  readonly address: string
  readonly yaml: string
}

/** A drift document, format 1, as `drift --json` prints it. */
export interface Drift {
  readonly formatVersion: 1
  /** Whether anything that counts differs. */
  readonly drift: boolean
  readonly server: ServerIdentity
  /** ISO 8601. */
  readonly comparedAt: string
  /** What an apply would change to bring live back. */
  readonly changes: readonly Change[]
  /** Changes of settings that change by themselves; not counted. */
  readonly volatile: readonly Change[]
  /** Live items beside declared ones that no file declares. */
  readonly unmanaged: readonly string[]
  /** For each difference that can be written down: what would have to be declared instead. */
  readonly accept: readonly Acceptance[]
  /** The same in one text, for --overlay; absent where there is none. */
  readonly acceptAll?: string
  readonly warnings: readonly Warning[]
  readonly requests: number
  /** The same for the same differences, whenever they are seen. */
  readonly digest: string
}

/** What differs, and the plan that says so. */
export interface Drifted {
  readonly drift: Drift
  readonly plan: Plan
}

/** Compares. Sends GETs only. Throws like `makePlan`, but for guards: what is not written needs none. */
export async function findDrift(input: PlanInput & { readonly countsVolatile?: boolean }): Promise<Drifted> {
  const { registry, countsVolatile = false, options = {} } = input
  const plan = await makePlan({ ...input, options: { ...options, onlyLooks: true } })
  const isVolatile = ({ kind }: Change): boolean => !countsVolatile && resourceOf(registry, kind)?.volatile === true
  const changes = plan.changes.filter((change) => !isVolatile(change))
  const all = writeAcceptance(registry, changes)
  const { server, createdAt, unmanaged, warnings, requests, digest } = plan
  const accept = changes.flatMap((change): readonly Acceptance[] => {
    const yaml = writeAcceptance(registry, [change])
    return yaml === undefined ? [] : [{ address: change.address, yaml }]
  })
  const drift: Drift = {
    formatVersion: 1,
    drift: changes.length > 0,
    server,
    comparedAt: createdAt,
    changes,
    volatile: plan.changes.filter(isVolatile),
    unmanaged,
    accept,
    ...(all === undefined ? {} : { acceptAll: all }),
    warnings,
    requests,
    digest,
  }
  return { drift, plan }
}
