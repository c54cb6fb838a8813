/** Waivers of `policy.ignore`: what is left alone for a while, and until when. */
import type { Ignore } from '../model/desired.js'
import type { Finding } from '../model/errors.js'
import { refuse } from '../model/guard.js'
import type { Warning } from '../model/plan.js'
import { coversAddress } from '../model/policy.js'
import type { Clock } from './ports.js'

/** Whether a waiver covers an address. */
export function ignoredBy(ignore: readonly Ignore[]): (address: string) => boolean {
  return (address) => ignore.some((waiver) => coversAddress(waiver.address, address))
}

const day = 86_400_000

function daysLeft(waiver: Ignore, clock: Clock): number {
  return Math.floor((Date.parse(`${waiver.until}T23:59:59Z`) - clock.now()) / day)
}

/** @throws PlanError `PLAN_UNSAFE` where a waiver has ended: somebody must decide. */
export function checkWaivers(ignore: readonly Ignore[], clock: Clock): void {
  const ended = ignore
    .filter((waiver) => daysLeft(waiver, clock) < 0)
    .map((waiver): Finding => ({
      code: 'PLAN_UNSAFE',
      message: `The waiver for ${waiver.address} ended on ${waiver.until} (${waiver.reason})`,
      address: waiver.address,
      source: waiver.source,
      hint: 'Remove it from policy.ignore, or give it a new end date.',
    }))
  if (ended.length > 0) throw refuse('Waivers in policy.ignore have ended', ended)
}

/** Waivers that end within a month. */
export function endingWaivers(ignore: readonly Ignore[], clock: Clock): readonly Warning[] {
  return ignore
    .filter((waiver) => daysLeft(waiver, clock) < 30)
    .map((waiver) => ({
      code: 'WAIVER_ENDS',
      message: `The waiver for ${waiver.address} ends on ${waiver.until}; after that every plan fails until somebody decides`,
      address: waiver.address,
      source: waiver.source,
    }))
}
