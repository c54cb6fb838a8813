/** Trouble by script: which requests fail, how often, and how. */
import type { Reply } from './answers.js'

/** What happens to a request. `drop-before`: cut before anything is done; `drop-after`: done, then cut. */
export type Trouble =
  | { readonly kind: 'drop-before' | 'drop-after' | 'truncate' | 'anonymous' }
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  | {
      readonly kind: 'body'
      readonly body: unknown
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
    }

/** A scripted fault. */
export type Fault = Trouble & {
  /** Default: every method. */
  readonly method?: string
  /** A regular expression that the path with its query must match. Default: every path. */
  readonly path?: string
  /** How many requests. Default: 1; `Infinity` (by the control endpoint -1) for all. */
  readonly count?: number
  /** How many matching requests pass unharmed before. Default: 0. */
  readonly skip?: number
}

/** The faults of a server. */
export interface FaultScript {
  add(fault: Fault): void
  clear(): void
  /** The faults that are still to come. */
  readonly armed: readonly Armed[]
  /** The fault for a request, counted off. */
  take(method: string, path: string): Trouble | undefined
}

/** A fault, and how much of it is left. */
export interface Armed {
  readonly fault: Fault
  skip: number
  left: number
}

const kinds: ReadonlySet<string> = new Set<Trouble['kind']>([
  'drop-before',
  'drop-after',
  'truncate',
  'anonymous',
  'html',
  'delay',
  'status',
  'redirect',
  'body',
])

/** An empty script. */
export function createFaults(): FaultScript {
  let armed: Armed[] = []
  return {
    add: (fault) => {
      if (!kinds.has(fault.kind)) throw new TypeError(`There is no fault of the kind ${JSON.stringify(fault.kind)}`)
      const { count = 1, skip = 0 } = fault
      armed.push({ fault, skip, left: count < 0 ? Number.POSITIVE_INFINITY : count })
    },
    clear: () => {
      armed = []
    },
    get armed() {
      return armed.filter(({ left }) => left > 0)
    },
    take: (method, path) => {
      const matching = armed.filter(
        ({ fault, left }) =>
          left > 0 &&
          (fault.method === undefined || fault.method === method) &&
          (fault.path === undefined || new RegExp(fault.path, 'u').test(path)),
      )
      const hit = matching.find(({ skip }) => skip === 0)
      for (const waiting of matching) if (waiting.skip > 0) waiting.skip--
      if (hit === undefined) return undefined
      hit.left--
      return hit.fault
    },
  }
}

/** The answer that stands in for the server's, where the trouble has one. */
export function replyOf(trouble: Trouble): Reply | undefined {
  switch (trouble.kind) {
    case 'status': {
      const wait = trouble.retryAfter === undefined ? {} : { 'retry-after': String(trouble.retryAfter) }
      const error = { context: null, message: `Scripted status ${trouble.status}`, exceptionName: null }
      return { status: trouble.status, headers: wait, body: { errors: [error] } }
    }
    case 'html':
      return {
        status: trouble.status ?? 200,
        text: '<html><body>Single sign-on</body></html>',
        headers: { 'content-type': 'text/html' },
      }
    case 'redirect':
      return { status: trouble.status ?? 302, text: '', headers: { location: trouble.location } }
    case 'body':
      return { status: trouble.status ?? 200, body: trouble.body, headers: { ...trouble.headers } }
    case 'delay':
    case 'drop-before':
    case 'drop-after':
    case 'truncate':
    case 'anonymous':
      return undefined
  }
}
