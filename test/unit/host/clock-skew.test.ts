/** Clocks that differ are told from answers that took long. */
import { expect, it } from 'vitest'
import { skewOf, watchClock } from '../../../src/host/clock-skew.js'
import type { Event } from '../../../src/model/event.js'
import type { Answer } from '../../../src/transport.js'

const at = Date.UTC(2026, 0, 1)
const answerOf = (date: number, more: Record<string, string> = {}): Answer => ({
  status: 200,
  headers: { date: new Date(date).toUTCString(), ...more },
  body: '',
})

it('is what no delay explains', () => {
  expect(skewOf(answerOf(at + 30_000), at, at + 90_000)).toBe(0)
  expect(skewOf(answerOf(at + 100_000), at, at + 1000)).toBe(99_000)
  expect(skewOf(answerOf(at - 100_000), at, at + 1000)).toBe(-99_001)
  expect(skewOf(answerOf(at - 100_000, { age: '100' }), at, at)).toBeNull()
  expect(skewOf({ status: 200, headers: {}, body: '' }, at, at)).toBeNull()
})

it('is warned about once, beyond a minute', async () => {
  const events: Event[] = []
  let date = at + 59_000
  const transport = watchClock(
    { baseUrl: 'http://localhost', request: async () => answerOf(date), close: async () => undefined },
    { now: () => at, elapsed: () => 0 },
    (event) => events.push(event),
  )
  const ask = () => transport.request({ method: 'GET', path: '/' })
  await ask()
  expect(events).toEqual([])
  date = at + 600_000
  await ask()
  await ask()
  expect(events).toMatchObject([
    { type: 'warning', warning: { code: 'CLOCK_SKEW', message: expect.stringContaining('600 s behind') } },
  ])
})
