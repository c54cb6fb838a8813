/** A public SSH key as `ssh-keygen` writes it: as much of RFC 4253 (6.6), 5656 and 8709 as telling keys apart takes. */
import { createHash } from 'node:crypto'

export interface PublicKey {
  readonly algorithm: 'RSA' | 'DSA' | 'ECDSA' | 'ED25519'
  readonly bitLength: number
  /** The algorithm's name on the wire and the key in base64: what tells keys apart. */
  readonly material: string
  readonly comment: string
  /** SHA-256 of the key, in base64 without padding. */
  readonly fingerprint: string
}

/** The key in a text; `undefined` where there is none. */
export function readPublicKey(text: string): PublicKey | undefined {
  const [type = '', base64 = '', ...comment] = text.trim().split(/\s+/u)
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return undefined
  const blob = Buffer.from(base64, 'base64')
  const fields = readFields(blob)
  // The key says once more of what type it is.
  if (fields?.[0]?.toString('latin1') !== type) return undefined
  const kind = kindOf(type, fields)
  if (kind === undefined) return undefined
  const fingerprint = createHash('sha256').update(blob).digest('base64').replace(/=+$/u, '')
  return { ...kind, material: `${type} ${base64}`, comment: comment.join(' '), fingerprint }
}

/** Fields with their length before them, up to the end; `undefined` where the last one is cut. */
function readFields(blob: Buffer): readonly Buffer[] | undefined {
  const fields: Buffer[] = []
  for (let at = 0; at < blob.length;) {
    const start = at + 4
    if (start > blob.length) return undefined
    at = start + blob.readUInt32BE(at)
    if (at > blob.length) return undefined
    fields.push(blob.subarray(start, at))
  }
  return fields
}

function kindOf(type: string, fields: readonly Buffer[]): Pick<PublicKey, 'algorithm' | 'bitLength'> | undefined {
  const [, second, third] = fields
  if (type === 'ssh-rsa') return third && { algorithm: 'RSA', bitLength: bitsOf(third) }
  if (type === 'ssh-dss') return second && { algorithm: 'DSA', bitLength: bitsOf(second) }
  const curve = /^(?:sk-)?ecdsa-sha2-nistp(\d+)/u.exec(type)?.[1]
  if (curve !== undefined) return third && { algorithm: 'ECDSA', bitLength: Number(curve) }
  const isEdwards = /^(?:sk-)?ssh-ed25519(?:@|$)/u.test(type)
  return isEdwards && second?.length === 32 ? { algorithm: 'ED25519', bitLength: 256 } : undefined
}

/** The length of a positive number, which may begin with a zero byte. */
function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first] ?? 0) + 24
}
