/** Trouble by script: which requests fail, how often, and how. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
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

function isWhole(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
}

function isHeader([name, value]: readonly [string, unknown]): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, String(value))
    return typeof value === 'string'
  } catch {
    return false
  }
}

/**
 * A fault as it came from a file or the control endpoint.
 *
 * @throws TypeError that says what is wrong
 */
export function checkFault(given: unknown): Fault {
  const fault = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  for (const [isSound, message] of rules)
    if (!isSound(fault)) throw new TypeError(typeof message === 'string' ? message : message(fault))
  return given as Fault
}

type Given = Readonly<Record<string, unknown>>
type Rule = readonly [isSound: (fault: Given) => boolean, message: string | ((fault: Given) => string)]

const rules: readonly Rule[] = [
  [
    ({ kind }) => kinds.has(String(kind)),
    ({ kind }) => `${JSON.stringify(kind)} is no kind of fault; there are ${[...kinds].join(', ')}`,
  ],
  [({ method }) => method === undefined || typeof method === 'string', 'The method must be a text'],
  [({ path }) => isPattern(path), 'The path must be a regular expression'],
  [({ count }) => count === Number.POSITIVE_INFINITY || isWhole(count, -1), 'The count must be whole'],
  [({ skip }) => isWhole(skip, 0), 'The number to skip must be whole'],
  [
    ({ kind, status }) => isWhole(status, 200, 599) && (kind !== 'status' || status !== undefined),
    'The status must be one from 200 to 599',
  ],
  [({ retryAfter }) => isWhole(retryAfter, 0), 'retryAfter must be whole seconds'],
  [
    ({ kind, milliseconds }) =>
      kind !== 'delay' || (milliseconds !== undefined && isWhole(milliseconds, 0, 2 ** 31 - 1)),
    'A delay needs its milliseconds',
  ],
  [({ kind, location }) => kind !== 'redirect' || isHeader(['location', location]), 'A redirect needs its location'],
  [
    ({ headers = {} }) => typeof headers === 'object' && headers !== null && Object.entries(headers).every(isHeader),
    'The headers must be texts that HTTP can carry',
  ],
]

function isPattern(path: unknown): boolean {
  if (path === undefined) return true
  try {
    return typeof path === 'string' && new RegExp(path, 'u').source !== ''
  } catch {
    return false
  }
}

/** An empty script. */
export function createFaults(): FaultScript {
  let armed: (Armed & { readonly pattern: RegExp | undefined })[] = []
  return {
    add: (given) => {
      const fault = checkFault(given)
      const { count = 1, skip = 0, path } = fault
      const pattern = path === undefined ? undefined : new RegExp(path, 'u')
      armed.push({ fault, skip, left: count < 0 ? Number.POSITIVE_INFINITY : count, pattern })
    },
    clear: () => {
      armed = []
    },
    get armed() {
      return armed.filter(({ left }) => left > 0)
    },
    take: (method, path) => {
      if (armed.length === 0) return undefined
      const matching = armed.filter(
        ({ fault, left, pattern }) =>
          left > 0 && (fault.method === undefined || fault.method === method) && pattern?.test(path) !== false,
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
