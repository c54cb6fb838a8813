/**
 * Basic authentication and single sign-on: I-03 and I-20 of the catalogue. Keys are in kebab-case.
 *
 * Refusals of these modules are `{message}`, say the documents. They name neither who may ask nor what an unknown id is
 * answered; here it is SYS_ADMIN, and 404 as everywhere.
 */
import { noContent, ok, type Reply } from '../answers.js'
import type { Context, Route } from '../router.js'
import { fieldsOf } from './settings.js'

/** The refusal of these modules. */
export function refuse(message: string, field?: string, status = 400): Reply {
  return { status, body: { message: field === undefined ? message : `${field}: ${message}` } }
}

/** The moment of a change. */
export function stamp(): string {
  return new Date().toISOString()
}

/** Whether a value is a list of texts. */
export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function showBasicAuth({ state: { instance } }: Context): Reply {
  return ok({
    'block-requests': instance.basicAuth.blockRequests,
    'allowed-users': instance.basicAuth.allowedUsers,
    'allowed-paths': instance.basicAuth.allowedPaths,
    'show-warning-message': instance.basicAuth.showWarningMessage,
  })
}

function putBasicAuth({ state, body }: Context): Reply {
  const fields = fieldsOf(body)
  // A full replacement: what is not sent is false or empty.
  const isBlocked = fields['block-requests'] ?? false
  const warns = fields['show-warning-message'] ?? false
  const users = fields['allowed-users'] ?? []
  const paths = fields['allowed-paths'] ?? []
  if (typeof isBlocked !== 'boolean') return refuse('A boolean is needed', 'block-requests')
  if (typeof warns !== 'boolean') return refuse('A boolean is needed', 'show-warning-message')
  if (!isTexts(users)) return refuse('A list of texts is needed', 'allowed-users')
  if (!isTexts(paths)) return refuse('A list of texts is needed', 'allowed-paths')
  state.instance.basicAuth = {
    blockRequests: isBlocked,
    allowedUsers: [...new Set(users)],
    allowedPaths: [...new Set(paths)],
    showWarningMessage: warns,
  }
  return noContent()
}

function showSso({ state: { instance } }: Context): Reply {
  const { showLoginForm, enableAuthenticationFallback, discoveryRefreshCron, lastUpdated } = instance.sso
  return ok({
    'show-login-form': showLoginForm,
    'show-login-form-for-jsm': true,
    'enable-authentication-fallback': enableAuthenticationFallback,
    'discovery-refresh-cron': discoveryRefreshCron,
    ...(lastUpdated === undefined ? {} : { 'last-updated': lastUpdated }),
  })
}

function patchSso(context: Context): Reply {
  const { sso } = context.state.instance
  const fields = fieldsOf(context.body)
  const form = fields['show-login-form'] ?? sso.showLoginForm
  const fallback = fields['enable-authentication-fallback'] ?? sso.enableAuthenticationFallback
  const cron = fields['discovery-refresh-cron'] ?? sso.discoveryRefreshCron
  if (typeof form !== 'boolean') return refuse('A boolean is needed', 'show-login-form')
  if (typeof fallback !== 'boolean') return refuse('A boolean is needed', 'enable-authentication-fallback')
  // Quartz: seconds first, and the year may follow.
  if (typeof cron !== 'string' || !/^\s*[^\s]+(?:\s+[^\s]+){5,6}\s*$/u.test(cron)) {
    return refuse('Not a cron expression', 'discovery-refresh-cron')
  }
  context.state.instance.sso = {
    showLoginForm: form,
    enableAuthenticationFallback: fallback,
    discoveryRefreshCron: cron,
    lastUpdated: stamp(),
  }
  return showSso(context)
}

const access = { needs: 'SYS_ADMIN', since: '9.4' } as const
const basicAuth = '/basicauth/{version}/config'
const sso = '/authconfig/{version}/sso'

export const authenticationRoutes: readonly Route[] = [
  { method: 'GET', path: basicAuth, ...access, handle: showBasicAuth },
  { method: 'PUT', path: basicAuth, ...access, handle: putBasicAuth },
  { method: 'GET', path: sso, ...access, handle: showSso },
  { method: 'PATCH', path: sso, ...access, handle: patchSso },
]
