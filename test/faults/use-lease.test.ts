/** Who works for long keeps the token: nobody refreshes it under them, and who needs a newer one takes theirs. */
import { afterEach, describe, expect, it } from 'vitest'
import { refreshSignIn, signOut } from '../../src/app/sign-in.js'
import type { Hold } from '../../src/model/credentials.js'
import { createLeaseArea, type LeaseLock } from '../../src/oauth/use-lease.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'

describe('while a run holds the token', () => {
  let bench: TokenBench
  let hold: Hold
  afterEach(async () => {
    await hold.release()
    await bench.close()
  })

  async function begin() {
    bench = await startTokenBench()
    await bench.signIn()
    bench.sandbox.forgetRequests()
    const run = { holder: 'bbstate apply, process 4711', host: 'this-host', ephemeral: false }
    const holder = await bench.open({ run })
    const other = await bench.open({ lockTimeoutMilliseconds: 2500 })
    await holder.session.authorize()
    hold = await holder.session.hold()
    return { holder, other }
  }

  it('nobody else refreshes, signs in or out; all name the holder, and nothing is sent', async () => {
    const { other } = await begin()
    bench.clock.advance(3_600_000)
    const refused = [
      () => other.session.authorize(),
      () => other.vault.rotate(),
      () => refreshSignIn(other.vault, bench.sandbox.url),
      () => other.prepare(),
      () => signOut(other.vault),
    ]
    for (const one of refused) {
      const error = await failureOf(one())
      expect(error).toMatchObject({ code: 'BUSY_LOCK', exitCode: 7 })
      expect(error.message).toContain('bbstate apply, process 4711')
    }
    expect(bench.sandbox.requests).toEqual([])
    await hold.release()
    await hold.release()
    expect((await other.session.current()).generation).toBe(2)
  })

  it('the holder refreshes, once and in time; who waits takes the new token', async () => {
    const { holder, other } = await begin()
    bench.clock.advance(3_600_000)
    const waiting = other.session.authorize()
    const renewed = await holder.session.authorize()
    expect((await waiting).reveal()).toBe(renewed.reveal())
    expect(bench.tokenRequests()).toBe(1)
  })

  it('who only reads shares a token that lives, also in its last minutes', async () => {
    const { other } = await begin()
    bench.clock.advance(3_600_000 - 60_000)
    expect(await whoIs(bench, await other.session.authorize())).toBe('admin')
    expect(bench.tokenRequests()).toBe(0)
  })

  it('a token that the server does not know any more waits for the holder to renew it', async () => {
    const { holder, other } = await begin()
    const dead = await other.session.authorize()
    bench.sandbox.killAccessTokens()
    expect(await failureOf(other.session.renew(dead))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(await holder.session.renew(dead)).toBe(true)
    expect(await other.session.renew(dead)).toBe(true)
    expect((await other.session.authorize()).reveal()).toBe((await holder.session.authorize()).reveal())
    expect(bench.tokenRequests()).toBe(1)
  })

  it('nothing new is begun with the old token while the new one is under way', async () => {
    const { holder } = await begin()
    const dead = await holder.session.authorize()
    const renewing = holder.session.renew(dead)
    const headers = await Promise.all([1, 2, 3].map(() => holder.session.authorize()))
    await renewing
    for (const header of headers) expect(header.reveal()).not.toBe(dead.reveal())
    expect(bench.tokenRequests()).toBe(1)
  })
})

describe('a lease that ends by time', () => {
  const third = 140_000
  function setUp(prolong?: () => Promise<number>) {
    let time = 0
    let isHeld = true
    let tick = (): void => undefined
    const lock: LeaseLock = {
      remaining: () => Promise.resolve(3 * third),
      unlock: () => {
        isHeld = false
        return Promise.resolve()
      },
      ...(prolong === undefined ? {} : { prolong }),
    }
    const area = createLeaseArea({
      lock: () => Promise.resolve(lock),
      elapsed: () => time,
      every: (milliseconds, run) => {
        expect(milliseconds).toBe(third)
        tick = run
        return () => {
          tick = () => undefined
        }
      },
    })
    /** The next third has passed. */
    const pass = async (): Promise<void> => {
      time += third
      tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { area, pass, isHeld: () => isHeld }
  }

  it('lives on as long as it is prolonged', async () => {
    const { area, pass, isHeld } = setUp(() => Promise.resolve(3 * third))
    const lease = await area.take(0)
    for (let count = 0; count < 20; count++) {
      await pass()
      lease.requireHeld()
    }
    await lease.release()
    expect(isHeld()).toBe(false)
  })

  it.each([
    ['is lost at once where the store says so', () => Promise.resolve(0), 1],
    ['outlives a store that does not answer for a third of it', () => Promise.reject(new Error('no answer')), 3],
    ['ends where it cannot be prolonged', undefined, 3],
  ] as const)('%s', async (_what, prolong, thirds) => {
    const { area, pass } = setUp(prolong)
    const lease = await area.take(0)
    for (let count = 1; count < thirds; count++) {
      await pass()
      lease.requireHeld()
    }
    await pass()
    expect(await failureOf((async () => lease.requireHeld())())).toMatchObject({ code: 'BUSY_LOCK', exitCode: 7 })
    await lease.release()
  })
})
