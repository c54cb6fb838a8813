/**
 * Sealing at rest: AES-256-GCM under a fresh subkey per write.
 *
 * A random salt makes a new subkey (HKDF) for every write, so that no nonce can ever repeat under one key, however often
 * a record is written. The additional data binds format, location, base URL, client id and lineage: a record that is
 * moved or swapped does not open. Without a key the same envelope holds plain text, which `host` allows on terminals.
 */
import { AuthError } from '../model/errors.js'
import { decodeBase64, encodeBase64, encodeHex } from '../model/base64.js'
import type { CryptoPort } from './ports.js'

/** Keys of a store, 32 bytes each. `previous` only reads: what it opens is written under `current` the next time. */
export interface StoreKeys {
  readonly current: Uint8Array
  readonly previous?: Uint8Array
}

/** What a sealed text belongs to. */
export interface Binding {
  /** Where it lies, in the words of the store. */
  readonly location: string
  readonly baseUrl: string
  readonly clientId: string
}

/** A text that was opened. */
export interface Opened {
  readonly text: string
  readonly lineage: string
  /** Whether it was sealed; plain texts are read only where no key is given. */
  readonly isSealed: boolean
}

/** Seals and opens the texts of one place. */
export interface Sealer {
  readonly hasKey: boolean
  seal(text: string, lineage: string): string
  /** @throws AuthError `AUTH_STORE` where it does not open. */
  open(sealed: string): Opened
}

const sealedFormat = 'bbstate-sealed-1'
const plainFormat = 'bbstate-plain-1'
const keyLength = 32

/**
 * A key from its text: 32 bytes in Base64 or 64 hexadecimal digits.
 * @param where its source, for the message
 * @throws AuthError `AUTH_STORE` where it is anything else; a passphrase is not a key.
 */
export function parseStoreKey(text: string, where: string): Uint8Array {
  const trimmed = text.trim()
  const hex = /^[0-9a-fA-F]{64}$/u.test(trimmed) ? trimmed.match(/../gu) : null
  const bytes = hex === null ? decodeBase64(trimmed) : Uint8Array.from(hex, (digits) => Number.parseInt(digits, 16))
  if (bytes?.length === keyLength) return bytes
  throw new AuthError('AUTH_STORE', `${where} holds no key of 32 bytes`, {
    hint: 'Make one with: openssl rand -base64 32',
  })
}

/** A sealer for one place; `keys` is `null` where texts are kept plain. */
export function createSealer(binding: Binding, keys: StoreKeys | null, crypto: CryptoPort): Sealer {
  return {
    hasKey: keys !== null,
    seal(text, lineage) {
      if (keys === null) return JSON.stringify({ format: plainFormat, lineage, text: JSON.parse(text) as unknown })
      const salt = crypto.randomBytes(32)
      const nonce = crypto.randomBytes(12)
      const subkey = crypto.hkdfSha256(keys.current, salt, sealedFormat, keyLength)
      const plain = new TextEncoder().encode(text)
      const data = crypto.encryptAes256Gcm(subkey, nonce, plain, additionalData(binding, lineage))
      return JSON.stringify({
        format: sealedFormat,
        key: identifyKey(keys.current, crypto),
        lineage,
        salt: encodeBase64(salt),
        nonce: encodeBase64(nonce),
        data: encodeBase64(data),
      })
    },
    open(sealed) {
      const envelope = parseEnvelope(sealed, binding.location)
      if (envelope['format'] === plainFormat) return openPlain(envelope, binding, keys)
      if (envelope['format'] === sealedFormat) return openSealed(envelope, binding, keys, crypto)
      throw refuse(binding, 'is written in an unknown format', 'Use the bbstate that wrote it, or sign in again.')
    },
  }
}

type Envelope = Readonly<Record<string, unknown>>

function openPlain(envelope: Envelope, binding: Binding, keys: StoreKeys | null): Opened {
  if (keys !== null) {
    // Reading it would let whoever can write the file swap in a sign-in of their own.
    const hint = 'Sign in again with bbstate auth login: the record is then sealed with the key.'
    throw refuse(binding, 'is not sealed, although a key is given', hint)
  }
  const { lineage, text } = envelope
  if (typeof lineage !== 'string' || text === undefined) throw refuse(binding, 'is damaged', signInAgain)
  return { text: JSON.stringify(text), lineage, isSealed: false }
}

function openSealed(envelope: Envelope, binding: Binding, keys: StoreKeys | null, crypto: CryptoPort): Opened {
  if (keys === null) {
    throw refuse(
      binding,
      'is sealed, and no key is given',
      'Set BBSTATE_STORE_KEY, or name a file with BBSTATE_STORE_KEY_FILE.',
    )
  }
  const { key: keyId, lineage } = envelope
  const [salt, nonce, data] = ['salt', 'nonce', 'data'].map((name) => {
    const value = envelope[name]
    return typeof value === 'string' ? decodeBase64(value) : null
  })
  if (typeof lineage !== 'string' || !salt || !nonce || !data || nonce.length !== 12) {
    throw refuse(binding, 'is damaged', signInAgain)
  }
  const key = [keys.current, keys.previous].find((each) => each !== undefined && identifyKey(each, crypto) === keyId)
  if (key === undefined) {
    throw refuse(
      binding,
      'is sealed with another key',
      'Give that key as BBSTATE_STORE_KEY_PREVIOUS, or sign in again.',
    )
  }
  const subkey = crypto.hkdfSha256(key, salt, sealedFormat, keyLength)
  const plain = crypto.decryptAes256Gcm(subkey, nonce, data, additionalData(binding, lineage))
  if (plain === null) {
    throw refuse(binding, 'does not open: it was changed, or made for another place, server or client', signInAgain)
  }
  return { text: new TextDecoder().decode(plain), lineage, isSealed: true }
}

const signInAgain = 'Put the right file back, or sign in again with bbstate auth login.'

function additionalData(binding: Binding, lineage: string): Uint8Array {
  const parts = [sealedFormat, binding.location, binding.baseUrl, binding.clientId, lineage]
  return new TextEncoder().encode(JSON.stringify(parts))
}

function identifyKey(key: Uint8Array, crypto: CryptoPort): string {
  return encodeHex(crypto.hkdfSha256(key, new Uint8Array(0), 'bbstate key id', 6))
}

function parseEnvelope(sealed: string, location: string): Envelope {
  try {
    const data: unknown = JSON.parse(sealed)
    if (typeof data === 'object' && data !== null) return data as Envelope
  } catch {
    // Told below; the parser's own message quotes the text, which may hold tokens.
  }
  throw refuse({ location }, 'is damaged', signInAgain)
}

function refuse(binding: Pick<Binding, 'location'>, what: string, hint: string): AuthError {
  return new AuthError('AUTH_STORE', `The stored token in ${binding.location} ${what}`, { hint })
}
