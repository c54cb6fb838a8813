/**
 * Policies held against each other: what one guards and another does not.
 *
 * Stricter is what lets less happen: more protection, lower limits, more administrators, fewer waivers, less pruning.
 */
import { matchesPattern } from './address.js'
import type { Ignore, Limits, Pattern, Policy } from './desired.js'
import { defaultLimits } from './limits.js'
import type { Loosening } from './plan.js'

const limitNames = ['deletes', 'deletesPercent', 'accessLosses', 'repositories'] as const

/** The limit that holds; any number where there is none. */
function limitOf({ limits = {} }: Policy, name: keyof Limits): number {
  const defaults: Limits = defaultLimits
  return limits[name] ?? defaults[name] ?? Number.POSITIVE_INFINITY
}

/** Whether patterns hold another one. */
function covers(patterns: readonly Pattern[], wanted: Pattern): boolean {
  return patterns.some(({ pattern }) => pattern === wanted.pattern || matchesPattern(pattern, wanted.pattern))
}

/** The last day on which a policy has a waiver for the same address. */
function waivedUntil(ignore: readonly Ignore[], { address }: Ignore): string | undefined {
  return ignore
    .filter((one) => one.address === address)
    .map(({ until }) => until)
    .sort()
    .at(-1)
}

/** The policy that holds where both must: each guard as the stricter of the two has it. */
export function stricterPolicy(base: Policy, here: Policy): Policy {
  return {
    ...tightenPolicy(here, base),
    prune: here.prune.filter((pattern) => covers(base.prune, pattern)),
    ignore: here.ignore.flatMap((waiver) => {
      const until = waivedUntil(base.ignore, waiver)
      if (until === undefined) return []
      return until < waiver.until ? [{ ...waiver, source: waiver.source, until }] : [waiver]
    }),
  }
}

/** A policy with the guards of another one added to it. Its pruning and its waivers stay. */
export function tightenPolicy(policy: Policy, by: Policy): Policy {
  const limits = limitNames.flatMap((name) => {
    const lowest = Math.min(limitOf(policy, name), limitOf(by, name))
    return Number.isFinite(lowest) ? [[name, lowest] as const] : []
  })
  const isLenient = policy.unknownPrincipals === 'warn' && by.unknownPrincipals === 'warn'
  const added = by.protect.filter(({ pattern }) => !policy.protect.some((own) => own.pattern === pattern))
  return {
    prune: policy.prune,
    protect: [...policy.protect, ...added],
    ignore: policy.ignore,
    administrators: {
      users: [...new Set([...policy.administrators.users, ...by.administrators.users])],
      atLeast: Math.max(policy.administrators.atLeast, by.administrators.atLeast),
    },
    unknownPrincipals: isLenient ? 'warn' : 'refuse',
    limits: Object.fromEntries(limits),
  }
}

/** What `here` lets happen and `base` does not. */
export function looseningsBetween(base: Policy, here: Policy): readonly Loosening[] {
  return [
    ...base.protect
      .filter((pattern) => !covers(here.protect, pattern))
      .map(({ pattern, source }) => ({ message: `policy.protect no longer holds ${pattern}`, source })),
    ...here.prune
      .filter((pattern) => !covers(base.prune, pattern))
      .map(({ pattern, source }) => ({ message: `policy.prune now deletes what is unlisted in ${pattern}`, source })),
    ...here.ignore.flatMap((waiver) => loosenedWaiver(base, waiver)),
    ...loosenedAdministrators(base, here),
    ...loosenedNumbers(base, here),
  ]
}

function loosenedWaiver(base: Policy, waiver: Ignore): readonly Loosening[] {
  const { address, until, source } = waiver
  const before = waivedUntil(base.ignore, waiver)
  if (before !== undefined && before >= until) return []
  const message =
    before === undefined
      ? `policy.ignore now covers ${address}, until ${until}`
      : `policy.ignore for ${address} ends on ${until} instead of ${before}`
  return [{ message, source }]
}

function loosenedAdministrators(base: Policy, here: Policy): readonly Loosening[] {
  const gone = base.administrators.users.filter((user) => !here.administrators.users.includes(user))
  const [before, after] = [base.administrators.atLeast, here.administrators.atLeast]
  return [
    ...gone.map((user) => ({ message: `policy.administrators no longer names ${user}` })),
    ...(after < before ? [{ message: `policy.administrators.atLeast ${before} → ${after}` }] : []),
  ]
}

function loosenedNumbers(base: Policy, here: Policy): readonly Loosening[] {
  const isLenient = here.unknownPrincipals === 'warn' && base.unknownPrincipals !== 'warn'
  return [
    ...limitNames.flatMap((name): readonly Loosening[] => {
      const [before, after] = [limitOf(base, name), limitOf(here, name)]
      if (after <= before) return []
      return [{ message: `policy.limits.${name} ${before} → ${Number.isFinite(after) ? after : 'any number'}` }]
    }),
    ...(isLenient ? [{ message: 'policy.unknownPrincipals refuse → warn' }] : []),
  ]
}
