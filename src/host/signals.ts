/** SIGINT and SIGTERM: the first asks the run to stop in order, a second one ends the process at once. */
import process from 'node:process'

/** Watches signals until stopped. */
export interface Signals {
  readonly signal: AbortSignal
  stop(): void
}

/** Starts watching; `say` tells the person what happens. */
export function watchSignals(say: (text: string) => void): Signals {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130)
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
