import { integerIn, readObject, readObjects, stringIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import { unlessGone, unlessThere } from '../repeated-verbs.js'

const path = '/api/latest/signing/x509-certificates'

export default collection({
  kind: 'x509Certificates',
  parents: [instance],
  identity: ['fingerprint'],
  docs: {
    area: 'security',
    title: 'X.509 certificates',
    text: 'The authorities whose certificates may sign commits and tags. A certificate is known by its SHA-256 fingerprint, which is computed from the PEM that is written here; the server never returns the certificate itself, so an export names fingerprints alone. A certificate cannot be changed.',
    rest: 'Security: X.509 certificates, /api/latest/signing/x509-certificates (GET, POST), …/{id} (DELETE)',
    permission: 'ADMIN',
    endpoints: [path, `${path}/{}`],
    dangers: ['Signatures under a removed certificate are shown as unverified.'],
  },
  schema: {
    type: 'object',
    description: 'An authority whose certificates may sign commits and tags.',
    required: ['fingerprint', 'certificate'],
    properties: {
      fingerprint: {
        type: 'string',
        pattern: '^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$',
        description: 'The SHA-256 fingerprint, in place of the certificate where that is known to the server already.',
      },
      certificate: { type: 'string', minLength: 1, writeOnly: true, description: 'The certificate as PEM.' },
    },
  },
  examples: [
    {
      fingerprint: '98b7a1854582a10b7c11140f829c0701bf6b7d6b84e3805a94bab3feb56f64bf',
      certificate: [
        '-----BEGIN CERTIFICATE-----',
        'MIIBUzCCAQWgAwIBAgIUdcds2KdnfcEJRe9o5K3XuU7dVaAwBQYDK2VwMB4xHDAa',
        'BgNVBAMME0V4YW1wbGUgU2lnbmluZyBPbmUwIBcNMjYxMTI0MDE0MDA1WhgPMjEy',
        'NjEwMzEwMTQwMDVaMB4xHDAaBgNVBAMME0V4YW1wbGUgU2lnbmluZyBPbmUwKjAF',
        'BgMrZXADIQDMr3JRhO7H9U+MgLkSvY7aBIvdsgDQ0T7z+bzAVuOPbaNTMFEwHQYD',
        'VR0OBBYEFGVxGJwkOjU4afvxfYdZrxORuvDKMB8GA1UdIwQYMBaAFGVxGJwkOjU4',
        'afvxfYdZrxORuvDKMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAR0CSr68S/bQz',
        'nISIexcGWFyhlRlfuTo7jbFCGKF4BREzoOeuwauV36Ykb4He6tcDfuJudtWbVrej',
        'syxzOC8kAQ==',
        '-----END CERTIFICATE-----',
      ].join('\n'),
    },
    {
      fingerprint: 'eca44f9ca27628c8d0ba732c1d97dae9608592aa262fbdb6d343380d897098fd',
      certificate: [
        '-----BEGIN CERTIFICATE-----',
        'MIIBUzCCAQWgAwIBAgIUUvWQEADypQ6gqGPdCz1GKS92uykwBQYDK2VwMB4xHDAa',
        'BgNVBAMME0V4YW1wbGUgU2lnbmluZyBUd28wIBcNMjYxMTI0MDE0MDA1WhgPMjEy',
        'NjEwMzEwMTQwMDVaMB4xHDAaBgNVBAMME0V4YW1wbGUgU2lnbmluZyBUd28wKjAF',
        'BgMrZXADIQCoCNTAZNm2F7lzXadBXsYxuuXlzXZDJ8uwY/+twnfydKNTMFEwHQYD',
        'VR0OBBYEFBgY1vyMI5HvUE11Ey8NdPn5X2GqMB8GA1UdIwQYMBaAFBgY1vyMI5Hv',
        'UE11Ey8NdPn5X2GqMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA8A0i61dklAmW',
        'jusw5Nf07vC0gcZTSnV1XiFWAoGyQF5YwRprHIZQneMRtdyPzsXz0L75hTnYXEqi',
        '5ZDXFCImCA==',
        '-----END CERTIFICATE-----',
      ].join('\n'),
    },
  ],
  canonical: { fingerprint: (text) => text.replaceAll(':', '').toLowerCase() },
  identify({ certificate }, sha256) {
    const encoded =
      certificate === undefined
        ? undefined
        : /^\s*-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----\s*$/u.exec(certificate)?.[1]
    if (encoded === undefined) return 'it is no certificate in PEM: one block from BEGIN CERTIFICATE to END CERTIFICATE'
    const bytes = decodeBase64(encoded)
    // Every certificate is an ASN.1 sequence that says its own length.
    if (bytes === null || !isWholeSequence(bytes))
      return 'what stands between BEGIN and END CERTIFICATE is cut off or damaged'
    return { fingerprint: sha256(bytes) }
  },
})({
  async list(api) {
    return readObjects(path, (await api.list(path)) ?? []).map((certificate) => ({
      value: { fingerprint: stringIn(certificate, 'fingerprint'), certificate: '' },
      raw: certificate.fields,
    }))
  },
  async create(api, _at, { after }) {
    // One that is there already stays as it is (I-23).
    await unlessThere(
      api.sendForm('POST', path, [{ name: 'certificate', value: after.certificate, fileName: 'certificate.pem' }]),
    )
  },
  async delete(api, _at, { raw }) {
    await unlessGone(api.send('DELETE', `${path}/${integerIn(readObject(path, raw), 'id')}`))
  },
})

function decodeBase64(text: string): Uint8Array | null {
  const packed = text.replaceAll(/\s/gu, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(packed) || packed.length % 4 !== 0) return null
  return Uint8Array.from(atob(packed), (character) => character.charCodeAt(0))
}

/** Whether the outermost DER element is a SEQUENCE (X.690, 8.1.3) that ends where the bytes end. */
function isWholeSequence(bytes: Uint8Array): boolean {
  const [tag, first = 0] = bytes
  if (tag !== 0x30) return false
  if (first < 0x80) return bytes.length === 2 + first
  const size = first & 0x7f
  const length = bytes.slice(2, 2 + size).reduce((total, byte) => total * 256 + byte, 0)
  return size > 0 && size <= 4 && bytes.length === 2 + size + length
}
