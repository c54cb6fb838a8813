/** Mesh nodes: I-28 of the catalogue. Here a node is gone at once; a real one gives its data away first. */
import { absent, failure, invalid, noContent, ok, type Reply } from '../answers.js'
import type { MeshNode } from '../instance-state.js'
import { isAtLeast } from '../options.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const nodes = '/api/{version}/admin/git/mesh/nodes'

/** The others are what the server finds. */
const writable = ['AVAILABLE', 'DISABLED', 'DRAINING']

function show({ isLastCopy: _, ...node }: MeshNode): unknown {
  return { ...node, offline: false, lastSeenDate: 1_767_225_600_000 }
}

function writeNode({ body, features }: Context, node: MeshNode): MeshNode | Reply {
  const { name, rpcUrl, state, availabilityZone } = fieldsOf(body)
  if (typeof name !== 'string' || name === '') return invalid('A name is needed', 'name')
  if (typeof rpcUrl !== 'string' || !URL.canParse(rpcUrl)) return invalid('Not a URL', 'rpcUrl')
  if (state != null && !writable.includes(String(state))) return invalid(`One of ${writable.join(', ')}`, 'state')
  // Older versions drop the zone silently.
  const hasZone = typeof availabilityZone === 'string' && isAtLeast(features.version, '9.4')
  return {
    ...node,
    name,
    rpcUrl,
    state: state == null ? node.state : String(state),
    ...(hasZone ? { availabilityZone } : {}),
  }
}

function post(context: Context): Reply {
  const { instance } = context.state
  const id = String(instance.nextId++)
  const node = writeNode(context, { id, rpcId: id, rpcUrl: '', name: '', state: 'AVAILABLE' })
  if ('status' in node) return node
  instance.meshNodes.push(node)
  return ok(show(node))
}

function withNode(work: (context: Context, node: MeshNode) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.meshNodes.find(({ id }) => id === context.path['id'])
    return found === undefined ? absent('No Mesh node with this id') : work(context, found)
  }
}

function put(context: Context, node: MeshNode): Reply {
  const { instance } = context.state
  const changed = writeNode(context, node)
  if ('status' in changed) return changed
  instance.meshNodes = instance.meshNodes.map((one) => (one === node ? changed : one))
  return ok(show(changed))
}

/** The documents name no status at all; a node that holds the last copy of something goes by force alone (I-28). */
function remove({ state: { instance }, query }: Context, node: MeshNode): Reply {
  if (query.get('force') !== 'true' && node.isLastCopy === true) {
    return failure(409, 'IntegrityException', `${node.name} holds the last copy of a repository`)
  }
  instance.meshNodes = instance.meshNodes.filter((one) => one !== node)
  return noContent()
}

export const meshRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: nodes,
    needs: 'SYS_ADMIN',
    since: '8.0',
    // "The list of registered Mesh nodes", says the text; the schema beside it shows one node.
    handle: ({ state }) => ok(state.instance.meshNodes.map(show)),
  },
  { method: 'POST', path: nodes, needs: 'SYS_ADMIN', since: '8.0', handle: post },
  {
    method: 'GET',
    path: `${nodes}/{id}`,
    needs: 'SYS_ADMIN',
    since: '8.0',
    handle: withNode((_, node) => ok(show(node))),
  },
  { method: 'PUT', path: `${nodes}/{id}`, needs: 'SYS_ADMIN', since: '8.0', handle: withNode(put) },
  { method: 'DELETE', path: `${nodes}/{id}`, needs: 'SYS_ADMIN', since: '8.0', handle: withNode(remove) },
]
