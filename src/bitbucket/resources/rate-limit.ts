import { booleanIn, integerIn, objectIn, optional, readObject, type Answered } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { isObject } from '../../model/schema.js'

/** Seconds that a run may wait for the server's own limit before it counts as throttled. */
const longestWait = 600

const path = '/api/latest/admin/rate-limit/settings'

function readSettings(answered: Answered, field: string): { capacity: number; fillRate: number } {
  const settings = objectIn(answered, field)
  return { capacity: integerIn(settings, 'capacity'), fillRate: integerIn(settings, 'fillRate') }
}

export default singleton({
  kind: 'rateLimit',
  parents: [instance],
  // So that bbstate's own account is exempt before a low limit holds (I-09).
  after: ['rateLimitUsers'],
  docs: {
    area: 'server',
    title: 'Rate limiting',
    text: 'Limits how many HTTP requests a user may send: a bucket of tokens for each user on each node, from which every request takes one. Exemptions are under rateLimitUsers. The setting cannot be reset; switch it off instead.',
    rest: 'System Maintenance: Rate limit settings, /api/latest/admin/rate-limit/settings (GET, PUT)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/rate-limit/settings'],
    dangers: ['Low numbers throttle integrations, and bbstate itself: exempt its account under rateLimitUsers first.'],
  },
  schema: {
    type: 'object',
    description: 'Limits how many HTTP requests a user may send.',
    required: ['enabled'],
    properties: {
      enabled: { type: 'boolean', default: false, description: 'Whether requests are limited at all.' },
      defaultSettings: {
        type: 'object',
        description: 'The bucket of everybody who has no settings of their own.',
        required: ['capacity', 'fillRate'],
        properties: {
          capacity: {
            type: 'integer',
            minimum: 1,
            default: 60,
            description: 'Tokens in a full bucket: the longest burst.',
          },
          fillRate: { type: 'integer', minimum: 1, default: 5, description: 'Tokens that flow back in a second.' },
        },
      },
    },
  },
  examples: [
    { enabled: true, defaultSettings: { capacity: 120, fillRate: 10 } },
    { enabled: false, defaultSettings: { capacity: 60, fillRate: 5 } },
  ],
  async hazards({ after }, { account, requests, after: valuesOf }) {
    if (after?.enabled !== true) return []
    const entries = (await valuesOf('rateLimitUsers')).filter(isObject)
    const own = entries.find(({ user }) => user === account.toLowerCase())
    if (own?.['whitelisted'] === true) return []
    const bucket = isObject(own?.['settings']) ? own['settings'] : (after.defaultSettings ?? {})
    const { capacity = 60, fillRate = 5 } = bucket as { capacity?: number; fillRate?: number }
    const seconds = Math.round((requests - capacity) / fillRate)
    if (seconds < longestWait) return []
    const message = `A run like this one needs about ${requests} requests, for which ${account} would have to wait ${seconds} s`
    return [{ message, hint: `Exempt ${account} under rateLimitUsers, or allow more requests.` }]
  },
})({
  async read(api) {
    const raw = await api.get(path)
    const limit = readObject(path, raw)
    const value = { enabled: booleanIn(limit, 'enabled'), ...optional(limit, 'defaultSettings', readSettings) }
    return { value, raw }
  },
  async write(api, _at, { after, changed }) {
    // The PUT is partial, but of defaultSettings it wants both numbers (I-09, seen on 10.4).
    const settings = changed.has('defaultSettings') ? { defaultSettings: after.defaultSettings } : {}
    await api.send('PUT', path, { enabled: after.enabled, ...settings })
  },
})
