/**
 * The policy for SSH keys. The reference prints its path without the module (`/admin`), so where it is mounted is found
 * by asking (I-02); `has` is remembered by the client.
 */
import { ApiError } from '../../model/errors.js'
import type { Reader } from '../../model/resource.js'
import { isObject } from '../../model/schema.js'
import { booleanIn, isAbsent, leakedIntegerIn, optional, readObject, readObjects, stringIn } from '../answer.js'
import { instance, singleton } from '../kit.js'

const mounts = ['/ssh/latest/admin', '/keys/latest/admin', '/admin'] as const

async function findMount(api: Reader): Promise<string> {
  for (const mount of mounts) if (await api.has(mount)) return mount
  throw new ApiError('API_UNSUPPORTED', `None of ${mounts.join(', ')} answers`)
}

interface KeyType {
  readonly algorithm: string
  readonly allowed?: boolean
  readonly minKeyLength?: number
}

function readKeyTypes(mount: string, raw: unknown): readonly (KeyType & { readonly allowed: boolean })[] {
  const restrictions = isObject(raw) ? raw['keyTypeRestrictions'] : undefined
  if (isAbsent(restrictions)) return []
  return readObjects(mount, restrictions, 'keyTypeRestrictions').map((entry) => ({
    algorithm: stringIn(entry, 'algorithm').toUpperCase(),
    allowed: booleanIn(entry, 'allowed'),
    ...optional(entry, 'minKeyLength', leakedIntegerIn),
  }))
}

/** The entries to send, with the server's own spelling of each algorithm and whatever else it keeps of it. */
function restrictionsOf(keyTypes: readonly KeyType[], raw: unknown): readonly unknown[] {
  const live: unknown = isObject(raw) ? raw['keyTypeRestrictions'] : undefined
  const entries = Array.isArray(live) ? live.filter(isObject) : []
  return keyTypes.map(({ algorithm, allowed = true, minKeyLength }) => {
    const same = entries.find((entry) => String(entry['algorithm']).toUpperCase() === algorithm)
    const { minKeyLength: _replaced, ...kept } = same ?? {}
    return { algorithm, ...kept, allowed, ...(minKeyLength === undefined ? {} : { minKeyLength }) }
  })
}

export default singleton({
  kind: 'sshKeyPolicy',
  parents: [instance],
  docs: {
    area: 'security',
    title: 'Policy for SSH keys',
    text: 'Which kinds of SSH keys may be used, how long they must be, and after how many days they expire. The policy cannot be reset as a whole: write maxExpiryDays: null to let keys live for ever, and allowed: true for a kind of key to admit it again.',
    rest: 'System Maintenance: Global SSH key settings, printed as /admin (GET, PUT), found at /ssh/latest/admin',
    permission: 'SYS_ADMIN',
    endpoints: ['/ssh/latest/admin', '/keys/latest/admin', '/admin'],
    since: '8.7',
    dangers: [
      'Keys of a kind that is no longer allowed stop working at once, those of build servers included.',
      'When expiry is switched on for the first time, all keys created before 8.7 count as created on that day, and expire together.',
    ],
  },
  schema: {
    type: 'object',
    description: 'Which SSH keys may be used, and for how long.',
    properties: {
      maxExpiryDays: {
        type: 'integer',
        minimum: 1,
        description:
          'Days after which every SSH key expires. Live without expiry, the field is absent; null clears it.',
      },
      keyTypes: {
        type: 'array',
        'x-key': 'algorithm',
        description: 'Kinds of keys, by their algorithm; a kind that is not listed keeps what it has.',
        items: {
          type: 'object',
          description: 'One kind of key.',
          required: ['algorithm'],
          properties: {
            algorithm: {
              type: 'string',
              minLength: 1,
              description: 'The algorithm as the server names it: RSA, DSA, ECDSA, ED25519.',
            },
            allowed: { type: 'boolean', default: true, description: 'Whether keys of this kind may be used.' },
            minKeyLength: {
              type: 'integer',
              minimum: 1,
              description: 'The shortest key that may be used, in bits; null lifts the limit.',
            },
          },
        },
      },
    },
  },
  examples: [
    {
      maxExpiryDays: 365,
      keyTypes: [
        { algorithm: 'DSA', allowed: false },
        { algorithm: 'RSA', allowed: true, minKeyLength: 3072 },
      ],
    },
    {
      maxExpiryDays: 90,
      keyTypes: [
        { algorithm: 'DSA', allowed: false },
        { algorithm: 'RSA', allowed: true, minKeyLength: 2048 },
      ],
    },
  ],
  canonical: {
    keyTypes: (types) => types.map((type) => ({ ...type, algorithm: type.algorithm.toUpperCase() })),
  },
})({
  async read(api) {
    const mount = await findMount(api)
    const raw = await api.get(mount)
    if (raw === null) return null
    const policy = readObject(mount, raw)
    const value = {
      ...optional(policy, 'maxExpiryDays', leakedIntegerIn),
      keyTypes: readKeyTypes(mount, raw),
    }
    return { value, raw }
  },
  async write(api, _at, { after, raw }) {
    // The PUT replaces everything, so the kinds that stay are sent too, with integers for what leaks as an object.
    await api.send('PUT', await findMount(api), {
      ...(after.maxExpiryDays === undefined ? {} : { maxExpiryDays: after.maxExpiryDays }),
      keyTypeRestrictions: restrictionsOf(after.keyTypes ?? [], raw),
    })
  },
})
