/** What the next run would do with a stored token, told without doing it. */
import type { Outlook } from '../model/sign-in.js'
import type { Stage, TokenRecord } from './record.js'
import { isAccessUsable } from './session.js'
import { refreshLifeMilliseconds } from './sign-in.js'

/** What can be seen from here. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly now: number
  /** This machine. */
  readonly host: string
  /** The pair that is staged on this machine. */
  readonly stage: Stage | null
  /** Whether a client secret is given, without which nothing is refreshed. */
  readonly hasClientSecret: boolean
}

/** Milliseconds after which a run elsewhere counts as dead. */
const longestRun = 600_000

/** Judges in the order in which a rotation does. */
export function foresee(record: TokenRecord, surroundings: Surroundings): Outlook {
  const { now } = surroundings
  if (record.moving !== undefined) {
    const { to } = record.moving
    return { action: 'finish-move', text: `nothing: finish the move first (bbstate auth move --to ${to})` }
  }
  if (isAccessUsable(record, now)) return { action: 'use', text: 'uses the access token as it is' }
  if (record.pending !== null) return foreseeRecovery(record, record.pending, surroundings)
  if (now > record.rotatedAt + refreshLifeMilliseconds) {
    return { action: 'sign-in', text: 'tries to refresh it, most likely in vain: bbstate auth login' }
  }
  if (!surroundings.hasClientSecret) {
    return { action: 'refresh', text: 'fails: a refresh needs BBSTATE_CLIENT_SECRET or --client-secret-file' }
  }
  return { action: 'refresh', text: `refreshes it to generation ${record.generation + 1}` }
}

function foreseeRecovery(
  record: TokenRecord,
  pending: NonNullable<TokenRecord['pending']>,
  { now, host, stage }: Surroundings,
): Outlook {
  const isStaged =
    stage?.attempt === pending.attempt &&
    stage.record.lineage === record.lineage &&
    stage.record.generation === record.generation + 1
  if (isStaged) {
    return { action: 'commit', text: `takes the new token from this machine: generation ${record.generation + 1}` }
  }
  if (pending.refused) return { action: 'sign-in', text: 'fails: the new token was lost (bbstate auth login)' }
  if (pending.host !== host && now - pending.startedAt < longestRun) {
    return { action: 'wait', text: `fails until ten minutes after ${pending.host} began, unless that run ends before` }
  }
  if (pending.host !== host && !pending.ephemeral) {
    return {
      action: 'recover',
      text: `asks the server, and where it did refresh, needs ${pending.host} or auth recover`,
    }
  }
  return { action: 'find-out', text: 'asks the server what became of the unfinished refresh, and goes on from there' }
}
