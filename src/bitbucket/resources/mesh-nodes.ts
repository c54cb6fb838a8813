import { optional, readObject, readObjects, stringIn, isAbsent, type Answered } from '../answer.js'
import { collection, instance } from '../kit.js'
import type { Reader } from '../../model/resource.js'
import { unlessGone } from '../repeated-verbs.js'

const path = '/api/latest/admin/git/mesh/nodes'
const states = ['AVAILABLE', 'DISABLED', 'DRAINING'] as const

export default collection({
  kind: 'meshNodes',
  parents: [instance],
  identity: ['rpcUrl'],
  docs: {
    area: 'server',
    title: 'Mesh nodes',
    text: 'The nodes of Bitbucket Mesh that hold Git data. A node must run and trust must be set up before it can be registered. They are read and exported only where they are asked for. Removing one needs --allow mesh-nodes.',
    rest: 'System Maintenance: Mesh nodes, /api/latest/admin/git/mesh/nodes (GET, POST), …/{id} (PUT, DELETE)',
    permission: 'SYS_ADMIN',
    endpoints: [path, `${path}/{}`],
    since: '8.0',
    dangers: [
      'Removing a node moves its data elsewhere first, which takes long, and fails where it holds the last copy.',
    ],
  },
  schema: {
    type: 'object',
    description: 'A node of Bitbucket Mesh.',
    required: ['rpcUrl', 'name'],
    properties: {
      rpcUrl: { type: 'string', minLength: 1, description: 'The address at which the node is called.' },
      name: { type: 'string', minLength: 1, description: 'The name that administrators see.' },
      state: {
        type: 'string',
        enum: states,
        description: 'Whether it takes data, takes none, or gives its data away. While it is offline nothing is shown.',
      },
      availabilityZone: {
        type: 'string',
        minLength: 1,
        'x-since': '9.4',
        description: 'Nodes of one zone fail together; copies are spread over zones.',
      },
    },
  },
  examples: [
    { rpcUrl: 'http://mesh-1.example.com:7777', name: 'mesh-1', state: 'AVAILABLE' },
    { rpcUrl: 'http://mesh-1.example.com:7777', name: 'mesh-one', state: 'DISABLED' },
  ],
  canonical: { rpcUrl: (url) => url.replace(/\/+$/u, '') },
  isOnRequest: true,
  async hazards({ before, after }) {
    if (before === null || after !== null) return []
    const allow = 'mesh-nodes'
    const hint = `If it shall really go, run with --allow ${allow}.`
    return [{ message: `The Mesh node ${before.name} would be removed`, hint, allow }]
  },
})({
  async list(api) {
    return (await readNodes(api)).map((node) => ({
      value: {
        rpcUrl: stringIn(node, 'rpcUrl'),
        name: stringIn(node, 'name'),
        ...stateIn(node),
        ...optional(node, 'availabilityZone', stringIn),
      },
      raw: node.fields,
    }))
  },
  async create(api, _at, { after }) {
    const known = await readNodes(api)
    if (known.some((node) => stringIn(node, 'rpcUrl').replace(/\/+$/u, '') === after.rpcUrl)) return
    await api.send('POST', path, after)
  },
  async update(api, _at, { after, raw }) {
    const { id, rpcId } = readObject(path, raw).fields
    await api.send('PUT', nodePath(raw), { id, ...(isAbsent(rpcId) ? {} : { rpcId }), ...after })
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', nodePath(raw)))
  },
})

/** The documents speak of a list, and show one node; a page is understood too (catalogue 1.2). */
async function readNodes(api: Reader): Promise<readonly Answered[]> {
  const answer = (await api.get(path)) ?? []
  return Array.isArray(answer)
    ? readObjects(path, answer, '')
    : readObjects(path, readObject(path, answer).fields['values'])
}

/** OFFLINE and DELETING are what the server found, not what somebody chose (I-28). */
function stateIn(node: Answered): { state?: (typeof states)[number] } {
  const state = states.find((known) => known === node.fields['state'])
  return state === undefined ? {} : { state }
}

function nodePath(raw: unknown): string {
  return `${path}/${encodeURIComponent(stringIn(readObject(path, raw), 'id'))}`
}
