/**
 * What happens while a run is under way, told to whoever shows progress. Events never hold a secret in the clear.
 */
import type { Outcome } from './outcome.js'
import type { Change, Warning } from './plan.js'

export type Event =
  | { readonly type: 'reading'; readonly done: number; readonly total: number; readonly what: string }
  | { readonly type: 'applying'; readonly change: Change }
  | { readonly type: 'applied'; readonly outcome: Outcome; readonly done: number; readonly total: number }
  | { readonly type: 'proving'; readonly total: number }
  /** A wait that the server asked for, or that a retry takes; `seconds` is its length. */
  | { readonly type: 'waiting'; readonly reason: string; readonly seconds: number }
  | { readonly type: 'warning'; readonly warning: Warning }
  /** A line that must not get lost, to be shown as it is: a token for the holder of the recovery key. */
  | { readonly type: 'handed-out'; readonly line: string }
  | {
      readonly type: 'request'
      readonly method: string
      readonly path: string
      readonly status: number
      readonly milliseconds: number
      readonly requestId?: string
    }

/** Takes events; must not throw. */
export type Listener = (event: Event) => void
