/**
 * A record with `pending` under a lock that was won: its run died, or could not find out what became of its request.
 *
 * What is certain is done: a staged pair is committed, and a token that demonstrably was not used is presented again.
 * Where the pair can lie nowhere any more, the old token is presented once more, and that is noted: a server that did not
 * get so far still takes it. Where another machine may hold the pair, that machine is named instead.
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
  /** Whether the server rotated is not known, and no pair can be found: the token is presented once more, and noted. */
  | { readonly type: 'replay'; readonly stored: Stored; readonly lost: Pending }

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
  if (pending.refused) throw describeLoss(pending)
  requireDeadHolder(tools, pending)
  await waitOutQuarantine(tools, pending)
  const result = await askOracle(tools, record, pending)
  const isAccepted = result.type === 'accepted' && (record.account === null || result.account === record.account)
  if (isAccepted) return { type: 'unused', stored: current }
  if (tools.allowsReplay !== true) refuseReplay(tools, pending)
  return { type: 'replay', stored: current, lost: pending }
}

/** Once is all: a second replay could revoke what the first one brought, and another machine's stage may hold the pair. */
function refuseReplay(tools: RotationTools, pending: Pending): void {
  if (pending.replayed) throw describeDoubt(pending)
  if (pending.host === tools.run.host || pending.ephemeral) return
  throw new AuthError('AUTH_RECOVERABLE', `The new token may lie on ${pending.host}: ${describeRun(pending)}`, {
    hint: `Run bbstate auth status on ${pending.host}, which commits it. If that machine is gone: bbstate auth recover --replay.`,
  })
}

/** Ten minutes: longer than any request is awaited, and than any lock of a store lives. */
const longestRun = 600_000

/** The kernel lock is proof for this machine; a lock that ended by time, and ten minutes, are proof for every one. */
function requireDeadHolder(tools: RotationTools, pending: Pending): void {
  const { lock } = tools.store.capabilities
  if (lock === 'kernel' && pending.host === tools.run.host) return
  if (tools.clock.now() - pending.startedAt >= longestRun) return
  throw new AuthError('AUTH_UNCERTAIN', `A refresh of the token was begun elsewhere: ${describeRun(pending)}`, {
    hint: `It may still be under way. Run the same command again ten minutes after it was begun; if ${pending.host} still runs, run it there.`,
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

/** The old token was refused after a run had died: its pair is gone. */
export function describeLoss(pending: Pending): AuthError {
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
    {
      hint: 'A second presentation of the old token was begun already, and nothing came of it. Run bbstate auth recover --replay to try once more, or sign in with bbstate auth login.',
    },
  )
}

function describeRun(pending: Pending): string {
  return `${pending.holder} on ${pending.host}, begun ${new Date(pending.startedAt).toISOString()}`
}
