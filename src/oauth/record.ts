/**
 * The record: everything that is kept about one sign-in, as data and as text.
 *
 * The text holds both tokens in the clear and is only ever handed to the sealer. In memory they are `Secret`, so that
 * no message, dump or JSON of a record shows them. The client secret is not part of it: the record alone is not enough.
 */
import { AuthError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import { encodeHex } from '../model/base64.js'
import type { CryptoPort } from './ports.js'

/** A rotation that was begun: written durably before the refresh token is presented. */
export interface Pending {
  /** Random name of the attempt; the staged pair carries the same. */
  readonly attempt: string
  readonly holder: string
  readonly host: string
  readonly ephemeral: boolean
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Digest of the refresh token that is presented, see {@link digestToken}. */
  readonly refreshDigest: string
  /** Whether the same refresh token has been presented before, by an attempt that died. */
  readonly replayed: boolean
  /** Whether the server refused it then: the grant is dead, and the pair of the run before is lost. */
  readonly refused: boolean
  /**
   * Proves that a pair which was handed out (`rescue.ts`) comes from this attempt. Absent: none can have been handed
   * out, since no recovery key was given.
   */
  readonly rescueKey?: Secret
}

/** A move to another store that was begun: nobody uses or refreshes the token here any more. */
export interface Moving {
  /** The other store, as `--token-store` names it. */
  readonly to: string
  readonly startedAt: number
}

/** The rotation that led to the record's generation. */
export interface LastRotation {
  readonly refreshDigest: string
  readonly rotatedAt: number
  readonly holder: string
}

/** One sign-in. All times are milliseconds since 1970 by the clock of the machine that wrote them. */
export interface TokenRecord {
  readonly version: 1
  /** Random per sign-in: what belongs to another lineage never overwrites this one. */
  readonly lineage: string
  /** Canonical base URL: the only place the tokens are sent to. */
  readonly baseUrl: string
  readonly clientId: string
  /** Character for character as registered: Bitbucket may compare it at every refresh. */
  readonly redirectUri: string
  readonly scopes: readonly string[]
  /** User name that the tokens act for; `null` until a probe has told it. */
  readonly account: string | null
  /** 1 after the sign-in, one more with each rotation. */
  readonly generation: number
  readonly accessToken: Secret
  readonly accessExpiresAt: number
  readonly refreshToken: Secret
  readonly authorizedAt: number
  readonly rotatedAt: number
  readonly pending: Pending | null
  readonly last: LastRotation | null
  readonly moving?: Moving
}

/** The staged pair: the record as it shall be committed, and the attempt it came from. */
export interface Stage {
  readonly attempt: string
  readonly record: TokenRecord
}

/** Twelve hexadecimal digits that tell two tokens apart and lead back to neither; salted with the lineage. */
export function digestToken(lineage: string, token: Secret, crypto: CryptoPort): string {
  const bytes = crypto.sha256(new TextEncoder().encode(`${lineage}\n${token.reveal()}`))
  return encodeHex(bytes.subarray(0, 6))
}

/** The record as text, tokens included: for the sealer only. */
export function formatRecord(record: TokenRecord): string {
  return JSON.stringify(toData(record))
}

/** The staged pair as text, tokens included: for the sealer only. */
export function formatStage(stage: Stage): string {
  return JSON.stringify({ attempt: stage.attempt, record: toData(stage.record) })
}

/**
 * @param where the store, for the message
 * @throws AuthError `AUTH_STORE` where the text is no record of this version; names the field, never a value.
 */
export function parseRecord(text: string, where: string): TokenRecord {
  return readRecord(parseJson(text, where), where)
}

/** @throws AuthError `AUTH_STORE` where the text is no staged pair. */
export function parseStage(text: string, where: string): Stage {
  const fields = new Fields(parseJson(text, where), where)
  const stage = { attempt: fields.text('attempt'), record: readRecord(fields.any('record'), where) }
  fields.requireNoOthers()
  return stage
}

function toData(record: TokenRecord): unknown {
  const { accessToken, refreshToken, pending } = record
  const key = pending?.rescueKey
  return {
    ...record,
    accessToken: accessToken.reveal(),
    refreshToken: refreshToken.reveal(),
    pending: key === undefined ? pending : { ...pending, rescueKey: key.reveal() },
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which holds tokens.
    throw new AuthError('AUTH_STORE', `${where} does not hold JSON`, { hint: damaged })
  }
}

const damaged = 'It has been damaged or edited. Restore it, or sign in again with bbstate auth login.'

function readRecord(data: unknown, where: string): TokenRecord {
  const fields = new Fields(data, where)
  const version = fields.number('version')
  if (version !== 1) {
    throw new AuthError('AUTH_STORE', `${where} holds a record of version ${version}; this bbstate knows version 1`, {
      hint: 'It was written by a newer bbstate: use that one, or sign in again with bbstate auth login.',
    })
  }
  const record: TokenRecord = {
    version,
    lineage: fields.text('lineage'),
    baseUrl: fields.text('baseUrl'),
    clientId: fields.text('clientId'),
    redirectUri: fields.text('redirectUri'),
    scopes: fields.texts('scopes'),
    account: fields.any('account') === null ? null : fields.text('account'),
    generation: fields.number('generation'),
    accessToken: new Secret(fields.text('accessToken')),
    accessExpiresAt: fields.number('accessExpiresAt'),
    refreshToken: new Secret(fields.text('refreshToken')),
    authorizedAt: fields.number('authorizedAt'),
    rotatedAt: fields.number('rotatedAt'),
    pending: fields.any('pending') === null ? null : readPending(fields.any('pending'), where),
    last: fields.any('last') === null ? null : readLast(fields.any('last'), where),
    ...(fields.any('moving') === undefined ? {} : { moving: readMoving(fields.any('moving'), where) }),
  }
  fields.requireNoOthers()
  return record
}

function readPending(data: unknown, where: string): Pending {
  const fields = new Fields(data, where, 'pending.')
  const pending = {
    attempt: fields.text('attempt'),
    holder: fields.text('holder'),
    host: fields.text('host'),
    ephemeral: fields.boolean('ephemeral'),
    startedAt: fields.number('startedAt'),
    refreshDigest: fields.text('refreshDigest'),
    replayed: fields.boolean('replayed'),
    refused: fields.boolean('refused'),
    ...(fields.any('rescueKey') === undefined ? {} : { rescueKey: new Secret(fields.text('rescueKey')) }),
  }
  fields.requireNoOthers()
  return pending
}

function readMoving(data: unknown, where: string): Moving {
  const fields = new Fields(data, where, 'moving.')
  const moving = { to: fields.text('to'), startedAt: fields.number('startedAt') }
  fields.requireNoOthers()
  return moving
}

function readLast(data: unknown, where: string): LastRotation {
  const fields = new Fields(data, where, 'last.')
  const last = {
    refreshDigest: fields.text('refreshDigest'),
    rotatedAt: fields.number('rotatedAt'),
    holder: fields.text('holder'),
  }
  fields.requireNoOthers()
  return last
}

/** Reads fields one by one and remembers which, so that nothing is taken on trust and nothing is left over. */
class Fields {
  readonly #data: Readonly<Record<string, unknown>>
  readonly #where: string
  readonly #prefix: string
  readonly #read = new Set<string>()

  constructor(data: unknown, where: string, prefix = '') {
    this.#where = where
    this.#prefix = prefix
    if (typeof data !== 'object' || data === null || Array.isArray(data))
      this.#refuse(prefix.slice(0, -1) || 'all of it')
    this.#data = data as Readonly<Record<string, unknown>>
  }

  any(name: string): unknown {
    this.#read.add(name)
    return Object.hasOwn(this.#data, name) ? this.#data[name] : undefined
  }

  text(name: string): string {
    const value = this.any(name)
    return typeof value === 'string' ? value : this.#refuse(name)
  }

  texts(name: string): readonly string[] {
    const value = this.any(name)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : this.#refuse(name)
  }

  number(name: string): number {
    const value = this.any(name)
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#refuse(name)
  }

  boolean(name: string): boolean {
    const value = this.any(name)
    return typeof value === 'boolean' ? value : this.#refuse(name)
  }

  requireNoOthers(): void {
    const other = Object.keys(this.#data).find((name) => !this.#read.has(name))
    if (other !== undefined) this.#refuse(other)
  }

  #refuse(name: string): never {
    const field = JSON.stringify(this.#prefix + name).slice(0, 60)
    throw new AuthError('AUTH_STORE', `${this.#where} holds no valid record: ${field} is not as it should be`, {
      hint: damaged,
    })
  }
}
