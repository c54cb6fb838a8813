import { booleanIn, readObject, stringsIn } from '../answer.js'
import { instance, singleton } from '../kit.js'

const path = '/basicauth/latest/config'

export default singleton({
  kind: 'basicAuth',
  parents: [instance],
  docs: {
    area: 'security',
    title: 'Basic authentication',
    text: 'Whether scripts may sign in with user name and password, request by request, and who may although it is blocked. New servers of 10.x start with it blocked. The setting cannot be reset; write what it shall be.',
    rest: 'Authentication: Basic authentication configuration, /basicauth/latest/config (GET, PUT)',
    permission: 'SYS_ADMIN',
    endpoints: ['/basicauth/latest/config'],
    since: '9.4',
    dangers: [
      'Blocking it ends password access for every script and for an emergency account that is not among the allowed users.',
    ],
  },
  schema: {
    type: 'object',
    description: 'Whether scripts may sign in with user name and password.',
    required: ['blockRequests'],
    properties: {
      blockRequests: { type: 'boolean', description: 'Whether requests with user name and password are refused.' },
      allowedUsers: {
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', minLength: 1, 'x-ref': 'users', description: 'The name of a user, in any case.' },
        description: 'Users who may sign in with a password nevertheless.',
      },
      allowedPaths: {
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', minLength: 1, description: 'A path below the base URL.' },
        description: 'Paths that take user name and password nevertheless.',
      },
      showWarningMessage: {
        type: 'boolean',
        default: false,
        description: 'Whether administrators are warned that basic authentication is allowed.',
      },
    },
  },
  examples: [
    { blockRequests: true, allowedUsers: ['admin', 'alice'], allowedPaths: ['/rest/api'], showWarningMessage: true },
    { blockRequests: false, allowedUsers: ['admin'], showWarningMessage: false },
  ],
  canonical: { allowedUsers: (names) => names.map((name) => name.toLowerCase()) },
  async hazards({ after }, { account, usesPassword }) {
    if (after?.blockRequests !== true) return []
    const allowed = after.allowedUsers ?? []
    if (usesPassword && !allowed.includes(account.toLowerCase())) {
      const hint = `Add ${account} to allowedUsers, or sign in with OAuth 2.0 (bbstate auth login).`
      return [{ message: 'Basic authentication would be blocked while bbstate itself signs in with it', hint }]
    }
    if (allowed.length > 0) return []
    const hint = 'Name the account of your emergency procedure in allowedUsers.'
    return [{ message: 'Basic authentication would be blocked for everybody', hint, isWarning: true }]
  },
})({
  async read(api) {
    const raw = await api.get(path)
    const config = readObject(path, raw)
    const value = {
      blockRequests: booleanIn(config, 'block-requests'),
      allowedUsers: stringsIn(config, 'allowed-users'),
      allowedPaths: stringsIn(config, 'allowed-paths'),
      showWarningMessage: booleanIn(config, 'show-warning-message'),
    }
    return { value, raw }
  },
  async write(api, _at, { after }) {
    // The PUT replaces all four (I-03).
    await api.send('PUT', path, {
      'block-requests': after.blockRequests,
      'allowed-users': after.allowedUsers ?? [],
      'allowed-paths': after.allowedPaths ?? [],
      'show-warning-message': after.showWarningMessage ?? false,
    })
  },
})
