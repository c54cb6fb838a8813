/** SIGINT and SIGTERM: the first asks the run to stop in order, a second one ends the process. */

/** Watches signals until stopped. */
export interface Signals {
  readonly signal: AbortSignal
  stop(): void
}

/** What is left after the second signal: nothing at a terminal, where somebody is impatient. */
export interface Grace {
  readonly milliseconds: number
  /** Keeps what must not get lost; must not wait. */
  readonly last: () => void
}

/** Starts watching; `say` tells the person what happens. */
export function watchSignals(say: (text: string) => void, grace?: Grace): Signals {
  const controller = new AbortController()
  const end = (): void => {
    grace?.last()
    process.exit(130)
  }
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      say(`\nStopping: changes in flight are finished.${grace === undefined ? ' Once more to stop at once.' : ''}\n`)
      controller.abort()
    } else if (grace === undefined) end()
    else setTimeout(end, grace.milliseconds).unref()
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
