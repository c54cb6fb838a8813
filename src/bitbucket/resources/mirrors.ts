import { readObject, readObjects, stringIn, integerIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { ApiError } from '../../model/errors.js'
import { unlessGone } from '../repeated-verbs.js'

const servers = '/mirroring/latest/mirrorServers'
const requests = '/mirroring/latest/requests'

export default collection({
  kind: 'mirrors',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'server',
    title: 'Mirrors',
    text: 'The mirrors that this server serves. A mirror asks by itself; declaring its name accepts the request that waits, and until it has asked it cannot be created. What a mirror copies is set on the mirror.',
    rest: 'Mirroring (Upstream): Mirrors, /mirroring/latest/mirrorServers (GET), …/{mirrorId} (DELETE), /mirroring/latest/requests (GET), …/{mirroringRequestId}/accept (POST)',
    permission: 'ADMIN',
    endpoints: [servers, `${servers}/{}`, requests, `${requests}/{}/accept`],
    lost: { what: 'a mirror must ask again before it can be accepted', isAll: true },
    dangers: ['A removed mirror loses its data and must be set up again.'],
  },
  schema: {
    type: 'object',
    description: 'A mirror that this server serves.',
    required: ['name'],
    properties: { name: { type: 'string', minLength: 1, description: 'The name that the mirror asked under.' } },
  },
  examples: [{ name: 'sydney' }, { name: 'tokyo' }],
  async hazards({ before, after }) {
    if (before !== null || after === null) return []
    const message = `${after.name} will be accepted as a mirror: it gets a copy of every repository that it asks for`
    return [{ message, hint: 'Accept only mirrors that you set up.', isWarning: true }]
  },
})({
  async list(api) {
    return readObjects(servers, (await api.list(servers)) ?? []).map((mirror) => ({
      value: { name: stringIn(mirror, 'name') },
      raw: mirror.fields,
    }))
  },
  async create(api, _at, { after }) {
    const where = `${requests}?state=PENDING`
    const waiting = readObjects(where, (await api.list(where)) ?? [])
    const request = waiting.find((one) => stringIn(one, 'mirrorName') === after.name)
    if (request !== undefined) {
      await api.send('POST', `${requests}/${integerIn(request, 'id')}/accept`)
      return
    }
    const accepted = readObjects(servers, (await api.list(servers)) ?? [])
    if (accepted.some((mirror) => stringIn(mirror, 'name') === after.name)) return
    throw new ApiError('API_NOT_FOUND', `No mirror called ${after.name} has asked to be accepted`, {
      hint: 'Set the mirror up with this server as its upstream first; then its request can be accepted.',
    })
  },
  async delete(api, _at, { raw }) {
    const id = stringIn(readObject(servers, raw), 'id')
    await unlessGone(api.send('DELETE', `${servers}/${encodeURIComponent(id)}`))
  },
})
