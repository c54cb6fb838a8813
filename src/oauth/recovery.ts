/**
 * A record with `pending` under a lock that was won: its run died, or could not find out what became of its request.
 *
 * What is certain is done: a staged pair is committed, and a token that demonstrably was not used is presented again.
 * What is not certain is said, with the run and the time; an old refresh token is never presented on a guess.
 */
import { ApiError, AuthError } from '../model/errors.js'
import { commitStage } from './commit.js'
import { type ProbeResult, probeToken } from './probe.js'
import type { Pending, TokenRecord } from './record.js'
import type { RotationTools } from './rotation-tools.js'
import type { LockedStore, Stored } from './store.js'

/** What recovery came to. */
export type Recovery =
  /** The dead run's pair was found and committed. */
  | { readonly type: 'finished'; readonly record: TokenRecord }
  /** The server did not rotate: the token may be presented, which is noted as a second time. */
  | { readonly type: 'unused'; readonly stored: Stored }

/** @throws AuthError `AUTH_UNCERTAIN`, `AUTH_SIGN_IN_REQUIRED`, `AUTH_RECOVERABLE`, where no certain way on exists. */
export async function recoverPending(tools: RotationTools, locked: LockedStore, current: Stored): Promise<Recovery> {
  const { record } = current
  const { pending } = record
  if (pending === null) return { type: 'unused', stored: current }
  const stage = await tools.stage.read()
  const isOurs = stage?.attempt === pending.attempt && stage.record.lineage === record.lineage
  if (stage !== null && isOurs && stage.record.generation === record.generation + 1) {
    return { type: 'finished', record: await commitStage(tools, locked, current.revision, stage) }
  }
  requireDeadHolder(tools, pending)
  await waitOutQuarantine(tools, pending)
  const wasAlive = tools.clock.now() < record.accessExpiresAt
  const result = await askOracle(tools, record, pending)
  const isAccepted = result.type === 'accepted' && (record.account === null || result.account === record.account)
  if (isAccepted) return { type: 'unused', stored: current }
  throw wasAlive ? describeLoss(pending) : describeDoubt(pending)
}

/** The kernel lock is proof for this machine only. */
function requireDeadHolder(tools: RotationTools, pending: Pending): void {
  if (tools.store.capabilities.lock === 'kernel' && pending.host === tools.run.host) return
  throw new AuthError('AUTH_UNCERTAIN', `A refresh of the token was begun elsewhere: ${describeRun(pending)}`, {
    hint: `It may still be under way, or its new token may lie on ${pending.host}: run bbstate there, or sign in again with bbstate auth login.`,
  })
}

/** The dead run's request may still be on its way; until it cannot be any more, nothing the server says is final. */
async function waitOutQuarantine(tools: RotationTools, pending: Pending): Promise<void> {
  const quarantine = tools.quarantineMilliseconds ?? 60_000
  // A clock that was set back must not make the wait longer than the quarantine itself.
  const wait = Math.min(quarantine, pending.startedAt + quarantine - tools.clock.now())
  if (wait <= 0) return
  const reason = 'a refresh of the token was interrupted; its request may still be on its way'
  tools.listen?.({ type: 'waiting', reason, seconds: Math.ceil(wait / 1000) })
  await tools.clock.sleep(wait)
}

/** A refresh kills the access token too: one that still works proves that there was none. */
async function askOracle(tools: RotationTools, record: TokenRecord, pending: Pending): Promise<ProbeResult> {
  try {
    return await probeToken(tools.transport, record.accessToken)
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown
    throw new AuthError('AUTH_UNCERTAIN', `An interrupted refresh cannot be looked into: ${thrown.message}`, {
      hint: `Run the same command again when the server answers. Interrupted was ${describeRun(pending)}.`,
    })
  }
}

function describeLoss(pending: Pending): AuthError {
  return new AuthError(
    'AUTH_SIGN_IN_REQUIRED',
    `A run stopped between the answer of Bitbucket and the store, and its new token is lost: ${describeRun(pending)}`,
    { hint: 'The old token has been used up, or revoked since. Run bbstate auth login.' },
  )
}

function describeDoubt(pending: Pending): AuthError {
  return new AuthError(
    'AUTH_UNCERTAIN',
    `A run stopped while it refreshed the token, and whether Bitbucket did is not known: ${describeRun(pending)}`,
    { hint: 'The access token from before has expired, so it cannot tell. Run bbstate auth login.' },
  )
}

function describeRun(pending: Pending): string {
  return `${pending.holder} on ${pending.host}, begun ${new Date(pending.startedAt).toISOString()}`
}
