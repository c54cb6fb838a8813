/**
 * The licence: I-06 of the catalogue. Real licence texts are signed; those of the sandbox are base64 of a JSON object
 * with the members of `License`, broken into lines anywhere: `{serverId, supportEntitlementNumber,
 * maximumNumberOfUsers, expiryDate}`, the last in milliseconds since 1970.
 */
import { absent, failure, invalid, ok, type Reply } from '../answers.js'
import type { InstalledLicense, License } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import { takenSeats } from '../seats.js'
import { fieldsOf, isPositive } from './settings.js'

/** The text of a licence, as a server shows it. */
export function writeLicense(license: License): string {
  return wrap(Buffer.from(JSON.stringify(license)).toString('base64'))
}

/** Servers break the lines anew. */
function wrap(text: string): string {
  return text.replaceAll(/.{76}(?=.)/gu, (line) => `${line}\n`)
}

function readLicense(text: string): InstalledLicense | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(text)) return undefined
  try {
    const fields = fieldsOf(JSON.parse(Buffer.from(text, 'base64').toString('utf8')))
    const { serverId, supportEntitlementNumber, maximumNumberOfUsers, expiryDate } = fields
    const isLicense = typeof serverId === 'string' && typeof supportEntitlementNumber === 'string'
    if (!isLicense || !isPositive(maximumNumberOfUsers) || !isPositive(expiryDate)) return undefined
    return { serverId, supportEntitlementNumber, maximumNumberOfUsers, expiryDate, text }
  } catch {
    return undefined
  }
}

function show({ state }: Context, { text, ...license }: InstalledLicense): Reply {
  const days = Math.round((license.expiryDate - Date.now()) / 86_400_000)
  return ok({
    ...license,
    license: text === undefined ? writeLicense(license) : wrap(text),
    creationDate: Date.UTC(2026, 0, 1),
    purchaseDate: Date.UTC(2026, 0, 1),
    daysBeforeExpiry: days,
    numberOfDaysBeforeExpiry: days,
    numberOfDaysBeforeGracePeriodExpiry: days + 30,
    numberOfDaysBeforeMaintenanceExpiry: days,
    gracePeriodEndDate: license.expiryDate + 30 * 86_400_000,
    maintenanceExpiryDate: license.expiryDate,
    unlimitedNumberOfUsers: false,
    status: { serverId: state.instance.serverId, currentNumberOfUsers: takenSeats(state) },
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
      const license = readLicense(text.replaceAll(/\s/gu, ''))
      if (license === undefined) return failure(409, 'IntegrityException', 'The licence cannot be decoded')
      if (license.serverId !== instance.serverId) {
        return failure(409, 'IntegrityException', 'The licence is not valid for this server')
      }
      if (license.expiryDate < Date.now()) return failure(409, 'IntegrityException', 'The licence has expired')
      instance.license = license
      return show(context, license)
    },
  },
]
