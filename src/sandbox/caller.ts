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
  if (owner !== undefined) return { user: owner, level: weaker(levelOf(state, owner), 'PROJECT_CREATE') }
  const pair = state.tokens.find(({ accessToken }) => accessToken === value)
  const isLive = pair !== undefined && pair.rotatedAt === undefined && pair.revoked !== true
  if (isLive && pair.accessExpiresAt > now) {
    return { user: pair.user, level: weaker(levelOf(state, pair.user), levelOfScopes(pair.scopes)) }
  }
  return unknown === 'anonymous' ? nobody : unauthenticated()
}

function identifyByPassword(value: string, state: SandboxState): Caller | Reply {
  const [name = '', ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':')
  const user = state.users[name.toLowerCase()]
  if (user?.password === undefined || !isSame(user.password, rest.join(':'))) {
    return failure(
      401,
      'auth.IncorrectPasswordAuthenticationException',
      'Invalid username or password. Please check the username and password and try again.',
    )
  }
  return { user: name.toLowerCase(), level: levelOf(state, name.toLowerCase()) }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The level that scopes reach; the names are those of an incoming link (7.21 and later). */
function levelOfScopes(scopes: readonly string[]): GlobalLevel {
  if (scopes.includes('SYSTEM_ADMIN')) return 'SYS_ADMIN'
  if (scopes.includes('ADMIN_WRITE')) return 'ADMIN'
  return scopes.includes('PROJECT_ADMIN') ? 'PROJECT_CREATE' : 'LICENSED_USER'
}

function weaker(a: GlobalLevel | undefined, b: GlobalLevel): GlobalLevel | undefined {
  return a === undefined ? undefined : globalLevels[Math.min(globalLevels.indexOf(a), globalLevels.indexOf(b))]
}

/** 401 for somebody who must sign in. */
export function unauthenticated(): Reply {
  return failure(
    401,
    'auth.AuthenticationRequiredException',
    'You are not permitted to access this resource. Authentication is required.',
  )
}

/** Whether a caller reaches a level. */
export function reaches(caller: Caller, level: GlobalLevel): boolean {
  return caller.level !== undefined && globalLevels.indexOf(caller.level) >= globalLevels.indexOf(level)
}

/** The refusal of a caller who may not do something, if any. */
export function refuseCaller(caller: Caller, needs: GlobalLevel | 'anyone'): Reply | undefined {
  if (needs === 'anyone' || reaches(caller, needs)) return undefined
  if (caller.user === undefined) return unauthenticated()
  return failure(401, 'AuthorisationException', 'You are not permitted to access this resource')
}
