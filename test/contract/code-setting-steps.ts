/** Steps through what hangs on a project and on a repository: permissions, hooks, webhooks, checks, keys, tokens. */
import { by, from, get, post, put, remove, type Step, wrong } from './steps.js'

const api = '/rest/api/latest'
const project = '/projects/PLAT'
const repository = '/projects/PLAT/repos/web'
const nowhere = (path: string): string => path.replace('/repos/web', '/repos/none').replace(/PLAT$/u, 'NONE')

const both = (make: (scope: string, kind: 'PROJECT' | 'REPO') => readonly Step[]): readonly Step[] => [
  ...make(project, 'PROJECT'),
  ...make(repository, 'REPO'),
]

const permissions = both((scope, kind) =>
  (['users', 'groups'] as const).flatMap((holder): readonly Step[] => {
    const path = `${api}${scope}/permissions/${holder}`
    const name = holder === 'users' ? 'bob' : 'contractors'
    return [
      put(`${path}?name=${name}&permission=${kind}_ADMIN`, undefined, 204),
      put(`${path}?name=${name}&permission=KING`, undefined, 400),
      put(`${path}?name=stranger&permission=${kind}_READ`, undefined, 404),
      by('alice', put(`${path}?name=${name}&permission=${kind}_READ`, undefined, 401)),
      get(`${path}?filter=${name}`),
      get(path, 401, 'alice'),
      get(`${api}${nowhere(scope)}/permissions/${holder}`, 404),
      get(`${path}/none?filter=a`, holder === 'groups' && kind === 'PROJECT' ? 202 : 200),
      get(`${path}/none`, 401, 'alice'),
      get(`${api}${nowhere(scope)}/permissions/${holder}/none`, 404),
      ...(holder === 'users'
        ? [
            by('bob', put(`${path}?name=bob&permission=${kind}_READ`, undefined, 403)),
            by('bob', remove(`${path}?name=bob`, 409)),
            by('bob', remove(`${api}${scope}/permissions?user=bob`, 409)),
          ]
        : [
            put(`${api}${scope}/permissions/users?name=carol&permission=${kind}_READ`, undefined, 204),
            by('carol', put(`${path}?name=contractors&permission=${kind}_READ`, undefined, 403)),
            by('carol', remove(`${path}?name=contractors`, 409)),
          ]),
      remove(`${path}?name=${name}`),
      remove(`${path}?name=stranger`, 404),
      by('alice', remove(`${path}?name=${name}`, 401)),
      remove(`${api}${scope}/permissions?user=alice&group=developers`),
      remove(`${api}${scope}/permissions`, 400),
      remove(`${api}${scope}/permissions?user=stranger`, 404),
      by('alice', remove(`${api}${scope}/permissions?user=bob`, 401)),
    ]
  }),
)

const everybody = (permission: string): string => `${api}${project}/permissions/${permission}/all`
const defaults: readonly Step[] = [
  get(everybody('PROJECT_WRITE')),
  get(everybody('KING'), 400),
  get(everybody('PROJECT_WRITE'), 401, 'alice'),
  get(everybody('PROJECT_WRITE').replace('PLAT', 'NONE'), 404),
  post(`${everybody('PROJECT_READ')}?allow=true`, undefined, 204),
  post(`${everybody('PROJECT_WRITE')}?allow=true`, undefined, 204),
  post(`${everybody('KING')}?allow=true`, undefined, 400),
  by('alice', post(`${everybody('PROJECT_READ')}?allow=false`, undefined, 401)),
  post(`${everybody('PROJECT_READ').replace('PLAT', 'NONE')}?allow=true`, undefined, 404),
]

const hook = 'com.atlassian.bitbucket.server.bitbucket-bundled-hooks:force-push-hook'
const hooks = both((scope, kind) => {
  const all = `${api}${scope}/settings/hooks`
  const one = `${all}/${hook}`
  const lost = `${api}${nowhere(scope)}/settings/hooks`
  return [
    get(`${all}?type=PRE_RECEIVE`),
    get(all, 401, kind === 'PROJECT' ? 'nobody' : 'alice'),
    get(lost, 404),
    get(one),
    get(one, 401, kind === 'PROJECT' ? 'nobody' : 'alice'),
    get(`${all}/none:none`, 404),
    get(`${one}/settings`, kind === 'PROJECT' ? 204 : 200),
    put(`${one}/settings`, { stringValue: 'main', booleanValue: true }),
    wrong(put(`${one}/settings`, [], 400)),
    put(`${all}/none:none/settings`, { stringValue: 'x' }, 404),
    by('alice', put(`${one}/settings`, { stringValue: 'x' }, 401)),
    get(`${one}/settings`),
    get(`${one}/settings`, 401, 'alice'),
    get(`${all}/none:none/settings`, 404),
    put(`${one}/enabled`, undefined),
    // Of a repository's the documents list no 400.
    ...(kind === 'PROJECT' ? [wrong(put(`${one}/enabled`, [], 400))] : []),
    by('alice', put(`${one}/enabled`, undefined, 401)),
    put(`${all}/none:none/enabled`, undefined, 404),
    remove(`${one}/enabled`, 200),
    by('alice', remove(`${one}/enabled`, 401)),
    remove(`${all}/none:none/enabled`, 404),
    ...(kind === 'REPO' ? [remove(one), by('alice', remove(one, 401)), remove(`${all}/none:none`, 404)] : []),
  ]
})

const webhook = {
  name: 'CI',
  url: 'https://ci.example.com/hook',
  events: ['repo:refs_changed', 'pr:opened'],
  active: true,
  sslVerificationRequired: true,
  configuration: { secret: 'hidden' },
  credentials: { username: 'ci', password: 'hidden' },
}

const webhooks = both((scope, kind) => {
  const all = `${api}${scope}/webhooks`
  const lost = `${api}${nowhere(scope)}/webhooks`
  return [
    post(all, webhook, 201),
    wrong(post(all, { ...webhook, events: [] }, 400)),
    wrong(post(all, { ...webhook, url: 'nowhere' }, 400)),
    by('alice', post(all, webhook, 401)),
    post(lost, webhook, 404),
    get(`${all}/{last}`),
    get(`${all}/{last}`, 401, 'alice'),
    get(`${all}/9`, 404),
    get(`${all}/{last}/latest`, 204),
    get(`${all}/{last}/latest`, 401, 'alice'),
    get(`${all}/9/latest`, 404),
    put(`${all}/{last}`, { ...webhook, credentials: { username: 'ci' } }),
    by('alice', put(`${all}/{last}`, webhook, 401)),
    put(`${all}/9`, webhook, 404),
    get(`${all}?event=pr:opened`),
    get(all, 401, 'alice'),
    get(lost, 404),
    ...(kind === 'REPO'
      ? [
          get(`${all}/search?scopeType=PROJECT`),
          get(`${all}/search?event=pr:opened`),
          get(`${all}/search`, 401, 'alice'),
          get(`${lost}/search`, 404),
        ]
      : []),
    by('alice', remove(`${all}/{last}`, 401)),
    remove(`${all}/{last}`),
    remove(`${all}/9`, 404),
  ]
})

const matcher = (id: string, type: string): unknown => ({ id, displayId: id, type: { id: type, name: type } })
const restriction = {
  type: 'no-deletes',
  matcher: matcher('refs/heads/main', 'BRANCH'),
  users: ['alice'],
  groups: ['developers'],
  accessKeys: [],
}

const branches = both((scope) => {
  const all = `/rest/branch-permissions/latest${scope}/restrictions`
  return [
    wrong(post(all, restriction)),
    wrong(post(all, { ...restriction, users: [] })),
    wrong(post(all, { ...restriction, type: 'no-fun' }, 400)),
    wrong(post(all, { ...restriction, users: ['stranger'] }, 400)),
    by('alice', wrong(post(all, restriction, 401))),
    get(`${all}?type=no-deletes&matcherType=BRANCH&matcherId=refs/heads/main`),
    wrong(get(`${all}?type=no-fun`, 400)),
    get(all, 401, 'alice'),
    get(`/rest/branch-permissions/latest${nowhere(scope)}/restrictions`, 404),
    get('/rest/branch-permissions/2.0/projects/PLAT/restrictions'),
    get(`${all}/{last}`),
    get(`${all}/9`, 404),
    get(`${all}/9`, 401, 'alice'),
    by('alice', remove(`${all}/9`, 401)),
    remove(`${all}/9`),
  ]
})

const merge = { defaultStrategy: { id: 'squash' }, strategies: [{ id: 'squash' }], commitSummaries: 5 }
const ofScm = `${api}${project}/settings/pull-requests`
const ofRepository = `${api}${repository}/settings/pull-requests`

const pullRequests: readonly Step[] = [
  get(`${ofScm}/git`),
  get(`${ofScm}/git`, 401, 'nobody'),
  get(`${ofScm}/hg`, 404),
  post(`${ofScm}/git`, { mergeConfig: merge }),
  post(`${ofScm}/git`, { mergeConfig: { ...merge, strategies: [{ id: 'ff' }] } }, 400),
  by('alice', post(`${ofScm}/git`, { mergeConfig: merge }, 401)),
  post(`${ofScm}/hg`, { mergeConfig: merge }, 404),
  get(ofRepository),
  get(ofRepository, 401, 'nobody'),
  get(ofRepository.replace('web', 'none'), 404),
  wrong(
    post(ofRepository, {
      requiredAllApprovers: true,
      requiredApprovers: { enabled: true, count: '2' },
      requiredSuccessfulBuilds: 1,
      requiredAllTasksComplete: true,
    }),
  ),
  wrong(post(ofRepository, { requiredAllApprovers: 'yes' }, 400)),
  by('alice', wrong(post(ofRepository, { requiredAllApprovers: true }, 401))),
  wrong(post(ofRepository.replace('web', 'none'), { requiredAllApprovers: true }, 404)),
  post(`${ofScm}/git`, { mergeConfig: {} }),
]

const automatic = both((scope, kind) => {
  const decline = `${api}${scope}/settings/auto-decline`
  const merging = `${api}${scope}/settings/auto-merge`
  const lost = `${api}${nowhere(scope)}/settings`
  const action = kind === 'PROJECT' ? { restrictionAction: 'CREATE' } : {}
  return [
    get(decline),
    get(decline, 401, 'nobody'),
    get(`${lost}/auto-decline`, 404),
    put(decline, { enabled: true, inactivityWeeks: 8 }),
    put(decline, { enabled: true, inactivityWeeks: 3 }, 400),
    by('alice', put(decline, { enabled: true, inactivityWeeks: 8 }, 401)),
    put(`${lost}/auto-decline`, { enabled: true, inactivityWeeks: 8 }, 404),
    get(decline),
    remove(decline),
    by('alice', remove(decline, 401)),
    remove(`${lost}/auto-decline`, 404),
    get(merging),
    get(merging, 401, 'nobody'),
    get(`${lost}/auto-merge`, 404),
    put(merging, { enabled: true, ...action }, kind === 'PROJECT' ? 200 : 403),
    ...(kind === 'REPO'
      ? [
          remove(merging, 403),
          put(`${api}${project}/settings/auto-merge`, { enabled: true, restrictionAction: 'DELETE' }),
          put(merging, { enabled: true }),
        ]
      : []),
    wrong(put(merging, { enabled: 'yes', ...action }, 400)),
    by('alice', put(merging, { enabled: true, ...action }, 401)),
    put(`${lost}/auto-merge`, { enabled: true, ...action }, 404),
    remove(merging),
    by('alice', remove(merging, 401)),
    remove(`${lost}/auto-merge`, 404),
  ]
})

const any = matcher('any', 'ANY_REF')
const condition = { sourceMatcher: any, targetMatcher: any, reviewers: [{ id: 2 }], requiredApprovals: 1 }

const reviewers = both((scope) => {
  const base = `/rest/default-reviewers/latest${scope}`
  return [
    wrong(post(`${base}/condition`, condition)),
    wrong(post(`${base}/condition`, { ...condition, reviewers: [{ name: 'alice' }] }, 400)),
    wrong(put(`${base}/condition/{last}`, { ...condition, targetMatcher: matcher('main', 'BRANCH') })),
    wrong(put(`${base}/condition/9`, condition, 400)),
    get(`${base}/conditions`),
    remove(`${base}/condition/9`, 404),
    remove(`${base}/condition/{last}`),
  ]
})

const build = { buildParentKeys: ['CI'], refMatcher: any, exemptRefMatcher: matcher('refs/heads/spike', 'BRANCH') }
const required = `/rest/required-builds/latest${repository}`
const requiredBuilds: readonly Step[] = [
  post(`${required}/condition`, build),
  put(`${required}/condition/{last}`, { ...build, buildParentKeys: ['CI', 'CD'] }),
  put(`${required}/condition/{last}`, { ...build, buildParentKeys: [] }, 400),
  by('alice', put(`${required}/condition/{last}`, build, 401)),
  get(`${required}/conditions`),
  get(`${required}/conditions`, 401, 'nobody'),
  post(`${required}/condition`, { ...build, buildParentKeys: [] }, 400),
  by('alice', post(`${required}/condition`, build, 401)),
  by('alice', remove(`${required}/condition/{last}`, 401)),
  remove(`${required}/condition/{last}`),
]

const reviewerGroups = both((scope) => {
  const all = `${api}${scope}/settings/reviewer-groups`
  const lost = `${api}${nowhere(scope)}/settings/reviewer-groups`
  const group = { name: 'Owners', description: 'Who knows it', users: [{ id: 2 }] }
  return [
    wrong(post(all, group, 201)),
    wrong(post(all, { ...group, name: 'owners' }, 409)),
    wrong(post(all, { users: [{ id: 2 }] }, 400)),
    by('alice', wrong(post(all, group, 401))),
    wrong(post(lost, group, 404)),
    get(`${all}/{last}`),
    get(`${all}/{last}`, 401, 'nobody'),
    get(`${all}/9`, 404),
    get(all),
    get(all, 401, 'nobody'),
    get(lost, 404),
    put(`${all}/{last}`, { name: 'Keepers' }),
    wrong(put(`${all}/{last}`, { name: '' }, 400)),
    by('alice', put(`${all}/{last}`, { name: 'x' }, 401)),
    put(`${all}/9`, { name: 'x' }, 404),
    wrong(post(all, group, 201)),
    put(`${all}/{last}`, { name: 'keepers' }, 409),
    by('alice', remove(`${all}/{last}`, 401)),
    remove(`${all}/{last}`),
    remove(`${all}/9`, 404),
  ]
})

const text = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop deploy'
const keys = both((scope, kind) => {
  const all = `/rest/keys/latest${scope}/ssh`
  const lost = `/rest/keys/latest${nowhere(scope)}/ssh`
  const given = { key: { text, label: 'deploy' }, permission: `${kind}_READ` }
  // An answer of an access key has its id inside.
  const id = '{key}'
  return [
    post(all, given, 201),
    post(all, given, 400),
    wrong(post(all, { key: { text: 'nonsense' }, permission: `${kind}_READ` }, 400)),
    by('alice', post(all, given, 401)),
    post(lost, given, 404),
    get(`${all}?filter=deploy&permission=${kind}_READ`),
    get(all, 401, 'alice'),
    get(lost, 404),
    get(`${all}/${id}`),
    get(`${all}/${id}`, 401, 'alice'),
    get(`${all}/9`, 404),
    put(`${all}/${id}/permission/${kind}_WRITE`, undefined),
    by('alice', put(`${all}/${id}/permission/${kind}_WRITE`, undefined, 401)),
    put(`${all}/9/permission/${kind}_WRITE`, undefined, 404),
    by('alice', remove(`${all}/${id}`, 401)),
    remove(`${all}/${id}`),
    remove(`${all}/${id}`),
  ]
})

const tokens = both((scope, kind) => {
  const all = `/rest/access-tokens/latest${scope}`
  const lost = `/rest/access-tokens/latest${nowhere(scope)}`
  const given = { name: 'ci', permissions: [`${kind}_READ`] }
  return [
    put(all, given),
    wrong(put(all, { permissions: [`${kind}_READ`] }, 400)),
    put(all, { name: 'x', permissions: ['ADMIN'] }, 400),
    by('alice', put(all, given, 401)),
    put(lost, given, 404),
    get(`${all}/{last}`),
    get(`${all}/{last}`, 401, 'alice'),
    get(`${all}/9`, 404),
    get(all),
    get(all, 401, 'alice'),
    get(lost, 404),
    post(`${all}/{last}`, { name: 'cd', permissions: [`${kind}_READ`] }),
    post(`${all}/{last}`, { permissions: ['KING'] }, 400),
    by('alice', post(`${all}/{last}`, given, 401)),
    by('alice', remove(`${all}/{last}`, 401)),
    remove(`${all}/{last}`),
    remove(`${all}/9`, 404),
  ]
})

const labels: readonly Step[] = [
  post(`${api}${repository}/labels`, { name: 'web-shop' }),
  post(`${api}${repository}/labels`, { name: 'web-shop' }, 400),
  by('alice', post(`${api}${repository}/labels`, { name: 'other' }, 401)),
  post(`${api}${nowhere(repository)}/labels`, { name: 'other' }, 404),
  get(`${api}${repository}/labels`),
  get(`${api}${repository}/labels`, 401, 'nobody'),
  get(`${api}${nowhere(repository)}/labels`, 404),
  get(`${api}/labels?prefix=web`),
  get(`${api}/labels`, 401, 'nobody'),
  get(`${api}/labels/web-shop`),
  get(`${api}/labels/web-shop`, 401, 'nobody'),
  get(`${api}/labels/none`, 404),
  get(`${api}/labels/web-shop/labeled?type=REPOSITORY`),
  get(`${api}/labels/web-shop/labeled?type=PROJECT`, 400),
  get(`${api}/labels/web-shop/labeled`, 401, 'nobody'),
  get(`${api}/labels/none/labeled`, 404),
  by('alice', remove(`${api}${repository}/labels/web-shop`, 401)),
  remove(`${api}${repository}/labels/web-shop`),
  remove(`${api}${repository}/labels/web-shop`, 404),
]

const key = { namespace: 'com.atlassian.bitbucket.server:internal', featureKey: 'repository-permissions' }
const query = `namespace=${key.namespace}&featureKey=${key.featureKey}`
const limits = `${api}${project}/settings-restriction`
const restrictions: readonly Step[] = [
  post(limits, key),
  post(limits, key, 409),
  wrong(post(limits, { namespace: 'x' }, 400)),
  by('alice', post(limits, key, 401)),
  post(limits.replace('PLAT', 'NONE'), key, 404),
  get(`${limits}?${query}`),
  get(`${limits}?${query}`, 401, 'nobody'),
  wrong(get(limits, 400)),
  get(`${limits}?${query}&componentKey=x`, 404),
  get(`${limits}/all?${query}`),
  get(`${limits}/all?${query}`, 401, 'nobody'),
  wrong(get(`${limits}/all`, 400)),
  get(`${limits.replace('PLAT', 'NONE')}/all?${query}`, 404),
  remove(`${limits}?${query}`),
  wrong(remove(limits, 400)),
  by('alice', remove(`${limits}?${query}`, 401)),
  remove(`${limits.replace('PLAT', 'NONE')}?${query}`, 404),
].map((step) => from('8.17', step))

export const codeSettingSteps: readonly Step[] = [
  ...permissions,
  ...defaults,
  ...hooks,
  ...webhooks,
  ...branches,
  ...pullRequests,
  ...automatic,
  ...reviewers,
  ...requiredBuilds,
  ...reviewerGroups,
  ...keys,
  ...tokens,
  ...labels,
  ...restrictions,
]
