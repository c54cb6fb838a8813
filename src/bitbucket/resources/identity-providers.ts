import { booleanIn, integerIn, isAbsent, objectIn, readObject, readObjects, stringIn, stringsIn } from '../answer.js'
import type { Answered } from '../answer.js'
import { collection, instance } from '../kit.js'

const path = '/authconfig/latest/idps'
const text = (description: string) => ({ type: 'string', minLength: 1, description }) as const
const flag = (description: string) => ({ type: 'boolean', description }) as const
const words = (description: string) =>
  ({ type: 'array', uniqueItems: true, items: text('One of them.'), description }) as const

export default collection({
  kind: 'identityProviders',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'security',
    title: 'Identity providers',
    text: 'The identity providers of single sign-on, SAML 2.0 or OpenID Connect. Another type of sign-on replaces the provider. With discovery the server fills the endpoints in: leave them out.',
    rest: 'Authentication: Identity provider configurations, /authconfig/latest/idps (GET, POST), …/{id} (PATCH, DELETE)',
    permission: 'SYS_ADMIN',
    endpoints: [path, `${path}/{}`],
    since: '9.4',
    dangers: [
      'A wrong provider together with a hidden login form locks everybody out.',
      'A mapping of groups takes memberships away at the next sign-in of a user, against what members declares.',
    ],
  },
  schema: {
    type: 'object',
    description: 'An identity provider of single sign-on.',
    required: ['name', 'ssoType'],
    properties: {
      name: text('The name of the provider.'),
      enabled: { type: 'boolean', default: true, description: 'Whether it is used.' },
      ssoType: { type: 'string', enum: ['NONE', 'SAML', 'OIDC'], description: 'SAML 2.0 or OpenID Connect.' },
      idpType: { type: 'string', enum: ['GENERIC', 'CROWD'], default: 'GENERIC', description: 'What the provider is.' },
      buttonText: text('What the button on the login page says.'),
      includeCustomerLogins: flag('Whether customers of Jira Service Management use it; without meaning here.'),
      enableRememberMe: flag('Whether people stay signed in.'),
      ssoUrl: text('SAML: where people are sent to sign in.'),
      ssoIssuer: text('SAML: the entity id of the provider.'),
      certificate: text('SAML: the certificate that the provider signs with, with or without its PEM armour.'),
      usernameAttribute: text('SAML: where in the assertion the user name stands.'),
      crowdUrl: text('SAML: the URL of Crowd, where the provider is Crowd.'),
      nameIdPolicy: {
        type: 'string',
        'x-since': '9.6',
        minLength: 1,
        description: 'SAML: the format of the name that is asked for, such as NONE or X509_SUBJECT_NAME.',
      },
      signAuthnRequest: { type: 'boolean', 'x-since': '9.6', description: 'SAML: whether requests are signed.' },
      signatureAlgorithm: {
        type: 'string',
        enum: ['RSA_SHA256', 'RSA_SHA384', 'RSA_SHA512'],
        'x-since': '9.6',
        description: 'SAML: how requests are signed.',
      },
      issuerUrl: { ...text('OpenID Connect: the issuer.'), 'x-destination': true },
      clientId: text('OpenID Connect: the client id that the provider gave.'),
      clientSecret: { type: 'string', secret: true, description: 'OpenID Connect: the client secret.' },
      discoveryEnabled: flag('OpenID Connect: whether the endpoints are read from the issuer.'),
      authorizationEndpoint: text('OpenID Connect: where people are sent to sign in.'),
      tokenEndpoint: { ...text('OpenID Connect: where the client secret is sent to.'), 'x-destination': true },
      userinfoEndpoint: text('OpenID Connect: where the server asks who somebody is.'),
      additionalScopes: words('OpenID Connect: scopes beside openid.'),
      usernameClaim: text('OpenID Connect: the claim that holds the user name.'),
      jitConfiguration: {
        type: 'object',
        description: 'Whether users are created when they first sign in.',
        properties: {
          userProvisioningEnabled: flag('Whether they are created.'),
          mappingDisplayName: text('Where the display name stands.'),
          mappingEmail: text('Where the mail address stands.'),
          mappingGroups: text('Where the groups stand.'),
          additionalOpenidScopes: words('Scopes that the mappings need.'),
        },
      },
    },
  },
  examples: [
    {
      name: 'Company login',
      enabled: true,
      ssoType: 'OIDC',
      idpType: 'GENERIC',
      buttonText: 'Sign in',
      issuerUrl: 'https://login.example.com',
      clientId: 'bitbucket',
      clientSecret: '${secret:oidc-client}',
      discoveryEnabled: true,
      additionalScopes: ['email', 'profile'],
      usernameClaim: '${preferred_username}',
    },
    {
      name: 'Company login',
      enabled: true,
      ssoType: 'OIDC',
      idpType: 'GENERIC',
      buttonText: 'Sign in with Example',
      issuerUrl: 'https://login.example.com',
      clientId: 'bitbucket',
      discoveryEnabled: true,
      additionalScopes: ['email'],
      jitConfiguration: { userProvisioningEnabled: true, mappingEmail: '${email}' },
    },
  ],
  canonical: {
    certificate: (pem) => pem.replaceAll(/-----[A-Z ]+-----|\s/gu, ''),
    issuerUrl: (url) => url.replace(/\/+$/u, ''),
  },
  // An entry cannot become another type (I-21).
  fixed: ['ssoType'],
  async hazards({ after }) {
    const endpoints = ['authorizationEndpoint', 'tokenEndpoint', 'userinfoEndpoint'] as const
    if (after?.discoveryEnabled !== true || endpoints.every((endpoint) => after[endpoint] === undefined)) return []
    const hint = 'Leave the endpoints out, or set discoveryEnabled: false.'
    return [{ message: `With discovery the server fills in the endpoints of ${after.name} itself`, hint }]
  },
})({
  async list(api) {
    return readObjects(path, (await api.list(path)) ?? []).map((provider) => ({
      value: readProvider(provider),
      raw: provider.fields,
    }))
  },
  async create(api, _at, { after }) {
    const known = readObjects(path, (await api.list(path)) ?? [])
    if (known.some((provider) => stringIn(provider, 'name') === after.name)) return
    await api.send('POST', path, toWire(after, Object.keys(after)))
  },
  async update(api, _at, { after, changed, raw }) {
    // The PATCH is partial: a secret that is not sent stays (I-21).
    await api.send('PATCH', `${path}/${idOf(raw)}`, toWire(after, [...changed]))
  },
  async delete(api, _at, { raw }) {
    // What this module answers for an unknown id is not documented, so the list says whether it is gone.
    const known = readObjects(path, (await api.list(path)) ?? [])
    if (known.some((provider) => integerIn(provider, 'id') === idOf(raw))) {
      await api.send('DELETE', `${path}/${idOf(raw)}`)
    }
  },
})

type Provider = ReturnType<typeof readProvider>

/** In kebab-case but for two; `sign-authnrequest` is in the official documents from 9.6 on (I-21). */
const wireNames: Readonly<Record<string, string>> = {
  buttonText: 'buttonText',
  signAuthnRequest: 'sign-authnrequest',
}
const wireName = (property: string): string =>
  wireNames[property] ?? property.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)

function idOf(raw: unknown): number {
  return integerIn(readObject(path, raw), 'id')
}

/** What is read of a field of each sort, under its name on the wire; absent ones are left out. */
function reading<V>(answered: Answered, names: readonly string[], read: (answered: Answered, field: string) => V) {
  const found = names.filter((name) => !isAbsent(answered.fields[wireName(name)]))
  return Object.fromEntries(found.map((name) => [name, read(answered, wireName(name))]))
}

const texts = [
  ['ssoType', 'idpType', 'buttonText', 'ssoUrl', 'ssoIssuer', 'certificate', 'usernameAttribute', 'crowdUrl'],
  ['nameIdPolicy', 'signatureAlgorithm', 'issuerUrl', 'clientId', 'usernameClaim'],
].flat()
const flags = ['enabled', 'includeCustomerLogins', 'enableRememberMe', 'signAuthnRequest', 'discoveryEnabled']
const endpoints = ['authorizationEndpoint', 'tokenEndpoint', 'userinfoEndpoint']

function readProvider(provider: Answered): { name: string; ssoType: 'NONE' | 'SAML' | 'OIDC' } & Record<string, never> {
  const isDiscovered = provider.fields['discovery-enabled'] === true
  const value = {
    name: stringIn(provider, 'name'),
    ...reading(provider, texts, stringIn),
    ...reading(provider, flags, booleanIn),
    // What discovery found is the server's own (I-21).
    ...(isDiscovered ? {} : reading(provider, endpoints, stringIn)),
    ...reading(provider, ['additionalScopes'], stringsIn),
    ...reading(provider, ['jitConfiguration'], (answered, field) => readProvisioning(objectIn(answered, field))),
  }
  return value as unknown as Provider
}

function readProvisioning(jit: Answered): unknown {
  return {
    ...reading(jit, ['userProvisioningEnabled'], booleanIn),
    ...reading(jit, ['mappingDisplayName', 'mappingEmail', 'mappingGroups'], stringIn),
    ...reading(jit, ['additionalOpenidScopes'], stringsIn),
  }
}

/** The named properties in the spelling of the wire; what is cleared is sent as null. */
function toWire(provider: Readonly<Record<string, unknown>>, properties: readonly string[]): unknown {
  const fields = properties.map((property) => {
    const value = provider[property]
    const nested = property === 'jitConfiguration' && typeof value === 'object' && value !== null
    const wire = nested ? toWire(value as Record<string, unknown>, Object.keys(value)) : (value ?? null)
    return [wireName(property), wire] as const
  })
  return Object.fromEntries(fields)
}
