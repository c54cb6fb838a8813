/** Locks that end by time are kept alive: over a lock of the test's own, since time itself is what is tried. */
import { describe, expect, it } from 'vitest'
import { type Every, keepLocks } from '../../../src/oauth/kept-lock.js'
import type { LockedStore, StoreCapabilities } from '../../../src/oauth/store.js'

function open(lock: StoreCapabilities['lock'] = 'lease') {
  const state = { left: 120_000, prolonged: 0, fails: false, timers: [] as (() => void)[], periods: [] as number[] }
  const refuse = (): Promise<never> => Promise.reject(new Error('not part of this'))
  const held: LockedStore = {
    read: refuse,
    compareAndSet: refuse,
    overwrite: refuse,
    discard: refuse,
    remaining: async () => state.left,
    prolong: async () => {
      state.prolonged += 1
      if (state.fails) throw new Error('no answer')
      if (state.left > 0) state.left = 120_000
      return state.left
    },
    unlock: async () => undefined,
  }
  const every: Every = (milliseconds, run) => {
    state.periods.push(milliseconds)
    state.timers.push(run)
    return () => void state.timers.splice(state.timers.indexOf(run), 1)
  }
  const store = {
    location: 'a test',
    capabilities: { lock, compareAndSet: true },
    read: refuse,
    lock: async () => held,
  }
  return { state, store: keepLocks(store, every), tick: () => state.timers.forEach((run) => run()) }
}

describe('a lock that ends by time', () => {
  it('is prolonged several times within its life, until it is freed', async () => {
    const { state, store, tick } = open()
    const held = await store.lock(0)
    expect(state.periods).toEqual([30_000])
    state.left = 90_000
    tick()
    expect(state).toMatchObject({ prolonged: 1, left: 120_000 })
    await held.unlock()
    expect(state.timers).toEqual([])
  })

  it('is prolonged before it is relied on, where little of it is left', async () => {
    const { state, store } = open()
    const held = await store.lock(0)
    expect(await held.remaining()).toBe(120_000)
    expect(state.prolonged).toBe(0)
    state.left = 59_000
    expect(await held.remaining()).toBe(120_000)
    state.left = 59_000
    state.fails = true
    expect(await held.remaining(), 'no answer: what is left is what was granted').toBe(59_000)
  })

  it('once lost stays lost, though the store should say otherwise later', async () => {
    const { state, store, tick } = open()
    const held = await store.lock(0)
    state.left = 0
    tick()
    await Promise.resolve()
    state.left = 120_000
    expect(await held.remaining()).toBe(0)
  })
})

it('a lock that ends with its holder is left alone', async () => {
  const { state, store } = open('kernel')
  await store.lock(0)
  expect(state.periods).toEqual([])
})
