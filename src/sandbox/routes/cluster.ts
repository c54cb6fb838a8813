/** Mesh nodes and mirrors: I-28 and I-29 of the catalogue. */
import { absent, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { MeshNode, Mirror, MirrorRequest } from '../instance-state.js'
import { isAtLeast } from '../options.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const nodes = '/api/{version}/admin/git/mesh/nodes'
const servers = '/mirroring/{version}/mirrorServers'
const requests = '/mirroring/{version}/requests'

const writable = ['AVAILABLE', 'DISABLED', 'DRAINING']

function show(node: MeshNode): unknown {
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

function withNode(work: (context: Context, node: MeshNode) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.meshNodes.find(({ id }) => id === context.path['id'])
    return found === undefined ? absent('No Mesh node with this id') : work(context, found)
  }
}

const meshRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: nodes,
    needs: 'SYS_ADMIN',
    since: '8.0',
    // "The list of registered Mesh nodes", says the text; the schema beside it shows one node.
    handle: ({ state }) => ok(state.instance.meshNodes.map(show)),
  },
  {
    method: 'POST',
    path: nodes,
    needs: 'SYS_ADMIN',
    since: '8.0',
    handle: (context) => {
      const { instance } = context.state
      const id = String(instance.nextId++)
      const node = writeNode(context, { id, rpcId: id, rpcUrl: '', name: '', state: 'AVAILABLE' })
      if ('status' in node) return node
      instance.meshNodes.push(node)
      return ok(show(node))
    },
  },
  {
    method: 'PUT',
    path: `${nodes}/{id}`,
    needs: 'SYS_ADMIN',
    since: '8.0',
    handle: withNode((context, node) => {
      const { instance } = context.state
      const changed = writeNode(context, node)
      if ('status' in changed) return changed
      instance.meshNodes = instance.meshNodes.map((one) => (one === node ? changed : one))
      return ok(show(changed))
    }),
  },
  {
    method: 'DELETE',
    path: `${nodes}/{id}`,
    needs: 'SYS_ADMIN',
    since: '8.0',
    handle: withNode(({ state: { instance } }, node) => {
      instance.meshNodes = instance.meshNodes.filter((one) => one !== node)
      return noContent()
    }),
  },
]

function showMirror(mirror: Mirror): unknown {
  return { ...mirror, enabled: true, lastSeenDate: '2026-01-01T00:00:00.000Z' }
}

function postRequest({ state: { instance }, body }: Context): Reply {
  const { mirrorId, mirrorName, mirrorBaseUrl, mirrorType, productVersion } = fieldsOf(body)
  const texts = [mirrorId, mirrorName, mirrorBaseUrl, productVersion]
  if (texts.some((text) => typeof text !== 'string' || text === '')) return invalid('A field is missing')
  const request: MirrorRequest = {
    id: instance.nextId++,
    mirrorId: String(mirrorId),
    mirrorName: String(mirrorName),
    mirrorBaseUrl: String(mirrorBaseUrl),
    mirrorType: mirrorType === 'FARM' ? 'FARM' : 'SINGLE',
    productVersion: String(productVersion),
    state: 'PENDING',
  }
  instance.mirrorRequests.push(request)
  return ok(request)
}

function accept({ state: { instance }, path }: Context): Reply {
  const request = instance.mirrorRequests.find(({ id }) => String(id) === path['id'])
  if (request === undefined) return absent('No request with this id')
  if (request.state !== 'PENDING') return failure(409, 'IntegrityException', 'The request has been decided')
  request.state = 'ACCEPTED'
  const mirror = {
    id: request.mirrorId,
    name: request.mirrorName,
    baseUrl: request.mirrorBaseUrl,
    mirrorType: request.mirrorType,
    productVersion: request.productVersion,
  }
  instance.mirrors.push(mirror)
  return ok(showMirror(mirror))
}

const mirrorRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: servers,
    needs: 'ADMIN',
    handle: ({ state, query, features }) => page(state.instance.mirrors.map(showMirror), query, features.pageLimit),
  },
  {
    method: 'DELETE',
    path: `${servers}/{id}`,
    needs: 'ADMIN',
    handle: ({ state: { instance }, path }) => {
      // The documents name no other status.
      instance.mirrors = instance.mirrors.filter(({ id }) => id !== path['id'])
      return noContent()
    },
  },
  {
    method: 'GET',
    path: requests,
    needs: 'ADMIN',
    handle: ({ state, query, features }) => {
      const wanted = query.get('state')
      const found = state.instance.mirrorRequests.filter((one) => wanted === null || one.state === wanted)
      return page(found, query, features.pageLimit)
    },
  },
  { method: 'POST', path: requests, needs: 'anyone', handle: postRequest },
  { method: 'POST', path: `${requests}/{id}/accept`, needs: 'ADMIN', handle: accept },
]

export const clusterRoutes: readonly Route[] = [...meshRoutes, ...mirrorRoutes]
