/** Why a rotation ended without a token, in the words of an administrator: what happened, where, and what to do. */
import { ApiError, AuthError, type BbstateError, BusyError, InterruptedError } from '../model/errors.js'
import type { Pending, TokenRecord } from './record.js'
import type { HandedOut } from './rescue.js'
import type { Failure } from './rotation-states.js'

/** What the words are made of. */
export interface RotationStory {
  /** The store, in words. */
  readonly store: string
  /** Where staged pairs lie, in words. */
  readonly stage: string
  /** The record whose token was presented. */
  readonly record: TokenRecord
  /** What the server or the store said last; for `not-refreshed` and `uncertain` it is an error of this room. */
  readonly cause: unknown
  /** Where the pair went that no store took; `null`: nowhere. */
  readonly handedOut: HandedOut | null
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The error of a failure. */
export function explainRotation(failure: Failure, story: RotationStory): BbstateError {
  switch (failure.type) {
    case 'lost':
      return describeLoss(failure.pending)
    case 'holder-may-live':
      return describeElsewhere(failure.pending)
    case 'replayed-before':
      return describeDoubt(failure.pending)
    case 'elsewhere':
      return describeOtherMachine(failure.pending)
    case 'disturbed':
      return new BusyError(`${story.store} was changed by somebody who does not hold its lock`, {
        hint: 'Nothing was sent. Run the same command again; if it stays so, find out what else writes there.',
      })
    case 'lock-ending':
      return new BusyError('The lock of the token was about to be lost', {
        hint: 'Nothing was sent. This machine was stopped or very slow; run the same command again.',
      })
    case 'stopped':
      return new InterruptedError('Stopped before the token was refreshed')
    case 'not-refreshed':
      return describeRefusal(failure.isGrantDead, story)
    case 'uncertain':
      return describeUncertain(story.cause)
    case 'displaced':
      return describeDisplaced(failure.isRemoved, story)
    case 'unstored':
      return describeUnstored(failure.isStaged, story)
  }
}

/** The old access token cannot be asked for, so nothing can be told of an interrupted run. */
export function explainBlindness(pending: Pending, cause: ApiError): AuthError {
  return new AuthError('AUTH_UNCERTAIN', `An interrupted refresh cannot be looked into: ${cause.message}`, {
    hint: `Run the same command again when the server answers. Interrupted was ${describeRun(pending)}.`,
  })
}

function describeLoss(pending: Pending): AuthError {
  return new AuthError(
    'AUTH_SIGN_IN_REQUIRED',
    `A run stopped between the answer of Bitbucket and the store, and its new token is lost: ${describeRun(pending)}`,
    { hint: 'The old token has been used up, or revoked since. Run bbstate auth login.' },
  )
}

function describeElsewhere(pending: Pending): AuthError {
  return new AuthError('AUTH_UNCERTAIN', `A refresh of the token was begun elsewhere: ${describeRun(pending)}`, {
    hint: `It may still be under way. Run the same command again ten minutes after it was begun; if ${pending.host} still runs, run it there.`,
  })
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

function describeOtherMachine(pending: Pending): AuthError {
  const rescue =
    pending.rescueKey === undefined
      ? ''
      : ' If that run handed a recovery line out (see its log, or the file of --recovery-sink): bbstate auth recover FILE.'
  return new AuthError('AUTH_RECOVERABLE', `The new token may lie on ${pending.host}: ${describeRun(pending)}`, {
    hint: `Run bbstate auth recover on ${pending.host}, which commits it.${rescue} If nothing is left of it: bbstate auth recover --replay.`,
  })
}

function describeRun(pending: Pending): string {
  return `${pending.holder} on ${pending.host}, begun ${new Date(pending.startedAt).toISOString()}`
}

const day = 86_400_000

function describeRefusal(isGrantDead: boolean, { cause, record, now }: RotationStory): BbstateError {
  const error = asError(cause)
  if (!isGrantDead) return error
  const age = Math.max(0, Math.floor((now - record.rotatedAt) / day))
  const by = record.last === null ? 'the sign-in' : record.last.holder
  const history = `It was issued ${new Date(record.rotatedAt).toISOString()} (${age} days ago; 90 is the default limit) to ${by}.`
  return new AuthError('AUTH_SIGN_IN_REQUIRED', error.message, {
    hint: `${history} ${error.hint ?? ''} Under Profile, Authorized applications, Bitbucket shows whether the access was revoked.`,
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  })
}

function describeUncertain(cause: unknown): AuthError {
  const error = asError(cause)
  return new AuthError('AUTH_UNCERTAIN', `Whether the token was refreshed is not known: ${error.message}`, {
    hint: `Do not copy tokens by hand. Run the same command again in a minute: it finds out what happened. ${error.hint ?? ''}`.trim(),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  })
}

function asError(cause: unknown): AuthError | ApiError {
  if (cause instanceof AuthError || cause instanceof ApiError) return cause
  return new ApiError('API_UNEXPECTED', 'The token endpoint could not be asked')
}

function describeDisplaced(isRemoved: boolean, { store, stage, record }: RotationStory): AuthError {
  const what = isRemoved ? 'was removed' : 'was replaced by one that Bitbucket does not accept'
  return new AuthError('AUTH_RECOVERABLE', `The record in ${store} ${what} while the token was refreshed`, {
    hint: `The new token (generation ${record.generation + 1}) is kept in ${stage}. If nobody signed in anew, keep that file; else run bbstate auth login.`,
  })
}

function describeUnstored(isStaged: boolean, { store, stage, cause, handedOut }: RotationStory): AuthError {
  // Only what this program itself says of a store is repeated: another message may quote what was written.
  const reason = cause instanceof AuthError || cause instanceof BusyError ? cause.message : 'it could not be written'
  const ways = [
    ...(isStaged
      ? [
          `It is safe in ${stage}. Mend the store, then run the same command again on this machine: it takes it from there.`,
        ]
      : []),
    ...(handedOut === null
      ? []
      : [
          `It was encrypted to the recovery key and handed to ${handedOut.where}. On any machine: ${handedOut.command}`,
        ]),
  ]
  if (ways.length === 0) {
    return new AuthError(
      'AUTH_SIGN_IN_REQUIRED',
      `The refreshed token could be written nowhere, and is lost: ${reason}`,
      { hint: 'Mend the store, then run bbstate auth login. A recovery key (--recovery-key) would have kept it.' },
    )
  }
  if (handedOut === null) ways.push('It is nowhere else, since no recovery key is given (--recovery-key).')
  return new AuthError('AUTH_RECOVERABLE', `The refreshed token is not in ${store}: ${reason}`, {
    hint: ways.join(' '),
  })
}
