/** System signing and X.509 certificates: I-22 and I-23 of the catalogue. */
import { X509Certificate } from 'node:crypto'
import { absent, failure, invalid, noContent, ok, page, type Reply } from '../answers.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

const signing = '/api/{version}/system-signing/configuration'
const certificates = '/api/{version}/signing/x509-certificates'

function post({ state: { instance }, form }: Context): Reply {
  let fingerprint: string
  try {
    const { fingerprint256 } = new X509Certificate(form['certificate'] ?? '')
    fingerprint = fingerprint256.replaceAll(':', '').toLowerCase()
  } catch {
    return invalid('The request did not contain a valid X.509 certificate', 'certificate')
  }
  // Existing entries are not overridden; that the answer says so by 409 is inferred.
  if (instance.x509Certificates.some((one) => one.fingerprint === fingerprint)) {
    return failure(409, 'IntegrityException', 'The X.509 certificate has been added already', 'certificate')
  }
  const made = { id: instance.nextId++, fingerprint }
  instance.x509Certificates.push(made)
  return { status: 201, body: made }
}

export const signingRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: signing,
    needs: 'SYS_ADMIN',
    since: '8.17',
    handle: ({ state }) => ok({ enabled: state.instance.systemSigning }),
  },
  {
    method: 'POST',
    path: signing,
    needs: 'SYS_ADMIN',
    since: '8.17',
    handle: ({ state, body }) => {
      const { enabled } = fieldsOf(body)
      if (typeof enabled !== 'boolean') return invalid('A boolean is needed', 'enabled')
      state.instance.systemSigning = enabled
      return ok({ enabled })
    },
  },
  {
    method: 'GET',
    path: certificates,
    needs: 'ADMIN',
    handle: ({ state, query, features }) => page(state.instance.x509Certificates, query, features.pageLimit),
  },
  { method: 'POST', path: certificates, needs: 'ADMIN', takesForm: true, handle: post },
  {
    method: 'DELETE',
    path: `${certificates}/{id}`,
    needs: 'ADMIN',
    handle: ({ state: { instance }, path }) => {
      const left = instance.x509Certificates.filter(({ id }) => String(id) !== path['id'])
      if (left.length === instance.x509Certificates.length) return absent('No certificate with this id')
      instance.x509Certificates = left
      return noContent()
    },
  },
]
