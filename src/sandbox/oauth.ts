/**
 * The OAuth 2.0 provider of Bitbucket Data Center (7.20 and later), as its documents and the knowledge base describe it.
 *
 * Parameters may stand in the body or the query, but the content type must be that of a form. A rotation kills both
 * tokens of the old pair. What they leave open stands in `oauth-rules.ts`.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Reply } from './answers.js'
import type { OAuthNumbers, OAuthRules } from './oauth-rules.js'
import { type ApplicationLink, randomText, type SandboxState, type TokenPair } from './state.js'

/** How the provider behaves where documents leave it open. */
export type OAuthOptions = OAuthRules & OAuthNumbers

/** RFC 6749, section 5.2. */
function oauthError(status: number, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } }
}

const form = 'application/x-www-form-urlencoded'

/** `POST /rest/oauth2/latest/token` */
export function answerToken(
  state: SandboxState,
  options: OAuthOptions,
  now: number,
  contentType: string | undefined,
  parameters: URLSearchParams,
): Reply {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== form) {
    return oauthError(Number(options.contentTypeStatus), 'invalid_request', `The content type must be ${form}`)
  }
  const link = findClient(state, parameters)
  if (link === undefined) {
    return oauthError(Number(options.invalidClientStatus), 'invalid_client', 'Client authentication failed')
  }
  const grant = parameters.get('grant_type')
  if (grant === null) return oauthError(400, 'invalid_request', 'The parameter grant_type is missing')
  if (grant === 'authorization_code' && !parameters.has('code')) {
    return oauthError(400, 'invalid_request', 'The parameter code is missing')
  }
  if (grant === 'refresh_token' && !parameters.has('refresh_token')) {
    return oauthError(400, 'invalid_request', 'The parameter refresh_token is missing')
  }
  if (grant === 'authorization_code') return exchangeCode(state, options, now, link, parameters)
  if (grant === 'refresh_token') return refresh(state, options, now, link, parameters)
  return oauthError(400, 'unsupported_grant_type', 'Use authorization_code or refresh_token')
}

function findClient({ links }: SandboxState, parameters: URLSearchParams): ApplicationLink | undefined {
  const link = links.find(({ clientId }) => clientId === parameters.get('client_id'))
  return link !== undefined && isSame(link.clientSecret, parameters.get('client_secret') ?? '') ? link : undefined
}

/** `POST /rest/oauth2/latest/revoke` (RFC 7009): of an unknown token nobody is told that it is unknown. */
export function answerRevoke(
  state: SandboxState,
  options: OAuthOptions,
  contentType: string | undefined,
  parameters: URLSearchParams,
): Reply {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== form) {
    return oauthError(Number(options.contentTypeStatus), 'invalid_request', `The content type must be ${form}`)
  }
  const link = findClient(state, parameters)
  if (link === undefined) {
    return oauthError(Number(options.invalidClientStatus), 'invalid_client', 'Client authentication failed')
  }
  const token = parameters.get('token') ?? ''
  if (token === '') return oauthError(400, 'invalid_request', 'The parameter token is missing')
  const found = state.tokens.find(({ accessToken, refreshToken }) => accessToken === token || refreshToken === token)
  if (found !== undefined && found.clientId === link.clientId) {
    for (const pair of state.tokens) if (pair.family === found.family) pair.revoked = true
  }
  return { status: 200 }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const invalidGrant = ({ invalidGrantStatus }: OAuthOptions, description: string): Reply =>
  oauthError(Number(invalidGrantStatus), 'invalid_grant', description)

function exchangeCode(
  state: SandboxState,
  options: OAuthOptions,
  now: number,
  link: ApplicationLink,
  parameters: URLSearchParams,
): Reply {
  const index = state.codes.findIndex(({ code }) => code === parameters.get('code'))
  const code = state.codes[index]
  // A code works once, whatever comes of it.
  if (code !== undefined) state.codes.splice(index, 1)
  if (code === undefined || code.clientId !== link.clientId)
    return invalidGrant(options, 'The authorization code is not known')
  if (code.expiresAt <= now) return invalidGrant(options, 'The authorization code has expired')
  if (code.redirectUri !== parameters.get('redirect_uri'))
    return invalidGrant(options, 'The redirect URI does not match')
  if (!isVerified(code.challenge, code.challengeMethod, parameters.get('code_verifier'))) {
    return invalidGrant(options, 'The code verifier does not match the challenge')
  }
  const { user, scopes, redirectUri } = code
  if (state.users[user]?.active !== true) return invalidGrant(options, 'The user is not active')
  if (options.grants === 'replaced') {
    for (const pair of state.tokens) if (pair.user === user && pair.clientId === link.clientId) pair.revoked = true
  }
  return issue(state, options, now, { family: randomText(), clientId: link.clientId, redirectUri, user, scopes })
}

function isVerified(challenge: string | undefined, method = 'plain', verifier: string | null): boolean {
  if (challenge === undefined) return verifier === null
  if (verifier === null) return false
  if (method.toUpperCase() !== 'S256') return challenge === verifier
  return createHash('sha256').update(verifier).digest('base64url') === challenge
}

function refresh(
  state: SandboxState,
  options: OAuthOptions,
  now: number,
  link: ApplicationLink,
  parameters: URLSearchParams,
): Reply {
  const given = parameters.get('refresh_token')
  const pair = findPresented(state, given)
  const redirectUri = parameters.get('redirect_uri')
  if (options.redirectUriOnRefresh === 'required' && redirectUri === null) {
    return invalidGrant(options, 'The redirect URI is missing')
  }
  const isChecked = options.redirectUriOnRefresh !== 'lenient' && redirectUri !== null
  if (isChecked && redirectUri !== (pair?.redirectUri ?? redirectUri)) {
    return invalidGrant(options, 'The redirect URI does not match')
  }
  if (pair === undefined || pair.clientId !== link.clientId || pair.revoked === true) {
    return invalidGrant(options, 'The refresh token is not known')
  }
  if (pair.refreshExpiresAt <= now) return invalidGrant(options, 'The refresh token has expired')
  if (pair.rotatedAt !== undefined) return replay(state, options, now, pair)
  if (state.users[pair.user]?.active !== true) return invalidGrant(options, 'The user is not active')
  pair.rotatedAt = now
  if (options.oldAccessToken === 'lives') pair.outlivesRotation = true
  const reply = issue(state, options, now, pair)
  const issued = state.tokens.at(-1)
  if (issued !== undefined) pair.next = issued.refreshToken
  return reply
}

/** The pair of a refresh token, with this presentation counted. */
function findPresented(state: SandboxState, given: string | null): TokenPair | undefined {
  const pair =
    given === null || given === '' ? undefined : state.tokens.find(({ refreshToken }) => refreshToken === given)
  if (pair !== undefined) pair.presented = (pair.presented ?? 0) + 1
  return pair
}

function replay(state: SandboxState, options: OAuthOptions, now: number, pair: TokenPair): Reply {
  const family = state.tokens.filter((other) => other.family === pair.family)
  if (options.replay === 'grace' && now - (pair.rotatedAt ?? 0) < 60_000) {
    for (const other of family) other.rotatedAt ??= now
    return issue(state, options, now, pair)
  }
  const child = family.find((other) => other.refreshToken === pair.next)
  if (options.replay === 'same-pair' && child !== undefined && child.rotatedAt === undefined) {
    return answerPair(options, now, child)
  }
  if (options.replay === 'revoke-family') for (const other of family) other.revoked = true
  return invalidGrant(options, 'The refresh token was used before')
}

type Grant = Pick<TokenPair, 'family' | 'clientId' | 'redirectUri' | 'user' | 'scopes'> &
  Partial<Pick<TokenPair, 'refreshExpiresAt'>>

function issue(state: SandboxState, options: OAuthOptions, now: number, grant: Grant): Reply {
  return answerPair(options, now, issuePair(state, options, now, grant))
}

function answerPair(options: OAuthOptions, now: number, { accessToken, refreshToken }: IssuedTokens): Reply {
  return {
    status: 200,
    headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
    body: {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: options.accessTokenSeconds,
      refresh_token: refreshToken,
      created_at: Math.floor(now / 1000),
    },
  }
}

export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
}

/** A new grant, and its first pair. */
export function openGrant(
  state: SandboxState,
  options: OAuthOptions,
  now: number,
  consent: Omit<Grant, 'family'>,
): IssuedTokens {
  return issuePair(state, options, now, { ...consent, family: randomText() })
}

/** Dead pairs are kept, to know a replay from an invention, but not for ever. */
const pairsKept = 5000

function issuePair(state: SandboxState, options: OAuthOptions, now: number, grant: Grant): IssuedTokens {
  const { family, clientId, redirectUri, user, scopes } = grant
  const accessToken = makeToken()
  const refreshToken = makeToken()
  const until = now + options.refreshTokenSeconds * 1000
  state.tokens.push({
    family,
    clientId,
    redirectUri,
    user,
    scopes,
    accessToken,
    accessExpiresAt: now + options.accessTokenSeconds * 1000,
    refreshToken,
    refreshExpiresAt: (options.refreshLifetime === 'absolute' && grant.refreshExpiresAt) || until,
  })
  const dead = state.tokens.findIndex(({ rotatedAt, revoked }) => rotatedAt !== undefined || revoked === true)
  if (state.tokens.length > pairsKept && dead >= 0) state.tokens.splice(dead, 1)
  return { accessToken, refreshToken }
}

/** Looks like the server's: a JSON Web Token that holds nothing but an opaque id. */
function makeToken(): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'HS256' })}.${encode({ id: randomText(24) })}.${randomText(32)}`
}

/** A valid authorize request, or what is wrong with it: a page, or an error that the redirect carries. */
export type Authorize =
  | { readonly outcome: 'page'; readonly message: string }
  | { readonly outcome: 'redirect'; readonly location: string }
  | { readonly outcome: 'ask'; readonly link: ApplicationLink; readonly scopes: readonly string[] }

/** Judges the parameters of `GET /rest/oauth2/latest/authorize`. Nothing is redirected to an unregistered address. */
export function judgeAuthorize(state: SandboxState, options: OAuthOptions, parameters: URLSearchParams): Authorize {
  const link = state.links.find(({ clientId }) => clientId === parameters.get('client_id'))
  if (link === undefined) return { outcome: 'page', message: 'The client id is not known.' }
  if (parameters.get('redirect_uri') !== link.redirectUri) {
    return { outcome: 'page', message: 'The redirect URI is not the one of the application link.' }
  }
  if (!isRedirectAllowed(link.redirectUri, options)) {
    return { outcome: 'page', message: 'The redirect URI of the application link must use https.' }
  }
  if (parameters.get('response_type') !== 'code') {
    return { outcome: 'redirect', location: redirectWith(link, parameters, { error: 'unsupported_response_type' }) }
  }
  const scopes = (parameters.get('scope') ?? 'PUBLIC_REPOS').split(/\s+/u).filter(Boolean)
  const isGranted = scopes.every((scope) => link.scopes.some((granted) => implies(granted, scope)))
  if (!isGranted) {
    const description = 'The scope is not ticked on the application link'
    return {
      outcome: 'redirect',
      location: redirectWith(link, parameters, { error: 'invalid_scope', error_description: description }),
    }
  }
  if (!isChallengeSound(parameters)) {
    const description = 'The code challenge is not valid'
    return {
      outcome: 'redirect',
      location: redirectWith(link, parameters, { error: 'invalid_request', error_description: description }),
    }
  }
  return { outcome: 'ask', link, scopes }
}

function isRedirectAllowed(address: string, { httpRedirect }: OAuthOptions): boolean {
  const { protocol, hostname } = new URL(address)
  if (protocol !== 'http:' || httpRedirect === 'any') return true
  return httpRedirect === 'loopback' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u.test(hostname)
}

/** RFC 7636, sections 4.2 and 4.3. Documents and clients disagree on the case of the method, so it does not matter. */
function isChallengeSound(parameters: URLSearchParams): boolean {
  const challenge = parameters.get('code_challenge')
  const method = (parameters.get('code_challenge_method') ?? 'plain').toUpperCase()
  if (challenge === null) return !parameters.has('code_challenge_method')
  return /^[\w.~-]{43,128}$/u.test(challenge) && (method === 'S256' || method === 'PLAIN')
}

const ladder = [
  'PUBLIC_REPOS',
  'ACCOUNT_WRITE',
  'REPO_READ',
  'REPO_WRITE',
  'REPO_ADMIN',
  'PROJECT_ADMIN',
  'ADMIN_WRITE',
  'SYSTEM_ADMIN',
]

function implies(granted: string, asked: string): boolean {
  return ladder.includes(asked) && ladder.indexOf(granted) >= ladder.indexOf(asked)
}

/** The redirect after consent, with a code that works once. */
export function grantCode(
  state: SandboxState,
  options: OAuthOptions,
  now: number,
  parameters: URLSearchParams,
  asked: { readonly link: ApplicationLink; readonly scopes: readonly string[] },
  user: string,
): string {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  const code = randomText()
  state.codes.push({
    code,
    clientId: asked.link.clientId,
    redirectUri: asked.link.redirectUri,
    user,
    scopes: [...asked.scopes],
    expiresAt: now + options.codeSeconds * 1000,
    ...(challenge === null ? {} : { challenge }),
    ...(method === null ? {} : { challengeMethod: method }),
  })
  return redirectWith(asked.link, parameters, { code })
}

/** The registered address with parameters, and the state as it came. */
export function redirectWith(
  link: ApplicationLink,
  parameters: URLSearchParams,
  add: Readonly<Record<string, string>>,
): string {
  const url = new URL(link.redirectUri)
  for (const [name, value] of Object.entries(add)) url.searchParams.set(name, value)
  const state = parameters.get('state')
  if (state !== null) url.searchParams.set('state', state)
  return url.href
}
