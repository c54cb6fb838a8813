/**
 * The last way out of a pair that no store takes: encrypted to a key whose other half lies elsewhere, as one line of text.
 *
 * Inside the sealed box the pair is encrypted once more, under a random key that only `pending` in the store holds. Anybody
 * can make a sealed box; only the run that wrote `pending` can make one that opens there, so a forged or foreign line never
 * becomes somebody's token.
 */
import { AuthError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import { decodeBase64, encodeBase64 } from '../model/base64.js'
import type { CryptoPort } from './ports.js'
import { formatStage, parseStage, type Pending, type Stage, type TokenRecord } from './record.js'

/** Takes a pair that no store takes. */
export interface RescueSink {
  /** Seals bytes for the holder of the recovery key. */
  seal(plain: Uint8Array): Promise<Uint8Array>
  /** Hands the line out. */
  hand(line: string): Promise<HandedOut>
}

/** Where a line went, in words, and the command that brings the pair back. */
export interface HandedOut {
  readonly where: string
  readonly command: string
}

/** How a line begins; whole logs are searched for it. */
const prefix = 'bbstate-recovery-1.'
const keyLength = 32

/** A new key for `pending`. */
export function makeRescueKey(crypto: CryptoPort): Secret {
  return new Secret(encodeBase64(crypto.randomBytes(keyLength)))
}

/** Encrypts the pair and hands it out. `null`: it could not be, or the attempt has no key for it. */
export async function handOut(
  stage: Stage,
  pending: Pending | null,
  sink: RescueSink,
  crypto: CryptoPort,
): Promise<HandedOut | null> {
  const key = decodeBase64(pending?.rescueKey?.reveal() ?? '')
  if (key?.length !== keyLength) return null
  const { attempt, record } = stage
  const belonging = { baseUrl: record.baseUrl, clientId: record.clientId, lineage: record.lineage, attempt }
  const nonce = crypto.randomBytes(12)
  const plain = new TextEncoder().encode(formatStage(stage))
  const data = crypto.encryptAes256Gcm(key, nonce, plain, bind(belonging))
  const document = { ...belonging, nonce: encodeBase64(nonce), data: encodeBase64(data) }
  try {
    const box = await sink.seal(new TextEncoder().encode(JSON.stringify(document)))
    return await sink.hand(`${prefix}${encodeBase64(box)}`)
  } catch {
    return null
  }
}

interface Belonging {
  readonly baseUrl: string
  readonly clientId: string
  readonly lineage: string
  readonly attempt: string
}

function bind({ baseUrl, clientId, lineage, attempt }: Belonging): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([prefix, baseUrl, clientId, lineage, attempt]))
}

/** A line, opened with the recovery key: what it belongs to, and the pair that is still encrypted. */
export interface OpenedLine extends Belonging {
  readonly nonce: Uint8Array
  readonly data: Uint8Array
}

/**
 * Finds the line in a text and opens its box.
 * @param open the sealed box with the recovery key; `null` where it does not open
 * @throws AuthError `AUTH_STORE`
 */
export async function openLine(
  text: string,
  where: string,
  open: (box: Uint8Array) => Promise<Uint8Array | null>,
): Promise<OpenedLine> {
  // The last one: a log may hold those of earlier runs.
  const line = [...text.matchAll(/bbstate-recovery-1\.([A-Za-z0-9+/=]+)/gu)].at(-1)?.[1]
  const box = line === undefined ? null : decodeBase64(line)
  if (box === null) {
    throw new AuthError('AUTH_STORE', `${where} holds no line that begins with ${prefix}`, {
      hint: 'It is one line, printed or written by the run that could not store its token. Copy it whole.',
    })
  }
  const plain = await open(box)
  if (plain === null) {
    throw new AuthError('AUTH_STORE', `${where} does not open with this recovery key`, {
      hint: 'It was made for another key, or was changed. Name the private key with --recovery-secret-file.',
    })
  }
  const fields = parseDocument(new TextDecoder().decode(plain))
  if (fields !== null) return fields
  throw new AuthError('AUTH_STORE', `${where} holds no token of bbstate`, { hint: 'Nothing was changed.' })
}

function parseDocument(text: string): OpenedLine | null {
  try {
    const { baseUrl, clientId, lineage, attempt, nonce, data } = JSON.parse(text) as Record<string, unknown>
    const texts = [baseUrl, clientId, lineage, attempt, nonce, data]
    if (!texts.every((value) => typeof value === 'string')) return null
    const [bytes, sealed] = [decodeBase64(String(nonce)), decodeBase64(String(data))]
    if (bytes?.length !== 12 || sealed === null) return null
    return {
      baseUrl: String(baseUrl),
      clientId: String(clientId),
      lineage: String(lineage),
      attempt: String(attempt),
      nonce: bytes,
      data: sealed,
    }
  } catch {
    return null
  }
}

/**
 * The pair of an opened line, where the record in the store waits for exactly this one.
 * @returns `null` where the store is past it already
 * @throws AuthError `AUTH_ORIGIN` for another server or client, `AUTH_STORE` for everything else that does not fit.
 */
export function takePair(line: OpenedLine, record: TokenRecord, where: string, crypto: CryptoPort): Stage | null {
  if (line.baseUrl !== record.baseUrl || line.clientId !== record.clientId) {
    throw new AuthError('AUTH_ORIGIN', `${where} belongs to another server or client than this sign-in`, {
      hint: 'Nothing was changed. Run the command as it was printed, with its --url and --client-id.',
    })
  }
  const { pending } = record
  if (pending?.attempt !== line.attempt || pending.rescueKey === undefined || record.lineage !== line.lineage) {
    if (record.lineage === line.lineage && pending === null) return null
    throw new AuthError('AUTH_STORE', `The store does not wait for the token in ${where}`, {
      hint: 'Somebody signed in anew or began another refresh since. Nothing was changed; see bbstate auth status.',
    })
  }
  const key = decodeBase64(pending.rescueKey.reveal())
  const plain = key === null ? null : crypto.decryptAes256Gcm(key, line.nonce, line.data, bind(line))
  const stage = plain === null ? null : parseStage(new TextDecoder().decode(plain), where)
  const isNext =
    stage?.attempt === line.attempt &&
    stage.record.lineage === record.lineage &&
    stage.record.generation === record.generation + 1 &&
    stage.record.baseUrl === record.baseUrl &&
    stage.record.clientId === record.clientId
  if (isNext) return stage
  throw new AuthError('AUTH_STORE', `${where} was not made by the run that refreshed the token`, {
    hint: 'It is forged or damaged. Nothing was changed. Find out who put it there.',
  })
}
