/**
 * Environment secrets as GitHub's REST API documents them (version 2022-11-28), on a local port. It opens every sealed
 * box with the private key, as GitHub does before a job starts; the values are for the test's eyes alone.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import sodium from 'libsodium-wrappers'

/** What goes wrong next. */
export type GithubFault =
  /** Nothing: this request is let through. */
  | 'none'
  | 'forbidden'
  /** Acts, but the connection is cut before the answer. */
  | 'lose-answer'
  /** Cuts the connection and does nothing. */
  | 'cut'
  | 'bad-gateway'
  | 'primary-limit'
  | 'secondary-limit'
  | 'moved'

export interface GithubServer {
  readonly url: string
  readonly token: string
  /** Names and opened values of the secrets. */
  readonly secrets: ReadonlyMap<string, string>
  /** `PUT /repos/…` of every request, in order. */
  readonly requests: readonly string[]
  /** Bodies of all requests. */
  readonly bodies: readonly string[]
  /** Another key pair from now on: boxes for the one before are refused. */
  rotateKey(): void
  /** Faults of the next requests to paths that match, one each. */
  fail(path: RegExp, ...faults: readonly GithubFault[]): void
  /** Takes the permission to write away, or gives it back. */
  permit(isPermitted: boolean): void
  close(): Promise<void>
}

const prefix = '/api/v3/repos/acme/settings/environments/prod%2Feu/secrets'

export async function startGithub(): Promise<GithubServer> {
  await sodium.ready
  const state = {
    pair: sodium.crypto_box_keypair(),
    keyId: 568250167242549743n,
    secrets: new Map<string, string>(),
    requests: [] as string[],
    bodies: [] as string[],
    faults: [] as { path: RegExp; fault: GithubFault }[],
    isPermitted: true,
  }
  const token = 'github_pat_CANARY-token'
  const say = (
    response: ServerResponse,
    status: number,
    data?: unknown,
    headers: Record<string, string> = {},
  ): void => {
    response.writeHead(status, { 'x-github-request-id': 'AB12:34CD', 'content-type': 'application/json', ...headers })
    response.end(data === undefined ? undefined : JSON.stringify(data))
  }
  const putSecret = (name: string, body: string, response: ServerResponse): void => {
    const { encrypted_value: sealed, key_id: id } = JSON.parse(body) as Record<string, string | undefined>
    if (id === undefined) return say(response, 422, { message: 'Invalid request.\n\n"key_id" wasn\'t supplied.' })
    if (id !== String(state.keyId)) return say(response, 422, { message: 'Bad request - key_id does not match' })
    try {
      const bytes = sodium.from_base64(sealed ?? '', sodium.base64_variants.ORIGINAL)
      const opened = sodium.crypto_box_seal_open(bytes, state.pair.publicKey, state.pair.privateKey)
      const isNew = !state.secrets.has(name)
      state.secrets.set(name, sodium.to_string(opened))
      return isNew ? say(response, 201, {}) : say(response, 204)
    } catch {
      const message = 'Bad request - validation failed due to an improperly encrypted secret'
      return say(response, 422, { message, status: '422' })
    }
  }
  const route = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const { method, url = '', headers } = request
    if (headers['user-agent'] === undefined) return say(response, 403, { message: 'Request forbidden by rules' })
    if (headers.authorization !== `Bearer ${token}`) return say(response, 401, { message: 'Bad credentials' })
    if (!url.startsWith(`${prefix}/`)) return say(response, 404, { message: 'Not Found' })
    const name = url.slice(prefix.length + 1)
    if (method === 'GET' && name === 'public-key') {
      const key = sodium.to_base64(state.pair.publicKey, sodium.base64_variants.ORIGINAL)
      return say(response, 200, { key_id: String(state.keyId), key })
    }
    if (!state.isPermitted) return say(response, 403, { message: 'Resource not accessible by personal access token' })
    if (method === 'PUT') return putSecret(name, body, response)
    if (method === 'DELETE') return say(response, state.secrets.delete(name) ? 204 : 404)
    return say(response, 404, { message: 'Not Found' })
  }
  const answer = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const { url = '', method = '' } = request
    state.requests.push(`${method} ${url.slice('/api/v3'.length)}`)
    state.bodies.push(body)
    const index = state.faults.findIndex(({ path }) => path.test(`${method} ${url}`))
    const [found] = index === -1 ? [] : state.faults.splice(index, 1)
    switch (found?.fault) {
      case undefined:
      case 'none':
        return route(request, body, response)
      case 'cut':
        return void request.socket.destroy()
      case 'lose-answer': {
        const silent = { writeHead: () => silent, end: () => request.socket.destroy() }
        return route(request, body, silent as unknown as ServerResponse)
      }
      case 'forbidden':
        return say(response, 403, { message: 'Resource not accessible by personal access token' })
      case 'bad-gateway':
        return say(response, 502, { message: 'Server Error' })
      case 'moved':
        return say(response, 301, { message: 'Moved Permanently' }, { location: 'https://evil.example/repositories/1' })
      case 'secondary-limit':
        return say(response, 403, { message: 'You have exceeded a secondary rate limit' }, { 'retry-after': '7' })
      case 'primary-limit': {
        const reset = String(Math.floor(Date.now() / 1000) + 1800)
        const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
        return say(response, 403, { message: 'API rate limit exceeded' }, headers)
      }
    }
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (body += piece))
    request.on('end', () => answer(request, body, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`,
    token,
    secrets: state.secrets,
    requests: state.requests,
    bodies: state.bodies,
    rotateKey: () => {
      state.pair = sodium.crypto_box_keypair()
      state.keyId += 1n
    },
    fail: (path, ...faults) => state.faults.push(...faults.map((fault) => ({ path, fault }))),
    permit: (isPermitted) => {
      state.isPermitted = isPermitted
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
