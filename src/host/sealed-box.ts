/**
 * Sealed boxes of libsodium (`crypto_box_seal`), which GitHub takes secrets in. Node's cryptography has neither
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
