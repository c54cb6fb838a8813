/**
 * The file store on disks that fail: full, read-only, or of another user. The file systems are real, mounted for the
 * occasion; where this user may not mount any, that is said and skipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recordFiles } from '../../src/host/record-file.js'
import type { TokenStore } from '../../src/oauth/store.js'
import { createFileStore } from '../../src/oauth/stores/file.js'
import { acquireLock } from '../../src/host/lock.js'
import { systemClock } from '../../src/host/token.js'
import { failureOf, startTokenBench, type TokenBench } from '../token.js'
import { generation, intent, parts, runOf } from '../stores.js'

const mountPoint = mkdtempSync(join(tmpdir(), 'bbstate-disk-'))
const mount = (...args: readonly string[]): boolean => spawnSync('mount', [...args, mountPoint]).status === 0
const canMount = mount('-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs')
if (canMount) spawnSync('umount', [mountPoint])
else console.info('Skipped: file systems cannot be mounted here, so none can be full or read-only.')
afterAll(() => rmSync(mountPoint, { recursive: true, force: true }))

/** Takes every byte that is left. */
function fill(): void {
  const { status } = spawnSync('dd', ['if=/dev/zero', `of=${join(mountPoint, 'ballast')}`, 'bs=1k'])
  expect(status, 'the disk must be full').not.toBe(0)
}

function openStore(): TokenStore {
  const path = join(mountPoint, 'token.json')
  return createFileStore({
    ...parts('disk', 'one'),
    path,
    lockPath: join(mountPoint, 'token.lock'),
    files: recordFiles,
    lock: (lockPath, timeout) => acquireLock(lockPath, timeout, runOf('one'), systemClock),
  })
}

describe.skipIf(!canMount)('a disk of its own', () => {
  beforeAll(() => expect(existsSync(mountPoint)).toBe(true))
  beforeEach(() => expect(mount('-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs')).toBe(true))
  afterEach(() => void spawnSync('umount', [mountPoint]))

  test('that is full takes no write, says so, and keeps the record that was there', async () => {
    const store = openStore()
    const held = await store.lock(1000)
    const revision = await held.compareAndSet(null, generation(1))
    fill()
    const large = { ...intent(1), scopes: Array.from({ length: 500 }, (_, index) => `SCOPE_${index}`) }
    const refusal = await failureOf(held.compareAndSet(revision, large))
    expect(refusal).toMatchObject({ code: 'AUTH_STORE', hint: expect.stringContaining('make room') as unknown })
    expect(refusal.message).toContain('ENOSPC')
    expect(JSON.stringify([refusal, refusal.message])).not.toContain('CANARY')
    expect(await store.read()).toMatchObject({ revision, record: { generation: 1, pending: null } })
    rmSync(join(mountPoint, 'ballast'))
    expect(await held.compareAndSet(revision, large), 'with room again it goes on').not.toBeNull()
    await held.unlock()
    expect(readdirSync(mountPoint).sort()).toEqual(['token.json', 'token.lock'])
  })

  test('that is read-only is read, and takes no lock or write', async () => {
    const store = openStore()
    const held = await store.lock(1000)
    await held.compareAndSet(null, generation(1))
    await held.unlock()
    expect(mount('-o', 'remount,ro')).toBe(true)
    expect((await store.read())?.record.generation).toBe(1)
    const refusal = await failureOf(store.lock(0))
    expect(refusal).toMatchObject({ code: 'AUTH_STORE' })
    expect(refusal.message).toContain('EROFS')
  })

  describe('under a token', () => {
    let bench: TokenBench
    beforeEach(async () => {
      bench = await startTokenBench()
    })
    afterEach(() => bench.close())

    test.each([
      ['full', () => fill(), () => rmSync(join(mountPoint, 'ballast'))],
      ['read-only', () => void mount('-o', 'remount,ro'), () => void mount('-o', 'remount,rw')],
    ] as const)('%s: nothing is presented, and the same token goes on afterwards', async (_what, fail, mend) => {
      const scope = 'SYSTEM_ADMIN'
      const directory = join(mountPoint, 'tokens')
      const { clientId, redirectUri } = bench.sandbox
      const request = { baseUrl: bench.transport.baseUrl, clientId, redirectUri, scope }
      const token = await bench.open({ directory })
      await token.keep(request, await bench.consent(), { allowsNamelessServer: false })
      bench.sandbox.forgetRequests()
      fail()
      const error = await failureOf(token.session.rotate())
      expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
      expect(bench.tokenRequests()).toBe(0)
      mend()
      expect((await token.session.rotate()).generation).toBe(2)
      expect(bench.tokenRequests()).toBe(1)
    })
  })
})

test('a record that others can read is refused before it is opened', async () => {
  writeFileSync(join(mountPoint, 'token.json'), 'x', { mode: 0o644 })
  expect(await failureOf(openStore().read())).toMatchObject({
    code: 'AUTH_STORE',
    hint: expect.stringContaining('chmod 600') as unknown,
  })
})
