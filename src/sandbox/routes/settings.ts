/** Settings of the whole server: I-01, I-02, I-04, I-05, I-26, I-27 of the catalogue. */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import type { Context, Features, Route } from '../router.js'

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

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
    handle: ({ state, features }) =>
      state.accessTokenMaxExpiryDays === null
        ? noExpiry(features.accessTokenPolicyUnset)
        : ok({ maxExpiryDays: state.accessTokenMaxExpiryDays }),
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

function noExpiry(shape: Features['accessTokenPolicyUnset']): Reply {
  switch (shape) {
    case 'missing':
      return ok({})
    case 'null':
      return ok({ maxExpiryDays: null })
    case 'not-present':
      return ok({ maxExpiryDays: { asInt: 0, present: false } })
    case 'empty':
      return { status: 200 }
    case 'no-content':
      return noContent()
  }
}

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
      const { message = '', enabled = false, audience } = fieldsOf(body)
      if (typeof message !== 'string') return invalid('The message must be text', 'message')
      if (typeof enabled !== 'boolean') return invalid('A boolean is needed', 'enabled')
      if (audience !== 'ALL' && audience !== 'AUTHENTICATED') return invalid('ALL or AUTHENTICATED', 'audience')
      // The documents do not say what a PUT without `enabled` means; a boolean that is left out is false in Java.
      state.banner = { message, enabled, audience }
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
      const name = String(id ?? '').replace(/^refs\/heads\//u, '')
      if (!isBranchName(name)) return invalid(`${JSON.stringify(id ?? '')} is not the name of a branch`, 'id')
      state.defaultBranch = `refs/heads/${name}`
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

/** The rules of git check-ref-format that matter here. */
function isBranchName(name: string): boolean {
  if (name === '' || name.startsWith('/') || /(?:\/|\.|\.lock)$/u.test(name)) return false
  return !/[\s~^:?*[\\\p{Cc}]|\.\.|\/\/|@\{|(?:^|\/)\./u.test(name)
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
      if (typeof permission !== 'string' || !levels.includes(permission)) {
        return invalid(`One of ${levels.join(', ')}`, 'permission')
      }
      state.policies[what] = permission
      return ok({ permission })
    },
  },
])

/** The lengths are those that OpenSSH makes; how the answer names them is not documented. */
const keyTypes = [
  { algorithm: 'DSA', keyLengths: [1024] },
  { algorithm: 'ECDSA', keyLengths: [256, 384, 521] },
  { algorithm: 'ED25519', keyLengths: [256] },
  { algorithm: 'RSA', keyLengths: [1024, 2048, 3072, 4096] },
]

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
      handle: () => ok(keyTypes),
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
  if (!Array.isArray(keyTypeRestrictions)) return invalid('A list is needed', 'keyTypeRestrictions')
  if (maxExpiryDays != null && !isPositive(maxExpiryDays)) return invalid('At least one whole day', 'maxExpiryDays')
  const given = keyTypeRestrictions.map(fieldsOf).map((entry): Fields => {
    return { ...entry, algorithm: String(entry['algorithm']).toUpperCase() }
  })
  const known = state.sshPolicy.keyTypeRestrictions.map(({ algorithm }) => algorithm)
  const stranger = given.find(({ algorithm }) => !known.includes(String(algorithm)))
  if (stranger !== undefined) return invalid(`Unknown key type ${String(stranger['algorithm'])}`, 'keyTypeRestrictions')
  const wrong = given.some(({ minKeyLength, allowed }) => {
    return (minKeyLength != null && !isPositive(minKeyLength)) || (allowed != null && typeof allowed !== 'boolean')
  })
  if (wrong) return invalid('A restriction is not valid', 'keyTypeRestrictions')
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
export const settingsRoutes: readonly Route[] = [...accessTokens, ...banner, ...defaultBranch, ...policies]
