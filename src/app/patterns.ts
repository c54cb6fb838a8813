/** Address patterns of the command line: each must name something that the configuration declares. */
import type { Desired } from '../model/desired.js'
import { PlanError } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'
import { coversAddress } from '../model/policy.js'

/** A pattern, and the option that it was given to. */
export interface GivenPattern {
  readonly option: string
  readonly pattern: string
}

/** Patterns of the command line, as far as they must match. */
interface Given {
  readonly targets?: readonly string[]
  readonly updateSecrets?: readonly string[]
  readonly patterns?: readonly GivenPattern[]
}

/** @throws PlanError `PLAN_UNSAFE` for the first pattern of any option that covers nothing. */
export function requireTargets({ targets = [], updateSecrets = [], patterns = [] }: Given, desired: Desired): void {
  const given = [
    ...targets.map((pattern) => ({ option: '--target', pattern })),
    ...updateSecrets.map((pattern) => ({ option: '--update-secrets', pattern })),
    ...patterns,
  ]
  requireMatches(given, desired)
}

/** @throws PlanError `PLAN_UNSAFE` for the first pattern that covers nothing, with the nearest address. */
function requireMatches(given: readonly GivenPattern[], desired: Desired): void {
  if (given.length === 0) return
  const addresses = [...desired.items, ...desired.collections].map(({ address }) => address)
  for (const { option, pattern } of given) {
    if (addresses.some((address) => coversAddress(pattern, address))) continue
    const nearest = findNearest(pattern, addresses)
    throw new PlanError('PLAN_UNSAFE', `${option} ${pattern} matches nothing that the configuration declares`, {
      hint:
        nearest === undefined
          ? 'Addresses look like instance.banner or instance.groups[devs]; * stands for any name inside brackets.'
          : `Did you mean ${nearest}?`,
    })
  }
}
