/**
 * The licence: I-06 of the catalogue. Real licence texts are signed; those of the sandbox are base64 of a JSON object
 * with the members of `License`, broken into lines anywhere.
 */
import { absent, failure, invalid, ok, type Reply } from '../answers.js'
import type { License } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

/** The text of a licence, as a server shows it. */
export function writeLicense(license: License): string {
  const text = Buffer.from(JSON.stringify(license)).toString('base64')
  return text.replaceAll(/.{76}(?=.)/gu, (line) => `${line}\n`)
}

function readLicense(text: string): License | undefined {
  try {
    const fields = fieldsOf(JSON.parse(Buffer.from(text.replaceAll(/\s/gu, ''), 'base64').toString('utf8')))
    const { serverId, supportEntitlementNumber, maximumNumberOfUsers, expiryDate } = fields
    const isLicense = typeof serverId === 'string' && typeof supportEntitlementNumber === 'string'
    if (!isLicense || typeof maximumNumberOfUsers !== 'number' || typeof expiryDate !== 'number') return undefined
    return { serverId, supportEntitlementNumber, maximumNumberOfUsers, expiryDate }
  } catch {
    return undefined
  }
}

function show({ state }: Context, license: License): Reply {
  const days = Math.round((license.expiryDate - Date.now()) / 86_400_000)
  return ok({
    ...license,
    license: writeLicense(license),
    creationDate: Date.UTC(2026, 0, 1),
    purchaseDate: Date.UTC(2026, 0, 1),
    daysBeforeExpiry: days,
    numberOfDaysBeforeExpiry: days,
    numberOfDaysBeforeGracePeriodExpiry: days + 30,
    numberOfDaysBeforeMaintenanceExpiry: days,
    gracePeriodEndDate: license.expiryDate + 30 * 86_400_000,
    maintenanceExpiryDate: license.expiryDate,
    unlimitedNumberOfUsers: false,
    status: { serverId: license.serverId, currentNumberOfUsers: Object.keys(state.users).length },
  })
}

export const licenseRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/{version}/admin/license',
    needs: 'ADMIN',
    handle: (context) => {
      const { license } = context.state.instance
      return license === null ? absent('No licence has been set') : show(context, license)
    },
  },
  {
    method: 'POST',
    path: '/api/{version}/admin/license',
    needs: 'SYS_ADMIN',
    handle: (context) => {
      const { instance } = context.state
      const text = fieldsOf(context.body)['license']
      if (typeof text !== 'string' || text.trim() === '') return invalid('The licence is required', 'license')
      const license = readLicense(text)
      if (license === undefined) return failure(409, 'IntegrityException', 'The licence cannot be decoded')
      if (license.serverId !== instance.serverId) {
        return failure(409, 'IntegrityException', 'The licence is not valid for this server')
      }
      instance.license = license
      return show(context, license)
    },
  },
]
