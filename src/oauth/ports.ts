/**
 * What the token needs of the machine. `host` joins these to Node; tests hand in their own clock and chance.
 */

/** Cryptography, as plain functions on bytes. */
export interface CryptoPort {
  randomBytes(length: number): Uint8Array
  sha256(data: Uint8Array): Uint8Array
  /** HKDF with SHA-256, RFC 5869. */
  hkdfSha256(key: Uint8Array, salt: Uint8Array, info: string, length: number): Uint8Array
  /** AES-256-GCM; the result is the ciphertext followed by the 16 bytes of its tag. */
  encryptAes256Gcm(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, additional: Uint8Array): Uint8Array
  /** The plain bytes, or `null` where key, data or additional data are not those it was encrypted with. */
  decryptAes256Gcm(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, additional: Uint8Array): Uint8Array | null
}

/** The clock: `now` in milliseconds since 1970, `elapsed` monotonic milliseconds. */
export interface TokenClock {
  now(): number
  elapsed(): number
  /** Ends early where `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** Who runs: what a later run tells people when this one died in the middle of a rotation. */
export interface Run {
  /** In words, such as `bbstate apply, process 4711` or the URL of a pipeline's run. */
  readonly holder: string
  /** The machine. */
  readonly host: string
  /** Whether the disk of this machine is gone after the run, as on a hosted runner. */
  readonly ephemeral: boolean
}
