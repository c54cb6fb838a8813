/** The lock under which a cluster serves one token request after the other. */
import { setTimeout as wait } from 'node:timers/promises'

export class TokenLock {
  #freeAt = 0

  /**
   * Waits for the lock and as long as it is held.
   *
   * @param signal ends the wait with an error
   * @returns whether it was had before the time to wait was over
   */
  async pass(holdMilliseconds: number, mostSeconds: number, signal: AbortSignal): Promise<boolean> {
    if (holdMilliseconds === 0) return true
    const now = performance.now()
    const queued = Math.max(0, this.#freeAt - now)
    if (queued > mostSeconds * 1000) {
      await wait(mostSeconds * 1000, undefined, { signal })
      return false
    }
    this.#freeAt = now + queued + holdMilliseconds
    await wait(queued + holdMilliseconds, undefined, { signal })
    return true
  }
}
