import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock } from '../../../src/host/lock.js'
import type { FileLock } from '../../../src/oauth/stores/file.js'
import { failureOf, makeClock } from '../../token.js'

const run = { holder: 'bbstate apply, process 1', host: 'build-7', ephemeral: false }
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-lock-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const lockIn = (timeout: number, clock = makeClock()): Promise<FileLock> =>
  acquireLock(join(home, 'x.lock'), timeout, run, clock)

describe('the lock', () => {
  it('is held by one at a time, names its holder, and is free after release', async () => {
    const first = await lockIn(0)
    expect(await first.isHeld()).toBe(true)
    const busy = await failureOf(lockIn(0))
    expect(busy).toMatchObject({ code: 'BUSY_LOCK', exitCode: 7 })
    expect(busy.message).toContain('bbstate apply, process 1 on build-7')
    expect(busy.hint).toContain('--lock-timeout')
    await first.release()
    await first.release()
    expect(await first.isHeld()).toBe(false)
    await (await lockIn(0)).release()
  })

  it('is waited for as long as the timeout says, and taken when it becomes free', async () => {
    const first = await lockIn(0)
    const clock = makeClock()
    expect(await failureOf(lockIn(1000, clock))).toMatchObject({ code: 'BUSY_LOCK' })
    expect(clock.slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(900)
    const waiting = lockIn(100_000)
    await first.release()
    await (await waiting).release()
  })

  it('lets one in at a time, however many want in', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const lock = await lockIn(100_000)
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setTimeout(resolve, 2))
        inside -= 1
        await lock.release()
      }),
    )
    expect(most).toBe(1)
  })

  it('keeps its file, and knows when somebody has taken the file away', async () => {
    const lock = await lockIn(0)
    renameSync(join(home, 'x.lock'), join(home, 'away'))
    expect(await lock.isHeld()).toBe(false)
    const other = await lockIn(0)
    expect(await other.isHeld()).toBe(true)
    await other.release()
    await lock.release()
    expect(readFileSync(join(home, 'x.lock'), 'utf8')).toBe('')
  })

  it('shows what stands in the file as one harmless line', async () => {
    const lock = await lockIn(0)
    writeFileSync(join(home, 'x.lock'), JSON.stringify({ holder: 'a\u001b[31m\nb', host: 7 }))
    expect((await failureOf(lockIn(0))).message).toContain('a [31m b on this machine')
    writeFileSync(join(home, 'x.lock'), '{')
    expect((await failureOf(lockIn(0))).message).toContain('another run on this machine')
    await lock.release()
  })

  it('that cannot be opened is an error of the store', async () => {
    expect(await failureOf(acquireLock(join(home, 'no', 'x.lock'), 0, run, makeClock()))).toMatchObject({
      code: 'AUTH_STORE',
    })
  })
})
