/** A rotation that meets trouble in its own process: what is certain is done, what is not is said, nothing is guessed. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { gatherTools, type TokenOptions } from '../../src/host/token.js'
import { AuthError, type BbstateError } from '../../src/model/errors.js'
import { readAgain } from '../../src/oauth/read-again.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import type { Stage, TokenRecord } from '../../src/oauth/record.js'
import { createSession } from '../../src/oauth/session.js'
import type { LockedStore } from '../../src/oauth/store.js'
import type { SandboxOptions } from '../../src/sandbox/server.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'

let bench: TokenBench
afterEach(() => bench.close())

async function begin(options: SandboxOptions = {}): Promise<void> {
  bench = await startTokenBench(options)
  await bench.signIn()
  bench.sandbox.forgetRequests()
}

async function rotateWith(
  change: (tools: RotationTools) => Partial<RotationTools>,
  options: Partial<TokenOptions> = {},
): Promise<TokenRecord> {
  const tools = await gatherTools(bench.options(options))
  const changed = { ...tools, ...change(tools) }
  return createSession(changed).rotate()
}
const asIs = (): Partial<RotationTools> => ({})

/** The same store with a lock whose writes go through `write`. */
function withLocked(
  tools: RotationTools,
  change: (locked: LockedStore) => Partial<LockedStore>,
): Partial<RotationTools> {
  const lock = async (timeout: number): Promise<LockedStore> => {
    const locked = await tools.store.lock(timeout)
    return { ...locked, ...change(locked) }
  }
  return { store: { ...tools.store, lock } }
}

async function expectFailure(promise: Promise<unknown>, code: string, words: RegExp): Promise<BbstateError> {
  const error = await failureOf(promise)
  expect(error.code, error.message).toBe(code)
  expect(`${error.message}\n${error.hint ?? ''}`).toMatch(words)
  const shown = inspect(error, { depth: 9, showHidden: true }) + (error.stack ?? '') + JSON.stringify(error)
  const secrets = bench.sandbox.state.tokens.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
  for (const secret of [...secrets, bench.sandbox.clientSecret]) expect(shown).not.toContain(secret)
  return error
}

const stored = async (): Promise<unknown> => (await bench.open()).vault.read()

describe('an answer that does not come', () => {
  it('because the server never saw the request: the next run finds that out and rotates', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /Run the same command again in a minute/u)
    expect(await stored()).toMatchObject({ generation: 1, pending: { holder: 'bbstate test', host: 'this-host' } })
    const pending: (boolean | undefined)[] = []
    const next = await rotateWith((tools) =>
      withLocked(tools, (locked) => ({
        compareAndSet: (expected, record) => {
          if (record.pending !== null) pending.push(record.pending.replayed)
          return locked.compareAndSet(expected, record)
        },
      })),
    )
    expect(next.generation).toBe(2)
    expect(pending).toEqual([true])
    expect(bench.clock.slept).toEqual([60_000])
    expect(bench.tokenRequests()).toBe(2)
  })

  it('although the server rotated: the old token is presented once more, and the loss is said', async () => {
    await begin({ replay: 'revoke-family' })
    bench.sandbox.addFault({ kind: 'drop-after', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /was cut|was closed/u)
    const loss = /new token is lost: bbstate test on this-host, begun 20.*auth login/su
    await expectFailure(rotateWith(asIs), 'AUTH_SIGN_IN_REQUIRED', loss)
    await expectFailure(rotateWith(asIs), 'AUTH_SIGN_IN_REQUIRED', loss)
    expect(bench.tokenRequests()).toBe(2)
  })

  it('and an access token that has expired: the old token is presented once more, and the server had not used it', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(3_600_001)
    bench.sandbox.expireAccessTokens()
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(2)
  })

  it('twice: nothing is presented a third time, unless a person says so', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$', count: 2 })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(3_600_001)
    bench.sandbox.expireAccessTokens()
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /second presentation.*recover --replay/su)
    expect(bench.tokenRequests()).toBe(2)
    expect((await rotateWith((tools) => ({ ...tools, allowsReplay: true }))).generation).toBe(2)
  })

  it('of a run on a machine that is still there: that machine is named, and nothing is presented', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    const elsewhere = { holder: 'bbstate apply', host: 'build-7', ephemeral: false }
    await expectFailure(rotateWith(asIs, { run: elsewhere }), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(3_600_001)
    bench.sandbox.expireAccessTokens()
    await expectFailure(rotateWith(asIs), 'AUTH_RECOVERABLE', /may lie on build-7.*auth recover on build-7/su)
    expect(bench.tokenRequests()).toBe(1)
  })

  it('and a clock that is set back a day: the request is waited for no longer than it may be on its way', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(-86_400_000)
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect(bench.clock.slept).toEqual([60_000])
  })

  it('and an access token that acts for somebody else by now: proves nothing, and nothing is presented', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    const elsewhere = { holder: 'bbstate apply', host: 'build-7', ephemeral: false }
    await expectFailure(rotateWith(asIs, { run: elsewhere }), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(660_000)
    const fault = { kind: 'body', body: { version: '9.4.2' }, headers: { 'x-ausername': 'mallory' } } as const
    bench.sandbox.addFault({ ...fault, path: 'application-properties' })
    await expectFailure(rotateWith(asIs), 'AUTH_RECOVERABLE', /may lie on build-7/u)
    expect(bench.tokenRequests()).toBe(1)
  })

  it('of a runner whose disk is gone: ten minutes later the old token is presented once more', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    const runner = { holder: 'bbstate apply, job 7', host: 'build-7', ephemeral: true }
    await expectFailure(rotateWith(asIs, { run: runner }), 'AUTH_UNCERTAIN', /not known/u)
    bench.clock.advance(3_600_001)
    bench.sandbox.expireAccessTokens()
    expect((await rotateWith(asIs)).generation).toBe(2)
  })

  it('and a server that is down afterwards: the question stays open, and is answered later', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    bench.sandbox.addFault({ kind: 'status', status: 503, path: 'application-properties' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /cannot be looked into/u)
    expect((await rotateWith(asIs)).generation).toBe(2)
  })

  it('of a run on another machine: named, and nothing is asked or presented', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    const elsewhere = { holder: 'bbstate apply, job 7', host: 'build-7', ephemeral: true }
    await expectFailure(rotateWith(asIs, { run: elsewhere }), 'AUTH_UNCERTAIN', /not known/u)
    bench.sandbox.forgetRequests()
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /job 7 on build-7.*ten minutes after it was begun/su)
    expect(bench.sandbox.requests).toEqual([])
  })
})

describe('an answer that does come', () => {
  it('with a refusal takes the intent back, so that nothing has to be recovered', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'body', status: 400, body: { error: 'invalid_request' }, path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_REDIRECT', /redirect URL/u)
    expect(await stored()).toMatchObject({ generation: 1, pending: null })
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect(bench.clock.slept).toEqual([])
  })

  it('with a token that the server then refuses is stored, and the cause is said', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'status', status: 401, path: 'application-properties', skip: 1 })
    await expectFailure(rotateWith(asIs), 'API_UNAUTHENTICATED', /enable\.access\.tokens/u)
    expect(await stored()).toMatchObject({ generation: 2, pending: null })
  })

  it('for somebody else is stored, and the change of account is said', async () => {
    await begin()
    const fault = { kind: 'body', body: { version: '9.4.2' }, headers: { 'x-ausername': 'mallory' } } as const
    bench.sandbox.addFault({ ...fault, path: 'application-properties', skip: 1 })
    await expectFailure(rotateWith(asIs), 'AUTH_SIGN_IN_REQUIRED', /acts for mallory, no longer for admin/u)
  })

  it('without a refresh token leaves the old one good', async () => {
    await begin()
    const body = { access_token: bench.sandbox.issueTokens().accessToken, expires_in: 60 }
    bench.sandbox.addFault({ kind: 'body', body, path: '/token$' })
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect((await rotateWith(asIs)).generation).toBe(3)
  })
})

describe('before anything is presented', () => {
  it('a lock that somebody has taken away ends the run, and the token stays good', async () => {
    await begin()
    const name = Object.keys(bench.files()).find((each) => each.endsWith('.lock')) ?? ''
    const file = join(bench.home, 'tokens', name)
    const rotating = rotateWith((tools) =>
      withLocked(tools, (locked) => ({
        compareAndSet: async (expected, record) => {
          const revision = await locked.compareAndSet(expected, record)
          if (record.pending !== null) renameSync(file, join(bench.home, 'away'))
          return revision
        },
      })),
    )
    await expectFailure(rotating, 'BUSY_LOCK', /Nothing was sent/u)
    expect(await stored()).toMatchObject({ generation: 1, pending: null })
    expect(bench.tokenRequests()).toBe(0)
  })

  it('a machine that was stopped between intent and request ends the run', async () => {
    await begin()
    const rotating = rotateWith((tools) =>
      withLocked(tools, (locked) => ({
        compareAndSet: async (expected, record) => {
          const revision = await locked.compareAndSet(expected, record)
          if (record.pending !== null) bench.clock.advance(15_001)
          return revision
        },
      })),
    )
    await expectFailure(rotating, 'BUSY_LOCK', /stopped or very slow/u)
    expect(bench.tokenRequests()).toBe(0)
    expect((await rotateWith(asIs)).generation).toBe(2)
  })

  it('a writer without the lock is noticed', async () => {
    await begin()
    const rotating = rotateWith((tools) => withLocked(tools, () => ({ compareAndSet: () => Promise.resolve(null) })))
    await expectFailure(rotating, 'BUSY_LOCK', /does not hold its lock/u)
    expect(bench.tokenRequests()).toBe(0)
  })

  it('a store that takes no writes ends the run', async () => {
    await begin()
    const full = (): Promise<never> => Promise.reject(new AuthError('AUTH_STORE', 'the disk is full'))
    const rotating = rotateWith((tools) => withLocked(tools, () => ({ compareAndSet: full })))
    await expectFailure(rotating, 'AUTH_STORE', /disk is full/u)
    expect(bench.tokenRequests()).toBe(0)
  })

  it('a run that is to stop presents nothing', async () => {
    await begin()
    await expectFailure(rotateWith(asIs, { signal: AbortSignal.abort() }), 'INTERRUPTED', /before the token/u)
    expect(bench.tokenRequests()).toBe(0)
  })
})

describe('a commit', () => {
  /** Writes that hold a new pair go through `write`; intents go through unharmed. */
  const onCommit =
    (write: (locked: LockedStore, expected: string | null, record: TokenRecord) => Promise<string | null>) =>
    (tools: RotationTools): Partial<RotationTools> =>
      withLocked(tools, (locked) => ({
        compareAndSet: (expected, record) =>
          record.pending === null ? write(locked, expected, record) : locked.compareAndSet(expected, record),
      }))
  const full = (): Promise<never> => Promise.reject(new AuthError('AUTH_STORE', 'the disk is full'))

  it('that fails for a while is tried again', async () => {
    await begin()
    let left = 3
    const next = await rotateWith(
      onCommit((locked, expected, record) => (left-- > 0 ? full() : locked.compareAndSet(expected, record))),
    )
    expect(next.generation).toBe(2)
    expect(await stored()).toMatchObject({ generation: 2 })
    expect(bench.tokenRequests()).toBe(1)
  })

  it('that fails for good leaves the pair in the stage, and the next run commits it', async () => {
    await begin()
    await expectFailure(
      rotateWith(onCommit(full)),
      'AUTH_RECOVERABLE',
      /disk is full.*safe in the staged token .*same command again/su,
    )
    expect(await stored()).toMatchObject({ generation: 1 })
    bench.sandbox.forgetRequests()
    const next = await rotateWith(asIs)
    expect(next.generation).toBe(2)
    expect(bench.tokenRequests()).toBe(0)
    expect(bench.clock.slept.includes(60_000)).toBe(false)
    const { session } = await bench.open()
    expect(await whoIs(bench, await session.authorize())).toBe('admin')
  })

  it('that fails together with the stage says that the pair is lost', async () => {
    await begin()
    const rotating = rotateWith((tools) => ({ ...onCommit(full)(tools), stage: { ...tools.stage, write: full } }))
    await expectFailure(rotating, 'AUTH_SIGN_IN_REQUIRED', /written nowhere, and is lost: the disk is full/u)
  })

  it('whose stage fails is made all the same', async () => {
    await begin()
    const next = await rotateWith((tools) => ({ stage: { ...tools.stage, write: full } }))
    expect(next.generation).toBe(2)
    expect(await stored()).toMatchObject({ generation: 2 })
  })

  it('whose answer is lost is recognised as done', async () => {
    await begin()
    const next = await rotateWith(
      onCommit(async (locked, expected, record) => {
        await locked.compareAndSet(expected, record)
        return null
      }),
    )
    expect(next.generation).toBe(2)
    expect(await stored()).toMatchObject({ generation: 2 })
  })

  it('that the store claims to have taken, and has not, leaves the pair in the stage', async () => {
    await begin()
    const claiming = onCommit((_locked, expected) => Promise.resolve(expected))
    await expectFailure(rotateWith(claiming), 'AUTH_RECOVERABLE', /safe in the staged token/u)
    expect(await stored()).toMatchObject({ generation: 1 })
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
  })

  it('over a record that a newer bbstate has written meanwhile overwrites nothing, and keeps its pair', async () => {
    await begin()
    const changing = onCommit(async (locked, expected, record) => {
      const found = await locked.read().catch(() => null)
      if (found !== null) await locked.overwrite({ ...found.record, version: 2 as 1 })
      return locked.compareAndSet(expected, record)
    })
    await expectFailure(rotateWith(changing), 'AUTH_RECOVERABLE', /record of version 2.*safe in the staged token/su)
    await expectFailure(rotateWith(asIs), 'AUTH_STORE', /record of version 2/u)
    expect(bench.tokenRequests()).toBe(1)
  })

  it('over a record that was touched but not rotated goes on from the new revision', async () => {
    await begin()
    let isTouched = false
    const next = await rotateWith(
      onCommit(async (locked, expected, record) => {
        if (!isTouched) {
          isTouched = true
          const found = await locked.read()
          if (found !== null) await locked.overwrite({ ...found.record, account: 'touched' })
        }
        return locked.compareAndSet(expected, record)
      }),
    )
    expect(next.generation).toBe(2)
    expect(await stored()).toMatchObject({ generation: 2, account: 'admin', pending: null })
  })

  it('never overwrites a sign-in made meanwhile', async () => {
    await begin()
    const { accessToken, refreshToken } = bench.sandbox.issueTokens()
    const { Secret } = await import('../../src/model/secret.js')
    let isReplaced = false
    const next = await rotateWith(
      onCommit(async (locked, expected, record) => {
        if (!isReplaced) {
          isReplaced = true
          const pair = { accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken) }
          await locked.overwrite({ ...record, ...pair, lineage: 'fresh', generation: 1, account: 'admin' })
        }
        return locked.compareAndSet(expected, record)
      }),
    )
    expect(next).toMatchObject({ lineage: 'fresh', generation: 1 })
    expect(await stored()).toMatchObject({ generation: 1 })
    expect(Object.keys(bench.files()).filter((name) => name.includes('stage'))).toEqual([])
  })

  it('over a sign-in that does not work keeps its own pair in the stage', async () => {
    await begin()
    const { Secret } = await import('../../src/model/secret.js')
    const rotating = rotateWith(
      onCommit(async (locked, expected, record) => {
        const dead = { accessToken: new Secret('dead'), refreshToken: new Secret('dead') }
        await locked.overwrite({ ...record, ...dead, lineage: 'fresh', generation: 1 })
        return locked.compareAndSet(expected, record)
      }),
    )
    await expectFailure(rotating, 'AUTH_RECOVERABLE', /kept in the staged token/u)
    expect(Object.keys(bench.files()).filter((name) => name.includes('stage'))).toHaveLength(1)
  })

  it.each<[string, (left: Stage) => Partial<Stage>]>([
    ['lineage', ({ record }) => ({ record: { ...record, lineage: 'another' } })],
    ['attempt', () => ({ attempt: 'another' })],
    ['generation', ({ record }) => ({ record: { ...record, generation: 3 } })],
  ])('of a stage of another %s never happens', async (_what, change) => {
    await begin()
    await expectFailure(rotateWith(onCommit(full)), 'AUTH_RECOVERABLE', /./u)
    const { stage } = await gatherTools(bench.options())
    const left = await stage.read()
    if (left === null) throw new Error('There is no stage')
    await stage.write({ ...left, ...change(left) })
    await expectFailure(rotateWith(asIs), 'AUTH_SIGN_IN_REQUIRED', /is lost/u)
    expect(await stored()).toMatchObject({ generation: 1 })
  })
})

describe('a record that is read while others write', () => {
  /** The records that are read, one after the other, and what the mark says between them. */
  async function readWhile(
    lineages: readonly (readonly [lineage: string, generation: number] | null)[],
    marks: readonly (readonly [lineage: string, highest: number])[],
  ): Promise<{ readonly read: TokenRecord; readonly order: readonly string[] }> {
    await begin()
    const tools = await gatherTools(bench.options())
    const found = await tools.store.read()
    if (found === null) throw new Error('There is no record')
    const order: string[] = []
    let [reads, looks] = [0, 0]
    const source = {
      read: () => {
        order.push('record')
        const next = lineages[reads++]
        if (next === undefined) throw new Error('Read once too often')
        const [lineage = '', generation = 0] = next ?? []
        return Promise.resolve(next === null ? null : { ...found, record: { ...found.record, lineage, generation } })
      },
    }
    const mark = {
      ...tools.mark,
      read: (lineage: string) => {
        order.push('mark')
        const [of, highest] = marks[looks++] ?? ['', 0]
        return Promise.resolve(of === lineage ? highest : 0)
      },
    }
    const { record } = await readAgain({ ...tools, mark }, source)
    return { read: record, order }
  }
  const putBack = /put back to generation 1; 2 was seen here/u

  it('and is as new as the mark: is read once', async () => {
    const { order } = await readWhile([['a', 2]], [['a', 2]])
    expect(order).toEqual(['record', 'mark'])
  })

  it.each([
    [
      'another process commits between record and mark',
      [
        ['a', 1],
        ['a', 2],
      ],
      [
        ['a', 2],
        ['a', 2],
      ],
      ['a', 2],
    ],
    [
      'two do, one after the other',
      [
        ['a', 1],
        ['a', 3],
      ],
      [
        ['a', 2],
        ['a', 3],
      ],
      ['a', 3],
    ],
    // The mark of the new lineage is raised between the second record and the second look at the mark.
    [
      'somebody signs in anew, and refreshes',
      [
        ['a', 1],
        ['b', 1],
        ['b', 2],
      ],
      [
        ['a', 2],
        ['b', 2],
        ['b', 2],
      ],
      ['b', 2],
    ],
  ] as const)('%s: the newer one is taken', async (_what, records, marks, [lineage, generation]) => {
    expect((await readWhile(records, marks)).read).toMatchObject({ lineage, generation })
  })

  it('and is older than a mark that was read before it: a backup was put back', async () => {
    await expectFailure(
      readWhile(
        [
          ['a', 1],
          ['a', 1],
        ],
        [['a', 2]],
      ),
      'AUTH_STORE',
      putBack,
    )
    await bench.close()
    await expectFailure(
      readWhile(
        [
          ['b', 1],
          ['a', 1],
          ['a', 1],
        ],
        [
          ['b', 2],
          ['a', 2],
        ],
      ),
      'AUTH_STORE',
      putBack,
    )
  })

  it('and is gone at the second look: somebody signed out, and nobody put anything back', async () => {
    await expectFailure(readWhile([['a', 1], null], [['a', 2]]), 'AUTH_SIGN_IN_REQUIRED', /Nobody is signed in/u)
  })

  it('by a rotation of another process, for real', async () => {
    await begin()
    const tools = await gatherTools(bench.options())
    const before = await tools.store.read()
    await rotateWith(asIs)
    let reads = 0
    const read = (): typeof before | Promise<typeof before> => (reads++ === 0 ? before : tools.store.read())
    expect((await readAgain(tools, { read: async () => read() })).record.generation).toBe(2)
    await expectFailure(readAgain(tools, { read: () => Promise.resolve(before) }), 'AUTH_STORE', putBack)
  })
})

describe('a run that is asked to stop', () => {
  /** Stops it at one moment of its rotation. */
  async function stopAt(change: (stop: () => void, tools: RotationTools) => Partial<RotationTools>): Promise<unknown> {
    const controller = new AbortController()
    const { signal } = controller
    return rotateWith((tools) => ({ ...change(() => controller.abort(), tools), signal }))
  }

  it('after it has written that it will refresh: takes that back, and presents nothing', async () => {
    await begin()
    const stopping = stopAt((stop, tools) =>
      withLocked(tools, (locked) => ({
        compareAndSet: async (over, record) => {
          if (record.pending !== null) stop()
          return locked.compareAndSet(over, record)
        },
      })),
    )
    await expectFailure(stopping, 'INTERRUPTED', /Stopped before the token was refreshed/u)
    expect(bench.tokenRequests()).toBe(0)
    expect(await stored()).toMatchObject({ generation: 1, pending: null })
  })

  it('while its request is under way: finishes it, and keeps the pair', async () => {
    await begin()
    const next = await stopAt((stop, { endpoint }) => ({
      endpoint: {
        ...endpoint,
        refresh: (refresh) => {
          stop()
          return endpoint.refresh(refresh)
        },
      },
    }))
    expect(next).toMatchObject({ generation: 2 })
    expect(await stored()).toMatchObject({ generation: 2, pending: null })
  })

  it('while it waits for a request of a dead run to be over: waits no longer, and asks nothing', async () => {
    await begin()
    bench.sandbox.addFault({ kind: 'drop-before', path: '/token$' })
    await expectFailure(rotateWith(asIs), 'AUTH_UNCERTAIN', /not known/u)
    bench.sandbox.forgetRequests()
    const slept: (AbortSignal | undefined)[] = []
    const stopping = stopAt((stop, { clock }) => ({
      clock: {
        ...clock,
        sleep: (_milliseconds, signal) => {
          slept.push(signal)
          stop()
          return Promise.resolve()
        },
      },
    }))
    await expectFailure(stopping, 'INTERRUPTED', /Stopped before the token was refreshed/u)
    expect(slept.map((signal) => signal?.aborted)).toEqual([true])
    expect(bench.sandbox.requests).toEqual([])
    expect(await stored()).toMatchObject({ pending: { holder: 'bbstate test' } })
  })

  it('while somebody else works with the token: waits no longer', async () => {
    await begin()
    const tools = await gatherTools(bench.options())
    const lease = await tools.lease?.take(0)
    const controller = new AbortController()
    controller.abort()
    const stopping = createSession({ ...tools, signal: controller.signal }).rotate()
    await expectFailure(stopping, 'INTERRUPTED', /in other hands/u)
    await lease?.release()
    expect(bench.tokenRequests()).toBe(0)
  })
})

describe('a pair in hand', () => {
  it('whose stage and store fail at first is staged before it is called lost', async () => {
    await begin()
    let isFirst = true
    const full = (): Promise<never> => Promise.reject(new AuthError('AUTH_STORE', 'the disk is full'))
    const broken = rotateWith((tools) => ({
      ...withLocked(tools, (locked) => ({
        compareAndSet: (over, record) => (record.pending === null ? full() : locked.compareAndSet(over, record)),
      })),
      stage: {
        ...tools.stage,
        write: (staged) => {
          const fails = isFirst
          isFirst = false
          return fails ? full() : tools.stage.write(staged)
        },
      },
    }))
    await expectFailure(broken, 'AUTH_RECOVERABLE', /safe in the staged token/u)
    expect((await rotateWith(asIs)).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
  })
})
