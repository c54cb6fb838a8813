/** The fingerprint of an OpenPGP public key: as much of RFC 4880 as that takes. */
import { createHash } from 'node:crypto'

/** The version 4 fingerprint of the first public-key packet of an armoured text, in lower-case hexadecimal. */
export function fingerprintOf(text: string): string | undefined {
  const armoured = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/u.exec(text)
  // Headers end at an empty line; the last line, which begins with =, is a checksum (section 6.2).
  const body = armoured?.[1]?.replace(/^(?:[A-Za-z]+: .*\r?\n)*\r?\n/u, '').replace(/^=.*$/mu, '')
  if (body === undefined) return undefined
  const bytes = Buffer.from(body.replaceAll(/\s/gu, ''), 'base64')
  const packet = readPublicKey(bytes)
  if (packet === undefined || packet[0] !== 4) return undefined
  const head = Buffer.from([0x99, packet.length >> 8, packet.length & 0xff])
  return createHash('sha1').update(head).update(packet).digest('hex')
}

/** The body of the first packet, where it is a public key (tag 6); headers of both formats (section 4.2). */
function readPublicKey(bytes: Buffer): Buffer | undefined {
  const [first = 0, second = 0, third = 0] = bytes
  const isNew = (first & 0x40) !== 0
  const tag = isNew ? first & 0x3f : (first >> 2) & 0x0f
  if ((first & 0x80) === 0 || tag !== 6) return undefined
  const [start, length] = isNew
    ? second < 192
      ? [2, second]
      : [3, ((second - 192) << 8) + third + 192]
    : (first & 0x03) === 0
      ? [2, second]
      : [3, (second << 8) + third]
  return bytes.length < start + length ? undefined : bytes.subarray(start, start + length)
}
