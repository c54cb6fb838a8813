/**
 * Who sends a request, and what they may: OAuth 2.0 bearer, HTTP access token, basic authentication, or nobody.
 *
 * The right of a token is the smaller of its scope and its user's permission. HTTP access tokens never carry global
 * administration (BSERV-10482). Missing rights of somebody who is signed in are a 401 with `AuthorisationException`.
 */
import { timingSafeEqual } from 'node:crypto'
import { failure, type Reply } from './answers.js'
import type { Scope } from './code-state.js'
import { forgetFailures, isChallenged, noteFailure } from './failed-sign-ins.js'
import { rankOf } from './ranks.js'
import { type GlobalLevel, globalLevels, levelOf, type SandboxState } from './state.js'

/** The sender of a request. */
export interface Caller {
  /** Name, lower-case; of an HTTP access token of a project or a repository that of its own account. */
  readonly user: string | undefined
  readonly level: GlobalLevel | undefined
  /** By an HTTP access token, which never carries global administration (BSERV-10482). */
  readonly isHttpAccessToken?: true
  /** The rank in projects and repositories that the credentials carry at most, whatever their user may. */
  readonly codeLimit: number
  /** An HTTP access token of this project or repository: it reaches nothing else. */
  readonly within?: Scope
  /** What the user would be without the scopes of the token. */
  readonly ownLevel?: GlobalLevel
  /** Status where the user may and the scopes of the token do not. */
  readonly scopeFailure: 401 | 403
}

/**
 * The weakest level that may use an endpoint. `anyone` admits anonymous callers; `PERSON` whoever is somebody, an HTTP
 * access token of a project or a repository, too, and leaves what they may to the handler.
 */
export type Needs = GlobalLevel | 'anyone' | 'PERSON'

/** What documents leave open. */
export interface CallerRules {
  /** An unknown bearer token: refused at once, or served as nobody. */
  readonly deadToken: 'anonymous' | 'refused'
  readonly scopeFailure: 401 | 403
  /** Bearer tokens on administration while secure administrator sessions are on. */
  readonly webSudo: 'off' | 'refuses-tokens'
}

export const nobody: Caller = { user: undefined, level: undefined, codeLimit: 0, scopeFailure: 401 }
const everything = rankOf('PROJECT_ADMIN')

/** Somebody who has signed in with a password: all that the account may. */
export function signedIn(state: SandboxState, user: string): Caller & { readonly user: string } {
  return { user, level: levelOf(state, user), codeLimit: everything, scopeFailure: 401 }
}

/** Whoever may do everything, and is nobody. */
export const omnipotent: Caller = { user: '', level: 'SYS_ADMIN', codeLimit: everything, scopeFailure: 401 }

/** The caller, or the refusal of what was presented. */
export function identify(
  authorization: string | undefined,
  state: SandboxState,
  now: number,
  rules: CallerRules,
): Caller | Reply {
  if (authorization === undefined) return nobody
  const [scheme = '', value = ''] = authorization.split(' ')
  if (scheme.toLowerCase() === 'basic') return identifyByPassword(value, state)
  if (scheme.toLowerCase() !== 'bearer') return nobody
  return (
    identifyByHttpToken(value, state) ??
    identifyByAccessToken(value, state, now, rules) ??
    (rules.deadToken === 'anonymous' ? nobody : unauthenticated())
  )
}

function identifyByHttpToken(value: string, state: SandboxState): Caller | Reply | undefined {
  const owner = state.httpAccessTokens[value]
  if (owner !== undefined) {
    const level = weaker(levelOf(state, owner), 'PROJECT_CREATE')
    const record = state.instance.personalTokens.find(({ id, user }) => user === owner && isSecretOf(id, value))
    const codeLimit = record === undefined ? everything : strongest(record.permissions)
    return admit(state, owner, { level, isHttpAccessToken: true, codeLimit, scopeFailure: 401 })
  }
  const token = state.code.tokens.find(({ secret }) => secret === value)
  if (token === undefined) return undefined
  return {
    user: accountOf(token),
    level: undefined,
    isHttpAccessToken: true,
    codeLimit: strongest(token.permissions),
    within: token.scope,
    scopeFailure: 401,
  }
}

/** The account that stands for a token of a project or a repository. */
function accountOf({ id, scope }: { id: string; scope: Scope }): string {
  return `access-token-user/${scope.startsWith('P') ? '0' : '1'}/${scope.slice(1)}/${id}`
}

/** The secret of an HTTP access token begins with its id, as that in the documents does. */
export function isSecretOf(id: string, secret: string): boolean {
  return Buffer.from(secret.slice('BBDC-'.length), 'base64').toString('latin1').startsWith(`${id}:`)
}

const strongest = (permissions: readonly string[]): number => Math.max(0, ...permissions.map(rankOf))

function identifyByAccessToken(
  value: string,
  state: SandboxState,
  now: number,
  rules: CallerRules,
): Caller | Reply | undefined {
  const pair = value === '' ? undefined : state.tokens.find(({ accessToken }) => accessToken === value)
  const isDead = pair === undefined || pair.revoked === true || pair.accessExpiresAt <= now
  if (isDead || (pair.rotatedAt !== undefined && pair.outlivesRotation !== true)) return undefined
  if (state.users[pair.user]?.active !== true) return undefined
  const ownLevel = levelOf(state, pair.user)
  const scoped = weaker(ownLevel, levelOfScopes(pair.scopes))
  const level = rules.webSudo === 'off' ? scoped : weaker(scoped, 'PROJECT_CREATE')
  const { scopeFailure } = rules
  const rights = { level, codeLimit: limitOfScopes(pair.scopes), scopeFailure, ...(ownLevel && { ownLevel }) }
  return admit(state, pair.user, rights)
}

/** What was last decoded: a client sends the same with each request. */
let lastBasic: { readonly value: string; readonly name: string; readonly password: string } | undefined

function decodeBasic(value: string): { readonly name: string; readonly password: string } {
  if (lastBasic?.value === value) return lastBasic
  const [name = '', ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':')
  lastBasic = { value, name, password: rest.join(':') }
  return lastBasic
}

function identifyByPassword(value: string, state: SandboxState): Caller | Reply {
  const { name, password } = decodeBasic(value)
  const key = name.toLowerCase()
  if (isChallenged(state, key)) return challenge
  const user = state.users[key]
  if (user?.password === undefined || !user.active || !isSame(user.password, password)) {
    noteFailure(state, key)
    return failure(
      401,
      'auth.IncorrectPasswordAuthenticationException',
      'Invalid username or password. Please check the username and password and try again.',
    )
  }
  forgetFailures(state, key)
  const { user: owner, ...rights } = signedIn(state, key)
  return admit(state, owner, rights)
}

/**
 * The right password, too, is refused then. Status, name and text as of a Bitbucket of 2020; it sent no
 * `X-Authentication-Denied-Reason`, which is what Jira sends (jenkinsci/stashnotifier-plugin#263).
 */
const challenge = failure(
  401,
  'auth.CaptchaRequiredAuthenticationException',
  'CAPTCHA required. Your Bitbucket account has been locked. To unlock it and log in again you must solve a CAPTCHA.',
)

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

/** How far scopes reach in projects and repositories. */
function limitOfScopes(scopes: readonly string[]): number {
  const names = scopes.map((scope) => (scope === 'SYSTEM_ADMIN' || scope === 'ADMIN_WRITE' ? 'PROJECT_ADMIN' : scope))
  return strongest(names)
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

/** The refusal of a caller who may not use an endpoint, if any. HTTP access tokens make no others. */
export function refuseCaller(caller: Caller, needs: Needs, path: string): Reply | undefined {
  if (needs === 'anyone') return undefined
  if (caller.user === undefined) return unauthenticated()
  if (needs === 'PERSON') return undefined
  const isAdministration =
    needs === 'ADMIN' || needs === 'SYS_ADMIN' || /^\/access-tokens\/|\/admin(?:\/|$)/u.test(path)
  if (reaches(caller, needs) && !(caller.isHttpAccessToken === true && isAdministration)) return undefined
  const isScope = caller.ownLevel !== undefined && globalLevels.indexOf(caller.ownLevel) >= globalLevels.indexOf(needs)
  const status = isScope ? caller.scopeFailure : 401
  return failure(status, 'AuthorisationException', 'You are not permitted to access this resource')
}
