/** How far the clock of this machine is from the server's, by the `Date` of ordinary answers. */
import type { Clock } from '../app/ports.js'
import type { Listener } from '../model/event.js'
import type { Answer, Transport } from '../transport.js'

/** Milliseconds of difference that are worth a word; `Date` itself is good to a second. */
const greatest = 60_000

/**
 * Milliseconds that the server is surely ahead (negative: behind), whenever between request and answer it wrote the
 * date; `null` where it does not say. An answer that a cache kept has an `age`, and an old date.
 */
export function skewOf({ headers }: Answer, asked: number, answered: number): number | null {
  const date = Date.parse(headers['date'] ?? '')
  if (Number.isNaN(date) || headers['age'] !== undefined) return null
  if (date < asked) return Math.min(0, date + 999 - asked)
  return Math.max(0, date - answered)
}

/** The same transport; warns whoever listens, once, where the clocks differ by more than a minute. */
export function watchClock(transport: Transport, clock: Clock, listen: Listener | undefined): Transport {
  if (listen === undefined) return transport
  let isSilent = false
  return {
    ...transport,
    async request(request) {
      const asked = clock.now()
      const answer = await transport.request(request)
      const skew = isSilent ? null : skewOf(answer, asked, clock.now())
      if (skew !== null && Math.abs(skew) > greatest) {
        isSilent = true
        listen({ type: 'warning', warning: { code: 'CLOCK_SKEW', message: describeSkew(skew) } })
      }
      return answer
    },
  }
}

/** In words. */
export function describeSkew(skew: number): string {
  const seconds = Math.round(Math.abs(skew) / 1000)
  const side = skew > 0 ? 'behind' : 'ahead of'
  return `The clock of this machine is ${seconds} s ${side} the server's. Tokens are refreshed by it: set it right.`
}
