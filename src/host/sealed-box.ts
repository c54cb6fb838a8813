/**
 * Sealed boxes of libsodium (`crypto_box_seal`), which GitHub takes secrets in and a recovery key opens. Node's cryptography has neither
 * XSalsa20 nor a BLAKE2b of 24 bytes. libsodium is WebAssembly and loaded with the first box, since few runs make one.
 */
import { InternalError } from '../model/errors.js'

/**
 * Seals bytes so that only the holder of the private key opens them.
 * @param publicKey 32 bytes, Curve25519
 */
export async function makeSealedBox(plain: Uint8Array, publicKey: Uint8Array): Promise<Uint8Array> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  const isKey = publicKey.length === sodium.crypto_box_PUBLICKEYBYTES
  if (!isKey) throw new InternalError(`A public key of ${publicKey.length} bytes was not refused before sealing`)
  return sodium.crypto_box_seal(plain, publicKey)
}

/** A key pair for sealed boxes, 32 bytes each. */
export async function makeBoxKeys(): Promise<{ readonly publicKey: Uint8Array; readonly privateKey: Uint8Array }> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  return sodium.crypto_box_keypair()
}

/** What a box holds; `null` where it was not sealed for this key. */
export async function openSealedBox(box: Uint8Array, privateKey: Uint8Array): Promise<Uint8Array | null> {
  const { default: sodium } = await import('libsodium-wrappers')
  await sodium.ready
  try {
    return sodium.crypto_box_seal_open(box, sodium.crypto_scalarmult_base(privateKey), privateKey)
  } catch {
    return null
  }
}
