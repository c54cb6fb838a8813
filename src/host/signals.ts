/** SIGINT and SIGTERM: the first asks the run to stop in order, a second one ends the process. */
import process from 'node:process'

/** Watches signals until stopped. */
export interface Signals {
  readonly signal: AbortSignal
  stop(): void
}

/**
 * Starts watching; `say` tells the person what happens.
 * @param graceMilliseconds what is left after the second signal: nothing at a terminal, where somebody is impatient
 */
export function watchSignals(say: (text: string) => void, graceMilliseconds = 0): Signals {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (graceMilliseconds === 0) process.exit(130)
      setTimeout(() => process.exit(130), graceMilliseconds).unref()
      return
    }
    say('\nStopping: what is in flight is finished. Once more to stop at once.\n')
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    stop: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
