/** Node's cryptography as the plain functions that `oauth` is handed. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import type { CryptoPort } from '../oauth/ports.js'

const tagLength = 16

export const nodeCrypto: CryptoPort = {
  randomBytes: (length) => randomBytes(length),
  sha256: (data) => createHash('sha256').update(data).digest(),
  hkdfSha256: (key, salt, info, length) => new Uint8Array(hkdfSync('sha256', key, salt, info, length)),
  encryptAes256Gcm(key, nonce, plain, additional) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
    cipher.setAAD(additional)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
  decryptAes256Gcm(key, nonce, sealed, additional) {
    if (sealed.length < tagLength) return null
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
    decipher.setAAD(additional)
    decipher.setAuthTag(sealed.subarray(-tagLength))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagLength)), decipher.final()])
    } catch {
      return null
    }
  },
}
