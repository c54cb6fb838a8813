/**
 * A sign-in, a sign-out and a refresh under a new store key that are killed with -9 after any step: the next run finds
 * the old sign-in or the new one, finishes what was begun, or says what is left.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TokenOptions } from '../../src/host/token.js'
import type { SandboxOptions } from '../../src/sandbox/server.js'
import { failureOf, startTokenBench, type TokenBench, whoIs } from '../token.js'
import type { AuthTask } from './auth-worker.js'
import { bundleWorker, type Worker, type WorkerEnd } from './worker.js'

let worker: Worker<AuthTask>
beforeAll(async () => {
  worker = await bundleWorker('auth-worker')
})
afterAll(() => worker.remove())

const key = Array.from({ length: 32 }, (_, index) => index)
const oldKey = Array.from({ length: 32 }, (_, index) => 100 + index)
const keys = { current: Uint8Array.from(key) }
let bench: TokenBench
const begin = async (options: SandboxOptions = {}): Promise<void> => {
  bench = await startTokenBench({ codeSeconds: 600, ...options })
}
afterEach(() => bench.close())

function run(work: AuthTask['work'], dieAfter: number, more: Partial<AuthTask> = {}): Promise<WorkerEnd> {
  const { sandbox, home } = bench
  const { clientId, clientSecret, redirectUri, url } = sandbox
  const task: AuthTask = { work, url, clientId, clientSecret, redirectUri, home, key, dieAfter, ...more }
  return worker.run(task)
}

async function login(dieAfter: number): Promise<WorkerEnd> {
  const { code, verifier } = await bench.consent()
  return run('login', dieAfter, { grant: { code: code.reveal(), verifier: verifier.reveal() } })
}

const killed = { signal: 'SIGKILL', output: '' }
const never = 99

describe('a sign-in', () => {
  const steps = ['lease', 'lock', 'answer of token', 'overwrite', 'unstage', 'mark', 'write']

  it('has no other step', async () => {
    await begin()
    expect(await login(never)).toEqual({ signal: null, output: steps.join(', ') })
  })

  it('of nobody before, killed between answer and store: the pair is lost, and what is said is to sign in', async () => {
    await begin()
    expect(await login(steps.indexOf('answer of token') + 1)).toEqual(killed)
    expect(bench.sandbox.state.tokens).toHaveLength(1)
    const { session, vault } = await bench.open({ keys })
    expect(await failureOf(session.current())).toMatchObject({
      code: 'AUTH_SIGN_IN_REQUIRED',
      hint: expect.stringContaining('bbstate auth login --url'),
    })
    expect(await vault.locks()).toEqual(expect.arrayContaining([expect.objectContaining({ holder: null })]))
    expect((await login(never)).signal).toBeNull()
    expect((await vault.rotate()).generation).toBe(2)
  })

  it.each(steps.map((name, index) => [name, index + 1] as const))(
    'over an unfinished one, killed after %s: the stage of the old one never becomes the new one',
    async (_, dieAfter) => {
      await begin()
      await bench.signIn({ keys })
      const old = await (await bench.open({ keys })).tools.store.read()
      // Killed once its pair was staged and before it was committed.
      const refreshed = ['lease', 'lock', 'write', 'answer of token', 'stage']
      expect(await run('refresh', refreshed.length)).toEqual(killed)
      expect(await login(dieAfter)).toEqual(killed)

      const { session, vault, tools } = await bench.open({ keys })
      const isNew = dieAfter >= steps.indexOf('overwrite') + 1
      // Until the server refuses its access token, a run would not ask what became of the old one.
      const record = isNew ? await session.current() : await session.rotate()
      expect(record.lineage === old?.record.lineage).toBe(!isNew)
      expect(record.generation).toBe(isNew ? 1 : 2)
      expect(await whoIs(bench, await session.authorize())).toBe('admin')
      const next = await vault.rotate()
      expect(next.generation).toBe(record.generation + 1)
      expect(await tools.stage.read()).toBeNull()
      const shown = bench.sandbox.state.tokens.map(({ presented }) => presented ?? 0)
      expect(Math.max(...shown)).toBe(1)
    },
  )
})

describe('a sign-out', () => {
  const present = { oauth: { revoke: 'present' } } as const
  const steps = ['lease', 'lock', 'answer of revoke', 'answer of revoke', 'unstage', 'discard']

  it('has no other step', async () => {
    await begin(present)
    await bench.signIn({ keys })
    expect(await run('logout', never)).toEqual({ signal: null, output: steps.join(', ') })
  })

  it.each(steps.map((name, index) => [index + 1, name] as const))(
    'killed after step %i (%s): the next one finishes it, and no token lives that nobody knows of',
    async (dieAfter) => {
      await begin(present)
      await bench.signIn({ keys })
      expect(await run('logout', dieAfter)).toEqual(killed)
      const { session, vault } = await bench.open({ keys })
      const isRevoked = dieAfter >= 3
      const isGone = dieAfter >= steps.length
      if (isRevoked) {
        expect(await failureOf(session.rotate())).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
      } else {
        expect(await whoIs(bench, await session.authorize())).toBe('admin')
      }
      expect(await vault.forget()).toEqual({ wasSignedIn: !isGone, revocation: isGone ? 'none' : 'revoked' })
      expect(await vault.read()).toBeNull()
      expect(bench.sandbox.state.tokens.filter(({ revoked }) => revoked !== true)).toEqual([])
    },
  )
})

describe('a refresh under a new store key, the old one still accepted', () => {
  const previous = oldKey
  const old: Partial<TokenOptions> = { keys: { current: Uint8Array.from(oldKey) } }
  const both: Partial<TokenOptions> = { keys: { ...keys, previous: Uint8Array.from(oldKey) } }
  const steps = ['lease', 'lock', 'write', 'answer of token', 'stage', 'write', 'unstage', 'mark']
  const pending = 3
  const answered = 4
  const committed = 6

  it('has no other step', async () => {
    await begin()
    await bench.signIn(old)
    const { signal, output } = await run('refresh', never, { previous })
    expect(signal).toBeNull()
    expect([...output.split(', ')].sort()).toEqual([...steps].sort())
  })

  it.each(steps.map((name, index) => [index + 1, name] as const))(
    'killed after step %i (%s): both keys go on, and a key that is missing is named before anything is sent',
    async (dieAfter) => {
      await begin()
      await bench.signIn(old)
      expect(await run('refresh', dieAfter, { previous })).toEqual(killed)
      const sent = bench.tokenRequests()
      const isNewlySealed = dieAfter >= pending
      // A job that still has the old key alone, or the new one alone, reads what its key opens and says what it lacks.
      const lacking = await bench.open(isNewlySealed ? old : { keys })
      const refusal = await failureOf(lacking.session.rotate())
      expect(refusal).toMatchObject({ code: 'AUTH_STORE', message: expect.stringContaining('sealed with another key') })
      expect(refusal.hint).toContain('BBSTATE_STORE_KEY_PREVIOUS')
      expect(bench.tokenRequests()).toBe(sent)

      const { vault, session } = await bench.open(isNewlySealed ? { keys } : both)
      if (dieAfter === answered) {
        const lost = await failureOf(vault.rotate())
        expect(lost).toMatchObject({ code: 'AUTH_SIGN_IN_REQUIRED' })
        expect(`${lost.message} ${lost.hint ?? ''}`).toContain('bbstate auth refresh')
        return
      }
      const next = await vault.rotate()
      expect(next).toMatchObject({ isSealed: true, generation: dieAfter >= committed ? 3 : 2 })
      expect(await whoIs(bench, await session.authorize())).toBe('admin')
      // From now on the new key alone will do.
      expect((await (await bench.open({ keys })).session.current()).generation).toBe(next.generation)
    },
  )
})
