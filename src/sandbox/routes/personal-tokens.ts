/** HTTP access tokens of users: U-03 of the catalogue. Everybody manages their own, an ADMIN everybody's. */
import { randomBytes } from 'node:crypto'
import { absent, absentPrincipal, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { isSecretOf } from '../caller.js'
import type { PersonalToken } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState, User } from '../state.js'
import { refuseStranger } from './keys.js'
import { key } from './people.js'
import { fieldsOf, isPositive } from './settings.js'

const base = '/access-tokens/{version}/users/{slug}'

const known = ['REPO_READ', 'REPO_WRITE', 'REPO_ADMIN', 'PROJECT_READ', 'PROJECT_WRITE', 'PROJECT_ADMIN']

function withUser(work: (context: Context, user: User) => Reply): Route['handle'] {
  return (context) => {
    const user = Object.values(context.state.users).find(({ slug }) => slug === context.path['slug']?.toLowerCase())
    if (user === undefined) return absentPrincipal('User', context.path['slug'] ?? '')
    return refuseStranger(context.caller, key(user.name)) ?? work(context, user)
  }
}

function withToken(work: (context: Context, token: PersonalToken) => Reply): Route['handle'] {
  return withUser((context, { name }) => {
    const { state, path } = context
    const found = state.instance.personalTokens.find(({ id, user }) => id === path['id'] && user === key(name))
    return found === undefined ? absent('No token with this id') : work(context, found)
  })
}

/** Neither permissions nor expiry, says the schema. */
export function showToken({ id, name }: Pick<PersonalToken, 'id' | 'name'>): Record<string, unknown> {
  return { id, name, createdDate: '2026-01-01T00:00:00.000Z' }
}

/** The secret begins with the id, as that in the documents does. */
export function makeSecret(id: string): string {
  const bytes = Buffer.concat([Buffer.from(`${id}:`), randomBytes(32 - id.length)])
  return `BBDC-${bytes.toString('base64')}`
}

function revoke({ httpAccessTokens }: SandboxState, id: string): void {
  for (const secret of Object.keys(httpAccessTokens)) {
    if (isSecretOf(id, secret)) delete httpAccessTokens[secret]
  }
}

/** Nothing global among them: "ADMIN is not allowed for tokens" (catalogue 1.4, BSERV-10482). */
export function refusePermissions(permissions: unknown): Reply | undefined {
  if (!Array.isArray(permissions) || permissions.length === 0) return invalid('Permissions are needed', 'permissions')
  const strange: unknown = permissions.find((one) => !known.includes(one))
  return strange === undefined ? undefined : invalid(`${String(strange)} is not for tokens`, 'permissions')
}

/** The policy I-01. */
export function refuseExpiry(state: SandboxState, expiryDays: unknown): Reply | undefined {
  if (expiryDays != null && !isPositive(expiryDays)) return invalid('At least one day', 'expiryDays')
  const limit = state.accessTokenMaxExpiryDays
  if (limit !== null && (!isPositive(expiryDays) || expiryDays > limit)) {
    return invalid(`The token must expire within ${limit} days`, 'expiryDays')
  }
  return undefined
}

function put({ state, body }: Context, user: User): Reply {
  const { name, permissions, expiryDays } = fieldsOf(body)
  if (typeof name !== 'string' || name === '') return invalid('A name is needed', 'name')
  const refusal = refusePermissions(permissions) ?? refuseExpiry(state, expiryDays)
  if (refusal !== undefined) return refusal
  const id = String(252_973_515_000 + state.instance.nextId++)
  const made = { id, user: key(user.name), name, permissions: (permissions as unknown[]).map(String) }
  const token = makeSecret(id)
  state.instance.personalTokens.push(made)
  state.httpAccessTokens[token] = made.user
  return ok({ ...showToken(made), token })
}

/** What is not given stays; the expiry cannot be changed (I-01). */
function post({ body }: Context, token: PersonalToken): Reply {
  const { name, permissions } = fieldsOf(body)
  if (name != null && (typeof name !== 'string' || name === '')) return invalid('A name is needed', 'name')
  const refusal = permissions == null ? undefined : refusePermissions(permissions)
  if (refusal !== undefined) return refusal
  token.name = name ?? token.name
  token.permissions = permissions == null ? token.permissions : (permissions as unknown[]).map(String)
  return ok(showToken(token))
}

export const personalTokenRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: base,
    needs: 'LICENSED_USER',
    handle: withUser(({ state, query, features }, { name }) => {
      const own = state.instance.personalTokens.filter(({ user }) => user === key(name))
      return page(own.map(showToken), query, features.pageLimit)
    }),
  },
  { method: 'PUT', path: base, needs: 'LICENSED_USER', handle: withUser(put) },
  {
    method: 'GET',
    path: `${base}/{id}`,
    needs: 'LICENSED_USER',
    handle: withToken((_, token) => ok(showToken(token))),
  },
  { method: 'POST', path: `${base}/{id}`, needs: 'LICENSED_USER', handle: withToken(post) },
  {
    method: 'DELETE',
    path: `${base}/{id}`,
    needs: 'LICENSED_USER',
    handle: withToken(({ state }, token) => {
      const { instance } = state
      instance.personalTokens = instance.personalTokens.filter((one) => one !== token)
      revoke(state, token.id)
      return noContent()
    }),
  },
]
