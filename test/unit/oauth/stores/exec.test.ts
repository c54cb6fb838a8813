/** The exec store over real processes: the example helper, and helpers that break one promise each. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../../../src/host/crypto.js'
import { cleanEnvironment, runProgram } from '../../../../src/host/program.js'
import { systemClock } from '../../../../src/host/token.js'
import { Scrubber, Secret } from '../../../../src/model/secret.js'
import type { TokenRecord } from '../../../../src/oauth/record.js'
import { createSealer } from '../../../../src/oauth/seal.js'
import type { TokenStore } from '../../../../src/oauth/store.js'
import { createExecStore } from '../../../../src/oauth/stores/exec.js'
import { createHelper, type HelperOptions, type ProgramRequest } from '../../../../src/oauth/stores/exec-protocol.js'
import { failureOf, makeClock } from '../../../token.js'

const example = resolve('examples/exec-store/helper.mjs')
const keys = { current: new Uint8Array(randomBytes(32)) }
const owner = { baseUrl: 'https://git.example.com', clientId: 'id' }

const record: TokenRecord = {
  version: 1,
  lineage: 'lineage-1',
  ...owner,
  redirectUri: 'http://localhost:34106/',
  scopes: ['SYSTEM_ADMIN'],
  account: 'bot',
  generation: 1,
  accessToken: new Secret('CANARY-access'),
  accessExpiresAt: 1,
  refreshToken: new Secret('CANARY-refresh'),
  authorizedAt: 1,
  rotatedAt: 1,
  pending: null,
  last: null,
}
const next = { ...record, generation: 2 }

let home = ''
let requests: ProgramRequest[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bbstate-exec-'))
  requests = []
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function helperOptions(more: Partial<HelperOptions> = {}): HelperOptions {
  return {
    path: example,
    args: [join(home, 'store')],
    environment: cleanEnvironment(process.env, []),
    run: (request) => {
      requests.push(request)
      return runProgram(request)
    },
    scrubber: new Scrubber(),
    ...more,
  }
}

function openStore(more: Partial<HelperOptions> = {}, clock = systemClock): TokenStore {
  const sealer = createSealer({ ...owner, location: 'exec:key-1' }, keys, nodeCrypto)
  const run = { holder: 'bbstate test', host: 'this-host', ephemeral: false }
  const helper = createHelper(helperOptions(more))
  return createExecStore({ ...owner, helper, key: 'key-1', sealer, crypto: nodeCrypto, clock, run })
}

/** A helper of one's own: the body of a program that has the request in `request` and ends by `answer({…})`. */
function writeHelper(body: string): string {
  const path = join(home, 'own-helper.mjs')
  writeFileSync(
    path,
    `#!${process.execPath}
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
const home = ${JSON.stringify(home)}
const example = ${JSON.stringify(example)}
const input = readFileSync(0, 'utf8')
const request = JSON.parse(input)
const answer = (fields) => process.stdout.write(JSON.stringify({ protocol: 'bbstate-store-1', ...fields }))
const passOn = () => { const run = spawnSync(example, process.argv.slice(2), { input }); process.stdout.write(run.stdout); process.exitCode = run.status }
${body}
`,
  )
  chmodSync(path, 0o755)
  return path
}

describe('the exec store', () => {
  it('keeps a record sealed, over the revision it names and no other', async () => {
    const store = openStore()
    expect(await store.read()).toBeNull()
    const locked = await store.lock(1000)
    expect(await locked.compareAndSet('7', record)).toBeNull()
    const first = await locked.compareAndSet(null, record)
    expect(first).not.toBeNull()
    expect(await locked.compareAndSet(null, next)).toBeNull()
    expect(await store.read()).toMatchObject({ revision: first, record: { generation: 1 }, isSealed: true })
    expect(await locked.compareAndSet(first, next)).not.toBe(first)
    await locked.overwrite(record)
    expect((await store.read())?.record.generation).toBe(1)
    expect(await locked.discard()).toBe(true)
    expect(await locked.discard()).toBe(false)
    expect(await store.read()).toBeNull()
    await locked.unlock()
    await locked.unlock()
    const left = readdirSync(join(home, 'store')).map((name) => readFileSync(join(home, 'store', name), 'utf8'))
    expect(left.join('\n')).not.toMatch(/CANARY|data/u)
  })

  it('shows tokens on stdin alone, and there only sealed', async () => {
    const locked = await openStore().lock(1000)
    await locked.compareAndSet(null, record)
    await locked.unlock()
    expect(requests.length).toBe(4)
    expect(JSON.stringify(requests)).not.toContain('CANARY')
    const written = requests.find(({ input }) => input.includes('"write"'))
    const { record: text } = JSON.parse(written?.input ?? '') as { record: string }
    expect(text).toContain('bbstate-sealed-1')
    for (const { args, environment, path } of requests) {
      expect(JSON.stringify([args, environment, path])).not.toContain(text.slice(40, 80))
    }
  })

  it('lets one hold the lock, names the holder, and frees it', async () => {
    const clock = makeClock()
    const first = await openStore().lock(1000)
    const error = await failureOf(openStore({}, clock).lock(3000))
    expect(error).toMatchObject({ code: 'BUSY_LOCK', exitCode: 7 })
    expect(error.message).toContain('bbstate test on this-host')
    expect(clock.slept).toEqual([1000, 1000, 1000])
    await first.unlock()
    expect(await first.remaining()).toBe(0)
    const second = await openStore().lock(0)
    expect(await second.remaining()).toBeGreaterThan(100_000)
    await second.unlock()
  })

  it('knows what is left of the lock by its own clock', async () => {
    const clock = makeClock()
    const locked = await openStore({}, clock).lock(0)
    expect(await locked.remaining()).toBe(120_000)
    clock.advance(119_000)
    expect(await locked.remaining()).toBe(1000)
    clock.advance(5000)
    expect(await locked.remaining()).toBe(0)
    await locked.unlock()
  })

  it('prolongs its lock by asking again with the same token, and not once it has ended', async () => {
    const clock = makeClock()
    const locked = await openStore({}, clock).lock(0)
    clock.advance(100_000)
    expect(await locked.prolong?.()).toBe(120_000)
    const [first, again] = requests.filter(({ input }) => input.includes('"lock"')).map(({ input }) => input)
    expect(again).toBe(first)
    clock.advance(120_000)
    const asked = requests.length
    expect(await locked.prolong?.()).toBe(0)
    expect(requests).toHaveLength(asked)
    await locked.unlock()
  })

  it('never hands over a record that it could not read back', async () => {
    const locked = await openStore().lock(0)
    const asked = requests.length
    const error = await failureOf(locked.compareAndSet(null, { ...record, scopes: ['x'.repeat(500_000)] }))
    expect(error).toMatchObject({ code: 'AUTH_STORE', hint: expect.stringContaining('Nothing was written') as unknown })
    // What stands there is looked at, and nothing else.
    const operations = requests.slice(asked).map(({ input }) => (JSON.parse(input) as { operation: string }).operation)
    expect(operations).toEqual(['read'])
    await locked.unlock()
  })

  it('refuses a lock too short to refresh under, and frees it', async () => {
    const path = writeHelper(`
if (request.operation === 'lock') answer({ locked: true, ttl: 30 })
else if (request.operation === 'unlock') { writeFileSync(home + '/freed', request.token); answer({ unlocked: true }) }
else passOn()`)
    const error = await failureOf(openStore({ path }).lock(0))
    expect(error).toMatchObject({ code: 'AUTH_STORE', exitCode: 6 })
    expect(error.message).toContain('30 s')
    expect(existsSync(join(home, 'freed'))).toBe(true)
  })

  it('frees a lock whose grant it did not hear of', async () => {
    const path = writeHelper(`passOn(); if (request.operation === 'lock') process.exitCode = 3`)
    expect(await failureOf(openStore({ path }).lock(0))).toMatchObject({ code: 'AUTH_STORE' })
    await (await openStore().lock(0)).unlock()
  })

  it('finds out by reading what became of a write without an answer', async () => {
    const lost = writeHelper(`passOn(); if (request.operation === 'write') process.exitCode = 3`)
    const locked = await openStore({ path: lost }).lock(0)
    const revision = await locked.compareAndSet(null, record)
    expect(revision).toBe((await openStore().read())?.revision)
    expect(await locked.compareAndSet('99', next)).toBeNull()
    expect(await locked.discard()).toBe(true)
    await locked.unlock()
  })

  it('says so where a write failed and nothing stands there', async () => {
    const path = writeHelper(`
if (request.operation === 'write') { process.stderr.write('the vault is\\u001b[31m sealed'); process.exitCode = 9 } else passOn()`)
    const locked = await openStore({ path }).lock(0)
    const error = await failureOf(locked.compareAndSet(null, record))
    expect(error).toMatchObject({ code: 'AUTH_STORE' })
    expect(error.message).toContain('exit code 9 (operation write)')
    expect(error.hint).toContain('the vault is [31m sealed')
    await locked.unlock()
  })

  it('does not open a record of another server, key or place', async () => {
    const locked = await openStore().lock(0)
    await locked.compareAndSet(null, record)
    await locked.unlock()
    const helper = createHelper(helperOptions())
    const run = { holder: 'x', host: 'y', ephemeral: false }
    for (const [location, store] of [
      ['exec:key-1', { current: new Uint8Array(randomBytes(32)) }],
      ['exec:key-2', keys],
    ] as const) {
      const sealer = createSealer({ ...owner, location }, store, nodeCrypto)
      const other = createExecStore({
        ...owner,
        helper,
        key: 'key-1',
        sealer,
        crypto: nodeCrypto,
        clock: systemClock,
        run,
      })
      expect(await failureOf(other.read())).toMatchObject({ code: 'AUTH_STORE' })
    }
  })
})

describe('a helper that misbehaves', () => {
  const readFrom = (
    path: string,
    more: Partial<HelperOptions> = {},
  ): Promise<{ message: string; hint: string | undefined }> => failureOf(openStore({ path, ...more }).read())

  it('is ended with all it started when its time is up', async () => {
    const path = writeHelper(`
spawn(process.execPath, ['-e', 'setTimeout(() => require("fs").writeFileSync(' + JSON.stringify(JSON.stringify(home + '/alive')) + ', ""), 1500)'], { stdio: 'inherit' })
setTimeout(() => undefined, 60_000)`)
    expect((await readFrom(path, { timeoutMilliseconds: 700 })).message).toContain('did not answer in time')
    await new Promise((done) => setTimeout(done, 1600))
    expect(existsSync(join(home, 'alive'))).toBe(false)
  })

  it('is not waited for once it has ended, whatever it left running', async () => {
    const path = writeHelper(`
const left = spawn('sleep', ['30'], { stdio: 'inherit', detached: true })
left.unref()
writeFileSync(home + '/pid', String(left.pid))
answer({ revision: null, record: null })`)
    expect(await openStore({ path, timeoutMilliseconds: 15_000 }).read()).toBeNull()
    // It is still there, or this says that there is no such process.
    process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), 'SIGKILL')
  })

  it('is ended when it writes without end', async () => {
    const path = writeHelper(`const more = () => process.stdout.write('x'.repeat(65536), more); more()`)
    expect((await readFrom(path)).message).toContain('more than 1 MiB')
  })

  it.each([
    ['text', `process.stdout.write('hello CANARY')`, 'one JSON object'],
    ['nothing', '', 'one JSON object'],
    ['a list', `process.stdout.write('["CANARY"]')`, 'one JSON object'],
    ['another protocol', `process.stdout.write('{"protocol":"CANARY"}')`, '"protocol" must be "bbstate-store-1"'],
    ['half a record', `answer({ revision: '1', record: null })`, '"record" must be'],
    ['no revision', `answer({ revision: null, record: 'CANARY' })`, '"revision" must be'],
    ['a signal', `process.kill(process.pid, 'SIGTERM')`, 'ended by a signal'],
  ])('is refused where it answers %s, and not quoted', async (_, body, message) => {
    const error = await readFrom(writeHelper(body))
    expect(error.message).toContain(message)
    expect(error.message + (error.hint ?? '')).not.toContain('CANARY')
  })

  it('is refused where it lacks what a token needs', async () => {
    const path = writeHelper(`answer({ name: 'x', compareAndSet: false, lock: true })`)
    expect((await failureOf(openStore({ path }).lock(0))).message).toContain('no compareAndSet')
  })

  it('is refused where it cannot start', async () => {
    expect((await readFrom(join(home, 'missing'))).message).toContain('cannot be started (ENOENT)')
    writeFileSync(join(home, 'plain'), 'x', { mode: 0o600 })
    expect((await readFrom(join(home, 'plain'))).message).toContain('cannot be started (EACCES)')
    expect((await readFrom(example, { args: ['a\0b'] })).message).toContain('cannot be started (ERR_INVALID_ARG_VALUE)')
    expect((await readFrom(example, { args: ['x'.repeat(3_000_000)] })).message).toContain('cannot be started (E2BIG)')
  })

  it('is heard on stderr, scrubbed, in one line', async () => {
    const path = writeHelper(
      `process.stderr.write('warning:\\n\\u0007 CANARY-secret'); answer({ revision: null, record: null })`,
    )
    const scrubber = new Scrubber()
    scrubber.add('CANARY-secret')
    const heard: string[] = []
    await openStore({ path, scrubber, tell: (message) => heard.push(message) }).read()
    expect(heard).toEqual([`the token helper ${path}: warning: (sensitive)`])
  })

  it('gets an environment of few variables, and the root as its directory', async () => {
    const path = writeHelper(
      `writeFileSync(home + '/seen', JSON.stringify({ env: process.env, cwd: process.cwd() })); answer({ revision: null, record: null })`,
    )
    const all = {
      ...process.env,
      BBSTATE_STORE_KEY: 'CANARY',
      BBSTATE_CLIENT_SECRET: 'CANARY',
      VAULT_ADDR: 'x',
      EMPTY: undefined,
    }
    await openStore({ path, environment: cleanEnvironment(all, ['VAULT_ADDR', 'EMPTY']) }).read()
    const seen = JSON.parse(readFileSync(join(home, 'seen'), 'utf8')) as { env: Record<string, string>; cwd: string }
    expect(Object.keys(seen.env).filter((name) => !['PATH', 'HOME', 'LANG'].includes(name))).toEqual(['VAULT_ADDR'])
    expect(seen.cwd).toBe('/')
  })
})
