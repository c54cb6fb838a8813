/** Steps through what is looked for: people, groups, permissions, repositories, branches. */
import { by, from, get, post, put, remove, type Step, wrong } from './steps.js'

const api = '/rest/api/latest'
const project = `${api}/projects/PLAT`
const repository = `${project}/repos/web`

const people: readonly Step[] = [
  get(`${api}/users?filter=ali`),
  get(`${api}/users?permission=ADMIN&group=stash-users`),
  // The members of a filter are told of in the text of the document, not listed among the parameters.
  wrong(get(`${api}/users?permission.1=PROJECT_WRITE&permission.1.projectKey=PLAT`)),
  wrong(get(`${api}/users?permission=REPO_READ&permission.projectKey=PLAT&permission.repositorySlug=web`)),
  get(`${api}/users?permission=KING`, 400),
  get(`${api}/users?permission=PROJECT_READ`, 400),
  wrong(get(`${api}/users?permission=REPO_READ&permission.projectKey=PLAT&permission.repositorySlug=none`, 400)),
  get(`${api}/users`, 401, 'nobody'),
  get(`${api}/users/alice`),
  get(`${api}/users/alice`, 401, 'nobody'),
  get(`${api}/users/stranger`, 404),
  get(`${api}/groups?filter=dev`),
  get(`${api}/groups`, 401, 'nobody'),
]

/** Deprecated, and still documented. */
const members = (['groups/add-user', 'users/add-group', 'groups/remove-user'] as const).flatMap(
  (name): readonly Step[] => {
    const body = (group: string, user: string): unknown =>
      name === 'users/add-group' ? { context: user, itemName: group } : { context: group, itemName: user }
    const path = `${api}/admin/${name}`
    return [
      post(path, body('contractors', 'alice')),
      post(path, body('none', 'alice'), 404),
      post(path, body('contractors', 'stranger'), 404),
      post(path, body('ldap-staff', 'alice'), 403),
      by('bob', post(path, body('contractors', 'alice'), 401)),
    ]
  },
)

const permissions = [project, repository].flatMap((scope): readonly Step[] => {
  const search = `${scope}/permissions/search`
  return [
    get(search),
    get(`${search}?permission=ADMIN&permission=PROJECT_ADMIN&filterText=a&type=USER`),
    get(`${search}?permission=LICENSED_USER&type=GROUP`),
    get(`${search}?permission=KING`, 400),
    get(`${search}?type=ROBOT`, 400),
    get(search, 401, 'alice'),
    get(`${scope === project ? `${api}/projects/NONE` : `${project}/repos/none`}/permissions/search`, 404),
  ]
})

const groups = `${repository}/settings/reviewer-groups`

const repositories: readonly Step[] = [
  get(repository),
  get(`${api}/profile/recent/repos?permission=REPO_ADMIN`),
  get(`${api}/profile/recent/repos?permission=ADMIN`, 400),
  get(`${api}/profile/recent/repos`, 401, 'nobody'),
  post(repository, { name: 'Web fork' }, 201),
  get(`${repository}/forks`),
  get(`${repository}/forks`, 401, 'nobody'),
  get(`${project}/repos/none/forks`, 404),
  remove(`${api}/projects/~admin/repos/web-fork`, 202),
  get(`${repository}/branches/default`),
  get(`${repository}/branches/default`, 401, 'nobody'),
  get(`${project}/repos/none/branches/default`, 404),
  post(`${project}/repos`, { name: 'Empty', defaultBranch: 'main' }, 201),
  get(`${project}/repos/empty/branches/default`, 204),
  put(`${repository}/branches/default`, { id: 'refs/heads/main' }, 204),
  put(`${repository}/branches/default`, { id: 'refs/heads/none' }, 404),
  by('alice', put(`${repository}/branches/default`, { id: 'refs/heads/main' }, 401)),
  remove(`${project}/repos/empty`, 202),
  wrong(post(groups, { name: 'Readers', users: [{ id: 2 }] }, 201)),
  get(`${groups}/{last}/users`),
  get(`${groups}/{last}/users`, 401, 'nobody'),
  get(`${groups}/9/users`, 404),
  remove(`${groups}/{last}`),
]

const required = '/rest/required-builds/latest/projects/PLAT/repos/web'
const any = { id: 'any', displayId: 'any', type: { id: 'ANY_REF', name: 'Any branch' } }
const build = { buildParentKeys: ['CI'], refMatcher: any, requiredForPullRequest: false, requiredForMergeQueue: true }

/** The document of 10.0 does not know the two of 10.2 yet. */
const builds: readonly Step[] = [
  wrong(post(`${required}/condition`, build)),
  wrong(put(`${required}/condition/{last}`, build)),
  from('10.2', wrong(put(`${required}/condition/{last}`, { ...build, requiredForMergeQueue: 'yes' }, 400))),
  get(`${required}/conditions`),
  remove(`${required}/condition/{last}`),
]

export const directorySteps: readonly Step[] = [...people, ...members, ...permissions, ...repositories, ...builds]
