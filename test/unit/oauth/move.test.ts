/** What a move refuses, and where the token is when it fails. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RotationTools } from '../../../src/oauth/rotation-tools.js'
import type { LockedStore } from '../../../src/oauth/store.js'
import { moveSignIn } from '../../../src/oauth/move.js'
import { failureOf, startTokenBench, type TokenBench } from '../../token.js'

let bench: TokenBench
let source: RotationTools
let target: RotationTools
beforeEach(async () => {
  bench = await startTokenBench()
  await bench.signIn()
  source = (await bench.open()).tools
  target = (await bench.open(elsewhere())).tools
})
afterEach(() => bench.close())

const elsewhere = () => ({ directory: join(bench.home, 'other'), markDirectory: join(bench.home, 'other-marks') })
const done = () => Promise.resolve()
const move = (from = source, to = target) => moveSignIn(from, to, { to: 'file:other', turn: done, finish: done })

/** The same tools over a store that behaves otherwise while it is locked. */
function bent(tools: RotationTools, change: (locked: LockedStore) => Partial<LockedStore>): RotationTools {
  const { store } = tools
  return {
    ...tools,
    store: {
      ...store,
      lock: async (timeout) => {
        const locked = await store.lock(timeout)
        return { ...locked, ...change(locked) }
      },
    },
  }
}

it('gives the token back where the target keeps another one than was written', async () => {
  const garbling = bent(target, ({ compareAndSet }) => ({
    compareAndSet: (expected, record) => compareAndSet(expected, { ...record, refreshToken: record.accessToken }),
  }))
  const failure = await failureOf(move(source, garbling))
  expect(failure).toMatchObject({ code: 'AUTH_STORE', hint: expect.stringContaining('as before') })
  expect((await (await bench.open()).vault.rotate()).generation).toBe(2)
})

it('leaves the note where the target cannot be looked at, and the same command goes on', async () => {
  const silent = bent(target, ({ read }) => {
    let reads = 0
    return { read: () => ((reads += 1) === 1 ? read() : Promise.reject(new Error('lost'))) }
  })
  const failure = await failureOf(move(source, silent))
  expect(failure.hint).toContain('run the same command again')
  expect(await failureOf((await bench.open()).session.current())).toMatchObject({ code: 'AUTH_STORE' })
  expect((await move()).stored.record.generation).toBe(1)
  expect((await (await bench.open(elsewhere())).vault.rotate()).generation).toBe(2)
})

it('moves nothing over another sign-in', async () => {
  await bench.signIn(elsewhere())
  const failure = await failureOf(move())
  expect(failure.message).toContain('another sign-in')
  expect(failure.hint).toContain('auth logout --token-store file:other')
  expect((await source.store.read())?.record.moving).toBeUndefined()
})

it('moves no unfinished refresh', async () => {
  const locked = await source.store.lock(1000)
  const stored = await locked.read()
  if (stored === null) throw new Error('nobody is signed in')
  const about = { attempt: 'one', holder: 'a run', host: 'a host', ephemeral: false, startedAt: 1 }
  const pending = { ...about, refreshDigest: 'digest', replayed: false, refused: false }
  await locked.compareAndSet(stored.revision, { ...stored.record, pending })
  await locked.unlock()
  expect(await failureOf(move())).toMatchObject({
    code: 'AUTH_UNCERTAIN',
    hint: expect.stringContaining('auth recover'),
  })
  expect(await target.store.read()).toBeNull()
})

it('never puts an older generation over a newer one that was refreshed in the new place', async () => {
  const before = await source.store.read()
  await move()
  expect((await (await bench.open(elsewhere())).vault.rotate()).generation).toBe(2)
  // The end of the move was lost: the old place still holds what was moved.
  const locked = await source.store.lock(1000)
  if (before !== null) await locked.overwrite({ ...before.record, moving: { to: 'file:other', startedAt: 1 } })
  await locked.unlock()
  expect((await move()).stored.record.generation).toBe(2)
  expect((await target.store.read())?.record.generation).toBe(2)
  expect(await source.store.read()).toBeNull()
})

it('takes the high-water mark along, and a move elsewhere is finished first', async () => {
  const stored = await source.store.read()
  const { lineage = '' } = stored?.record ?? {}
  expect(await target.mark.read(lineage)).toBe(0)
  const locked = await source.store.lock(1000)
  if (stored !== null) await locked.overwrite({ ...stored.record, moving: { to: 'file:third', startedAt: 1 } })
  await locked.unlock()
  expect((await failureOf(move())).hint).toContain('auth move --to file:third')
  const again = await source.store.lock(1000)
  if (stored !== null) await again.overwrite(stored.record)
  await again.unlock()
  await move()
  expect(await target.mark.read(lineage)).toBe(1)
})
