/**
 * The one gate that every request passes, whoever asks: so many at a time, so many a second, and nobody while the
 * server has asked for a pause.
 *
 * Bitbucket limits requests per user and node (a token bucket), so a 429 for one request is a 429 for all of them:
 * whoever is told to wait makes everybody wait.
 */
import { InterruptedError } from '../model/errors.js'

/** Time and chance, handed in so that tests control them. */
export interface ClientPorts {
  /** Resolves after so many milliseconds; rejects once the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /** Milliseconds of a clock that only rises. */
  now(): number
  /** A number from 0 to below 1. */
  random(): number
  /** A new text that nobody can guess. */
  secretText(): string
}

/** How wide the gate is. */
export interface GateOptions {
  readonly ports: ClientPorts
  /** Requests under way at the same time. */
  readonly parallelism: number
  /** Requests a second at most; absent: as many as the server takes. */
  readonly maxRate?: number
  readonly signal?: AbortSignal
}

/** Lets requests through. */
export interface Gate {
  /** Runs the work when its turn has come. */
  pass<T>(work: () => Promise<T>): Promise<T>
  /** Lets nobody through for so long. `true` where that is a new pause, `false` where one was running already. */
  pause(milliseconds: number): boolean
}

/** Opens a gate. */
export function openGate({ ports, parallelism, maxRate, signal }: GateOptions): Gate {
  const interval = maxRate === undefined ? 0 : 1000 / maxRate
  const queue: (() => void)[] = []
  let free = Math.max(1, parallelism)
  let closedUntil = Number.NEGATIVE_INFINITY
  let nextTurn = Number.NEGATIVE_INFINITY

  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) free++
    else next()
  }
  const waitForTurn = async (): Promise<void> => {
    for (;;) {
      const wait = Math.max(closedUntil, nextTurn) - ports.now()
      if (wait <= 0) break
      await waitInterruptibly(ports, wait, signal)
      refuseInterrupted(signal)
    }
    nextTurn = ports.now() + interval
  }
  // Most runs never meet a pause, and thousands of requests pass: no needless turn of the event loop for them.
  const mayWait = (): boolean => interval > 0 || closedUntil > Number.NEGATIVE_INFINITY
  return {
    pass: async (work) => {
      if (free > 0) free--
      else await new Promise<void>((resolve) => queue.push(resolve))
      try {
        refuseInterrupted(signal)
        if (mayWait()) await waitForTurn()
        return await work()
      } finally {
        leave()
      }
    },
    pause: (milliseconds) => {
      const now = ports.now()
      const isNew = closedUntil <= now
      closedUntil = Math.max(closedUntil, now + milliseconds)
      return isNew
    },
  }
}

/** Waits; an abort, however the port tells it, is an InterruptedError. */
export async function waitInterruptibly(
  ports: ClientPorts,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await ports.sleep(milliseconds, signal)
  } catch (error) {
    refuseInterrupted(signal)
    throw error
  }
}

function refuseInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new InterruptedError('The run was interrupted')
}
