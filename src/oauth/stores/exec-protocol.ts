/**
 * The protocol `bbstate-store-1` between bbstate and a helper that keeps tokens (docs/reference/exec-store.md).
 *
 * One process an operation: one JSON object on its stdin, one on its stdout, exit code 0. Every other ending means that
 * it failed, and for a write that its outcome is unknown. The helper sees sealed texts, and never on its command line.
 */
import { AuthError } from '../../model/errors.js'
import type { Scrubber } from '../../model/secret.js'

/** The name of the protocol, in every request and answer. */
export const execProtocol = 'bbstate-store-1'

/** A program to run, and its limits. */
export interface ProgramRequest {
  /** Absolute. */
  readonly path: string
  readonly args: readonly string[]
  /** All of its variables. */
  readonly environment: Readonly<Record<string, string>>
  /** What it reads on stdin. */
  readonly input: string
  readonly timeoutMilliseconds: number
  readonly outputLimitBytes: number
}

/** How it ended. */
export type ProgramResult =
  /** `exitCode` is `null` where a signal ended it. */
  | { readonly type: 'ended'; readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }
  /** bbstate ended it, since it took too long or wrote too much. */
  | { readonly type: 'cut'; readonly limit: 'time' | 'output'; readonly stderr: string }
  /** It never ran; `reason` is the system's code, such as `ENOENT`. */
  | { readonly type: 'unstarted'; readonly reason: string }

/** Runs a program to its end, or to its limits. Never rejects. */
export type RunProgram = (request: ProgramRequest) => Promise<ProgramResult>

/** A helper, as options name it. */
export interface HelperOptions {
  /** Absolute path of the program. */
  readonly path: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly run: RunProgram
  readonly scrubber: Scrubber
  /** How long one operation may take. Default 30 s. */
  readonly timeoutMilliseconds?: number
  /** Takes what a helper that succeeded wrote to stderr, scrubbed. */
  readonly tell?: (message: string) => void
}

/** What stands in the store: the text as it was written, and the store's own revision of it. */
export interface HeldText {
  readonly revision: string
  readonly text: string
}

/** Who holds a lock; `null`: the one who asked. */
export interface LockAnswer {
  readonly heldBy: string | null
  /** Seconds that the lock lives from the moment it was asked for. */
  readonly seconds: number
}

/** The operations of a helper. Each throws AuthError `AUTH_STORE` where the helper fails or does not keep the protocol. */
export interface Helper {
  readonly location: string
  /** @throws AuthError `AUTH_STORE` also where it lacks what no store of this kind may lack. */
  requireCapabilities(): Promise<{ readonly name: string }>
  read(key: string): Promise<HeldText | null>
  /**
   * @param expected revision that must stand there; `null`: nothing may
   * @param text `null` removes what stands there
   * @returns the new revision (`''` after a removal), or `null` where another one stands there
   */
  write(key: string, expected: string | null, text: string | null): Promise<string | null>
  /** Takes the lock or, with the token that holds it, prolongs it; so it may be asked again after a lost answer. */
  lock(key: string, token: string, seconds: number, holder: string): Promise<LockAnswer>
  /** `false`: this token did not hold it. */
  unlock(key: string, token: string): Promise<boolean>
}

type Fields = Readonly<Record<string, unknown>>

const outputLimitBytes = 1024 * 1024
/** Longest record, in characters: it must come back within the limit however the helper escapes it. */
const greatestRecord = 512 * 1024
/** Longest revision, name and holder, in characters. */
export const greatestText = 200

/** The helper behind a program. */
export function createHelper(options: HelperOptions): Helper {
  const location = `the token helper ${options.path}`
  const ask = async (operation: string, fields: Fields): Promise<Answer> => {
    const input = `${JSON.stringify({ protocol: execProtocol, operation, ...fields })}\n`
    const { path, args, environment, timeoutMilliseconds = 30_000 } = options
    const result = await options.run({ path, args, environment, input, timeoutMilliseconds, outputLimitBytes })
    const refuse = (what: string, hint: string): AuthError =>
      new AuthError('AUTH_STORE', `${location} ${what} (operation ${operation})`, { hint })
    const stdout = requireSuccess(result, options, refuse)
    if (result.type === 'ended' && result.stderr.trim() !== '')
      options.tell?.(`${location}: ${quote(result.stderr, options)}`)
    return new Answer(stdout, refuse)
  }
  return {
    location,
    async requireCapabilities() {
      const answer = await ask('capabilities', {})
      for (const name of ['compareAndSet', 'lock']) {
        if (!answer.boolean(name))
          throw answer.refuse(`says that it has no ${name}`, 'A token that works once needs both.')
      }
      return { name: answer.text('name') }
    },
    async read(key) {
      const answer = await ask('read', { key })
      if (answer.isNull('record') && answer.isNull('revision')) return null
      return { revision: answer.text('revision'), text: answer.text('record', greatestRecord) }
    },
    async write(key, expected, text) {
      if (text !== null && text.length > greatestRecord) throw describeLength(location, text.length)
      const answer = await ask('write', { key, ifRevision: expected, record: text })
      if (!answer.boolean('written')) return null
      return text === null ? '' : answer.text('revision')
    },
    async lock(key, token, seconds, holder) {
      const answer = await ask('lock', { key, token, ttl: seconds, holder })
      if (answer.boolean('locked')) return { heldBy: null, seconds: answer.seconds('ttl') }
      return { heldBy: answer.text('holder'), seconds: 0 }
    },
    unlock: async (key, token) => (await ask('unlock', { key, token })).boolean('unlocked'),
  }
}

function describeLength(location: string, length: number): AuthError {
  return new AuthError(
    'AUTH_STORE',
    `The record has ${length} characters; ${location} could not give back more than ${greatestRecord}`,
    { hint: 'Nothing was written. Keep this token in another store, see docs/reference/token-stores.md.' },
  )
}

type Refuse = (what: string, hint: string) => AuthError

function requireSuccess(result: ProgramResult, options: HelperOptions, refuse: Refuse): string {
  if (result.type === 'unstarted') {
    throw refuse(
      `cannot be started (${result.reason})`,
      'Check that the file is there, that this user may execute it, and its first line (#!).',
    )
  }
  const said = quote(result.stderr, options)
  const hint = said === '' ? 'It wrote nothing to stderr.' : `It wrote to stderr: ${said}`
  if (result.type === 'cut') {
    const limit = result.limit === 'time' ? 'did not answer in time' : 'answered with more than 1 MiB'
    throw refuse(`${limit} and was ended`, hint)
  }
  if (result.exitCode === 0) return result.stdout
  throw refuse(result.exitCode === null ? 'was ended by a signal' : `failed with exit code ${result.exitCode}`, hint)
}

/** One line for people: scrubbed first, since cutting could leave part of a secret that is no longer recognised. */
function quote(stderr: string, options: HelperOptions): string {
  const line = options.scrubber
    .scrub(stderr)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
  return line.length > 500 ? `${line.slice(0, 500)} …` : line
}

/** An answer whose fields are checked one by one. Never quoted: it holds the record. */
class Answer {
  readonly refuse: Refuse
  readonly #fields: Fields

  constructor(stdout: string, refuse: Refuse) {
    this.refuse = refuse
    this.#fields = this.#parse(stdout)
    if (this.#fields['protocol'] !== execProtocol) throw this.#refuseField('protocol', JSON.stringify(execProtocol))
  }

  isNull(name: string): boolean {
    return this.#fields[name] === null
  }

  boolean(name: string): boolean {
    const value = this.#fields[name]
    if (typeof value !== 'boolean') throw this.#refuseField(name, 'true or false')
    return value
  }

  text(name: string, greatest = greatestText): string {
    const value = this.#fields[name]
    if (typeof value === 'string' && value !== '' && value.length <= greatest) return value
    throw this.#refuseField(name, `a text of 1 to ${greatest} characters`)
  }

  seconds(name: string): number {
    const value = this.#fields[name]
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
    throw this.#refuseField(name, 'a number of seconds above 0')
  }

  #parse(stdout: string): Fields {
    try {
      const data: unknown = JSON.parse(stdout)
      if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Fields
    } catch {
      // Told below; the parser's own message quotes the text.
    }
    throw this.refuse('did not answer with one JSON object', protocolHint)
  }

  #refuseField(name: string, wanted: string): AuthError {
    return this.refuse(`does not keep the protocol: ${JSON.stringify(name)} must be ${wanted}`, protocolHint)
  }
}

const protocolHint = 'bbstate auth check-store shows what a helper must do; docs/reference/exec-store.md describes it.'
