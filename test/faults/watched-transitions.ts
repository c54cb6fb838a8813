/** The rotation's own transitions, with every arrow told before its effect is carried out. Built in for them. */
import type { Move } from '../../src/oauth/rotation-states.js'
import { advanceRotation as advance, beginRotation as begin } from '../../src/oauth/transitions.js'
import { nameArrow, watch } from './arrows.js'

function told(move: Move): Move {
  watch.tell(nameArrow(move.effect))
  return move
}

export const beginRotation: typeof begin = (seen) => told(begin(seen))
export const advanceRotation: typeof advance = (...given) => told(advance(...given))
