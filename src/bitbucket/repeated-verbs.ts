/**
 * Verbs may be called twice: creating what is there and deleting what is gone succeed. Decided on the code of the error
 * (the status and the API's own body), never on its text.
 */
import { ApiError, type ApiCode } from '../model/errors.js'

/** Does a deletion; what is gone already (404) counts as deleted. */
export async function unlessGone(deletion: Promise<unknown>): Promise<void> {
  await tolerate('API_NOT_FOUND', deletion)
}

/** Does a creation; what is there already (409) counts as created. For endpoints whose 409 means nothing else. */
export async function unlessThere(creation: Promise<unknown>): Promise<void> {
  await tolerate('API_CONFLICT', creation)
}

async function tolerate(code: ApiCode, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ApiError && error.code === code)) throw error
  }
}
