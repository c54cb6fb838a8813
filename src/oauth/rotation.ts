/**
 * The rotation: one refresh token is presented once, and the pair that comes back is not lost.
 *
 * The order of the steps is the protocol, which was model-checked; a step must not move. What a crash between two of them
 * leaves behind is taken up by `recovery.ts`. Everything here runs under the lock of the store but the last probe.
 */
import { ApiError, AuthError, BusyError, InterruptedError } from '../model/errors.js'
import { encodeHex } from './base64.js'
import { commitStage } from './commit.js'
import { probeServer, probeToken } from './probe.js'
import { digestToken, type Pending, type Stage, type TokenRecord } from './record.js'
import { describeLoss, recoverPending } from './recovery.js'
import type { RotationTools } from './rotation-tools.js'
import type { LockedStore, Stored, TokenStore } from './store.js'
import type { TokenPair } from './token-endpoint.js'

/** Least remaining life of the lock, and greatest age of `pending`, when the token is presented. */
const leastLockMilliseconds = 60_000
const greatestPendingAge = 15_000
/** Where the server does not say how long a token lives: Bitbucket's default. */
const usualLifetimeSeconds = 3600

/**
 * Rotates the token, unless somebody else has done so since `seen` was read: then theirs is adopted.
 *
 * @returns a record whose access token differs from that of `seen`
 * @throws AuthError `AUTH_SIGN_IN_REQUIRED`, `AUTH_CLIENT`, `AUTH_UNCERTAIN`, `AUTH_RECOVERABLE`, `AUTH_STORE`; ApiError
 * where the server cannot be asked, nothing being lost; BusyError where the lock is not free in time.
 */
export async function rotateToken(tools: RotationTools, seen: TokenRecord): Promise<TokenRecord> {
  tools.endpoint.requireClientSecret()
  const locked = await tools.store.lock(tools.lockTimeoutMilliseconds)
  let next: TokenRecord
  try {
    const current = await readAgain(tools, locked)
    if (isAnother(current.record, seen)) return current.record
    const recovery = current.record.pending === null ? null : await recoverPending(tools, locked, current)
    if (recovery?.type === 'finished') return recovery.record
    await preflight(tools)
    const intent = await writePending(tools, locked, recovery?.stored ?? current, recovery !== null)
    const lost = recovery?.type === 'replay' ? recovery.lost : undefined
    const pair = await presentToken(tools, locked, intent, lost)
    const stage = await stagePair(tools, intent.stored.record, pair)
    next = await commitStage(tools, locked, intent.stored.revision, stage)
  } finally {
    await locked.unlock()
  }
  await probeAccount(tools, next)
  return next
}

/**
 * The record as it stands.
 * @throws AuthError `AUTH_SIGN_IN_REQUIRED` where there is none, `AUTH_STORE` where it is older than one seen here.
 */
export async function readAgain(
  tools: Pick<RotationTools, 'transport' | 'store' | 'mark' | 'scrubber'>,
  source: Pick<TokenStore, 'read'>,
): Promise<Stored> {
  const stored = await source.read()
  if (stored === null) {
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${tools.transport.baseUrl} here`, {
      hint: `There is no token in ${tools.store.location}. Run bbstate auth login --url ${tools.transport.baseUrl}`,
    })
  }
  const { lineage, generation, accessToken, refreshToken } = stored.record
  for (const token of [accessToken, refreshToken]) tools.scrubber.add(token.reveal())
  const highest = await tools.mark.read(lineage)
  if (generation >= highest) return stored
  throw new AuthError(
    'AUTH_STORE',
    `The token in ${tools.store.location} has been put back to generation ${generation}; ${highest} was seen here`,
    { hint: 'A backup was restored, and its refresh token is used up. Run bbstate auth login.' },
  )
}

/** Whether the stored pair is another one than the pair seen before: somebody rotated, or signed in anew. */
function isAnother(current: TokenRecord, seen: TokenRecord): boolean {
  return current.lineage !== seen.lineage || current.generation !== seen.generation
}

/** Everything that can fail is tried before the token is presented. That the store takes writes, `pending` proves. */
async function preflight(tools: RotationTools): Promise<void> {
  if (tools.signal?.aborted === true) throw new InterruptedError('Stopped before the token was refreshed')
  await probeServer(tools.transport)
}

interface Intent {
  readonly stored: { readonly revision: string; readonly record: TokenRecord }
  /** Monotonic milliseconds. */
  readonly writtenAt: number
}

async function writePending(
  tools: RotationTools,
  locked: LockedStore,
  current: Stored,
  replayed: boolean,
): Promise<Intent> {
  const { record } = current
  const writtenAt = tools.clock.elapsed()
  const pending: Pending = {
    attempt: encodeHex(tools.crypto.randomBytes(8)),
    ...tools.run,
    startedAt: tools.clock.now(),
    refreshDigest: digestToken(record.lineage, record.refreshToken, tools.crypto),
    replayed,
    refused: false,
  }
  const intended = { ...record, pending }
  const revision = await locked.compareAndSet(current.revision, intended)
  if (revision !== null) return { stored: { revision, record: intended }, writtenAt }
  throw new BusyError(`${tools.store.location} was changed by somebody who does not hold its lock`, {
    hint: 'Nothing was sent. Run the same command again; if it stays so, find out what else writes there.',
  })
}

/** @param lost the run whose pair cannot be found, where its token is presented once more. */
async function presentToken(
  tools: RotationTools,
  locked: LockedStore,
  intent: Intent,
  lost: Pending | undefined,
): Promise<TokenPair> {
  const age = tools.clock.elapsed() - intent.writtenAt
  if ((await locked.remaining()) < leastLockMilliseconds || age > greatestPendingAge) {
    await withdrawPending(locked, intent)
    throw new BusyError('The lock of the token was about to be lost', {
      hint: 'Nothing was sent. This machine was stopped or very slow; run the same command again.',
    })
  }
  const { refreshToken, redirectUri } = intent.stored.record
  const outcome = await tools.endpoint.refresh({ refreshToken, redirectUri })
  switch (outcome.type) {
    case 'granted':
      return outcome.pair
    case 'refused':
      if (lost !== undefined && outcome.isGrantDead) {
        // Noted with the run that lost the pair, so that every later run says the same and presents nothing.
        const { revision, record } = intent.stored
        const pending = { ...lost, replayed: true, refused: true }
        await locked.compareAndSet(revision, { ...record, pending }).catch(() => null)
        throw describeLoss(lost)
      }
      await withdrawPending(locked, intent)
      throw outcome.isGrantDead ? describeDeath(outcome.error, intent.stored.record, tools.clock.now()) : outcome.error
    case 'unsent':
      await withdrawPending(locked, intent)
      throw outcome.error
    case 'uncertain':
      throw describeUncertain(outcome.error)
  }
}

/** Takes back what was written for a request that certainly did nothing. Where that fails, recovery finds out the same. */
async function withdrawPending(locked: LockedStore, intent: Intent): Promise<void> {
  const { revision, record } = intent.stored
  await locked.compareAndSet(revision, { ...record, pending: null }).catch(() => null)
}

/** The record as it shall be; staged on this machine before anything else is done with it. */
async function stagePair(tools: RotationTools, record: TokenRecord, pair: TokenPair): Promise<Stage> {
  const now = tools.clock.now()
  const lifetime = pair.accessToken === undefined ? 0 : (pair.lifetimeSeconds ?? usualLifetimeSeconds)
  const next: TokenRecord = {
    ...record,
    generation: record.generation + 1,
    accessToken: pair.accessToken ?? record.accessToken,
    accessExpiresAt: now + lifetime * 1000,
    // RFC 6749 section 6: no new refresh token means that the one presented stays good.
    refreshToken: pair.refreshToken ?? record.refreshToken,
    rotatedAt: now,
    pending: null,
    last: { refreshDigest: record.pending?.refreshDigest ?? '', rotatedAt: now, holder: tools.run.holder },
  }
  const stage = { attempt: record.pending?.attempt ?? '', record: next }
  // A stage that cannot be written is no reason to lose the pair: the commit may still work, and tells if not.
  await tools.stage.write(stage).catch(() => undefined)
  return stage
}

/** A new token that is not accepted means something that a refresh cannot mend. An unreachable server means nothing. */
async function probeAccount(tools: RotationTools, record: TokenRecord): Promise<void> {
  const result = await probeToken(tools.transport, record.accessToken).catch(() => null)
  if (result?.type === 'rejected') {
    throw new ApiError('API_UNAUTHENTICATED', 'Bitbucket refuses the access token that it has just issued', {
      status: result.status,
      hint: `Check that ${record.account ?? 'the account'} is active, and that access tokens are enabled on every node (atlassian.oauth2.provider.enable.access.tokens).`,
    })
  }
  if (result?.type === 'accepted' && record.account !== null && result.account !== record.account) {
    throw new AuthError(
      'AUTH_SIGN_IN_REQUIRED',
      `The token acts for ${result.account}, no longer for ${record.account}`,
      {
        hint: 'Was the user renamed? Sign in again with bbstate auth login to confirm the account.',
      },
    )
  }
}

const day = 86_400_000

function describeDeath(error: AuthError | ApiError, record: TokenRecord, now: number): AuthError {
  const age = Math.max(0, Math.floor((now - record.rotatedAt) / day))
  const by = record.last === null ? 'the sign-in' : record.last.holder
  const history = `It was issued ${new Date(record.rotatedAt).toISOString()} (${age} days ago; 90 is the default limit) to ${by}.`
  return new AuthError('AUTH_SIGN_IN_REQUIRED', error.message, {
    hint: `${history} ${error.hint ?? ''} Under Profile, Authorized applications, Bitbucket shows whether the access was revoked.`,
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  })
}

function describeUncertain(error: ApiError): AuthError {
  return new AuthError('AUTH_UNCERTAIN', `Whether the token was refreshed is not known: ${error.message}`, {
    hint: `Do not copy tokens by hand. Run the same command again in a minute: it finds out what happened. ${error.hint ?? ''}`.trim(),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  })
}
