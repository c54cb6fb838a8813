/** The fingerprint of an OpenPGP public key: as much of RFC 4880 as that takes. */
import { createHash } from 'node:crypto'

/** The version 4 fingerprint of the first public-key packet of an armoured text, in lower-case hexadecimal. */
export function fingerprintOf(text: string): string | undefined {
  const armoured = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/u.exec(text)
  // Headers end at an empty line; the last line, which begins with =, is a checksum (section 6.2).
  const body = armoured?.[1]?.replace(/^(?:[A-Za-z]+: .*\r?\n)*\r?\n/u, '').replace(/^=.*$/mu, '')
  if (body === undefined) return undefined
  const packet = findPublicKey(Buffer.from(body.replaceAll(/\s/gu, ''), 'base64'))
  if (packet === undefined || packet[0] !== 4) return undefined
  const head = Buffer.from([0x99, packet.length >> 8, packet.length & 0xff])
  return createHash('sha1').update(head).update(packet).digest('hex')
}

const publicKey = 6

/** The body of the first public-key packet; what stands before it is skipped. */
function findPublicKey(bytes: Buffer): Buffer | undefined {
  for (let at = 0; at < bytes.length;) {
    const header = readHeader(bytes.subarray(at))
    if (header === undefined) return undefined
    const start = at + header.size
    at = start + header.length
    if (at > bytes.length) return undefined
    if (header.tag === publicKey) return bytes.subarray(start, at)
  }
  return undefined
}

interface Header {
  readonly tag: number
  /** Bytes of the header itself. */
  readonly size: number
  /** Bytes of the body. */
  readonly length: number
}

/** A header of either format (section 4.2); keys have neither partial nor indeterminate lengths. */
function readHeader(bytes: Buffer): Header | undefined {
  const [first = 0, second = 0, third = 0] = bytes
  if ((first & 0x80) === 0) return undefined
  if ((first & 0x40) === 0) {
    const lengthType = first & 0x03
    const width = 1 << lengthType
    if (lengthType === 3 || bytes.length < 1 + width) return undefined
    return { tag: (first >> 2) & 0x0f, size: 1 + width, length: bytes.readUIntBE(1, width) }
  }
  const tag = first & 0x3f
  if (second < 192) return { tag, size: 2, length: second }
  if (second < 224) return { tag, size: 3, length: ((second - 192) << 8) + third + 192 }
  return second === 255 && bytes.length >= 6 ? { tag, size: 6, length: bytes.readUInt32BE(2) } : undefined
}
