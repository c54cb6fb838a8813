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
    exception === null || exception.includes('.com') ? exception : `${exceptionPackage}.${exception}`
  return { status, body: { errors: [{ context, message, exceptionName }] } }
}

/** A URL that nothing handles: 404 without `errors`, which tells it from an absent object. */
export function unrouted(): Reply {
  return { status: 404, body: { message: 'HTTP 404 Not Found', 'status-code': 404, 'sub-code': -1 } }
}

/** 400 that names a field. */
export function invalid(message: string, context: string | null = null): Reply {
  return failure(400, context === null ? 'validation.ArgumentValidationException' : null, message, context)
}

/** 404 of something that is not there. */
export function absent(message: string): Reply {
  return failure(404, 'NoSuchObjectException', message)
}

/** One page of a list, `limit` clamped silently to the server's cap. */
export function page<T>(all: readonly T[], query: URLSearchParams, cap: number): Reply {
  const start = readCount(query.get('start'), 0)
  const limit = Math.min(readCount(query.get('limit'), 25), cap)
  const values = all.slice(start, start + limit)
  const isLastPage = start + limit >= all.length
  return ok({ size: values.length, limit, isLastPage, values, start, nextPageStart: isLastPage ? null : start + limit })
}

function readCount(text: string | null, fallback: number): number {
  const count = Number(text ?? fallback)
  return Number.isInteger(count) && count >= 0 ? count : fallback
}

/** Whether a name holds the filter text, as `?filter=` means it. */
export function holds(filter: string | null, ...names: readonly string[]): boolean {
  const text = (filter ?? '').toLowerCase()
  return names.some((name) => name.toLowerCase().includes(text))
}
