import { leakedIntegerIn, readObject } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/access-tokens/latest/admin'

export default singleton({
  kind: 'accessTokenPolicy',
  parents: [instance],
  docs: {
    area: 'security',
    title: 'Expiry of HTTP access tokens',
    text: 'Whether HTTP access tokens of people, projects and repositories must expire, and after how many days at most. It holds for tokens that are created from then on; existing ones keep their expiry. Write null to let tokens live for ever again.',
    rest: 'Knowledge base "How-to use OAuth2 tokens for administrative endpoints of Bitbucket Data Center"; REST reference up to 8.5: /access-tokens/latest/admin (GET, PUT, DELETE)',
    permission: 'SYS_ADMIN',
    endpoints: ['/access-tokens/latest/admin'],
    since: '7.11',
    dangers: [
      'New tokens that need a longer life than the limit can no longer be created, also those of integrations.',
    ],
  },
  schema: {
    type: 'object',
    description: 'Limits the life of new HTTP access tokens.',
    required: ['maxExpiryDays'],
    properties: {
      maxExpiryDays: {
        type: 'integer',
        minimum: 1,
        description: 'The longest life of a new token, in days. Live without a limit, the field is absent.',
      },
    },
  },
  examples: [{ maxExpiryDays: 100 }, { maxExpiryDays: 30 }],
})({
  async read(api) {
    const raw = await api.get(path)
    if (raw === null) return null
    const policy = readObject(path, raw)
    // The reference never typed the answer (I-01): no key, null, 0 and a leaked empty OptionalInt all mean "no limit".
    const maxExpiryDays = leakedIntegerIn(policy, 'maxExpiryDays')
    return maxExpiryDays === undefined || maxExpiryDays < 1 ? null : { value: { maxExpiryDays }, raw }
  },
  async write(api, _at, { after }) {
    await api.send('PUT', path, after)
  },
  async clear(api) {
    await unlessGone(api.send('DELETE', path))
  },
})
