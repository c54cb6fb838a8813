/**
 * The token endpoint of Bitbucket Data Center: code → pair, refresh token → next pair.
 *
 * A refresh token is good once, and its use kills the pair before. So nothing is sent twice, nothing follows a
 * redirect, the connection is fresh (a stale one would leave the outcome unknown), and any answer is searched for tokens
 * before it is judged. What came back is told as one of four outcomes; only `refused` and `unsent` prove that the token
 * presented was not used up. Parameters go into the body: in the query they would end up in access logs.
 */
import { ApiError, AuthError } from '../model/errors.js'
import { type Scrubber, Secret } from '../model/secret.js'
import { TransportError } from '../model/transport-error.js'
import type { Answer, Transport } from '../transport.js'
import { type Revocation, revokeToken } from './revoke.js'

/** What an answer held. Absent means that the server did not send it. */
export interface TokenPair {
  readonly accessToken?: Secret
  readonly refreshToken?: Secret
  readonly lifetimeSeconds?: number
  readonly scopes?: readonly string[]
}

/** What became of a request. */
export type TokenOutcome =
  | { readonly type: 'granted'; readonly pair: TokenPair }
  /** Bitbucket said no and used nothing up. `isGrantDead`: what was presented is not good any more. */
  | { readonly type: 'refused'; readonly error: AuthError | ApiError; readonly isGrantDead: boolean }
  /** The request never left. */
  | { readonly type: 'unsent'; readonly error: TransportError }
  /** Whether the server acted is unknown. */
  | { readonly type: 'uncertain'; readonly error: ApiError }

/** A code with what it is bound to. */
export interface CodeExchange {
  readonly code: Secret
  readonly verifier: Secret
  readonly redirectUri: string
}

/** A refresh token; the redirect URL belongs to it, since some servers compare it. */
export interface Refresh {
  readonly refreshToken: Secret
  readonly redirectUri: string
}

/** Sends each request once and tells what became of it; throws only where the client secret is missing. */
export interface TokenEndpoint {
  exchange(exchange: CodeExchange): Promise<TokenOutcome>
  refresh(refresh: Refresh): Promise<TokenOutcome>
  /** Asks the server to forget a token; see `revoke.ts`. */
  revoke(token: Secret, kind: 'refresh_token' | 'access_token'): Promise<Revocation>
  /** @throws AuthError `AUTH_CLIENT` where no client secret is known: cheaper to hear before anything is begun. */
  requireClientSecret(): Secret
}

/** A token endpoint below a transport's base URL. */
export interface TokenEndpointOptions {
  readonly transport: Transport
  readonly clientId: string
  /** Needed only for exchange and refresh. */
  readonly clientSecret?: Secret
  /** Learns every secret before it is used, so that the last scrub knows it. */
  readonly scrubber: Scrubber
}

const path = '/rest/oauth2/latest/token'
/** Giving up loses the pair, so an answer is awaited as long as the connection lives, or this long. */
const answerTimeoutMilliseconds = 300_000

export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const requireClientSecret = (): Secret => {
    if (options.clientSecret !== undefined) return options.clientSecret
    throw new AuthError('AUTH_CLIENT', 'The client secret of the application link is needed, and none is given', {
      hint: 'Set BBSTATE_CLIENT_SECRET, or name a file that holds it with --client-secret-file.',
    })
  }
  const send = async (parameters: Readonly<Record<string, string>>, redirectUri: string): Promise<TokenOutcome> => {
    const secret = requireClientSecret().reveal()
    const form = { ...parameters, client_id: options.clientId, client_secret: secret, redirect_uri: redirectUri }
    const { code, code_verifier: verifier, refresh_token: refreshToken } = parameters
    for (const value of [secret, code, verifier, refreshToken]) if (value !== undefined) options.scrubber.add(value)
    try {
      const answer = await options.transport.request({
        method: 'POST',
        path,
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
        freshConnection: true,
        answerTimeoutMilliseconds,
      })
      return judgeAnswer(answer, options, redirectUri, parameters['grant_type'] === 'refresh_token')
    } catch (thrown) {
      if (!(thrown instanceof TransportError)) throw thrown
      return { type: thrown.sent ? 'uncertain' : 'unsent', error: thrown }
    }
  }
  return {
    requireClientSecret,
    async revoke(token, kind) {
      if (options.clientSecret === undefined) return 'failed'
      for (const secret of [token, options.clientSecret]) options.scrubber.add(secret.reveal())
      return revokeToken({ ...options, clientSecret: options.clientSecret }, token, kind)
    },
    exchange: ({ code, verifier, redirectUri }) =>
      send({ grant_type: 'authorization_code', code: code.reveal(), code_verifier: verifier.reveal() }, redirectUri),
    refresh: ({ refreshToken, redirectUri }) =>
      send({ grant_type: 'refresh_token', refresh_token: refreshToken.reveal() }, redirectUri),
  }
}

function judgeAnswer(
  answer: Answer,
  options: TokenEndpointOptions,
  redirectUri: string,
  isRefresh: boolean,
): TokenOutcome {
  const data = parseObject(answer.body)
  if (answer.status >= 200 && answer.status < 300) {
    const pair = salvageTokens(answer.body, data)
    for (const token of [pair.accessToken, pair.refreshToken]) if (token) options.scrubber.add(token.reveal())
    if (pair.accessToken !== undefined || pair.refreshToken !== undefined) return { type: 'granted', pair }
    return { type: 'uncertain', error: describeIntercepted(answer, options.transport.baseUrl) }
  }
  const error = data?.['error']
  if (answer.status >= 400 && answer.status < 500 && typeof error === 'string') {
    return judgeError(error, data?.['error_description'], options, redirectUri, isRefresh)
  }
  if (answer.status === 404) {
    return { type: 'refused', error: describeMissing(options.transport.baseUrl), isGrantDead: false }
  }
  if (answer.status >= 300 && answer.status < 400) {
    return { type: 'uncertain', error: describeIntercepted(answer, options.transport.baseUrl) }
  }
  const code = answer.status === 429 ? 'API_RATE_LIMITED' : answer.status >= 500 ? 'API_SERVER' : 'API_UNEXPECTED'
  const message = `The token endpoint of ${options.transport.baseUrl} answered ${answer.status}`
  return { type: 'uncertain', error: new ApiError(code, message, { status: answer.status, ...requestIdOf(answer) }) }
}

/** RFC 6749 section 5.2. The server's description may echo what was sent: it is scrubbed, and only ever a hint. */
function judgeError(
  error: string,
  description: unknown,
  options: TokenEndpointOptions,
  redirectUri: string,
  isRefresh: boolean,
): TokenOutcome {
  const refuse = (refusal: AuthError, isGrantDead = false): TokenOutcome => {
    return { type: 'refused', error: refusal, isGrantDead }
  }
  const said = quoteServer(description, options.scrubber)
  switch (error) {
    case 'invalid_client':
      return refuse(
        new AuthError('AUTH_CLIENT', `Bitbucket does not accept client id and client secret${said}`, {
          hint: `The token has not been used up. Check BBSTATE_CLIENT_SECRET against the application link of client ${options.clientId}; a secret that was reset there must be set here.`,
        }),
      )
    case 'invalid_grant':
      return refuse(isRefresh ? describeDeadRefresh(said, redirectUri) : describeDeadCode(said, redirectUri), true)
    case 'invalid_scope':
      return refuse(
        new AuthError('AUTH_SCOPE', `Bitbucket does not grant the scope${said}`, {
          hint: 'Tick the scope in the application link, then run bbstate auth login.',
        }),
      )
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return refuse(
        new AuthError('AUTH_CLIENT', `Bitbucket does not let this client have tokens this way (${error})${said}`, {
          hint: 'The application link must be an incoming one, of an external application. Check --client-id.',
        }),
      )
    case 'invalid_request':
      return refuse(
        new AuthError('AUTH_REDIRECT', `Bitbucket refused the request for a token as wrong${said}`, {
          hint: `Most often the redirect URL differs from the application link. Sent was ${redirectUri}: compare character for character.`,
        }),
      )
    default: {
      // `server_error`, a lock that timed out, and what no document names: it may have happened in the middle.
      const name = /^[\w.-]{1,40}$/u.test(error) ? error : 'an unknown error'
      return { type: 'uncertain', error: new ApiError('API_SERVER', `The token endpoint answered ${name}${said}`) }
    }
  }
}

function describeDeadRefresh(said: string, redirectUri: string): AuthError {
  return new AuthError('AUTH_SIGN_IN_REQUIRED', `Bitbucket does not accept the stored refresh token any more${said}`, {
    hint: `It has expired, was revoked, was used by another tool, or the server was restored from a backup; some servers also say so where the redirect URL (${redirectUri}) was changed. Run bbstate auth login.`,
  })
}

function describeDeadCode(said: string, redirectUri: string): AuthError {
  return new AuthError('AUTH_SIGN_IN_REQUIRED', `Bitbucket does not accept the code of this sign-in${said}`, {
    hint: `A code is good once and for seconds. Run bbstate auth login again; if it stays so, compare the redirect URL ${redirectUri} with the application link.`,
  })
}

function describeMissing(baseUrl: string): ApiError {
  return new ApiError('API_UNSUPPORTED', `${baseUrl} has no OAuth 2.0 token endpoint (404 for ${path})`, {
    status: 404,
    hint: 'Check the context path of --url. Bitbucket offers OAuth 2.0 from 7.21 on, and only where its own base URL is https (for a test server: -Datlassian.oauth2.provider.skip.base.url.https.requirement=true).',
  })
}

function describeIntercepted(answer: Answer, baseUrl: string): ApiError {
  const location = answer.headers['location']
  const target = location !== undefined && URL.canParse(location, baseUrl) ? new URL(location, baseUrl).origin : null
  const what = target === null ? 'brought no token' : `redirects to ${target}`
  return new ApiError('API_UNEXPECTED', `The token endpoint of ${baseUrl} ${what} (${answer.status})`, {
    status: answer.status,
    ...requestIdOf(answer),
    hint: 'Something in front of Bitbucket answers, such as single sign-on or a proxy: it must let /rest/oauth2 pass.',
  })
}

function requestIdOf(answer: Answer): { readonly requestId?: string } {
  const id = answer.headers['x-arequestid']
  return id === undefined ? {} : { requestId: id }
}

function quoteServer(description: unknown, scrubber: Scrubber): string {
  if (typeof description !== 'string' || description.trim() === '') return ''
  const printable = scrubber
    .scrub(description)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
  return `: "${printable.length > 200 ? `${printable.slice(0, 200)}…` : printable}"`
}

/** Takes every token that can be found, also out of a document that is otherwise wrong: there is no second one. */
function salvageTokens(body: string, data: Readonly<Record<string, unknown>> | null): TokenPair {
  const find = (name: string): string | undefined => {
    const value = data === null ? findInText(body, name) : data[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const access = find('access_token')
  const refresh = find('refresh_token')
  const lifetime = Number(data === null ? Number.NaN : (data['expires_in'] ?? Number.NaN))
  const scope = data?.['scope']
  return {
    ...(access === undefined ? {} : { accessToken: new Secret(access) }),
    ...(refresh === undefined ? {} : { refreshToken: new Secret(refresh) }),
    ...(Number.isFinite(lifetime) && lifetime >= 0 ? { lifetimeSeconds: lifetime } : {}),
    ...(typeof scope === 'string' && scope !== '' ? { scopes: scope.split(/[\s,]+/u).filter(Boolean) } : {}),
  }
}

function findInText(body: string, name: string): string | undefined {
  return new RegExp(`"${name}"\\s*:\\s*"([^"\\\\]+)"`, 'u').exec(body)?.[1]
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const data: unknown = JSON.parse(text)
    return typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
