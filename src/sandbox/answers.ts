/** Answers as Bitbucket gives them: JSON, its error body, its pages. */

/** An answer in the making. */
export interface Reply {
  status: number
  body?: unknown
  /** Instead of `body`: text with its own content type. */
  text?: string
  headers?: Record<string, string>
}

/** 200 with a body. */
export function ok(body: unknown): Reply {
  return { status: 200, body }
}

/** 204. */
export function noContent(): Reply {
  return { status: 204 }
}

const exceptionPackage = 'com.atlassian.bitbucket'

/** `{errors: [{context, message, exceptionName}]}` */
export function failure(
  status: number,
  exception: string | null,
  message: string,
  context: string | null = null,
): Reply {
  const exceptionName =
    exception === null || exception.startsWith('com.') ? exception : `${exceptionPackage}.${exception}`
  return { status, body: { errors: [{ context, message, exceptionName }] } }
}

/**
 * A URL or method that nothing handles: no `errors`, which tells a 404 from that of an absent object; XML for whoever
 * did not ask for JSON (catalogue 1.1, 1.3).
 */
export function unrouted(accept = 'application/json', status = 404, reason = 'Not Found'): Reply {
  const message = `HTTP ${status} ${reason}`
  if (accept.includes('json')) return { status, body: { message, 'status-code': status, 'sub-code': -1 } }
  const text = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><status><status-code>${status}</status-code><sub-code>-1</sub-code><message>${message}</message></status>`
  return { status, text, headers: { 'content-type': 'application/xml;charset=UTF-8' } }
}

/** 400 that names a field. */
export function invalid(message: string, context: string | null = null): Reply {
  return failure(400, 'validation.ArgumentValidationException', message, context)
}

/** 400 for a word that is none of those known; nothing where no word is given. */
export function refuseWord(value: unknown, words: readonly string[], context: string): Reply | undefined {
  return value == null || words.some((word) => word === value)
    ? undefined
    : invalid(`One of ${words.join(', ')}`, context)
}

/** 404 of something that is not there. */
export function absent(message: string): Reply {
  return failure(404, 'NoSuchEntityException', message)
}

/** 404 of a user (seen on real servers) or a group (named alike). */
export function absentPrincipal(kind: 'User' | 'Group', name: string): Reply {
  return failure(404, `user.NoSuch${kind}Exception`, `${kind} ${name} does not exist.`)
}

/**
 * One page of a list, `limit` clamped silently to the server's cap.
 *
 * @param show makes what is shown of an item; of those that are not, nothing is made
 */
export function page<T>(
  all: readonly T[],
  query: URLSearchParams,
  cap: number,
  show: (item: T) => unknown = (item) => item,
): Reply {
  const start = readCount(query.get('start'), 0)
  // A page of nothing would have itself as its next one.
  const limit = Math.max(1, Math.min(readCount(query.get('limit'), 25), cap))
  const values = all.slice(start, start + limit).map((item) => show(item))
  const isLastPage = start + limit >= all.length
  return ok({ size: values.length, limit, isLastPage, values, start, nextPageStart: isLastPage ? null : start + limit })
}

function readCount(text: string | null, fallback: number): number {
  const count = Number(text ?? fallback)
  return Number.isInteger(count) && count >= 0 ? count : fallback
}

/** Whether a name holds the filter text, as `?filter=` means it. */
export function holds(filter: string | null, ...names: readonly string[]): boolean {
  if (filter === null || filter === '') return names.length > 0
  const text = filter.toLowerCase()
  return names.some((name) => name.toLowerCase().includes(text))
}
