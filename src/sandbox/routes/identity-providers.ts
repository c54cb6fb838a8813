/** Identity providers of single sign-on: I-21 of the catalogue. Keys are in kebab-case but for one. */
import { ok, page, type Reply } from '../answers.js'
import type { IdentityProvider } from '../instance-state.js'
import type { Context, Features, Route } from '../router.js'
import { isTexts, refuse, stamp } from './authentication.js'
import { type Fields, fieldsOf } from './settings.js'

const isText = (value: unknown): boolean => typeof value === 'string'
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const oneOf = (words: readonly string[]) => (value: unknown) => typeof value === 'string' && words.includes(value)

type Shape = Readonly<Record<string, (value: unknown) => boolean>>

const shapeOfProvisioning: Shape = {
  'user-provisioning-enabled': isFlag,
  'mapping-display-name': isText,
  'mapping-email': isText,
  'mapping-groups': isText,
  'additional-openid-scopes': isTexts,
}

const shapeSince96: Shape = {
  'name-id-policy': isText,
  'sign-authnrequest': isFlag,
  'signature-algorithm': oneOf(['RSA_SHA256', 'RSA_SHA384', 'RSA_SHA512']),
}

const shapeOfProvider: Shape = {
  name: isText,
  enabled: isFlag,
  'sso-type': oneOf(['SAML', 'OIDC', 'NONE']),
  'idp-type': oneOf(['GENERIC', 'CROWD']),
  buttonText: isText,
  'include-customer-logins': isFlag,
  'enable-remember-me': isFlag,
  'sso-url': isText,
  'sso-issuer': isText,
  certificate: isText,
  'username-attribute': isText,
  'crowd-url': isText,
  'issuer-url': isText,
  'client-id': isText,
  'client-secret': isText,
  'discovery-enabled': isFlag,
  'authorization-endpoint': isText,
  'token-endpoint': isText,
  'userinfo-endpoint': isText,
  'additional-scopes': isTexts,
  'username-claim': isText,
  'jit-configuration': (value) =>
    typeof value === 'object' && value !== null && wrongIn(fieldsOf(value), shapeOfProvisioning) === undefined,
}

const shapeBy = ({ samlSigning }: Features): Shape =>
  samlSigning ? { ...shapeOfProvider, ...shapeSince96 } : shapeOfProvider

/** The first field that is of another shape; null clears any. */
function wrongIn(fields: Fields, shape: Shape): string | undefined {
  return Object.entries(shape).find(([name, is]) => fields[name] != null && !is(fields[name]))?.[0]
}

/** What the version knows of the fields; the others are dropped without a word, as older servers drop newer fields. */
function pick(fields: Fields, shape: Shape): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(shape, name)))
}

/** All that was set but the client secret, which is taken and never shown (inferred, I-21). */
function show(provider: IdentityProvider): unknown {
  const { 'client-secret': _secret, ...shown } = provider
  const found = provider['discovery-enabled'] === true ? discovered(String(provider['issuer-url'])) : {}
  return { ...Object.fromEntries(Object.entries(shown).filter(([, value]) => value != null)), ...found }
}

/** What a server finds at the issuer. */
function discovered(issuer: string): Record<string, string> {
  return {
    'authorization-endpoint': `${issuer}/authorize`,
    'token-endpoint': `${issuer}/token`,
    'userinfo-endpoint': `${issuer}/userinfo`,
  }
}

function refuseProvider(fields: Fields, shape: Shape, others: readonly IdentityProvider[]): Reply | undefined {
  const { name } = fields
  const type = fields['sso-type']
  const wrong = wrongIn(fields, shape)
  if (wrong !== undefined) return refuse('The value is not valid', wrong)
  if (typeof name !== 'string' || name.trim() === '') return refuse('A name is needed', 'name')
  if (type == null) return refuse('SAML, OIDC or NONE', 'sso-type')
  if (type === 'OIDC' && !fields['issuer-url']) return refuse('An issuer is needed', 'issuer-url')
  if (type === 'SAML' && !fields['sso-url']) return refuse('A URL is needed', 'sso-url')
  const isTaken = others.some((other) => other.name === name)
  return isTaken ? refuse(`An identity provider named ${name} exists`, 'name', 409) : undefined
}

function postProvider({ state: { instance }, body, features }: Context): Reply {
  const fields = fieldsOf(body)
  const shape = shapeBy(features)
  if (fields['id'] != null) return refuse('The id must be absent', 'id')
  const refusal = refuseProvider(fields, shape, instance.identityProviders)
  if (refusal !== undefined) return refusal
  const own = { id: instance.nextId++, name: String(fields['name']), 'last-updated': stamp() }
  const provider = { enabled: true, ...pick(fields, shape), ...own }
  instance.identityProviders.push(provider)
  return ok(show(provider))
}

function patchProvider({ state: { instance }, body, features }: Context, provider: IdentityProvider): Reply {
  const fields = fieldsOf(body)
  const shape = shapeBy(features)
  if (fields['id'] != null && fields['id'] !== provider.id) return refuse('Not the id of the path', 'id')
  // Whether a nested object is merged is not documented; here it is replaced, which a careless client notices.
  const patched: IdentityProvider = { ...provider, ...pick(fields, shape), id: provider.id, 'last-updated': stamp() }
  const others = instance.identityProviders.filter((one) => one !== provider)
  const refusal = refuseProvider(patched, shape, others)
  if (refusal !== undefined) return refusal
  if (patched['sso-type'] !== provider['sso-type']) return refuse('The type cannot be changed', 'sso-type')
  instance.identityProviders = instance.identityProviders.map((one) => (one === provider ? patched : one))
  return ok(show(patched))
}

function deleteProvider({ state: { instance } }: Context, provider: IdentityProvider): Reply {
  instance.identityProviders = instance.identityProviders.filter((one) => one !== provider)
  return ok(show(provider))
}

/** A page whose values are called `results`. */
function listProviders({ state: { instance }, query, features }: Context): Reply {
  const { body } = page(instance.identityProviders.map(show), query, features.pageLimit)
  const { values: results, nextPageStart, ...shown } = fieldsOf(body)
  return ok({ ...shown, ...(nextPageStart === null ? {} : { nextPageStart }), results })
}

function withProvider(work: (context: Context, provider: IdentityProvider) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.identityProviders.find(({ id }) => String(id) === context.path['id'])
    return found === undefined ? refuse('No identity provider with this id', undefined, 404) : work(context, found)
  }
}

const access = { needs: 'SYS_ADMIN', since: '9.4' } as const
const providers = '/authconfig/{version}/idps'
const provider = `${providers}/{id}`

export const identityProviderRoutes: readonly Route[] = [
  { method: 'GET', path: providers, ...access, handle: listProviders },
  { method: 'POST', path: providers, ...access, handle: postProvider },
  { method: 'GET', path: provider, ...access, handle: withProvider((_context, one) => ok(show(one))) },
  { method: 'PATCH', path: provider, ...access, handle: withProvider(patchProvider) },
  { method: 'DELETE', path: provider, ...access, handle: withProvider(deleteProvider) },
]
