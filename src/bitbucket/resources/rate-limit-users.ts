import type { Writer } from '../../model/resource.js'
import { type Answered, booleanIn, integerIn, objectIn, readObject, readObjects, stringIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/rate-limit/settings/users'

/** A user either is exempt or has settings: both or neither is refused (I-10). */
interface Limit {
  readonly whitelisted?: boolean
  readonly settings?: { readonly capacity: number; readonly fillRate: number }
}

function readLimit(entry: Answered): Limit {
  // Settings of an exempt user mean nothing, but may still be there (I-10).
  if (booleanIn(entry, 'whitelisted')) return { whitelisted: true }
  const settings = objectIn(entry, 'settings')
  return { settings: { capacity: integerIn(settings, 'capacity'), fillRate: integerIn(settings, 'fillRate') } }
}

function limitOf({ whitelisted, settings }: Limit): Limit {
  return settings === undefined ? { whitelisted: whitelisted === true } : { settings }
}

/** The URL of a user takes the slug, which differs from the name where that holds unusual characters. */
function userPath(raw: unknown): string {
  return `${path}/${encodeURIComponent(stringIn(objectIn(readObject(path, raw), 'user'), 'slug'))}`
}

async function createAll(api: Writer, users: readonly (Limit & { readonly user: string })[]): Promise<void> {
  const byLimit = new Map<string, { limit: Limit; usernames: string[] }>()
  for (const user of users) {
    const limit = limitOf(user)
    const key = JSON.stringify(limit)
    const group = byLimit.get(key) ?? { limit, usernames: [] }
    group.usernames.push(user.user)
    byLimit.set(key, group)
  }
  // This POST takes names, not slugs, and sets what is there already as well (I-10).
  for (const { limit, usernames } of byLimit.values()) await api.send('POST', path, { usernames, ...limit })
}

export default collection({
  kind: 'rateLimitUsers',
  parents: [instance],
  identity: ['user'],
  docs: {
    area: 'server',
    title: 'Rate limits of single users',
    text: 'Users who are exempt from rate limiting, or who have a bucket of their own. Stored also while rateLimit is off. An automation account, bbstate included, is a good first entry.',
    rest: 'System Maintenance: Rate limit settings of users, /api/latest/admin/rate-limit/settings/users (GET, POST) and …/{userSlug} (PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/rate-limit/settings/users', '/api/latest/admin/rate-limit/settings/users/{}'],
    dangers: ['An account that is only ADMIN cannot see the entries of system administrators.'],
  },
  schema: {
    type: 'object',
    description: 'The rate limit of one user: exempt, or a bucket of their own.',
    required: ['user'],
    exactlyOne: ['whitelisted', 'settings'],
    properties: {
      user: { type: 'string', minLength: 1, 'x-ref': 'users', description: 'The name of the user.' },
      whitelisted: {
        type: 'boolean',
        description:
          'Write true to exempt the user from rate limiting. To limit the user again, write settings instead.',
      },
      settings: {
        type: 'object',
        description: 'The bucket of this user.',
        required: ['capacity', 'fillRate'],
        properties: {
          capacity: { type: 'integer', minimum: 1, description: 'Tokens in a full bucket: the longest burst.' },
          fillRate: { type: 'integer', minimum: 1, description: 'Tokens that flow back in a second.' },
        },
      },
    },
  },
  examples: [
    { user: 'alice', whitelisted: true },
    { user: 'alice', settings: { capacity: 200, fillRate: 20 } },
  ],
  canonical: { user: (name) => name.toLowerCase() },
})({
  async list(api) {
    const entries = await api.list(path)
    return readObjects(path, entries ?? []).map((entry) => ({
      value: { user: stringIn(objectIn(entry, 'user'), 'name'), ...readLimit(entry) },
      raw: entry.fields,
    }))
  },
  async create(api, _at, { after }) {
    await createAll(api, [after])
  },
  async createMany(api, _at, changes) {
    await createAll(
      api,
      changes.map(({ after }) => after),
    )
  },
  async update(api, _at, { after, raw }) {
    await api.send('PUT', userPath(raw), limitOf(after))
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', userPath(raw)))
  },
})
