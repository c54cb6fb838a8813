/** Mirrors as their upstream sees them: I-29 of the catalogue. A mirror asks, an administrator decides. */
import { absent, failure, noContent, ok, page, type Reply } from '../answers.js'
import type { Mirror, MirrorRequest } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const servers = '/mirroring/{version}/mirrorServers'
const requests = '/mirroring/{version}/requests'

function showMirror(mirror: Mirror, enabled = true): unknown {
  return { ...mirror, enabled, lastSeenDate: '2026-01-01T00:00:00.000Z' }
}

/** Of requests the documents know no 400 and no 404: 409 where one is "invalid or missing" or "could not be found". */
function refuse(message: string): Reply {
  return failure(409, 'IntegrityException', message)
}

function postRequest({ state: { instance }, body }: Context): Reply {
  const { mirrorId, mirrorName, mirrorBaseUrl, mirrorType, productVersion } = fieldsOf(body)
  const texts = [mirrorId, mirrorName, mirrorBaseUrl, productVersion]
  if (texts.some((text) => typeof text !== 'string' || text === '')) return refuse('A field is missing')
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

function withRequest(work: (context: Context, request: MirrorRequest) => Reply): Route['handle'] {
  return (context) => {
    const found = context.state.instance.mirrorRequests.find(({ id }) => String(id) === context.path['id'])
    return found === undefined ? refuse('No request with this id') : work(context, found)
  }
}

/** Either way the documents answer with a mirror. */
function decide(state: 'ACCEPTED' | 'REJECTED'): Route['handle'] {
  return withRequest(({ state: { instance } }, request) => {
    if (request.state !== 'PENDING') return refuse('The request has been decided')
    request.state = state
    const { mirrorId: id, mirrorName: name, mirrorBaseUrl: baseUrl, mirrorType, productVersion } = request
    const mirror = { id, name, baseUrl, mirrorType, productVersion }
    if (state === 'ACCEPTED') instance.mirrors = [...instance.mirrors.filter((one) => one.id !== id), mirror]
    return ok(showMirror(mirror, state === 'ACCEPTED'))
  })
}

const mirrors: readonly Route[] = [
  {
    method: 'GET',
    path: servers,
    needs: 'ADMIN',
    handle: ({ state: { instance }, query, features }) => {
      const shown = instance.mirrors.map((mirror) => showMirror(mirror))
      return page(shown, query, features.pageLimit)
    },
  },
  {
    method: 'GET',
    path: `${servers}/{id}`,
    needs: 'ADMIN',
    handle: ({ state: { instance }, path }) => {
      const found = instance.mirrors.find(({ id }) => id === path['id'])
      return found === undefined ? absent('No mirror with this id') : ok(showMirror(found))
    },
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
]

const mirrorRequests: readonly Route[] = [
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
  { method: 'GET', path: `${requests}/{id}`, needs: 'ADMIN', handle: withRequest((_, request) => ok(request)) },
  {
    method: 'DELETE',
    path: `${requests}/{id}`,
    needs: 'ADMIN',
    handle: withRequest(({ state: { instance } }, request) => {
      instance.mirrorRequests = instance.mirrorRequests.filter((one) => one !== request)
      return noContent()
    }),
  },
  { method: 'POST', path: `${requests}/{id}/accept`, needs: 'ADMIN', handle: decide('ACCEPTED') },
  { method: 'POST', path: `${requests}/{id}/reject`, needs: 'ADMIN', handle: decide('REJECTED') },
]

export const mirrorRoutes: readonly Route[] = [...mirrors, ...mirrorRequests]
