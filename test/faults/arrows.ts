/**
 * The arrows of the rotation's state machine, by name: every effect that it can ask for, and the moments around them
 * that no effect names. An effect without a name here does not compile.
 */
import type { Effect } from '../../src/oauth/rotation-states.js'

type Variant<Type extends Effect['type'], Key extends string> = `${Type} ${Extract<
  Effect,
  { readonly type: Type } & Readonly<Record<Key, string>>
>[Key & keyof Extract<Effect, { readonly type: Type }>] &
  string}`

/** Directly before the effect of that name. */
export type Arrow =
  | Exclude<Effect['type'], 'read' | 'wait' | 'probe'>
  | Variant<'read', 'as'>
  | Variant<'wait', 'why'>
  | Variant<'probe', 'as'>

/** An arrow, or a moment that lies within an effect or around the machine. */
export type Point =
  | Arrow
  /** The lock is about to be asked for. */
  | 'lock'
  /** The request is on its way, and the server has not begun with it. */
  | 'request under way'
  /** The server has rotated, and its answer has not been read. */
  | 'answer under way'
  /** The lock has been freed. */
  | 'unlocked'

/** How a run ends there. */
export const ways = ['SIGKILL', 'SIGTERM', 'SIGINT', 'exception'] as const
export type Way = (typeof ways)[number]

/** The arrow that ends in an effect. */
export function nameArrow(effect: Effect): Arrow {
  switch (effect.type) {
    case 'read':
    case 'probe':
      return `${effect.type} ${effect.as}` as Arrow
    case 'wait':
      return `wait ${effect.why}`
    default:
      return effect.type
  }
}

/** What is told of every arrow; a program sets it once. */
export const watch: { tell: (arrow: Arrow) => void } = { tell: () => undefined }
