/** A server behind the Reader and Writer ports: answers by path, and remembers what was sent. */
import { ApiError } from '../../../src/model/errors.js'
import type { Writer } from '../../../src/model/resource.js'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** `undefined`: no such endpoint; `null`: absent; an ApiError is thrown. */
export type Answers = (path: string) => unknown

export function record(answers: Answers, onSend: (sent: Sent) => unknown = () => null): { api: Writer; sent: Sent[] } {
  const sent: Sent[] = []
  const get = (path: string): unknown => {
    const found = answers(path)
    if (found instanceof Error) throw found
    if (found === undefined) throw new ApiError('API_UNSUPPORTED', `no endpoint ${path}`)
    return found
  }
  const answer = (request: Sent): unknown => {
    sent.push(request)
    const result = onSend(request)
    if (result instanceof Error) throw result
    return result
  }
  const api: Writer = {
    get: async (path) => get(path),
    list: async (path) => get(path) as readonly unknown[] | null,
    text: async (path) => get(path) as string | null,
    has: async (path) => answers(path) !== undefined,
    send: async (method, path, body) => answer({ method, path, ...(body === undefined ? {} : { body }) }),
    secretText: () => 'unguessable-text',
    sendForm: async (method, path, parts) => answer({ method, path, body: parts }),
  }
  return { api, sent }
}

/** A change of everything that `after` holds, or of the named fields. */
export function change<T>(after: T, raw: unknown = null, changed: readonly string[] = []) {
  const fields = typeof after === 'object' && after !== null ? Object.keys(after) : []
  return { after, before: null, raw, changed: new Set(changed.length > 0 ? changed : fields) }
}

export function failure(code: 'API_NOT_FOUND' | 'API_CONFLICT' | 'API_REJECTED' | 'API_FORBIDDEN'): ApiError {
  return new ApiError(code, 'refused')
}
