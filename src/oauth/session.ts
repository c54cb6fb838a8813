/**
 * The credentials of a run that signed in with OAuth 2.0.
 *
 * A token that lives long enough costs neither a request nor a lock. Renewing is one flight for the whole process: every
 * caller waits for the same rotation, and every rotation first looks whether another process has done it already. Who
 * works for long holds the token: then no other run refreshes it.
 */
import type { Credentials, Hold } from '../model/credentials.js'
import { BusyError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import type { TokenRecord } from './record.js'
import { readAgain } from './read-again.js'
import { rotateToken } from './rotation.js'
import type { RotationTools } from './rotation-tools.js'
import type { UseLease } from './store.js'
import { rotateUnderLease } from './use-lease.js'

/** Credentials with the two things that the `auth` commands ask for. */
export interface Session extends Credentials {
  readonly scheme: 'oauth2'
  /** The record in use; its access token lives long enough. */
  current(): Promise<TokenRecord>
  /** Rotates now, unless another process does so first. */
  rotate(): Promise<TokenRecord>
  hold(): Promise<Hold>
}

/** Opens the session of the record that the tools' store holds. Nothing is read before it is needed. */
export function createSession(tools: RotationTools): Session {
  return new TokenSession(tools)
}

/**
 * Whether an access token lives long enough to be used: longer than 60 s or a twentieth of its life, whichever is more,
 * but never more than half of its life, so that tokens of two minutes work.
 *
 * @param now milliseconds since 1970
 */
export function isAccessUsable(record: TokenRecord, now: number): boolean {
  const life = record.accessExpiresAt - record.rotatedAt
  const margin = Math.min(Math.max(60_000, life / 20), life / 2)
  return now < record.accessExpiresAt - margin
}

/** Milliseconds for which a token that still lives is waited for. */
const longestPatience = 10_000

class TokenSession implements Session {
  readonly scheme = 'oauth2'
  readonly #tools: RotationTools
  #record: TokenRecord | undefined
  #flight: Promise<TokenRecord> | undefined
  #lease: UseLease | undefined

  constructor(tools: RotationTools) {
    this.#tools = tools
  }

  async authorize(): Promise<Secret> {
    this.#lease?.requireHeld()
    return makeHeader(await this.current())
  }

  async current(): Promise<TokenRecord> {
    // While the token is being renewed, the one at hand is about to die: nothing is begun with it.
    if (this.#flight !== undefined) return this.#flight
    const record = this.#record
    if (record !== undefined && this.#isUsable(record)) return record
    return this.#fly(() => this.#readOrRotate())
  }

  async hold(): Promise<Hold> {
    const { lease: area, lockTimeoutMilliseconds } = this.#tools
    if (area === undefined) return { release: () => Promise.resolve() }
    const lease = await area.take(lockTimeoutMilliseconds)
    this.#lease = lease
    return {
      release: async () => {
        this.#lease = undefined
        await lease.release()
      },
    }
  }

  async renew(rejected: Secret): Promise<boolean> {
    await this.#fly(async () => {
      const record = this.#record ?? (await this.#read())
      return isHeaderOf(record, rejected) ? this.#replace(rejected) : record
    })
    return true
  }

  async rotate(): Promise<TokenRecord> {
    return this.#fly(async () => this.#rotate(await this.#read()))
  }

  #isUsable(record: TokenRecord): boolean {
    return isAccessUsable(record, this.#tools.clock.now())
  }

  async #read(): Promise<TokenRecord> {
    return (await readAgain(this.#tools, this.#tools.store)).record
  }

  async #readOrRotate(): Promise<TokenRecord> {
    const record = await this.#read()
    if (this.#isUsable(record)) return record
    const next = await this.#rotateOrShare(record)
    // What was adopted may have been left to expire by its run; one more rotation is then due.
    return this.#isUsable(next) || this.#isAlive(next) ? next : this.#rotate(next)
  }

  /** A token that lives is good enough where somebody else is at work with it: they refresh it in time. */
  async #rotateOrShare(record: TokenRecord): Promise<TokenRecord> {
    if (!this.#isAlive(record)) return this.#rotate(record)
    const patience = Math.min(this.#tools.lockTimeoutMilliseconds, longestPatience)
    try {
      return await this.#rotate(record, patience)
    } catch (thrown) {
      if (thrown instanceof BusyError && this.#isAlive(record)) return record
      throw thrown
    }
  }

  #isAlive(record: TokenRecord): boolean {
    return this.#tools.clock.now() < record.accessExpiresAt
  }

  #rotate(record: TokenRecord, patience?: number): Promise<TokenRecord> {
    if (this.#lease === undefined) return rotateUnderLease(this.#tools, record, patience)
    this.#lease.requireHeld()
    return rotateToken(this.#tools, record)
  }

  /** The store may hold a newer token already: then that is the one. */
  async #replace(rejected: Secret): Promise<TokenRecord> {
    const stored = await this.#read()
    return isHeaderOf(stored, rejected) ? this.#rotate(stored) : stored
  }

  /** One flight at a time; who comes while one is under way takes its result. */
  #fly(run: () => Promise<TokenRecord>): Promise<TokenRecord> {
    this.#flight ??= run()
      .then((record) => {
        this.#record = record
        return record
      })
      .finally(() => {
        this.#flight = undefined
      })
    return this.#flight
  }
}

function makeHeader(record: TokenRecord): Secret {
  return new Secret(`Bearer ${record.accessToken.reveal()}`)
}

function isHeaderOf(record: TokenRecord, header: Secret): boolean {
  return makeHeader(record).reveal() === header.reveal()
}
