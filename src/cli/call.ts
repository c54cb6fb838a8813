/** What a command gets: its options, the face to print with, and the world. */
import type { Settings } from '../host/settings.js'
import type { World } from '../host/world.js'
import type { Face } from './face.js'

/** One call of a command. */
export interface Call {
  readonly settings: Settings
  /** The positional argument, where given. */
  readonly argument: string | undefined
  readonly face: Face
  readonly world: World
}

/** Runs a command and answers the exit code; refusals and failures are thrown. */
export type Command = (call: Call) => Promise<number>
