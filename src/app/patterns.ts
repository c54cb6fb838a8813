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

/** @throws PlanError `PLAN_UNSAFE` for the first pattern that covers nothing, with the nearest address. */
export function requireMatches(given: readonly GivenPattern[], desired: Desired): void {
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
