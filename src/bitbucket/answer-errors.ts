/**
 * Answers that are not the wanted one, as errors with a code, a place and a remedy.
 *
 * Bitbucket uses 401 for "who are you" and for "you may not", so a 401 is judged by its exception names; texts of the
 * server are shown, scrubbed, and never decided on (catalogue 1.3).
 */
import type { Credentials } from '../model/credentials.js'
import { ApiError, type ErrorDetails } from '../model/errors.js'
import { isObject } from '../model/schema.js'
import type { Answer, Request } from '../transport.js'

/** What an error about an answer is told with. */
export interface Asked {
  readonly method: Request['method']
  /** Behind `/rest`. */
  readonly path: string
  readonly scheme: Credentials['scheme']
  /** Whom the server said it answers, where it did. */
  readonly account: string | undefined
  /** Removes every known secret from a text: a server may echo what it refuses. */
  scrub(text: string): string
}

/** One entry of the API's `errors` array. */
export interface ServerError {
  /** The Java class without its package, such as `AuthorisationException`. */
  readonly exception: string | undefined
  /** The field that the server complains about. */
  readonly context: string | undefined
  readonly message: string
}

/** The `errors` of an answer; `undefined` where the body has none, so that no handler of the API wrote it. */
export function readServerErrors(answer: Answer): readonly ServerError[] | undefined {
  const body = parseJson(answer.body)
  if (!isObject(body) || !Array.isArray(body['errors'])) return undefined
  const errors: readonly unknown[] = body['errors']
  return errors.filter(isObject).map((error) => ({
    exception: textOf(error['exceptionName'])?.split('.').at(-1),
    context: textOf(error['context']),
    message: textOf(error['message']) ?? '',
  }))
}

/** Parses JSON; `undefined` for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Whether the body is a web page: a proxy, a login page, a servlet container's own error. */
export function isWebPage({ headers, body }: Answer): boolean {
  return headers['content-type']?.includes('html') === true || /^\s*<(?:!doctype|html)/iu.test(body)
}

/** What a 401 means. */
export type Refusal =
  /** The credentials are not (or no longer) known: renewing them may help. */
  | 'unknown'
  /** The account is known and may not: renewing helps nothing. */
  | 'forbidden'
  /** Wrong password, CAPTCHA, no licence, inactive: trying again makes it worse. */
  | 'locked'

/** Splits a 401 by its exception names; without one, an answer that names the account has recognised it. */
export function judgeRefusal(answer: Answer): Refusal {
  const names = (readServerErrors(answer) ?? []).flatMap(({ exception }) => exception ?? [])
  if (names.some((name) => name.startsWith('Authorisation') || /WebSudo/iu.test(name))) return 'forbidden'
  if (names.some((name) => /Captcha|IncorrectPassword|NoAccess|Inactive|ExpiredPassword/u.test(name))) return 'locked'
  if (answer.headers['x-authentication-denied-reason'] !== undefined) return 'locked'
  return names.length === 0 && answer.headers['x-ausername'] !== undefined ? 'forbidden' : 'unknown'
}

/** The details that every error about an answer carries. */
export function detailsOf(
  answer: Answer,
  hint?: string,
): ErrorDetails & {
  readonly status: number
  readonly exceptions: readonly string[]
  readonly fields: readonly string[]
} {
  const requestId = answer.headers['x-arequestid']
  return {
    status: answer.status,
    exceptions: (readServerErrors(answer) ?? []).flatMap(({ exception }) => exception ?? []),
    fields: (readServerErrors(answer) ?? []).flatMap(({ context }) => context ?? []),
    ...(hint === undefined ? {} : { hint }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

/** The error for an answer that is not a success. */
export function explainAnswer(answer: Answer, asked: Asked): ApiError {
  const { status } = answer
  if (status >= 300 && status < 400) return explainRedirect(answer, asked)
  switch (status) {
    case 400:
    case 422:
      return new ApiError('API_REJECTED', `The server rejected ${nameRequest(asked)}${quote(answer, asked)}`, {
        ...detailsOf(answer, 'Correct the value in the configuration; the server says above what it does not accept.'),
      })
    case 401:
      return explainRefusal(answer, asked)
    case 403:
      return explainForbidden(answer, asked)
    case 404:
      return explainNotFound(answer, asked)
    case 405:
      return new ApiError(
        'API_UNSUPPORTED',
        `This server does not offer ${nameRequest(asked)} (405)`,
        detailsOf(answer),
      )
    case 409:
      return new ApiError(
        'API_CONFLICT',
        `The server refused ${nameRequest(asked)} because of what is already there${quote(answer, asked)}`,
        detailsOf(answer, 'It may exist already, be in use, or protect your own permissions. Plan again to see live.'),
      )
    case 429:
      return new ApiError(
        'API_RATE_LIMITED',
        `The server limits the rate of requests and did not let ${nameRequest(asked)} through in time`,
        detailsOf(
          answer,
          'Run again later, lower --parallelism or --max-rate, or exempt the account under instance.rateLimitUsers.',
        ),
      )
    default:
      return explainOther(answer, asked)
  }
}

/** A 404 with the API's own body is an absent object; any other one means that nothing handles the URL. */
export function isUnrouted(answer: Answer): boolean {
  return answer.status === 404 && readServerErrors(answer) === undefined
}

function explainNotFound(answer: Answer, asked: Asked): ApiError {
  if (!isUnrouted(answer)) {
    const message = `The server does not know what ${nameRequest(asked)} names${quote(answer, asked)}`
    return new ApiError('API_NOT_FOUND', message, detailsOf(answer, 'It may have been deleted meanwhile: plan again.'))
  }
  const hint = isWebPage(answer)
    ? 'A web page answered: a proxy may block this path, or the URL lacks the context path (such as /bitbucket).'
    : 'The server is older than the setting, or the app that provides it is disabled. See bbstate doctor.'
  return new ApiError('API_UNSUPPORTED', `This server has no endpoint ${asked.path}`, detailsOf(answer, hint))
}

function explainRedirect(answer: Answer, asked: Asked): ApiError {
  const target = originOf(answer.headers['location'])
  return new ApiError(
    'API_UNEXPECTED',
    `The server redirects ${nameRequest(asked)}${target === undefined ? '' : ` to ${target}`}; bbstate follows no redirect`,
    detailsOf(
      answer,
      'A login page of a proxy or single sign-on stands in front of /rest, or the URL is not the base URL of Bitbucket (scheme, host, context path).',
    ),
  )
}

/** The origin alone: the rest of a redirect may hold tokens. */
function originOf(location: string | undefined): string | undefined {
  if (location === undefined) return undefined
  if (location.startsWith('/') && !location.startsWith('//')) return 'another path of this server'
  try {
    return new URL(location).origin
  } catch {
    return undefined
  }
}

function explainRefusal(answer: Answer, asked: Asked): ApiError {
  const refusal = judgeRefusal(answer)
  if (refusal === 'forbidden') return explainForbidden(answer, asked)
  const hint = {
    locked:
      'Sign in to Bitbucket in a browser with this account: it may ask for a CAPTCHA after wrong passwords, the password may be wrong or expired, or the account has no licence. bbstate does not try again, so that the account is not locked.',
    unknown: unknownHints[asked.scheme],
  }[refusal]
  return new ApiError(
    'API_UNAUTHENTICATED',
    `The server does not accept the credentials (${nameRequest(asked)} answered 401)${quote(answer, asked)}`,
    detailsOf(answer, hint),
  )
}

const unknownHints = {
  oauth2: 'Run bbstate auth login.',
  bearer: 'The token is unknown, expired or revoked. Administrative endpoints need OAuth 2.0: run bbstate auth login.',
  basic:
    'Check user name and password; basic authentication over REST may also be switched off (the default of new 10.x servers).',
} as const

function explainForbidden(answer: Answer, asked: Asked): ApiError {
  const who = asked.account === undefined ? 'The account' : `The account ${asked.account}`
  return new ApiError(
    'API_FORBIDDEN',
    `${who} may not do ${nameRequest(asked)} (${answer.status})${quote(answer, asked)}`,
    detailsOf(answer, isWebSudo(answer) ? webSudoHint : forbiddenHints[asked.scheme]),
  )
}

function isWebSudo(answer: Answer): boolean {
  if (answer.headers['x-atlassian-websudo'] !== undefined) return true
  return detailsOf(answer).exceptions.some((name) => /WebSudo/iu.test(name))
}

const webSudoHint =
  'The server asks for a secure administrator session (WebSudo), which only a browser has. Let an administrator exempt REST from it (feature.websudo), and use OAuth 2.0.'

// An HTTP access token never carries global permissions (BSERV-10482), so its refusal is not about the account.
const forbiddenHints = {
  oauth2:
    'Both are needed: the global permission of the account (ADMIN or SYS_ADMIN), and an application link whose scope covers it (SYSTEM_ADMIN). After a change of either, run bbstate auth login again.',
  bearer:
    'HTTP access tokens cannot reach administrative endpoints, whatever their permissions (Atlassian BSERV-10482). Use OAuth 2.0: create an incoming application link with the scope SYSTEM_ADMIN and run bbstate auth login.',
  basic: 'Give the account the global permission that this needs (ADMIN or SYS_ADMIN).',
} as const

function explainOther(answer: Answer, asked: Asked): ApiError {
  const { status } = answer
  if (status < 500) {
    return new ApiError(
      'API_UNEXPECTED',
      `The server answered ${status} to ${nameRequest(asked)}${quote(answer, asked)}`,
      detailsOf(answer, 'A proxy may interfere, or this server version wants the request in another form.'),
    )
  }
  const unknown =
    asked.method === 'POST' || asked.method === 'PATCH'
      ? ' It is not known whether the request was carried out: plan again to see live.'
      : ''
  return new ApiError(
    'API_SERVER',
    `The server failed at ${nameRequest(asked)} (${status})${quote(answer, asked)}`,
    detailsOf(answer, `Look into the log of the server, or of the proxy before it.${unknown}`),
  )
}

/** The request in an error: verb and path, secrets removed. */
export function nameRequest({ method, path, scrub }: Pick<Asked, 'method' | 'path' | 'scrub'>): string {
  return `${method} ${scrub(path)}`
}

/** `/authconfig` and `/basicauth` refuse with `{message}` alone (9.4 document). */
function plainMessage({ body }: Answer): string {
  const parsed = parseJson(body)
  return isObject(parsed) ? (textOf(parsed['message']) ?? '') : ''
}

const longestQuote = 400

/** What the server said, scrubbed before it is cut, so that no half of a secret stays. */
function quote(answer: Answer, { scrub }: Asked): string {
  const errors = readServerErrors(answer) ?? []
  const said = errors
    .filter(({ message }) => message !== '')
    .map(({ context, message }) => (context === undefined ? message : `${context}: ${message}`))
    .join('; ')
  const text = scrub((said === '' ? plainMessage(answer) : said).replaceAll(/\s+/gu, ' '))
  if (text === '') return ''
  return `: ${text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text}`
}
