import { booleanIn, optional, readObject, stringIn } from '../answer.js'
import { instance, singleton } from '../kit.js'
import { isObject } from '../../model/schema.js'

const path = '/authconfig/latest/sso'

export default singleton({
  kind: 'singleSignOn',
  parents: [instance],
  // So that an identity provider works before the login form is hidden (I-20).
  after: ['identityProviders'],
  docs: {
    area: 'security',
    title: 'Single sign-on',
    text: 'How the login page and the identity providers go together. The providers themselves stand under identityProviders. The setting cannot be reset; write what it shall be.',
    rest: 'Authentication: Single sign-on configuration, /authconfig/latest/sso (GET, PATCH)',
    permission: 'SYS_ADMIN',
    endpoints: ['/authconfig/latest/sso'],
    since: '9.4',
    dangers: ['A hidden login form without a working identity provider and without fallback locks everybody out.'],
  },
  schema: {
    type: 'object',
    description: 'How the login page and the identity providers go together.',
    properties: {
      showLoginForm: {
        type: 'boolean',
        default: true,
        description: 'Whether the form for user name and password stands on the login page.',
      },
      enableAuthenticationFallback: {
        type: 'boolean',
        default: false,
        description: 'Whether /login?auth_fallback leads to the form although it is hidden.',
      },
      discoveryRefreshCron: {
        type: 'string',
        minLength: 1,
        description: 'When the metadata of OpenID Connect providers are read again, as a cron expression of Quartz.',
      },
    },
  },
  examples: [
    { showLoginForm: true, enableAuthenticationFallback: true, discoveryRefreshCron: '0 0 3 * * ?' },
    { showLoginForm: true, enableAuthenticationFallback: false, discoveryRefreshCron: '0 0 4 * * ?' },
  ],
  async hazards({ after }, outlook) {
    if (after?.showLoginForm !== false || after.enableAuthenticationFallback === true) return []
    const providers = await outlook.after('identityProviders')
    const isWorking = providers.some(
      (provider) => isObject(provider) && provider['enabled'] !== false && provider['ssoType'] !== 'NONE',
    )
    if (isWorking) return []
    const hint = 'Enable an identity provider, or set enableAuthenticationFallback: true.'
    return [{ message: 'The login form would be hidden without an identity provider and without fallback', hint }]
  },
})({
  async read(api) {
    const raw = await api.get(path)
    const settings = readObject(path, raw)
    const value = {
      showLoginForm: booleanIn(settings, 'show-login-form'),
      enableAuthenticationFallback: booleanIn(settings, 'enable-authentication-fallback'),
      ...cronOf(optional(settings, 'discovery-refresh-cron', stringIn)),
    }
    return { value, raw }
  },
  async write(api, _at, { after, changed }) {
    // The PATCH is partial (I-20).
    const wire = {
      'show-login-form': changed.has('showLoginForm') ? after.showLoginForm : undefined,
      'enable-authentication-fallback': changed.has('enableAuthenticationFallback')
        ? after.enableAuthenticationFallback
        : undefined,
      'discovery-refresh-cron': changed.has('discoveryRefreshCron') ? after.discoveryRefreshCron : undefined,
    }
    await api.send('PATCH', path, wire)
  },
})

function cronOf(read: { readonly 'discovery-refresh-cron'?: string }): { discoveryRefreshCron?: string } {
  const cron = read['discovery-refresh-cron']
  return cron === undefined ? {} : { discoveryRefreshCron: cron }
}
