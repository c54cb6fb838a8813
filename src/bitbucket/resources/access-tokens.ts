import { readObject, readObjects, stringIn } from '../answer.js'
import { collection } from '../kit.js'
import { tellApart } from '../tell-apart.js'
import type { Reader } from '../../model/resource.js'
import { unlessGone } from '../repeated-verbs.js'
import users from './users.js'

const people = '/api/latest/admin/users'

export default collection({
  kind: 'accessTokens',
  parents: [users],
  identity: ['name'],
  docs: {
    area: 'people',
    title: 'HTTP access tokens of a user',
    text: 'The HTTP access tokens that a user may have. They are audited and removed, never created: the server shows the secret of a new token once, and there is no place for it here. Tokens of the same name are called name #id. They cost a request a user, so they are exported only where --include names them.',
    rest: 'Authentication: HTTP access tokens of a user, /access-tokens/latest/users/{userSlug} (GET), …/{tokenId} (DELETE)',
    permission: 'ADMIN',
    endpoints: ['/access-tokens/latest/users/{}', '/access-tokens/latest/users/{}/{}', people],
    dangers: ['A removed token stops whatever signs in with it, and cannot be brought back.'],
  },
  schema: {
    type: 'object',
    description: 'An HTTP access token that a user may have.',
    required: ['name'],
    properties: { name: { type: 'string', minLength: 1, description: 'The name of the token.' } },
  },
  examples: [{ name: 'ci' }, { name: 'reports' }],
  isOnRequest: true,
})({
  async list(api, at) {
    const slug = await slugOf(api, at.users)
    if (slug === undefined) return null
    const path = `/access-tokens/latest/users/${encodeURIComponent(slug)}`
    const tokens = readObjects(path, (await api.list(path)) ?? [])
    const idOf = (token: (typeof tokens)[number]): string => stringIn(token, 'id')
    return tellApart(tokens, (token) => stringIn(token, 'name'), idOf).map(({ name, one }) => ({
      value: { name },
      raw: { path: `${path}/${encodeURIComponent(idOf(one))}` },
    }))
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', stringIn(readObject('/access-tokens', raw), 'path')))
  },
})

/** The URL wants the slug, which is not always the name (U-03). */
async function slugOf(api: Reader, name: string): Promise<string | undefined> {
  const all = readObjects(people, (await api.list(people)) ?? [])
  const user = all.find((one) => stringIn(one, 'name').toLowerCase() === name)
  return user === undefined ? undefined : stringIn(user, 'slug')
}
