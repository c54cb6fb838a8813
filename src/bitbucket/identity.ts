/**
 * Who the server answers.
 *
 * Every answer that the API itself wrote names the account in `X-AUSERNAME`. Where it is missing, or a 401 says that
 * the credentials are unknown, they are renewed once and the work is begun again; where another account is named, the
 * run ends. Answers of proxies and of URLs that nothing handles are not judged: they say nothing of the token.
 */
import type { Credentials } from '../model/credentials.js'
import { ApiError, AuthError, type BbstateError, UnfinishedWrite } from '../model/errors.js'
import type { Scrubber, Secret } from '../model/secret.js'
import type { Answer } from '../transport.js'
import {
  type Asked,
  detailsOf,
  explainAnswer,
  isUnrouted,
  isWebPage,
  judgeRefusal,
  nameRequest,
} from './answer-errors.js'
import { isRepeatable } from './retry.js'

/** What the guard is made of. */
export interface IdentityOptions {
  readonly credentials: Credentials
  readonly scrubber: Scrubber
  readonly allowNoIdentityHeader?: boolean
}

/** A request in the words of an error. */
export type Sent = Pick<Asked, 'method' | 'path'>

/** Watches whom the answers name. */
export interface IdentityGuard {
  /**
   * Before each request. Where the server refused the credentials for good, nothing more is sent with them: repeated
   * failures end in a CAPTCHA that locks the account.
   * @throws the refusal that ended the sign-in.
   */
  requireSignIn(): void
  /** The account that the first answer named. */
  account(): string | undefined
  asked(sent: Sent): Asked
  /** @throws IdentityLost where the answer was not given to the account; AuthError where it was to another one. */
  judge(answer: Answer, authorization: Secret, sent: Sent): void
  /**
   * Does work, and once again with renewed credentials where the identity was lost on the way.
   * @param sent one request that must not be repeated blindly: then the credentials are renewed, and it is not sent again
   * @throws UnfinishedWrite for such a request
   */
  renewing<T>(work: () => Promise<T>, sent?: Sent): Promise<T>
  /** The error for an answer that names nobody. */
  unnamed(answer: Answer): AuthError
}

/** The server did not answer the account. Never leaves this room: it becomes a renewal or the error it carries. */
class IdentityLost extends Error {
  readonly rejected: Secret
  readonly reason: BbstateError
  /** The request may have been carried out although nobody was named; repeating it is not safe. */
  readonly mayBeDone: boolean

  constructor(rejected: Secret, reason: BbstateError, mayBeDone: boolean) {
    super(reason.message)
    this.rejected = rejected
    this.reason = reason
    this.mayBeDone = mayBeDone
  }
}

/** Starts without knowing the account; the first answer that names one decides. */
export function guardIdentity(options: IdentityOptions): IdentityGuard {
  const { credentials, scrubber, allowNoIdentityHeader = false } = options
  let named: string | undefined
  let ended: BbstateError | undefined
  /** Headers that the server has accepted, so that a token which never worked is not renewed again and again. */
  const proven = new Set<string>()
  let hasRenewed = false
  const end = (reason: BbstateError): BbstateError => {
    ended ??= reason
    return reason
  }
  const asked = (sent: Sent): Asked => ({
    ...sent,
    scheme: credentials.scheme,
    account: named === undefined ? undefined : readName(named),
    scrub: (text) => scrubber.scrub(text),
  })
  const unnamed = (answer: Answer): AuthError => explainUnnamed(answer, credentials.scheme)
  return {
    requireSignIn: () => {
      if (ended !== undefined) throw ended
    },
    account: () => (named === undefined ? undefined : readName(named)),
    asked,
    unnamed,
    judge: (answer, authorization, sent) => {
      if (answer.status === 401 || isDenied(answer)) {
        const refusal = judgeRefusal(answer)
        // Told as the 401 that it is, also where the status says 403.
        if (refusal === 'locked') throw end(explainAnswer({ ...answer, status: 401 }, asked(sent)))
        if (refusal !== 'unknown') return
        throw new IdentityLost(authorization, refused(answer, asked(sent)), false)
      }
      if (allowNoIdentityHeader || !isJudged(answer)) return
      const name = answer.headers['x-ausername']?.trim() ?? ''
      if (name === '') {
        const mayBeDone = answer.status < 300 && !isRepeatable(sent.method)
        const reason = mayBeDone ? outcomeUnknown(answer, asked(sent)) : unnamed(answer)
        throw new IdentityLost(authorization, reason, mayBeDone)
      }
      named ??= name
      proven.add(authorization.reveal())
      if (name !== named) throw otherAccount(answer, readName(named), readName(name))
    },
    renewing: async (work, sent) => {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof IdentityLost)) throw error
        const { mayBeDone, reason, rejected } = error
        const isFruitless = hasRenewed && !proven.has(rejected.reveal())
        if (isFruitless || !(await credentials.renew(rejected))) throw mayBeDone ? reason : end(reason)
        hasRenewed = true
        if (sent !== undefined && !isRepeatable(sent.method)) throw unfinished(asked(sent), reason, mayBeDone)
      }
      try {
        return await work()
      } catch (error) {
        throw error instanceof IdentityLost ? end(error.reason) : error
      }
    },
  }
}

/** A CAPTCHA is asked for by a header, beside 401 or 403. */
function isDenied({ status, headers }: Answer): boolean {
  return status === 403 && headers['x-authentication-denied-reason'] !== undefined
}

function isJudged(answer: Answer): boolean {
  const { status } = answer
  if (status >= 500 || status === 429 || (status >= 300 && status < 400)) return false
  return !isUnrouted(answer) && !isWebPage(answer)
}

/** Seraph writes the header URL-encoded, so that names beyond ASCII survive (inferred: no document says so). */
function readName(header: string): string {
  try {
    return decodeURIComponent(header)
  } catch {
    return header
  }
}

function refused(answer: Answer, asked: Asked): BbstateError {
  if (asked.scheme !== 'oauth2') return explainAnswer(answer, asked)
  const message = `The server no longer accepts the sign-in, and renewing it did not help (${nameRequest(asked)} answered 401)`
  const hint = 'Run bbstate auth login. It was revoked, the application link was removed, or another tool uses it too.'
  return new AuthError('AUTH_SIGN_IN_REQUIRED', message, detailsOf(answer, hint))
}

function explainUnnamed(answer: Answer, scheme: Credentials['scheme']): AuthError {
  const cause =
    scheme === 'oauth2'
      ? 'the sign-in was revoked and the server treats bbstate as anonymous'
      : 'the credentials are unknown to the server, which then treats bbstate as anonymous'
  return new AuthError(
    'AUTH_SIGN_IN_REQUIRED',
    'The answers of the server do not name the account (no X-AUSERNAME header), so lists may be incomplete',
    detailsOf(
      answer,
      `Either ${cause}: sign in again. Or a proxy strips the header: let it pass, or accept the risk with --allow no-identity-header.`,
    ),
  )
}

function outcomeUnknown(answer: Answer, asked: Asked): ApiError {
  return new ApiError(
    'API_UNEXPECTED',
    `${nameRequest(asked)} succeeded, but the answer does not name the account, so it is not certain what was done`,
    detailsOf(answer, 'Plan again to see live.'),
  )
}

function unfinished(asked: Asked, reason: BbstateError, mayBeDone: boolean): UnfinishedWrite {
  const details = {
    hint: reason.hint ?? '',
    ...(reason.requestId === undefined ? {} : { requestId: reason.requestId }),
  }
  if (mayBeDone) return new UnfinishedWrite(reason.message, true, details)
  const message = `The sign-in ended under ${nameRequest(asked)}; it was renewed, and the request is not sent again blindly`
  return new UnfinishedWrite(message, false, { ...details, hint: 'Nothing was done by it. Plan again to see live.' })
}

function otherAccount(answer: Answer, expected: string, found: string): AuthError {
  return new AuthError(
    'AUTH_SIGN_IN_REQUIRED',
    `The server answers ${found} now, but the run was begun as ${expected}`,
    detailsOf(answer, 'Somebody signed in as another account meanwhile. Run again.'),
  )
}
