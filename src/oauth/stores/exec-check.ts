/**
 * What a helper must do, tried one promise after the other: for its author, before a token depends on it.
 *
 * Everything happens under a key made for the occasion, so a store that is in use is not disturbed; nothing is left
 * behind but what the helper itself leaves. What must hold under a race or a kill is tried with several processes, which
 * can show that it does not hold, never that it always will.
 */
import { BbstateError } from '../../model/errors.js'
import { encodeHex } from '../../model/base64.js'
import type { CryptoPort, TokenClock } from '../ports.js'
import { createHelper, execProtocol, type Helper, type HelperOptions } from './exec-protocol.js'

/** One promise of a helper. */
export interface HelperCheck {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly message: string
  readonly advice?: string
}

/** What a check works on. */
interface Bench {
  readonly helper: Helper
  /** The same helper, ended after so many milliseconds. */
  within(milliseconds: number): Helper
  /** A key of its own for each check. */
  readonly key: string
  readonly random: () => string
  readonly clock: TokenClock
  /** Sends a request that no operation of {@link Helper} sends; answers how it ended. */
  sendStrange(): Promise<string>
  /** Everything that the helper has written to stderr. */
  readonly stderr: () => string
}

type Finding = Omit<HelperCheck, 'name'>

interface Promised {
  readonly name: string
  readonly advice: string
  /** Answers what was seen, or throws {@link Broken}. */
  try(bench: Bench): Promise<string | Finding>
}

class Broken extends Error {}

function require(isKept: boolean, otherwise: string): asserts isKept {
  if (!isKept) throw new Broken(otherwise)
}

/** Processes that race each other. */
const rivals = 6
/** A record in the shape of a sealed one, with what breaks careless encodings, far longer than any real one. */
const makeText = (mark: string): string =>
  JSON.stringify({ mark, text: 'äöü €𝄞 "\\\n\t\u0000 $(x) %s', long: 'x'.repeat(40_000) })

/** The names of all checks, in their order. */
export function listChecks(): readonly string[] {
  return promises.map(({ name }) => name)
}

/**
 * Tries everything that a helper promises. The first check tells whether it speaks the protocol; without it none follows.
 * @param only name of the one check to make beside the first
 */
export async function checkHelper(
  options: HelperOptions,
  ports: { readonly crypto: CryptoPort; readonly clock: TokenClock },
  only?: string,
): Promise<readonly HelperCheck[]> {
  const errors: string[] = []
  const run: HelperOptions['run'] = async (request) => {
    const result = await options.run(request)
    if (result.type !== 'unstarted') errors.push(result.stderr)
    return result
  }
  const watched: HelperOptions = { ...options, run }
  const random = (): string => encodeHex(ports.crypto.randomBytes(8))
  const makeBench = (): Bench => ({
    helper: createHelper(watched),
    within: (timeoutMilliseconds) => createHelper({ ...watched, timeoutMilliseconds }),
    key: `bbstate-check-${random()}`,
    random,
    clock: ports.clock,
    sendStrange: () => sendStrange(watched),
    stderr: () => errors.join('\n'),
  })
  const checks: HelperCheck[] = []
  const wanted = promises.filter(({ name }) => only === undefined || name === only || name === speaks.name)
  for (const promise of wanted) {
    const check = await tryPromise(promise, makeBench())
    checks.push(check)
    if (promise === speaks && check.state === 'failed') break
  }
  return checks
}

async function tryPromise(promise: Promised, bench: Bench): Promise<HelperCheck> {
  const { name, advice } = promise
  try {
    const seen = await promise.try(bench)
    return typeof seen === 'string' ? { name, state: 'ok', message: seen } : { name, ...seen }
  } catch (thrown) {
    if (thrown instanceof Broken) return { name, state: 'failed', message: thrown.message, advice }
    if (!(thrown instanceof BbstateError)) throw thrown
    return { name, state: 'failed', message: thrown.message, advice: thrown.hint ?? advice }
  } finally {
    await clearAway(bench)
  }
}

async function clearAway({ helper, key }: Bench): Promise<void> {
  const held = await helper.read(key).catch(() => null)
  if (held !== null) await helper.write(key, held.revision, null).catch(() => null)
}

async function sendStrange(options: HelperOptions): Promise<string> {
  const { path, args, environment, timeoutMilliseconds = 30_000 } = options
  const input = `${JSON.stringify({ protocol: execProtocol, operation: 'no-such-operation' })}\n`
  const result = await options.run({ path, args, environment, input, timeoutMilliseconds, outputLimitBytes: 65_536 })
  return result.type === 'ended' ? String(result.exitCode) : result.type
}

/** Writes what must be new and answers its revision. */
async function create({ helper, key }: Bench, text: string): Promise<string> {
  const revision = await helper.write(key, null, text)
  require(revision !== null, 'a record could not be written where none stood')
  return revision
}

async function requireHeld({ helper, key }: Bench, text: string | null, otherwise: string): Promise<void> {
  require(((await helper.read(key))?.text ?? null) === text, otherwise)
}

const speaks: Promised = {
  name: 'capabilities',
  advice: 'Answer { "protocol", "name", "compareAndSet": true, "lock": true }.',
  async try({ helper }) {
    const { name } = await helper.requireCapabilities()
    return `speaks ${execProtocol}, and calls itself ${name}`
  },
}

const promises: readonly Promised[] = [
  speaks,
  {
    name: 'unknown operation',
    advice: 'End with an exit code other than 0 where an operation is not known: a later bbstate may ask for one.',
    async try({ sendStrange: send }) {
      const code = await send()
      require(code !== '0', 'an operation that does not exist was answered with exit code 0')
      return `refused with exit code ${code}`
    },
  },
  {
    name: 'read of nothing',
    advice: 'Answer { "revision": null, "record": null } with exit code 0 where there is no record.',
    async try(bench) {
      await requireHeld(bench, null, 'a record was answered under a key that was never written')
      return 'answered as absent'
    },
  },
  {
    name: 'write and read',
    advice: 'Give the record back character for character: it is JSON in UTF-8, up to 64 KiB.',
    async try(bench) {
      const text = makeText(bench.random())
      await create(bench, text)
      await requireHeld(bench, text, 'what was read is not what was written')
      return `${text.length} characters came back unchanged`
    },
  },
  {
    name: 'compare-and-set',
    advice: 'Answer { "written": false } and change nothing where "ifRevision" is not the revision that stands there.',
    async try(bench) {
      const { helper, key } = bench
      const first = await create(bench, makeText('first'))
      require((await helper.write(key, null, makeText('x'))) === null, '"ifRevision": null wrote over a record')
      const second = await helper.write(key, first, makeText('second'))
      require(second !== null, 'the current revision was refused')
      require(second !== first, 'a new text got the revision of the old one')
      require((await helper.write(key, first, makeText('late'))) === null, 'a stale revision wrote over a newer record')
      require((await helper.write(key, first, null)) === null, 'a stale revision removed a newer record')
      await requireHeld(bench, makeText('second'), 'a refused write changed the record')
      return 'stale revisions are refused and change nothing'
    },
  },
  {
    name: 'one winner',
    advice: 'Compare and write in one step of the store: a transaction, a conditional request, an exclusive link.',
    async try(bench) {
      const { helper, key } = bench
      const revision = await create(bench, makeText('start'))
      const texts = Array.from({ length: rivals }, (_, index) => makeText(`rival ${index}`))
      const answers = await Promise.all(texts.map((text) => helper.write(key, revision, text)))
      const winners = texts.filter((_, index) => answers[index] !== null)
      require(winners.length === 1, `${winners.length} of ${rivals} writers over one revision were told that they won`)
      await requireHeld(bench, winners[0] ?? null, 'what stands there is not what the winner wrote')
      return `of ${rivals} writers at once one won, and its record stands there`
    },
  },
  {
    name: 'kill -9 while writing',
    advice: 'Write beside and put in place in one step; flush before answering.',
    async try(bench) {
      const { helper, key } = bench
      const whole = new Set([makeText('before')])
      await create(bench, makeText('before'))
      for (const milliseconds of [1, 20, 30, 40, 50, 60, 80, 120]) {
        const held = await helper.read(key)
        const next = makeText(`killed after ${milliseconds} ms`)
        whole.add(next)
        await bench
          .within(milliseconds)
          .write(key, held?.revision ?? null, next)
          .catch(() => null)
        // Which one may not be settled yet: a request of the killed helper may still be on its way to its server.
        const found = (await helper.read(key))?.text ?? ''
        require(whole.has(found), 'a write that was killed left neither the old nor the new record')
      }
      return 'the record is the old one or the new one, whole'
    },
  },
  {
    name: 'keys',
    advice: 'Keep records and locks apart by "key".',
    async try(bench) {
      const { helper, key, random } = bench
      await create(bench, makeText('one'))
      await requireHeld({ ...bench, key: `${key}-other` }, null, 'one record is answered under two keys')
      const [mine, theirs] = [random(), random()]
      require((await helper.lock(key, mine, 600, 'check')).heldBy === null, 'a lock that nobody holds was refused')
      const other = await helper.lock(`${key}-other`, theirs, 600, 'check')
      require(other.heldBy === null, 'the lock of one key holds another one')
      await Promise.all([helper.unlock(key, mine), helper.unlock(`${key}-other`, theirs)])
      return 'records and locks of two keys do not touch'
    },
  },
  {
    name: 'removal',
    advice: 'A write with "record": null removes; afterwards the key reads as absent and can be written anew.',
    async try(bench) {
      const { helper, key } = bench
      const revision = await create(bench, makeText('gone'))
      require((await helper.write(key, revision, null)) !== null, 'the current revision could not be removed')
      await requireHeld(bench, null, 'a removed record is still answered')
      const again = await create(bench, makeText('again'))
      require(again !== revision, 'a revision came back: a writer from before the removal would win')
      return 'a removed record is gone, and revisions do not come back'
    },
  },
  {
    name: 'lock',
    advice: 'Give the lock to one token until it is freed by that token or its time is up; tell others who holds it.',
    async try(bench) {
      const { helper, key, random } = bench
      const [mine, theirs] = [random(), random()]
      const taken = await helper.lock(key, mine, 600, 'the first holder')
      require(taken.heldBy === null, 'a lock that nobody holds was refused')
      require(taken.seconds >= 90, `locks of ${taken.seconds} s are granted; a refresh needs 90 s`)
      const refused = await helper.lock(key, theirs, 600, 'the second holder')
      require(refused.heldBy !== null, 'a second token got the lock')
      require(refused.heldBy.includes('the first holder'), 'the refusal does not name the holder')
      require((await helper.lock(key, mine, 600, 'the first holder')).heldBy ===
        null, 'the holder could not prolong it')
      require(!(await helper.unlock(key, theirs)), 'a stranger freed the lock')
      require((await helper.lock(key, theirs, 600, 'x')).heldBy !== null, 'the lock was lost to a stranger')
      require(await helper.unlock(key, mine), 'the holder could not free the lock')
      require(!(await helper.unlock(key, mine)), 'a lock was freed twice')
      require((await helper.lock(key, theirs, 600, 'x')).heldBy === null, 'a freed lock could not be taken')
      await helper.unlock(key, theirs)
      return 'one holder at a time, named to others; freed by its own token alone'
    },
  },
  {
    name: 'one holder',
    advice: 'Take the lock in one step of the store.',
    async try({ helper, key, random }) {
      const tokens = Array.from({ length: rivals }, random)
      const answers = await Promise.all(tokens.map((token) => helper.lock(key, token, 600, `rival ${token}`)))
      const holders = tokens.filter((_, index) => answers[index]?.heldBy === null)
      await Promise.all(tokens.map((token) => helper.unlock(key, token)))
      require(holders.length === 1, `${holders.length} of ${rivals} got the lock at once`)
      return `of ${rivals} at once one got it`
    },
  },
  {
    name: 'end of a lock',
    advice: 'Let a lock end after "ttl" seconds: the run that held it may be dead.',
    async try({ helper, key, random, clock }) {
      const [mine, theirs] = [random(), random()]
      const { seconds } = await helper.lock(key, mine, 2, 'check')
      if (seconds > 10) {
        await helper.unlock(key, mine)
        const message = `not tried: asked for 2 s, the helper grants ${seconds} s`
        return { state: 'warning', message, advice: 'Make sure that locks end by themselves.' }
      }
      await clock.sleep(seconds * 1000 + 500)
      require((await helper.lock(key, theirs, 600, 'check')).heldBy ===
        null, `after ${seconds} s the lock is still held`)
      require(!(await helper.unlock(key, mine)), 'a token whose time was up freed the lock of the next')
      await helper.unlock(key, theirs)
      return `ended after ${seconds} s; its token means nothing from then on`
    },
  },
  {
    name: 'silence',
    advice: 'Keep records out of stderr: people and logs see it.',
    async try(bench) {
      const mark = bench.random()
      await create(bench, makeText(mark))
      await bench.helper.read(bench.key)
      require(!bench.stderr().includes(mark), 'the record was repeated on stderr')
      return 'no record on stderr'
    },
  },
]
