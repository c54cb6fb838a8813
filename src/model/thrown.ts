/** Errors that nobody meant to show. */
import { BbstateError, InternalError } from './errors.js'

/** Whatever was thrown, as an error of bbstate. */
export function toBbstateError(thrown: unknown): BbstateError {
  if (thrown instanceof BbstateError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new InternalError(message, {
    cause: thrown,
    hint: 'This is a defect of bbstate. Please report it with the output of the same command and --verbose.',
  })
}
