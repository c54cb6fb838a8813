/**
 * Who sends a request, and what they may: OAuth 2.0 bearer, HTTP access token, basic authentication, or nobody.
 *
 * The right of a token is the smaller of its scope and its user's permission. HTTP access tokens never carry global
 * administration (BSERV-10482). Missing rights of somebody who is signed in are a 401 with `AuthorisationException`.
 */
import { timingSafeEqual } from 'node:crypto'
import { failure, type Reply } from './answers.js'
import { type GlobalLevel, globalLevels, levelOf, type SandboxState } from './state.js'

/** The sender of a request. */
export interface Caller {
  readonly user: string | undefined
  readonly level: GlobalLevel | undefined
  /** By an HTTP access token, which never carries global administration (BSERV-10482). */
  readonly isHttpAccessToken?: true
}

/** An unknown bearer token: refused, or served as nobody. */
export type UnknownToken = 'refuse' | 'anonymous'

const nobody: Caller = { user: undefined, level: undefined }

/** The caller, or the refusal of what was presented. */
export function identify(
  authorization: string | undefined,
  state: SandboxState,
  now: number,
  unknown: UnknownToken,
): Caller | Reply {
  if (authorization === undefined) return nobody
  const [scheme = '', value = ''] = authorization.split(' ')
  if (scheme.toLowerCase() === 'basic') return identifyByPassword(value, state)
  if (scheme.toLowerCase() !== 'bearer') return nobody
  const owner = state.httpAccessTokens[value]
  if (owner !== undefined) {
    return admit(state, owner, { level: weaker(levelOf(state, owner), 'PROJECT_CREATE'), isHttpAccessToken: true })
  }
  const pair = value === '' ? undefined : state.tokens.find(({ accessToken }) => accessToken === value)
  const isLive = pair !== undefined && pair.rotatedAt === undefined && pair.revoked !== true
  if (isLive && pair.accessExpiresAt > now && state.users[pair.user]?.active === true) {
    return admit(state, pair.user, { level: weaker(levelOf(state, pair.user), levelOfScopes(pair.scopes)) })
  }
  return unknown === 'anonymous' ? nobody : unauthenticated()
}

function identifyByPassword(value: string, state: SandboxState): Caller | Reply {
  const [name = '', ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':')
  const user = state.users[name.toLowerCase()]
  if (user?.password === undefined || !user.active || !isSame(user.password, rest.join(':'))) {
    return failure(
      401,
      'auth.IncorrectPasswordAuthenticationException',
      'Invalid username or password. Please check the username and password and try again.',
    )
  }
  return admit(state, name.toLowerCase(), { level: levelOf(state, name.toLowerCase()) })
}

/** Nobody gets in without a licence, whatever the token says. */
function admit(state: SandboxState, user: string, rights: Omit<Caller, 'user'>): Caller | Reply {
  if (levelOf(state, user) !== undefined) return { user, ...rights }
  const message = 'You are not currently licensed to use Bitbucket.\nPlease contact your administrator.'
  return failure(401, 'auth.NoAccessAuthenticationException', message)
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The level that scopes reach; the names are those of an incoming link (7.21 and later). */
function levelOfScopes(scopes: readonly string[]): GlobalLevel | undefined {
  if (scopes.includes('SYSTEM_ADMIN')) return 'SYS_ADMIN'
  if (scopes.includes('ADMIN_WRITE')) return 'ADMIN'
  if (scopes.includes('PROJECT_ADMIN')) return 'PROJECT_CREATE'
  // PUBLIC_REPOS alone sees what everybody sees.
  return scopes.some((scope) => scope !== 'PUBLIC_REPOS') ? 'LICENSED_USER' : undefined
}

function weaker(a: GlobalLevel | undefined, b: GlobalLevel | undefined): GlobalLevel | undefined {
  return a === undefined || b === undefined
    ? undefined
    : globalLevels[Math.min(globalLevels.indexOf(a), globalLevels.indexOf(b))]
}

/** 401 for somebody who must sign in. */
export function unauthenticated(): Reply {
  return failure(
    401,
    // As a 10.4 server was seen to name it.
    'com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException',
    'You are not permitted to access this resource. Authentication is required.',
  )
}

/** Whether a caller reaches a level. */
export function reaches(caller: Caller, level: GlobalLevel): boolean {
  return caller.level !== undefined && globalLevels.indexOf(caller.level) >= globalLevels.indexOf(level)
}

/** The refusal of a caller who may not do something, if any. */
export function refuseCaller(caller: Caller, needs: GlobalLevel | 'anyone'): Reply | undefined {
  if (needs === 'anyone') return undefined
  if (caller.user === undefined) return unauthenticated()
  if (caller.isHttpAccessToken !== true && reaches(caller, needs)) return undefined
  return failure(401, 'AuthorisationException', 'You are not permitted to access this resource')
}
