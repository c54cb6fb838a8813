/**
 * When a request is sent again.
 *
 * 429: any verb, POST too, because Bitbucket's limiter refuses a request before it reaches a handler. 502, 503, 504
 * and lost connections: GET, PUT and DELETE alone, since the request may have been carried out; a POST or PATCH is
 * never repeated blindly.
 */
import type { Listener } from '../model/event.js'
import { TransportError } from '../model/transport-error.js'
import type { Answer, Request } from '../transport.js'
import { type ClientPorts, type Gate, waitInterruptibly } from './gate.js'

/** What repeating needs. */
export interface RetryMeans {
  readonly gate: Gate
  readonly ports: ClientPorts
  readonly listen: Listener
  /** Times that a request is sent at most when the way to the server fails. */
  readonly attempts: number
  /** The moment, on the clock of the ports, after which no wait may end. */
  readonly deadline?: number
  readonly signal?: AbortSignal
  /** Told of each repetition. */
  onRepeat(): void
}

/** Refusals by the rate limiter that one request takes; a request that meets more is starved, not delayed. */
const maxRefusals = 60
const firstBackoff = 500
const longestBackoff = 10_000
const longestOutage = 60_000

/** Sends until there is an answer worth judging; the last answer or error where repeating is of no use. */
export async function sendPatiently(
  method: Request['method'],
  sendOnce: () => Promise<Answer>,
  means: RetryMeans,
): Promise<Answer> {
  let failures = 0
  for (let refusals = 0; ;) {
    const result = await settle(sendOnce)
    const wait = waitBefore(method, result, { failures, refusals }, means)
    if (wait === undefined || !isInTime(wait.milliseconds, means)) {
      if ('error' in result) throw result.error
      return result.answer
    }
    if (wait.isRefusal) refusals++
    else failures++
    means.onRepeat()
    await waitFor(wait, means)
  }
}

type Result = { readonly answer: Answer } | { readonly error: unknown }

async function settle(sendOnce: () => Promise<Answer>): Promise<Result> {
  try {
    return { answer: await sendOnce() }
  } catch (error) {
    return { error }
  }
}

interface Wait {
  readonly milliseconds: number
  readonly reason: string
  /** The rate limiter asked for it, so that it holds for every request. */
  readonly isRefusal: boolean
}

function waitBefore(
  method: Request['method'],
  result: Result,
  { failures, refusals }: { failures: number; refusals: number },
  means: RetryMeans,
): Wait | undefined {
  const backoff = (count: number): number => {
    const longest = Math.min(longestBackoff, firstBackoff * 2 ** count)
    return longest * (0.5 + means.ports.random() / 2)
  }
  if ('answer' in result && result.answer.status === 429) {
    if (refusals >= maxRefusals) return undefined
    const milliseconds = retryAfter(result.answer) ?? backoff(refusals)
    return { milliseconds, reason: 'The server limits the rate of requests (429)', isRefusal: true }
  }
  if (!isRepeatable(method) || failures + 1 >= means.attempts) return undefined
  if ('error' in result) {
    if (!isConnectionLost(result.error)) return undefined
    return { milliseconds: backoff(failures), reason: 'The connection to the server was lost', isRefusal: false }
  }
  const { status } = result.answer
  if (status !== 502 && status !== 503 && status !== 504) return undefined
  const milliseconds = retryAfter(result.answer) ?? backoff(failures)
  // Maintenance, not a hiccup: whoever waits should know it now.
  if (milliseconds > longestOutage) return undefined
  return { milliseconds, reason: `The server is not available (${status})`, isRefusal: false }
}

/** Whether carrying the request out twice leaves what once would have left. */
export function isRepeatable(method: Request['method']): boolean {
  return method === 'GET' || method === 'PUT' || method === 'DELETE'
}

/** What failed before anything was sent (unknown host, refused, TLS), and an answer beyond the cap, fail again. */
function isConnectionLost(error: unknown): boolean {
  return error instanceof TransportError && error.sent && error.reason !== 'ANSWER_TOO_LARGE'
}

/** `Retry-After` in milliseconds: whole seconds (Bitbucket), or a date (proxies), which the answer's own clock reads. */
export function retryAfter({ headers }: Answer): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined || text === '') return undefined
  if (/^\d+$/u.test(text)) return Number(text) * 1000
  const until = Date.parse(text)
  const since = Date.parse(headers['date'] ?? '')
  return Number.isNaN(until) || Number.isNaN(since) ? undefined : Math.max(0, until - since)
}

function isInTime(milliseconds: number, { ports, deadline }: RetryMeans): boolean {
  return deadline === undefined || ports.now() + milliseconds <= deadline
}

async function waitFor({ milliseconds, reason, isRefusal }: Wait, means: RetryMeans): Promise<void> {
  const seconds = milliseconds / 1000
  if (isRefusal) {
    // The next pass through the gate waits; one event is enough for all who were refused together.
    if (means.gate.pause(milliseconds)) means.listen({ type: 'waiting', reason, seconds })
    return
  }
  means.listen({ type: 'waiting', reason, seconds })
  await waitInterruptibly(means.ports, milliseconds, means.signal)
}
