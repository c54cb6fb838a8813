/** A public SSH key of the same type and length as another one, to which no private one was ever made. */
import type { PublicKey } from './openssh.js'

/** @param random bytes for a part of the key: the same for the same */
export function madeUpKey({ algorithm, bitLength, material }: PublicKey, random: (part: string) => Buffer): string {
  const type = material.split(' ')[0] ?? ''
  const bytes = (name: string, count: number): Buffer =>
    Buffer.concat(Array.from({ length: Math.ceil(count / 32) }, (_, part) => random(`${name}${part}`))).subarray(
      0,
      count,
    )
  const isSecurityKey = type.startsWith('sk-')
  const fields = {
    RSA: () => [Buffer.from([1, 0, 1]), number(bytes('n', Math.ceil(bitLength / 8)), bitLength)],
    DSA: () => [
      number(bytes('p', Math.ceil(bitLength / 8)), bitLength),
      ...['q', 'g', 'y'].map((name) => bytes(name, 20)),
    ],
    ECDSA: () => {
      const point = Buffer.concat([Buffer.from([4]), bytes('point', 2 * Math.ceil(bitLength / 8))])
      return [Buffer.from(`nistp${bitLength}`), point]
    },
    ED25519: () => [bytes('key', 32)],
  }[algorithm]()
  const all = [Buffer.from(type), ...fields, ...(isSecurityKey ? [Buffer.from('ssh:')] : [])]
  return `${type} ${Buffer.concat(all.flatMap(withLength)).toString('base64')}`
}

/** A positive number of exactly so many bits, with the zero byte that tells it from a negative one (RFC 4251, 5). */
function number(bytes: Buffer, bitLength: number): Buffer {
  const top = (bitLength - 1) % 8
  const first = ((bytes[0] ?? 0) & ((1 << top) - 1)) | (1 << top)
  const value = Buffer.concat([Buffer.from([first]), bytes.subarray(1)])
  return top === 7 ? Buffer.concat([Buffer.from([0]), value]) : value
}

function withLength(field: Buffer): readonly Buffer[] {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(field.length)
  return [length, field]
}
