/** What is said of locks that end by time, the same for every store that has them. */
import { BusyError } from '../../model/errors.js'

/** Seconds that such a lock lives unless its holder prolongs it: what a killed run costs the others. */
export const lockSeconds = 120

/** Somebody else has the lock. What a store says of the holder goes to a terminal: one line without control characters. */
export function describeBusy(location: string, heldBy: string): BusyError {
  const holder = heldBy.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
  return new BusyError(`The token is in use: ${holder} holds its lock in ${location}`, {
    hint: `Run again when it is done, or wait longer with --lock-timeout SECONDS. The lock of a run that died ends by itself within ${lockSeconds} s.`,
  })
}

/** The lock was needed for what comes next, and is not held any more. */
export function describeLost(location: string): BusyError {
  return new BusyError(`The lock in ${location} was lost while the token was in use`, {
    hint: 'This machine was stopped, the store did not answer for long, or somebody removed the lock. Run the same command again.',
  })
}
