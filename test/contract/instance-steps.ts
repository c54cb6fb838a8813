/** Steps through the rest of the instance: accounts, keys, sign-in, licence, strategies, logs, scripts, scanning, nodes. */
import gpgKeys from '../../src/bitbucket/resources/gpg-keys.js'
import sshKeys from '../../src/bitbucket/resources/ssh-keys.js'
import x509Certificates from '../../src/bitbucket/resources/x509-certificates.js'
import { makeInstanceState } from '../../src/sandbox/instance-state.js'
import { writeLicense } from '../../src/sandbox/routes/license.js'
import { api, by, from, get, patch, post, put, remove, type Step, submit, wrong } from './steps.js'

const exampleOf = (setting: { readonly examples: readonly unknown[] }): Readonly<Record<string, string>> =>
  setting.examples[0] as Readonly<Record<string, string>>

const accounts: readonly Step[] = [
  post(
    `${api}/users?name=bot&displayName=Bot&emailAddress=bot@example.com&password=x&addToDefaultGroup=false`,
    undefined,
    204,
  ),
  post(`${api}/users?name=BOT&displayName=Bot&emailAddress=bot@example.com&password=x`, undefined, 409),
  post(`${api}/users?name=two&displayName=Two&emailAddress=two@example.com`, undefined, 400),
  by('alice', post(`${api}/users?name=three&displayName=3&emailAddress=a@b&password=x`, undefined, 401)),
  put(`${api}/users`, { name: 'bot', displayName: 'The Bot', email: 'the-bot@example.com' }),
  put(`${api}/users`, { name: 'stranger', displayName: 'S', email: 's@example.com' }, 404),
  put(`${api}/users`, { name: 'lena', displayName: 'Lena' }, 400),
  by('alice', put(`${api}/users`, { name: 'bot', displayName: 'B' }, 401)),
  get(`${api}/users?filter=bot`),
  put(`${api}/users/credentials`, { name: 'bot', password: 'new', passwordConfirm: 'new' }, 204),
  put(`${api}/users/credentials`, { name: 'bot', password: 'new', passwordConfirm: 'old' }, 400),
  by('alice', put(`${api}/users/credentials`, { name: 'bot', password: 'new', passwordConfirm: 'new' }, 401)),
  post(`${api}/users/rename`, { name: 'bot', newName: 'robot' }),
  post(`${api}/users/rename`, { name: 'robot', newName: '' }, 400),
  by('alice', post(`${api}/users/rename`, { name: 'robot', newName: 'x' }, 401)),
  post(`${api}/users/rename`, { name: 'stranger', newName: 'x' }, 404),
  remove(`${api}/users?name=admin`, 409),
  remove(`${api}/users?name=stranger`, 404),
  by('alice', remove(`${api}/users?name=robot`, 401)),
]

const keys: readonly Step[] = [
  get('/rest/ssh/latest/keys?user=robot'),
  post('/rest/ssh/latest/keys?user=robot', { text: exampleOf(sshKeys)['key'], label: 'laptop', expiryDays: 30 }, 201),
  get('/rest/ssh/latest/keys/{last}'),
  get('/rest/ssh/latest/keys/{last}', 401, 'bob'),
  post('/rest/ssh/latest/keys?user=alice', { text: exampleOf(sshKeys)['key'] }, 409),
  post('/rest/ssh/latest/keys?user=robot', { text: 'no key' }, 400),
  get('/rest/ssh/latest/keys?user=robot'),
  get('/rest/ssh/latest/keys?user=robot', 401, 'bob'),
  get('/rest/ssh/latest/keys?user=stranger', 404),
  get('/rest/ssh/latest/keys/4711', 404),
  remove('/rest/ssh/latest/keys/4711'),
  by('bob', remove('/rest/ssh/latest/keys?user=robot', 401)),
  remove('/rest/ssh/latest/keys?user=robot'),
  get('/rest/gpg/latest/keys?user=robot'),
  post('/rest/gpg/latest/keys?user=robot', { text: exampleOf(gpgKeys)['text'] }),
  post('/rest/gpg/latest/keys?user=robot', { text: 'no key' }, 400),
  get('/rest/gpg/latest/keys?user=robot'),
  remove(`/rest/gpg/latest/keys/${exampleOf(gpgKeys)['fingerprint'] ?? ''}`),
  get('/rest/gpg/latest/keys?user=robot', 401, 'bob'),
  by('bob', remove('/rest/gpg/latest/keys?user=robot', 401)),
  remove('/rest/gpg/latest/keys?user=robot'),
  put('/rest/access-tokens/latest/users/robot', { name: 'ci', permissions: ['KING'] }, 400),
  by('bob', put('/rest/access-tokens/latest/users/robot', { name: 'ci', permissions: ['REPO_READ'] }, 401)),
  put('/rest/access-tokens/latest/users/robot', { name: 'ci', permissions: ['REPO_READ'] }),
  get('/rest/access-tokens/latest/users/robot'),
  get('/rest/access-tokens/latest/users/robot/{last}'),
  get('/rest/access-tokens/latest/users/robot/{last}', 401, 'bob'),
  get('/rest/access-tokens/latest/users/robot/1', 404),
  post('/rest/access-tokens/latest/users/robot/{last}', { name: 'cd', permissions: ['REPO_WRITE'] }),
  post('/rest/access-tokens/latest/users/robot/{last}', { permissions: ['KING'] }, 400),
  by('bob', post('/rest/access-tokens/latest/users/robot/{last}', { permissions: ['REPO_READ'] }, 401)),
  remove('/rest/access-tokens/latest/users/robot/{last}'),
  get('/rest/access-tokens/latest/users/robot', 401, 'bob'),
  remove('/rest/access-tokens/latest/users/robot/1', 404),
  remove(`${api}/users?name=robot`, 200),
]

const basic = {
  'block-requests': false,
  'allowed-users': ['admin'],
  'allowed-paths': [],
  'show-warning-message': true,
}
const provider = { name: 'Login', 'sso-type': 'OIDC', 'issuer-url': 'https://login.example.com', 'client-id': 'b' }

const authentication: readonly Step[] = [
  get('/rest/basicauth/latest/config'),
  put('/rest/basicauth/latest/config', basic, 204),
  get('/rest/authconfig/latest/sso'),
  patch('/rest/authconfig/latest/sso', { 'show-login-form': true }),
  wrong(patch('/rest/authconfig/latest/sso', { 'discovery-refresh-cron': 'daily' }, 400)),
  post('/rest/authconfig/latest/idps', { ...provider, 'client-secret': 'hidden', 'discovery-enabled': true }),
  wrong(post('/rest/authconfig/latest/idps', { name: 'Login' }, 400)),
  get('/rest/authconfig/latest/idps/{last}'),
  patch('/rest/authconfig/latest/idps/{last}', { enabled: false, buttonText: 'Go' }),
  get('/rest/authconfig/latest/idps'),
  remove('/rest/authconfig/latest/idps/{last}', 200),
]

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
  get(`${api}/pull-requests/git`),
  post(`${api}/pull-requests/git`, {
    mergeConfig: { ...strategies, commitMessageTemplate: { title: 'a', body: 'b' } },
  }),
  get(`${api}/pull-requests/git`),
  post(`${api}/pull-requests/git`, { mergeConfig: { ...strategies, strategies: [{ id: 'ff' }] } }, 400),
  post(`${api}/pull-requests/git`, { mergeConfig: {} }),
  get(`${rest}/logs/logger/com.atlassian`),
  put(`${rest}/logs/logger/com.atlassian/DEBUG`, undefined, 204),
  put(`${rest}/logs/logger/com.atlassian/LOUD`, undefined, 400),
  get(`${rest}/logs/rootLogger`),
  put(`${rest}/logs/rootLogger/INFO`, undefined, 204),
  get(`${rest}/logs/rootLogger`, 401, 'alice'),
  from('9.6', get(`${rest}/logs/settings`)),
  from('9.6', put(`${rest}/logs/settings`, { debugLoggingEnabled: true, profilingEnabled: false })),
  from('9.6', wrong(put(`${rest}/logs/settings`, { debugLoggingEnabled: true }, 400))),
]

const script = [
  { name: 'name', value: 'no-big-files' },
  { name: 'type', value: 'PRE' },
  { name: 'content', value: 'exit 0\n', fileName: 'x.sh' },
]
const certificate = [
  { name: 'certificate', value: exampleOf(x509Certificates)['certificate'] ?? '', fileName: 'a.pem' },
]

const code: readonly Step[] = [
  submit('POST', `${rest}/hook-scripts`, script),
  get(`${rest}/hook-scripts/{last}`),
  get(`${rest}/hook-scripts/{last}/content`),
  submit('PUT', `${rest}/hook-scripts/{last}`, script),
  submit('PUT', `${rest}/hook-scripts/{last}`, [], 422),
  remove(`${rest}/hook-scripts/{last}`),
  submit('POST', `${rest}/hook-scripts`, [], 400),
  submit('PUT', `${rest}/hook-scripts/1`, script, 404),
  get(`${rest}/hook-scripts/1`, 404),
  get(`${rest}/hook-scripts/1`, 401, 'alice'),
  remove(`${rest}/hook-scripts/1`, 404),
  get(`${rest}/system-signing/configuration`),
  post(`${rest}/system-signing/configuration`, { enabled: true }),
  wrong(post(`${rest}/system-signing/configuration`, {}, 400)),
  submit('POST', `${rest}/signing/x509-certificates`, certificate, 201),
  get(`${rest}/signing/x509-certificates?limit=10`),
  remove(`${rest}/signing/x509-certificates/{last}`),
  submit('POST', `${rest}/signing/x509-certificates`, [{ name: 'certificate', value: 'nonsense' }], 400),
  remove(`${rest}/signing/x509-certificates/1`, 404),
]

const repository = `${rest}/projects/PLAT/repos/api/secret-scanning/exempt`
const node = { name: 'mesh-1', rpcUrl: 'http://mesh-1.example.com:7777', state: 'AVAILABLE' }
const mirror = { mirrorId: 'm1', mirrorName: 'sydney', mirrorBaseUrl: 'https://m1.example.com', mirrorType: 'SINGLE' }

const estate: readonly Step[] = [
  get(`${rest}/secret-scanning/rules`),
  post(`${rest}/secret-scanning/rules`, { name: 'Acme', lineRegex: 'acme_[a-z]+' }),
  put(`${rest}/secret-scanning/rules/{last}`, { name: 'Acme', lineRegex: 'acme_[a-z]{2}' }),
  get(`${rest}/secret-scanning/rules/{last}`),
  put(`${rest}/secret-scanning/rules/{last}`, { name: 'Acme', lineRegex: '(' }, 400),
  by('alice', put(`${rest}/secret-scanning/rules/{last}`, { name: 'Acme', lineRegex: 'x' }, 401)),
  get(`${rest}/secret-scanning/rules/4711`, 404),
  get(`${rest}/secret-scanning/rules`, 401, 'alice'),
  post(`${rest}/secret-scanning/rules`, { name: 'Acme', lineRegex: '(' }, 400),
  post(`${rest}/secret-scanning/rules`, { name: 'Acme' }, 400),
  get(`${rest}/secret-scanning/rules?filter=acme&order=NAME_ASC`),
  remove(`${rest}/secret-scanning/rules/4711`),
  get(`${rest}/secret-scanning/exempt`),
  post(`${rest}/secret-scanning/exempt`, [{ projectKey: 'PLAT', slug: 'api' }], 204),
  post(`${rest}/secret-scanning/exempt`, [{ projectKey: 'PLAT', slug: 'api' }], 409),
  get(`${rest}/secret-scanning/exempt?order=NAME_DESC`),
  get(repository),
  get(repository, 401, 'alice'),
  by('alice', remove(repository, 401)),
  remove(repository),
  get(`${rest}/projects/PLAT/repos`),
  get(`${rest}/projects/NONE/repos`, 404),
  get(`${rest}/projects/PLAT/repos`, 401, 'nobody'),
  get(`${rest}/repos?projectkey=DATA&permission=REPO_READ`),
  get(`${rest}/repos`, 200, 'nobody'),
  wrong(get(`${rest}/repos?visibility=secret`, 400)),
  get(`${rest}/secret-scanning/exempt`, 401, 'alice'),
  get(`${api}/git/mesh/nodes`),
  post(`${api}/git/mesh/nodes`, node),
  put(`${api}/git/mesh/nodes/{last}`, { ...node, state: 'DISABLED' }),
  get(`${api}/git/mesh/nodes/{last}`),
  get(`${api}/git/mesh/nodes/4711`, 404),
  get(`${api}/git/mesh/nodes`, 401, 'alice'),
  by('alice', post(`${api}/git/mesh/nodes`, node, 401)),
  wrong(put(`${api}/git/mesh/nodes/{last}`, { name: '' }, 400)),
  wrong(post(`${api}/git/mesh/nodes`, { name: '' }, 400)),
  get(`${api}/git/mesh/nodes`),
  remove(`${api}/git/mesh/nodes/{last}?force=true`),
  get('/rest/mirroring/latest/mirrorServers'),
  post('/rest/mirroring/latest/requests', { ...mirror, productVersion: '9.4.2' }),
  get('/rest/mirroring/latest/requests?state=PENDING'),
  get('/rest/mirroring/latest/requests/{last}'),
  post('/rest/mirroring/latest/requests/{last}/accept', undefined),
  get('/rest/mirroring/latest/mirrorServers'),
  get('/rest/mirroring/latest/mirrorServers/m1'),
  get('/rest/mirroring/latest/mirrorServers/m2', 404),
  post('/rest/mirroring/latest/requests', { ...mirror, productVersion: '9.4.2' }),
  post('/rest/mirroring/latest/requests/{last}/reject', undefined),
  get('/rest/mirroring/latest/requests/4711', 409),
  post('/rest/mirroring/latest/requests/4711/accept', undefined, 409),
  post('/rest/mirroring/latest/requests/4711/reject', undefined, 409),
  remove('/rest/mirroring/latest/requests/4711', 409),
  post('/rest/mirroring/latest/requests', mirror, 409),
  remove('/rest/mirroring/latest/mirrorServers/m1'),
]

export const instanceSteps: readonly Step[] = [...accounts, ...keys, ...authentication, ...server, ...code, ...estate]
