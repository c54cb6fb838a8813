/** Steps through what the server itself is told: sign-in, licence, merges, logs, scripts, signing. */
import x509Certificates from '../../src/bitbucket/resources/x509-certificates.js'
import { makeInstanceState } from '../../src/sandbox/instance-state.js'
import { writeLicense } from '../../src/sandbox/routes/license.js'
import { api, by, from, get, patch, post, put, remove, type Step, submit, wrong } from './steps.js'

const basicAuth = '/rest/basicauth/latest/config'
const sso = '/rest/authconfig/latest/sso'
const idps = '/rest/authconfig/latest/idps'
const basic = {
  'block-requests': false,
  'allowed-users': ['admin'],
  'allowed-paths': [],
  'show-warning-message': true,
}
const provider = { name: 'Login', 'sso-type': 'OIDC', 'issuer-url': 'https://login.example.com', 'client-id': 'b' }

const authentication: readonly Step[] = [
  get(basicAuth),
  get(basicAuth, 401, 'alice'),
  put(basicAuth, basic, 204),
  by('alice', put(basicAuth, basic, 401)),
  wrong(put(basicAuth, { 'block-requests': 'yes' }, 400)),
  get(sso),
  get(sso, 401, 'alice'),
  patch(sso, { 'show-login-form': true }),
  wrong(patch(sso, { 'discovery-refresh-cron': 'daily' }, 400)),
  by('alice', patch(sso, { 'show-login-form': true }, 401)),
  post(idps, { ...provider, 'client-secret': 'hidden', 'discovery-enabled': true }),
  get(`${idps}/{last}`),
  get(`${idps}/{last}`, 401, 'alice'),
  get(`${idps}/4711`, 404),
  patch(`${idps}/{last}`, { enabled: false, buttonText: 'Go' }),
  wrong(patch(`${idps}/{last}`, { name: '' }, 400)),
  by('alice', patch(`${idps}/{last}`, { enabled: true }, 401)),
  patch(`${idps}/4711`, { enabled: true }, 404),
  wrong(post(idps, { name: 'Entry' }, 400)),
  post(idps, provider, 409),
  by('alice', post(idps, provider, 401)),
  get(idps),
  get(idps, 401, 'alice'),
  by('alice', remove(`${idps}/{last}`, 401)),
  remove(`${idps}/{last}`, 200),
  remove(`${idps}/4711`, 404),
]

const exampleOf = (setting: { readonly examples: readonly unknown[] }): Readonly<Record<string, string>> =>
  setting.examples[0] as Readonly<Record<string, string>>

const rest = '/rest/api/latest'
const { license, serverId } = makeInstanceState()
const text = license === null ? '' : writeLicense({ ...license, supportEntitlementNumber: 'SEN-2' })
const foreign = license === null ? '' : writeLicense({ ...license, serverId: `${serverId}-other` })
const strategies = { defaultStrategy: { id: 'squash' }, strategies: [{ id: 'squash' }] }

const server: readonly Step[] = [
  get(`${api}/license`),
  post(`${api}/license`, { license: text }),
  post(`${api}/license`, { license: foreign }, 409),
  post(`${api}/license`, { license: 'nonsense' }, 409),
  post(`${api}/license`, { license: '' }, 400),
  get(`${api}/license`, 401, 'alice'),
  by('alice', post(`${api}/license`, { license: text }, 401)),
  get(`${api}/pull-requests/git`),
  post(`${api}/pull-requests/git`, {
    mergeConfig: { ...strategies, commitMessageTemplate: { title: 'a', body: 'b' } },
  }),
  get(`${api}/pull-requests/git`),
  post(`${api}/pull-requests/git`, { mergeConfig: { ...strategies, strategies: [{ id: 'ff' }] } }, 400),
  post(`${api}/pull-requests/git`, { mergeConfig: { ...strategies, strategies: [{ id: 'octopus' }] } }, 400),
  wrong(post(`${api}/pull-requests/git`, {}, 400)),
  by('alice', post(`${api}/pull-requests/git`, { mergeConfig: {} }, 401)),
  get(`${api}/pull-requests/git`, 401, 'nobody'),
  get(`${api}/pull-requests/hg`, 404),
  post(`${api}/pull-requests/hg`, { mergeConfig: {} }, 404),
  post(`${api}/pull-requests/git`, { mergeConfig: {} }),
  get(`${rest}/logs/logger/com.atlassian`),
  put(`${rest}/logs/logger/com.atlassian/DEBUG`, undefined, 204),
  put(`${rest}/logs/logger/com.atlassian/LOUD`, undefined, 400),
  get(`${rest}/logs/logger/com.atlassian`, 401, 'alice'),
  by('alice', put(`${rest}/logs/logger/com.atlassian/INFO`, undefined, 401)),
  get(`${rest}/logs/rootLogger`),
  put(`${rest}/logs/rootLogger/INFO`, undefined, 204),
  put(`${rest}/logs/rootLogger/LOUD`, undefined, 400),
  get(`${rest}/logs/rootLogger`, 401, 'alice'),
  by('alice', put(`${rest}/logs/rootLogger/INFO`, undefined, 401)),
  from('9.6', get(`${rest}/logs/settings`)),
  from('9.6', put(`${rest}/logs/settings`, { debugLoggingEnabled: true, profilingEnabled: false })),
  from('9.6', wrong(put(`${rest}/logs/settings`, { debugLoggingEnabled: true }, 400))),
  from('9.6', get(`${rest}/logs/settings`, 401, 'alice')),
  from('9.6', by('alice', put(`${rest}/logs/settings`, { debugLoggingEnabled: true, profilingEnabled: false }, 401))),
]

const script = [
  { name: 'name', value: 'no-big-files' },
  { name: 'type', value: 'PRE' },
  { name: 'content', value: 'exit 0\n', fileName: 'x.sh' },
]
const second = [{ name: 'name', value: 'signed-off' }, ...script.slice(1)]
const certificate = [
  { name: 'certificate', value: exampleOf(x509Certificates)['certificate'] ?? '', fileName: 'a.pem' },
]

/** @param nowhere the same without the project or the repository */
function bindingSteps(place: string, nowhere: string): readonly Step[] {
  const all = `${rest}/projects/${place}/hook-scripts`
  const lost = `${rest}/projects/${nowhere}/hook-scripts`
  const triggers = { triggerIds: ['repo-push'] }
  return [
    put(`${all}/{last}`, triggers),
    wrong(put(`${all}/{last}`, {}, 400)),
    wrong(put(`${all}/{last}`, { triggerIds: [1] }, 400)),
    put(`${all}/9`, triggers, 404),
    by('alice', put(`${all}/{last}`, triggers, 401)),
    by('nobody', put(`${all}/{last}`, triggers, 401)),
    put(`${lost}/{last}`, triggers, 404),
    get(`${all}?limit=10`),
    get(all, 401, 'alice'),
    get(lost, 404),
    by('alice', remove(`${all}/{last}`, 401)),
    remove(`${all}/{last}`),
    remove(`${all}/{last}`, 404),
    remove(`${lost}/{last}`, 404),
  ]
}

const code: readonly Step[] = [
  submit('POST', `${rest}/hook-scripts`, script),
  get(`${rest}/hook-scripts/{last}`),
  get(`${rest}/hook-scripts/{last}/content`),
  submit('PUT', `${rest}/hook-scripts/{last}`, script),
  submit('PUT', `${rest}/hook-scripts/{last}`, [], 422),
  by('alice', submit('PUT', `${rest}/hook-scripts/{last}`, script, 401)),
  get(`${rest}/hook-scripts/{last}/content`, 401, 'alice'),
  ...bindingSteps('PLAT', 'NONE'),
  ...bindingSteps('PLAT/repos/api', 'PLAT/repos/none'),
  submit('POST', `${rest}/hook-scripts`, script, 409),
  by('alice', submit('POST', `${rest}/hook-scripts`, script, 401)),
  by('alice', remove(`${rest}/hook-scripts/{last}`, 401)),
  remove(`${rest}/hook-scripts/{last}`),
  submit('POST', `${rest}/hook-scripts`, [], 400),
  submit('POST', `${rest}/hook-scripts`, script),
  submit('POST', `${rest}/hook-scripts`, second),
  submit('PUT', `${rest}/hook-scripts/{last}`, script, 409),
  submit('PUT', `${rest}/hook-scripts/{last}`, [{ name: 'name', value: '' }], 400),
  submit('PUT', `${rest}/hook-scripts/1`, script, 404),
  get(`${rest}/hook-scripts/1/content`, 404),
  get(`${rest}/hook-scripts/1`, 404),
  get(`${rest}/hook-scripts/1`, 401, 'alice'),
  remove(`${rest}/hook-scripts/1`, 404),
  get(`${rest}/system-signing/configuration`),
  post(`${rest}/system-signing/configuration`, { enabled: true }),
  wrong(post(`${rest}/system-signing/configuration`, {}, 400)),
  get(`${rest}/system-signing/configuration`, 401, 'alice'),
  by('alice', post(`${rest}/system-signing/configuration`, { enabled: false }, 401)),
  submit('POST', `${rest}/signing/x509-certificates`, certificate, 201),
  submit('POST', `${rest}/signing/x509-certificates`, certificate, 409),
  by('alice', submit('POST', `${rest}/signing/x509-certificates`, certificate, 401)),
  get(`${rest}/signing/x509-certificates?limit=10`),
  get(`${rest}/signing/x509-certificates`, 401, 'alice'),
  by('alice', remove(`${rest}/signing/x509-certificates/{last}`, 401)),
  remove(`${rest}/signing/x509-certificates/{last}`),
  submit('POST', `${rest}/signing/x509-certificates`, [{ name: 'certificate', value: 'nonsense' }], 400),
  remove(`${rest}/signing/x509-certificates/1`, 404),
]

export const serverSteps: readonly Step[] = [...authentication, ...server, ...code]
