/** The end of a sandbox, as those who wait hear of it. */
import { setMaxListeners } from 'node:events'

/** To be aborted at the end. As many may wait as come: Node would warn of the eleventh. */
export function makeEnding(): AbortController {
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  return ending
}
