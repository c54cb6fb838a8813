/** Settings of the whole server: I-01, I-02, I-04, I-05, I-07, I-08, I-26, I-27 of the catalogue. */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import type { Context, Route } from '../router.js'
import type { MailServer } from '../state.js'

type Fields = Readonly<Record<string, unknown>>

/** The body as an object; `{}` for anything else. */
export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : {}
}

/** Whether a value is a whole number of at least 1. */
export function isPositive(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1
}

const accessTokens: readonly Route[] = [
  {
    method: 'GET',
    path: '/access-tokens/{version}/admin',
    needs: 'SYS_ADMIN',
    handle: ({ state }) =>
      ok(state.accessTokenMaxExpiryDays === null ? {} : { maxExpiryDays: state.accessTokenMaxExpiryDays }),
  },
  {
    method: 'PUT',
    path: '/access-tokens/{version}/admin',
    needs: 'SYS_ADMIN',
    handle: ({ state, body }) => {
      const { maxExpiryDays } = fieldsOf(body)
      if (!isPositive(maxExpiryDays)) return invalid('The maximum expiry must be at least one day', 'maxExpiryDays')
      state.accessTokenMaxExpiryDays = maxExpiryDays
      return ok({ maxExpiryDays })
    },
  },
  {
    method: 'DELETE',
    path: '/access-tokens/{version}/admin',
    needs: 'SYS_ADMIN',
    handle: ({ state }) => {
      state.accessTokenMaxExpiryDays = null
      return noContent()
    },
  },
]

const banner: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/admin/banner',
    needs: 'ADMIN',
    handle: ({ state }) => (state.banner === null ? noContent() : ok(state.banner)),
  },
  {
    method: 'PUT',
    path: '/api/{version}/admin/banner',
    needs: 'ADMIN',
    handle: ({ state, body }) => {
      const { message, enabled, audience } = fieldsOf(body)
      if (typeof message !== 'string' || message === '') return invalid('A banner needs a message', 'message')
      if (audience !== 'ALL' && audience !== 'AUTHENTICATED') return invalid('ALL or AUTHENTICATED', 'audience')
      // The documents do not say what a PUT without `enabled` means; a boolean that is left out is false in Java.
      state.banner = { message, enabled: enabled === true, audience }
      return noContent()
    },
  },
  {
    method: 'DELETE',
    path: '/api/{version}/admin/banner',
    needs: 'ADMIN',
    handle: ({ state }) => {
      state.banner = null
      return noContent()
    },
  },
]

const defaultBranch: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/admin/default-branch',
    needs: 'LICENSED_USER',
    handle: ({ state: { defaultBranch: id } }) =>
      id === null
        ? absent('No default branch is configured')
        : ok({ id, displayId: id.replace(/^refs\/heads\//u, ''), type: 'BRANCH' }),
  },
  {
    method: 'PUT',
    path: '/api/{version}/admin/default-branch',
    needs: 'ADMIN',
    handle: ({ state, body }) => {
      const { id } = fieldsOf(body)
      if (typeof id !== 'string' || id === '') return invalid('The branch is required', 'id')
      state.defaultBranch = id.startsWith('refs/heads/') ? id : `refs/heads/${id}`
      return noContent()
    },
  },
  {
    method: 'DELETE',
    path: '/api/{version}/admin/default-branch',
    needs: 'ADMIN',
    handle: ({ state }) => {
      state.defaultBranch = null
      return noContent()
    },
  },
]

const kebab: Readonly<Record<string, string>> = {
  useStartTls: 'use-start-tls',
  requireStartTls: 'require-start-tls',
  senderAddress: 'sender-address',
}

/** What GET shows: everything but the password, in the spelling of this version. */
function showMail({ password: _hidden, ...mail }: MailServer, spelling: 'camel' | 'kebab'): Fields {
  const rename = ([name, value]: [string, unknown]): [string, unknown] => [kebab[name] ?? name, value]
  return spelling === 'camel' ? mail : Object.fromEntries(Object.entries(mail).map(rename))
}

/** A PUT replaces everything; a field in the other spelling is a field that this server does not know. */
function readMail(body: unknown, spelling: 'camel' | 'kebab'): MailServer {
  const given = fieldsOf(body)
  const names = [
    'hostname',
    'port',
    'protocol',
    'useStartTls',
    'requireStartTls',
    'username',
    'password',
    'senderAddress',
    'authType',
  ]
  const wire = (name: string): string => (spelling === 'kebab' ? (kebab[name] ?? name) : name)
  const known = names.flatMap((name) => (given[wire(name)] === undefined ? [] : [[name, given[wire(name)]] as const]))
  return Object.fromEntries(known) as unknown as MailServer
}

const mailServer: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: ({ state, features }) =>
      state.mailServer === null
        ? absent('The mail server has not been configured')
        : ok(showMail(state.mailServer, features.mailSpelling)),
  },
  {
    method: 'PUT',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: putMail,
  },
  {
    method: 'DELETE',
    path: '/api/{version}/admin/mail-server',
    needs: 'SYS_ADMIN',
    handle: ({ state }) => {
      state.mailServer = null
      return noContent()
    },
  },
  {
    method: 'GET',
    path: '/api/{version}/admin/mail-server/sender-address',
    needs: 'ADMIN',
    handle: ({ state }) =>
      state.mailServer?.senderAddress === undefined
        ? absent('No sender address is configured')
        : ok(state.mailServer.senderAddress),
  },
]

function putMail({ state, features, body }: Context): Reply {
  const mail = readMail(body, features.mailSpelling)
  if (typeof mail.hostname !== 'string' || mail.hostname === '') return invalid('The hostname is required', 'hostname')
  if (mail.hostname.includes(' ')) {
    // Servers are known to echo what they were sent; a client must not pass that on.
    return invalid(`Cannot use this configuration: ${JSON.stringify(body)}`, 'hostname')
  }
  if (mail.port !== undefined && !(isPositive(mail.port) && mail.port < 65_536)) return invalid('Not a port', 'port')
  // A protocol that is left out becomes SMTP (the documents call the field optional and list two values).
  state.mailServer = { ...mail, protocol: mail.protocol ?? 'SMTP' }
  return ok(showMail(state.mailServer, features.mailSpelling))
}

const levels = ['SYS_ADMIN', 'ADMIN', 'PROJECT_ADMIN', 'REPO_ADMIN']

const policies: readonly Route[] = (['archive', 'delete'] as const).flatMap((what): Route[] => [
  {
    method: 'GET',
    path: `/policies/{version}/admin/repos/${what}`,
    needs: 'LICENSED_USER',
    since: '8.0',
    handle: ({ state }) => ok({ permission: state.policies[what] }),
  },
  {
    method: 'PUT',
    path: `/policies/{version}/admin/repos/${what}`,
    needs: 'SYS_ADMIN',
    since: '8.0',
    handle: ({ state, body }) => {
      const { permission } = fieldsOf(body)
      if (!levels.includes(String(permission))) return invalid(`One of ${levels.join(', ')}`, 'permission')
      state.policies[what] = String(permission)
      return ok({ permission })
    },
  },
])

/** The policy for SSH keys; the documents print its path without the module, so the mount is an option. */
export function sshRoutes(mount: 'ssh' | 'keys' | 'root'): readonly Route[] {
  const base = { ssh: '/ssh/{version}/admin', keys: '/keys/{version}/admin', root: '/admin' }[mount]
  return [
    { method: 'GET', path: base, needs: 'SYS_ADMIN', since: '8.7', handle: showSshPolicy },
    { method: 'PUT', path: base, needs: 'SYS_ADMIN', since: '8.7', handle: putSshPolicy },
    {
      method: 'GET',
      path: `${base}/supported-key-types`,
      needs: 'SYS_ADMIN',
      since: '8.7',
      handle: ({ state }) => ok(state.sshPolicy.keyTypeRestrictions.map(({ algorithm }) => ({ algorithm }))),
    },
  ]
}

function showSshPolicy({ state: { sshPolicy }, features }: Context): Reply {
  const optional = (value: number | null | undefined): unknown =>
    features.leaksOptionals ? { present: value != null, asInt: value ?? 0 } : (value ?? undefined)
  return ok({
    maxExpiryDays: optional(sshPolicy.maxExpiryDays),
    keyTypeRestrictions: sshPolicy.keyTypeRestrictions.map(({ minKeyLength, ...entry }) => ({
      ...entry,
      minKeyLength: optional(minKeyLength),
    })),
  })
}

function putSshPolicy({ state, body }: Context): Reply {
  const { maxExpiryDays, keyTypeRestrictions = [] } = fieldsOf(body)
  if (maxExpiryDays != null && !isPositive(maxExpiryDays)) return invalid('At least one whole day', 'maxExpiryDays')
  const given = (Array.isArray(keyTypeRestrictions) ? keyTypeRestrictions : []).map(fieldsOf)
  const known = state.sshPolicy.keyTypeRestrictions.map(({ algorithm }) => algorithm)
  const stranger = given.find(({ algorithm }) => !known.includes(String(algorithm)))
  if (stranger !== undefined) return invalid(`Unknown key type ${String(stranger['algorithm'])}`, 'keyTypeRestrictions')
  // A full replacement: what is not sent is allowed again, without a shortest length.
  state.sshPolicy = {
    maxExpiryDays: isPositive(maxExpiryDays) ? maxExpiryDays : null,
    keyTypeRestrictions: known.map((algorithm) => {
      const entry = given.find((one) => one['algorithm'] === algorithm)
      const length = entry?.['minKeyLength']
      return {
        algorithm,
        allowed: entry?.['allowed'] !== false,
        ...(isPositive(length) ? { minKeyLength: length } : {}),
      }
    }),
  }
  return noContent()
}

/** All of this file but the SSH policy. */
export const settingsRoutes: readonly Route[] = [
  ...accessTokens,
  ...banner,
  ...defaultBranch,
  ...mailServer,
  ...policies,
]
