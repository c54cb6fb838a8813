/**
 * Certificates for `--tls`: an authority of this start and a server certificate that it signed. Node can read X.509 but not
 * write it, hence the few lines of DER. Both keys live in memory alone; that of the authority is forgotten at once.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** What a TLS server needs, and what its clients must trust. All PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  readonly authority: string
}

const days = 90

/** Makes a certificate for these names and addresses. */
export function makeCertificate(names: readonly string[]): ServerCertificate {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = `bbstate sandbox ${randomBytes(4).toString('hex')}`
  const authority = writeCertificate(issuer, issuer, root.publicKey, root, [
    extension('551d13', true, sequence(der(0x01, Buffer.from([0xff])))),
    // To sign certificates, and nothing else.
    extension('551d0f', true, der(0x03, Buffer.from([0x02, 0x04]))),
  ])
  const cert = writeCertificate(issuer, names[0] ?? 'localhost', leaf.publicKey, root, [
    extension('551d13', true, sequence()),
    extension('551d0f', true, der(0x03, Buffer.from([0x07, 0x80]))),
    extension('551d25', false, sequence(oid('2b06010505070301'))),
    extension('551d11', false, sequence(...names.map(alternativeName))),
  ])
  return { key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: cert + authority, authority }
}

interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

function writeCertificate(
  issuer: string,
  subject: string,
  publicKey: KeyObject,
  signer: Keys,
  extensions: readonly Buffer[],
): string {
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const now = Date.now()
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    commonName(issuer),
    // A clock that is a little behind must not refuse it.
    sequence(time(now - 3_600_000), time(now + days * 86_400_000)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        ...extensions,
        extension('551d0e', false, der(0x04, identify(publicKey))),
        extension('551d23', false, sequence(der(0x80, identify(signer.publicKey)))),
      ),
    ),
  )
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer.privateKey)]))
  const lines =
    sequence(body, ecdsaWithSha256, signature)
      .toString('base64')
      .match(/.{1,64}/gu) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function identify(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20)
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]/gu, '').slice(0, 14)
  return der(0x18, Buffer.from(`${digits}Z`))
}

function extension(id: string, isCritical: boolean, content: Buffer): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(oid(id), ...critical, der(0x04, content))
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 4) return der(0x87, Buffer.from(name.split('.').map(Number)))
  return isIP(name) === 6 ? der(0x87, addressBytes(name)) : der(0x82, Buffer.from(name))
}

/** The 16 bytes of an IPv6 address in any of its spellings; `URL` writes them all alike. */
function addressBytes(address: string): Buffer {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): string[] => text.split(':').filter(Boolean)
  const missing = 8 - groups(left).length - groups(right ?? '').length
  const all = [
    ...groups(left),
    ...Array.from({ length: right === undefined ? 0 : missing }, () => '0'),
    ...groups(right ?? ''),
  ]
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
