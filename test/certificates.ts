/**
 * X.509 certificates for tests, made when a test starts: no private key lies in the repository and none expires.
 * Node can read certificates but not make them, hence the few lines of DER.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Authority extends Certificate {
  /** A leaf certificate for these DNS names and IPv4 addresses; `days` < 0 makes one that has expired. */
  issue(names: readonly string[], days?: number): Certificate
}

/** A new authority with a key of its own. */
export function makeAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const make = (subject: string, publicKey: KeyObject, extensions: Buffer, days: number): string =>
    toPem('CERTIFICATE', signCertificate({ issuer: name, subject, publicKey, extensions, days }, keys.privateKey))
  const isAuthority = extension('551d13', true, seq(der(0x01, Buffer.from([0xff]))))
  return {
    cert: make(name, keys.publicKey, isAuthority, 30),
    key: pemOf(keys.privateKey),
    issue(names, days = 30) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const alternatives = extension('551d11', false, seq(...names.map(generalName)))
      return { cert: make(names[0] ?? 'leaf', leaf.publicKey, alternatives, days), key: pemOf(leaf.privateKey) }
    },
  }
}

interface Subject {
  readonly issuer: string
  readonly subject: string
  readonly publicKey: KeyObject
  readonly extensions: Buffer
  readonly days: number
}

function signCertificate({ issuer, subject, publicKey, extensions, days }: Subject, key: KeyObject): Buffer {
  const ecdsaWithSha256 = seq(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const end = Date.now() + days * 86_400_000
  const tbs = seq(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer),
    seq(time(Math.min(Date.now(), end) - 86_400_000), time(end)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, seq(extensions)),
  )
  return seq(tbs, ecdsaWithSha256, bits(sign('sha256', tbs, key)))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

function seq(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]))
}

function distinguishedName(name: string): Buffer {
  return seq(der(0x31, seq(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(name)))))
}

function time(milliseconds: number): Buffer {
  const text = `${new Date(milliseconds).toISOString().replaceAll(/[-:T]/gu, '').slice(0, 14)}Z`
  return der(0x18, Buffer.from(text))
}

function extension(oid: string, critical: boolean, content: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : []
  return seq(der(0x06, Buffer.from(oid, 'hex')), ...flag, der(0x04, content))
}

function generalName(name: string): Buffer {
  const address = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/u.exec(name)
  return address === null ? der(0x82, Buffer.from(name)) : der(0x87, Buffer.from(address.slice(1).map(Number)))
}

function toPem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/gu) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
