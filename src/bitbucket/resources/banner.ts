import { booleanIn, readObject, stringIn, wordIn } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/banner'
const audiences = ['ALL', 'AUTHENTICATED'] as const

export default singleton({
  kind: 'banner',
  parents: [instance],
  docs: {
    area: 'server',
    title: 'Announcement banner',
    text: 'The banner at the top of every page. A banner that is not enabled is kept, but nobody sees it. Write null to remove it.',
    rest: 'System Maintenance: Announcement banner, /api/latest/admin/banner (GET, PUT, DELETE)',
    permission: 'ADMIN',
    endpoints: ['/api/latest/admin/banner'],
  },
  schema: {
    type: 'object',
    description: 'The banner at the top of every page.',
    required: ['message'],
    properties: {
      message: { type: 'string', minLength: 1, description: 'What the banner says, in the markup of Bitbucket.' },
      enabled: { type: 'boolean', default: true, description: 'Whether the banner is shown.' },
      audience: {
        type: 'string',
        enum: audiences,
        default: 'ALL',
        description: 'Who sees it: everybody (ALL), or only people who are signed in (AUTHENTICATED).',
      },
    },
  },
  examples: [
    { message: 'Maintenance on Sunday from 8 to 10', enabled: true, audience: 'ALL' },
    { message: 'Please move your builds to the **new** agents', enabled: false, audience: 'AUTHENTICATED' },
  ],
  canonical: { message: (text) => text.replaceAll('\r\n', '\n') },
})({
  async read(api) {
    // 204 where there is no banner (I-04).
    const raw = await api.get(path)
    if (raw === null) return null
    const banner = readObject(path, raw)
    const value = {
      message: stringIn(banner, 'message'),
      enabled: booleanIn(banner, 'enabled'),
      audience: wordIn(banner, 'audience', audiences),
    }
    return { value, raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, after)
  },
  async clear(api) {
    await unlessGone(api.send('DELETE', path))
  },
})
