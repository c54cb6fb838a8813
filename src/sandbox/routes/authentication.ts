/** Basic authentication and single sign-on: I-03, I-20 and I-21 of the catalogue. Keys are in kebab-case. */
import { invalid, noContent, ok, type Reply } from '../answers.js'
import type { IdentityProvider } from '../instance-state.js'
import type { Context, Features, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const stamp = '2026-01-01T00:00:00.000Z'

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string')

function putBasicAuth({ state, body }: Context): Reply {
  const fields = fieldsOf(body)
  const users = fields['allowed-users'] ?? []
  const paths = fields['allowed-paths'] ?? []
  if (!isTexts(users) || !isTexts(paths)) return invalid('A list of texts is needed', 'allowed-users')
  // A full replacement: what is not sent is false or empty.
  state.instance.basicAuth = {
    blockRequests: fields['block-requests'] === true,
    allowedUsers: users,
    allowedPaths: paths,
    showWarningMessage: fields['show-warning-message'] === true,
  }
  return noContent()
}

function showSso({ state: { instance } }: Context): Reply {
  const { showLoginForm, enableAuthenticationFallback, discoveryRefreshCron } = instance.sso
  return ok({
    'show-login-form': showLoginForm,
    'show-login-form-for-jsm': true,
    'enable-authentication-fallback': enableAuthenticationFallback,
    'discovery-refresh-cron': discoveryRefreshCron,
    'last-updated': stamp,
  })
}

function patchSso(context: Context): Reply {
  const { sso } = context.state.instance
  const fields = fieldsOf(context.body)
  const form = fields['show-login-form'] ?? sso.showLoginForm
  const fallback = fields['enable-authentication-fallback'] ?? sso.enableAuthenticationFallback
  const cron = fields['discovery-refresh-cron'] ?? sso.discoveryRefreshCron
  if (typeof form !== 'boolean' || typeof fallback !== 'boolean') return refuse('A boolean is needed')
  if (typeof cron !== 'string' || cron.trim().split(/\s+/u).length < 6) {
    return refuse('Not a cron expression', 'discovery-refresh-cron')
  }
  context.state.instance.sso = {
    showLoginForm: form,
    enableAuthenticationFallback: fallback,
    discoveryRefreshCron: cron,
  }
  return showSso(context)
}

/** Refusals of this module are not those of the others: `{message}`, says the document. */
function refuse(message: string, field?: string): Reply {
  return { status: 400, body: { message: field === undefined ? message : `${field}: ${message}` } }
}

const since96 = ['name-id-policy', 'sign-authnrequest', 'signature-algorithm']

function show(provider: IdentityProvider, features: Features): unknown {
  const hidden = new Set(['client-secret', ...(features.samlSigning ? [] : since96)])
  const entries = Object.entries(provider).filter(([name, value]) => !hidden.has(name) && value !== null)
  const found = provider['discovery-enabled'] === true ? discovered(String(provider['issuer-url'])) : {}
  return { ...Object.fromEntries(entries), ...found, 'last-updated': stamp }
}

/** What a server finds at the issuer. */
function discovered(issuer: string): Record<string, string> {
  return {
    'authorization-endpoint': `${issuer}/authorize`,
    'token-endpoint': `${issuer}/token`,
    'userinfo-endpoint': `${issuer}/userinfo`,
  }
}

function refuseProvider(fields: Readonly<Record<string, unknown>>, others: readonly IdentityProvider[]): Reply | null {
  const { name } = fields
  if (typeof name !== 'string' || name.trim() === '') return refuse('A name is needed', 'name')
  const type = fields['sso-type']
  if (type !== 'SAML' && type !== 'OIDC' && type !== 'NONE') return refuse('SAML, OIDC or NONE', 'sso-type')
  if (type === 'OIDC' && typeof fields['issuer-url'] !== 'string') return refuse('An issuer is needed', 'issuer-url')
  if (type === 'SAML' && typeof fields['sso-url'] !== 'string') return refuse('A URL is needed', 'sso-url')
  if (others.some((other) => other.name === name)) {
    return refuse(`An identity provider named ${name} exists`, 'name')
  }
  return null
}

function postProvider({ state: { instance }, body, features }: Context): Reply {
  const fields = fieldsOf(body)
  if (fields['id'] != null) return refuse('The id must be absent', 'id')
  const refusal = refuseProvider(fields, instance.identityProviders)
  if (refusal !== null) return refusal
  const provider = { enabled: true, ...fields, id: instance.nextId++, name: String(fields['name']) }
  instance.identityProviders.push(provider)
  return ok(show(provider, features))
}

function withProvider(work: (context: Context, provider: IdentityProvider) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.identityProviders.find(({ id }) => String(id) === context.path['id'])
    return found === undefined
      ? { status: 404, body: { message: 'No identity provider with this id' } }
      : work(context, found)
  }
}

export const authenticationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/basicauth/{version}/config',
    needs: 'SYS_ADMIN',
    since: '9.4',
    handle: ({ state: { instance } }) =>
      ok({
        'block-requests': instance.basicAuth.blockRequests,
        'allowed-users': instance.basicAuth.allowedUsers,
        'allowed-paths': instance.basicAuth.allowedPaths,
        'show-warning-message': instance.basicAuth.showWarningMessage,
      }),
  },
  { method: 'PUT', path: '/basicauth/{version}/config', needs: 'SYS_ADMIN', since: '9.4', handle: putBasicAuth },
  { method: 'GET', path: '/authconfig/{version}/sso', needs: 'SYS_ADMIN', since: '9.4', handle: showSso },
  { method: 'PATCH', path: '/authconfig/{version}/sso', needs: 'SYS_ADMIN', since: '9.4', handle: patchSso },
  {
    method: 'GET',
    path: '/authconfig/{version}/idps',
    needs: 'SYS_ADMIN',
    since: '9.4',
    handle: ({ state: { instance }, query, features }) => {
      const start = Number(query.get('start') ?? 0)
      const limit = Math.max(1, Math.min(Number(query.get('limit') ?? 25), features.pageLimit))
      const results = instance.identityProviders.slice(start, start + limit).map((one) => show(one, features))
      const isLastPage = start + limit >= instance.identityProviders.length
      const next = isLastPage ? {} : { nextPageStart: start + limit }
      return ok({ size: results.length, limit, isLastPage, start, ...next, results })
    },
  },
  { method: 'POST', path: '/authconfig/{version}/idps', needs: 'SYS_ADMIN', since: '9.4', handle: postProvider },
  {
    method: 'GET',
    path: '/authconfig/{version}/idps/{id}',
    needs: 'SYS_ADMIN',
    since: '9.4',
    handle: withProvider(({ features }, provider) => ok(show(provider, features))),
  },
  {
    method: 'PATCH',
    path: '/authconfig/{version}/idps/{id}',
    needs: 'SYS_ADMIN',
    since: '9.4',
    handle: withProvider(({ state: { instance }, body, features }, provider) => {
      const patched: IdentityProvider = { ...provider, ...fieldsOf(body), id: provider.id }
      const others = instance.identityProviders.filter((one) => one !== provider)
      const refusal = refuseProvider(patched, others)
      if (refusal !== null) return refusal
      if (patched['sso-type'] !== provider['sso-type']) return refuse('The type cannot be changed', 'sso-type')
      instance.identityProviders = instance.identityProviders.map((one) => (one === provider ? patched : one))
      return ok(show(patched, features))
    }),
  },
  {
    method: 'DELETE',
    path: '/authconfig/{version}/idps/{id}',
    needs: 'SYS_ADMIN',
    since: '9.4',
    handle: withProvider(({ state: { instance }, features }, provider) => {
      instance.identityProviders = instance.identityProviders.filter((one) => one !== provider)
      return ok(show(provider, features))
    }),
  },
]
