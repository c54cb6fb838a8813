/** The time of a run: what is not sent any more, and what is not waited for. */
import { ApiError } from '../model/errors.js'
import { TransportError } from '../model/transport-error.js'
import type { Answer, Request, Transport } from '../transport.js'
import type { ClientPorts } from './gate.js'

interface Timed {
  readonly ports: Pick<ClientPorts, 'now'>
  /** The moment on the clock of the ports at which the time is up. */
  readonly deadline?: number
}

/** @throws ApiError `API_TIMEOUT` once the time of the run is up: nothing more is sent. */
export function refuseOverdue({ deadline, ports }: Timed): void {
  if (deadline === undefined || ports.now() <= deadline) return
  throw overdue('nothing more was sent')
}

/** The longest that an answer is waited for anyway (`transport.ts`). */
const longestAnswer = 60_000

/**
 * An answer to a GET is not waited for beyond the time of the run. One to a write is: cut off, it would leave open what
 * was done.
 * @throws ApiError `API_TIMEOUT`
 */
export async function sendInTime(
  request: Request,
  { transport, deadline, ports }: Timed & { readonly transport: Transport },
): Promise<Answer> {
  const left = deadline === undefined ? Infinity : Math.ceil(deadline - ports.now())
  if (request.method !== 'GET' || left >= longestAnswer) return transport.request(request)
  try {
    return await transport.request({ ...request, answerTimeoutMilliseconds: Math.max(1, left) })
  } catch (error) {
    if (error instanceof TransportError && error.isLate) throw overdue('the server owes an answer')
    throw error
  }
}

function overdue(what: string): ApiError {
  return new ApiError('API_TIMEOUT', `The run took longer than --timeout allows; ${what}`, {
    hint: 'Raise --timeout, or find out why the server is slow. What was done is done: the same command goes on from there.',
  })
}
