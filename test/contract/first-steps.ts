/** Steps through settings, people, permissions and limits. */
import { api, by, get, post, put, remove, type Step, wrong } from './steps.js'

const mail = {
  hostname: 'smtp.example.com',
  port: 465,
  protocol: 'SMTPS',
  username: 'git',
  senderAddress: 'git@example.com',
}

const listings = [
  `${api}/users`,
  `${api}/users?filter=a&start=1&limit=2`,
  `${api}/groups`,
  `${api}/groups?filter=dev`,
  `${api}/groups/more-members?context=developers`,
  `${api}/groups/more-non-members?context=developers`,
  `${api}/users/more-members?context=alice`,
  `${api}/users/more-non-members?context=alice`,
]

const administratorsListings = [
  `${api}/permissions/users`,
  `${api}/permissions/users/none`,
  `${api}/permissions/groups`,
  `${api}/permissions/groups/none`,
  `${api}/rate-limit/settings/users`,
]

export const firstSteps: readonly Step[] = [
  get('/rest/api/latest/application-properties'),
  get('/rest/api/1.0/application-properties', 200, 'nobody'),

  get('/rest/access-tokens/latest/admin'),
  put('/rest/access-tokens/latest/admin', { maxExpiryDays: 90 }),
  remove('/rest/access-tokens/latest/admin'),

  get('/rest/ssh/latest/admin'),
  put(
    '/rest/ssh/latest/admin',
    { maxExpiryDays: 30, keyTypeRestrictions: [{ algorithm: 'DSA', allowed: false }] },
    204,
  ),
  get('/rest/ssh/latest/admin'),
  get('/rest/ssh/latest/admin/supported-key-types'),
  wrong(put('/rest/ssh/latest/admin', { maxExpiryDays: 0.5 }, 400)),
  get('/rest/ssh/latest/admin', 401, 'alice'),

  get(`${api}/banner`, 204),
  put(`${api}/banner`, { message: 'Hello', enabled: true, audience: 'ALL' }, 204),
  get(`${api}/banner`),
  wrong(put(`${api}/banner`, { message: 'Hello' }, 400)),
  by('alice', put(`${api}/banner`, { message: 'Hello', enabled: true, audience: 'ALL' }, 401)),
  remove(`${api}/banner`),

  get(`${api}/default-branch`, 404),
  put(`${api}/default-branch`, { id: 'refs/heads/main' }, 204),
  get(`${api}/default-branch`),
  by('alice', put(`${api}/default-branch`, { id: 'main' }, 401)),
  remove(`${api}/default-branch`),

  get(`${api}/mail-server`, 404),
  put(`${api}/mail-server`, { ...mail, password: 'secret' }),
  get(`${api}/mail-server`),
  get(`${api}/mail-server`, 401, 'alice'),
  wrong(put(`${api}/mail-server`, { hostname: 'not a host' }, 400)),
  get(`${api}/mail-server/sender-address`),
  put(`${api}/mail-server/sender-address`, 'new@example.com'),
  wrong(put(`${api}/mail-server/sender-address`, 'nobody', 400)),
  remove(`${api}/mail-server/sender-address`),
  remove(`${api}/mail-server`),

  get(`${api}/rate-limit/settings`),
  put(`${api}/rate-limit/settings`, { enabled: false }),
  put(`${api}/rate-limit/settings`, { enabled: false, defaultSettings: { capacity: 600, fillRate: 50 } }),
  wrong(put(`${api}/rate-limit/settings`, {}, 400)),
  put(`${api}/rate-limit/settings/users/alice`, { whitelisted: true }),
  put(`${api}/rate-limit/settings/users/bob`, { settings: { capacity: 600, fillRate: 50 } }),
  post(`${api}/rate-limit/settings/users`, { usernames: ['carol'], whitelisted: true }),
  wrong(post(`${api}/rate-limit/settings/users`, { usernames: ['carol'] }, 400)),
  get(`${api}/rate-limit/settings/users`),
  get(`${api}/rate-limit/settings/users/alice`),
  get(`${api}/rate-limit/settings/users/dave`, 404),
  get(`${api}/rate-limit/settings/users/alice`, 401, 'bob'),
  wrong(put(`${api}/rate-limit/settings/users/alice`, {}, 400)),
  remove(`${api}/rate-limit/settings/users/alice`),
  remove(`${api}/rate-limit/settings/users/alice`, 404),

  ...listings.flatMap((path) => [get(path), get(path, 200, 'alice'), get(path, 401, 'nobody')]),
  ...administratorsListings.flatMap((path) => [get(path), get(path, 401, 'alice')]),

  post(`${api}/groups?name=crew`, undefined),
  post(`${api}/groups?name=CREW`, undefined, 409),
  wrong(post(`${api}/groups`, undefined, 400)),
  by('alice', post(`${api}/groups?name=other`, undefined, 401)),
  post(`${api}/groups/add-users`, { group: 'crew', users: ['alice', 'bob'] }),
  post(`${api}/groups/add-users`, { group: 'crew', users: ['stranger'] }, 404),
  post(`${api}/groups/add-users`, { group: 'ldap-staff', users: ['alice'] }, 403),
  post(`${api}/users/add-groups`, { user: 'carol', groups: ['crew'] }),
  post(`${api}/users/add-groups`, { user: 'carol', groups: ['nothing'] }, 404),
  post(`${api}/users/remove-group`, { context: 'alice', itemName: 'crew' }),
  post(`${api}/users/remove-group`, { context: 'alice', itemName: 'nothing' }, 404),

  put(`${api}/permissions/groups?name=crew&permission=ADMIN`, undefined, 204),
  put(`${api}/permissions/groups?name=nothing&permission=ADMIN`, undefined, 404),
  put(`${api}/permissions/groups?name=crew&permission=KING`, undefined, 400),
  put(`${api}/permissions/users?name=dave&name=carol&permission=PROJECT_CREATE`, undefined, 204),
  put(`${api}/permissions/users?name=admin&permission=ADMIN`, undefined, 409),
  by('bob', put(`${api}/permissions/users?name=dave&permission=SYS_ADMIN`, undefined, 401)),
  remove(`${api}/permissions/users?name=dave`),
  remove(`${api}/permissions/users?name=stranger`, 404),
  remove(`${api}/permissions/users?name=admin`, 409),
  remove(`${api}/permissions/groups?name=crew`),
  remove(`${api}/permissions/groups?name=nothing`, 404),
  remove(`${api}/groups?name=crew`, 200),
  remove(`${api}/groups?name=crew`, 404),
  remove(`${api}/groups?name=ldap-staff`, 403),

  ...['archive', 'delete'].flatMap((action) => {
    const path = `/rest/policies/latest/admin/repos/${action}`
    return [
      get(path),
      put(path, { permission: 'ADMIN' }),
      wrong(put(path, { permission: 'KING' }, 400)),
      by('alice', put(path, { permission: 'ADMIN' }, 401)),
      get(path, 401, 'nobody'),
    ]
  }),
]
