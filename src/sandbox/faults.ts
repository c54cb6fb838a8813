/** Trouble by script: which requests fail, how often, and how. */

/** What happens to a request. `drop-before`: cut before anything is done; `drop-after`: done, then cut. */
export type Trouble =
  | { readonly kind: 'drop-before' | 'drop-after' | 'truncate' | 'html' | 'anonymous' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  | { readonly kind: 'body'; readonly body: unknown; readonly status?: number }

/** A scripted fault. */
export type Fault = Trouble & {
  /** Default: every method. */
  readonly method?: string
  /** A regular expression that the path with its query must match. Default: every path. */
  readonly path?: string
  /** How many requests. Default: 1. */
  readonly count?: number
  /** How many matching requests pass unharmed before. Default: 0. */
  readonly skip?: number
}

/** The faults of a server. */
export interface FaultScript {
  add(fault: Fault): void
  clear(): void
  /** The fault for a request, counted off. */
  take(method: string, path: string): Trouble | undefined
}

interface Armed {
  readonly fault: Fault
  skip: number
  left: number
}

/** An empty script. */
export function createFaults(): FaultScript {
  let armed: Armed[] = []
  return {
    add: (fault) => armed.push({ fault, skip: fault.skip ?? 0, left: fault.count ?? 1 }),
    clear: () => {
      armed = []
    },
    take: (method, path) => {
      const hit = armed.find(
        ({ fault, left }) =>
          left > 0 &&
          (fault.method === undefined || fault.method === method) &&
          (fault.path === undefined || new RegExp(fault.path, 'u').test(path)),
      )
      if (hit === undefined) return undefined
      if (hit.skip > 0) {
        hit.skip--
        return undefined
      }
      hit.left--
      return hit.fault
    },
  }
}
