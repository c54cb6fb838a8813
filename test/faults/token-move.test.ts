/** A move that is killed with -9 after any step: the token is never lost or in two places, and the next run finishes. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { failureOf, startTokenBench, type TokenBench } from '../token.js'
import type { MoveTask } from './move-worker.js'
import { bundleWorker, type Worker, type WorkerEnd } from './worker.js'

let worker: Worker<MoveTask>
beforeAll(async () => {
  worker = await bundleWorker('move-worker')
})
afterAll(() => worker.remove())

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }
let bench: TokenBench
beforeEach(async () => {
  bench = await startTokenBench()
  await bench.signIn({ keys })
})
afterEach(() => bench.close())

async function move(dieAfter: number): Promise<WorkerEnd> {
  const { sandbox, home } = bench
  const { signal, output } = await worker.run({ url: sandbox.url, clientId: sandbox.clientId, home, key, dieAfter })
  return { signal, output: output.trim() }
}

const whole = 7

// Lock, lock, note, write, turn, clear, finish.
it.each([1, 2, 3, 4, 5, 6, whole])('after step %i', async (dieAfter) => {
  expect(await move(dieAfter)).toEqual({ signal: 'SIGKILL', output: '' })
  const [from, to] = [await bench.open({ keys }), await bench.open({ keys, directory: join(bench.home, 'other') })]
  const usable = await Promise.all(
    [from, to].map(({ session }) =>
      session.current().then(
        () => true,
        () => false,
      ),
    ),
  )
  expect(usable.filter(Boolean).length).toBeLessThanOrEqual(1)
  if (dieAfter >= 3 && dieAfter < 6) {
    expect(await failureOf(from.session.current())).toMatchObject({
      code: 'AUTH_STORE',
      hint: expect.stringContaining('auth move --to file:other'),
    })
  }
  const finished = await move(99)
  expect(finished).toMatchObject({ signal: null, output: expect.stringContaining('generation 1') })
  expect(await from.vault.read()).toBeNull()
  const { vault } = await bench.open({ keys, directory: join(bench.home, 'other') })
  expect((await vault.rotate()).generation).toBe(2)
  expect(bench.sandbox.state.tokens).toHaveLength(2)
})

it('has no other step', async () => {
  expect((await move(99)).output).toBe(`generation 1 after ${whole} steps`)
})
