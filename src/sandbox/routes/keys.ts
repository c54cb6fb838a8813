/** Keys and tokens of users: U-01 to U-03 of the catalogue. Everybody manages their own, an ADMIN everybody's. */
import { createHash } from 'node:crypto'
import { absent, absentPrincipal, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import { fingerprintOf } from '../openpgp.js'
import type { Context, Route } from '../router.js'
import type { User } from '../state.js'
import { randomText } from '../state.js'
import { key } from './people.js'
import { fieldsOf, isPositive } from './settings.js'

const ssh = '/ssh/{version}/keys'
const gpg = '/gpg/{version}/keys'
const tokens = '/access-tokens/{version}/users/{slug}'

/** Whose keys are meant: the named user's, else the caller's. */
function owner({ state, query, caller }: Context): string | Reply {
  const name = query.has('user') ? key(query.get('user')) : (caller.user ?? '')
  if (state.users[name] === undefined) return absentPrincipal('User', name)
  return refuseStranger({ caller }, name) ?? name
}

function refuseStranger({ caller }: Pick<Context, 'caller'>, name: string): Reply | undefined {
  if (name === caller.user || reaches(caller, 'ADMIN')) return undefined
  return failure(401, 'AuthorisationException', 'You are not permitted to access this resource')
}

function withOwner(work: (context: Context, name: string) => Reply): Route['handle'] {
  return (context) => {
    const name = owner(context)
    return typeof name === 'string' ? work(context, name) : name
  }
}

const algorithms: Readonly<Record<string, string>> = {
  'ssh-rsa': 'RSA',
  'ssh-dss': 'DSA',
  'ssh-ed25519': 'ED25519',
}

function materialOf(text: string): string {
  return text.trim().split(/\s+/u).slice(0, 2).join(' ')
}

function showSsh({ id, text, label, expiryDays }: Context['state']['instance']['sshKeys'][number]): unknown {
  const [type = '', material = ''] = text.split(/\s+/u)
  const fingerprint = createHash('sha256').update(Buffer.from(material, 'base64')).digest('base64').replace(/=+$/u, '')
  const optional = { ...(label === undefined ? {} : { label }), ...(expiryDays === undefined ? {} : { expiryDays }) }
  return { id, text, ...optional, fingerprint, algorithmType: algorithms[type] ?? 'ECDSA' }
}

function postSsh({ state, body }: Context, user: string): Reply {
  const { instance, sshPolicy } = state
  const { text, label, expiryDays } = fieldsOf(body)
  if (typeof text !== 'string' || !/^(?:ssh-|ecdsa-|sk-)\S+\s+[A-Za-z0-9+/]+={0,2}(?:\s|$)/u.test(text.trim())) {
    return invalid('The text is not a public key', 'text')
  }
  const [type = ''] = text.trim().split(/\s+/u)
  const rule = sshPolicy.keyTypeRestrictions.find(({ algorithm }) => algorithm === (algorithms[type] ?? 'ECDSA'))
  if (rule?.allowed === false) return invalid(`Keys of the type ${rule.algorithm} are not allowed`, 'text')
  if (expiryDays != null && !isPositive(expiryDays)) return invalid('At least one day', 'expiryDays')
  const material = materialOf(text)
  if (instance.sshKeys.some((one) => materialOf(one.text) === material)) {
    return failure(409, 'IntegrityException', 'The key is in use already')
  }
  // The comment of the key becomes its label where none is given.
  const comment = text.trim().split(/\s+/u).slice(2).join(' ')
  const name = typeof label === 'string' ? label : comment
  const made = {
    id: instance.nextId++,
    user,
    text: text.trim(),
    ...(name === '' ? {} : { label: name }),
    ...(isPositive(expiryDays) ? { expiryDays } : {}),
  }
  instance.sshKeys.push(made)
  return { status: 201, body: showSsh(made) }
}

const sshKeys: readonly Route[] = [
  {
    method: 'GET',
    path: ssh,
    needs: 'LICENSED_USER',
    handle: withOwner(({ state, query, features }, name) =>
      page(state.instance.sshKeys.filter(({ user }) => user === name).map(showSsh), query, features.pageLimit),
    ),
  },
  { method: 'POST', path: ssh, needs: 'LICENSED_USER', handle: withOwner(postSsh) },
  {
    method: 'DELETE',
    path: `${ssh}/{id}`,
    needs: 'LICENSED_USER',
    handle: (context) => {
      const { instance } = context.state
      const found = instance.sshKeys.find(({ id }) => String(id) === context.path['id'])
      const refusal = found && refuseStranger(context, found.user)
      if (refusal !== undefined) return refusal
      instance.sshKeys = instance.sshKeys.filter((one) => one !== found)
      return noContent()
    },
  },
]

function showGpg({ id, fingerprint, text }: Context['state']['instance']['gpgKeys'][number]): unknown {
  return { id, fingerprint: fingerprint.match(/../gu)?.join(':'), text, subKeys: [] }
}

function postGpg({ state: { instance }, body }: Context, user: string): Reply {
  const { text } = fieldsOf(body)
  const fingerprint = typeof text === 'string' ? fingerprintOf(text) : undefined
  if (typeof text !== 'string' || fingerprint === undefined) return invalid('The text is not a public key', 'text')
  if (instance.gpgKeys.some((one) => one.fingerprint === fingerprint)) return invalid('The key is in use', 'text')
  const made = { id: fingerprint.slice(-16), user, fingerprint, text }
  instance.gpgKeys.push(made)
  return ok(showGpg(made))
}

const gpgKeys: readonly Route[] = [
  {
    method: 'GET',
    path: gpg,
    needs: 'LICENSED_USER',
    handle: withOwner(({ state, query, features }, name) =>
      page(state.instance.gpgKeys.filter(({ user }) => user === name).map(showGpg), query, features.pageLimit),
    ),
  },
  { method: 'POST', path: gpg, needs: 'LICENSED_USER', handle: withOwner(postGpg) },
  {
    method: 'DELETE',
    path: `${gpg}/{id}`,
    needs: 'LICENSED_USER',
    handle: (context) => {
      const { instance } = context.state
      const wanted = context.path['id']?.replaceAll(':', '').toLowerCase()
      const found = instance.gpgKeys.find(({ id, fingerprint }) => id === wanted || fingerprint === wanted)
      const refusal = found && refuseStranger(context, found.user)
      if (refusal !== undefined) return refusal
      instance.gpgKeys = instance.gpgKeys.filter((one) => one !== found)
      return noContent()
    },
  },
]

function withUser(work: (context: Context, user: User) => Reply): Route['handle'] {
  return (context) => {
    const user = Object.values(context.state.users).find(({ slug }) => slug === context.path['slug']?.toLowerCase())
    if (user === undefined) return absentPrincipal('User', context.path['slug'] ?? '')
    return refuseStranger(context, key(user.name)) ?? work(context, user)
  }
}

function showToken({ id, name }: { id: string; name: string }): unknown {
  return { id, name, createdDate: '2026-01-01T00:00:00.000Z' }
}

function putToken({ state, body }: Context, user: User): Reply {
  const { name, permissions, expiryDays } = fieldsOf(body)
  if (typeof name !== 'string' || name === '') return invalid('A name is needed', 'name')
  if (!Array.isArray(permissions) || permissions.length === 0) return invalid('Permissions are needed', 'permissions')
  const limit = state.accessTokenMaxExpiryDays
  if (limit !== null && (!isPositive(expiryDays) || expiryDays > limit)) {
    return invalid(`The token must expire within ${limit} days`, 'expiryDays')
  }
  const made = { id: String(252_973_515_000 + state.instance.nextId++), user: key(user.name), name }
  state.instance.personalTokens.push({ ...made, permissions: permissions.map(String) })
  return ok({ ...(showToken(made) as object), token: `BBDC-${randomText(30)}` })
}

const personalTokens: readonly Route[] = [
  {
    method: 'GET',
    path: tokens,
    needs: 'LICENSED_USER',
    handle: withUser(({ state, query, features }, user) => {
      const own = state.instance.personalTokens.filter((token) => token.user === key(user.name))
      return page(own.map(showToken), query, features.pageLimit)
    }),
  },
  { method: 'PUT', path: tokens, needs: 'LICENSED_USER', handle: withUser(putToken) },
  {
    method: 'DELETE',
    path: `${tokens}/{id}`,
    needs: 'LICENSED_USER',
    handle: withUser(({ state: { instance }, path }, user) => {
      const found = instance.personalTokens.find(({ id, user: name }) => id === path['id'] && name === key(user.name))
      if (found === undefined) return absent('No token with this id')
      instance.personalTokens = instance.personalTokens.filter((one) => one !== found)
      return noContent()
    }),
  },
]

export const keyRoutes: readonly Route[] = [...sshKeys, ...gpgKeys, ...personalTokens]
