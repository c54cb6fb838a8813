/** HTTP access tokens of projects and repositories: P-24 and R-27 of the catalogue. The secret is told once. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, type HereWork, ofBoth, type Place } from '../both-scopes.js'
import type { CodeToken } from '../code-state.js'
import type { Context, Route } from '../router.js'
import { makeSecret, refuseExpiry, refusePermissions, showToken } from './personal-tokens.js'
import { fieldsOf } from './settings.js'

/** A repository has no use for the permissions of projects. */
function refuse({ type }: Here, permissions: unknown): Reply | undefined {
  const refusal = refusePermissions(permissions)
  if (refusal !== undefined || type === 'PROJECT') return refusal
  const isWide = (permissions as readonly unknown[]).some((one) => String(one).startsWith('PROJECT_'))
  return isWide ? invalid('A token of a repository has permissions of repositories', 'permissions') : undefined
}

function create({ state, body }: Context, here: Here): Reply {
  const { name, permissions, expiryDays } = fieldsOf(body)
  if (typeof name !== 'string' || name === '') return invalid('A name is needed', 'name')
  const refusal = refuse(here, permissions) ?? refuseExpiry(state, expiryDays)
  if (refusal !== undefined) return refusal
  const id = String(252_973_515_000 + state.instance.nextId++)
  const secret = makeSecret(id)
  const made: CodeToken = { id, scope: here.scope, name, permissions: (permissions as unknown[]).map(String), secret }
  state.code.tokens.push(made)
  return ok({ ...showToken(made), token: secret })
}

function onToken(work: (context: Context, token: CodeToken, here: Here) => Reply): HereWork {
  return (context, here) => {
    const { state, path } = context
    const found = state.code.tokens.find(({ id, scope }) => id === path['token'] && scope === here.scope)
    return found === undefined ? absent('No token with this id') : work(context, found, here)
  }
}

const update = onToken(({ body }, token, here) => {
  const { name, permissions } = fieldsOf(body)
  if (name != null && (typeof name !== 'string' || name === '')) return invalid('A name is needed', 'name')
  const refusal = permissions == null ? undefined : refuse(here, permissions)
  if (refusal !== undefined) return refusal
  token.name = name ?? token.name
  token.permissions = permissions == null ? token.permissions : (permissions as unknown[]).map(String)
  return ok(showToken(token))
})

const remove = onToken(({ state: { code } }, token) => {
  code.tokens = code.tokens.filter((one) => one !== token)
  return noContent()
})

function list({ state, query, features }: Context, { scope }: Here): Reply {
  const found = state.code.tokens.filter((one) => one.scope === scope)
  return page(found.map(showToken), query, features.pageLimit)
}

function routesOf(base: string, { inspect }: Place): readonly Route[] {
  const one = `${base}/{token}`
  return [
    { method: 'GET', path: base, needs: 'LICENSED_USER', handle: inspect(list) },
    { method: 'PUT', path: base, needs: 'LICENSED_USER', handle: inspect(create) },
    { method: 'GET', path: one, needs: 'LICENSED_USER', handle: inspect(onToken((_, token) => ok(showToken(token)))) },
    { method: 'POST', path: one, needs: 'LICENSED_USER', handle: inspect(update) },
    { method: 'DELETE', path: one, needs: 'LICENSED_USER', handle: inspect(remove) },
  ]
}

export const codeTokenRoutes: readonly Route[] = ofBoth('/access-tokens/{version}', routesOf)
