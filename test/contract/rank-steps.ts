/** Steps by administrators of different rank, and on a licence without a seat; and the search for whoever has a right. */
import { makeInstanceState } from '../../src/sandbox/instance-state.js'
import { writeLicense } from '../../src/sandbox/routes/license.js'
import { api, by, get, post, put, remove, type Step, wrong } from './steps.js'

const people = '/rest/api/latest/users'

const found: readonly Step[] = [
  get(`${people}?filter=a&group=developers`),
  get(`${people}?permission=ADMIN`),
  get(people, 401, 'nobody'),
  get(`${people}?permission=KING`, 400),
  get(`${people}?permission=PROJECT_ADMIN`, 400),
  // The text describes these parameters, the list has only their root.
  wrong(get(`${people}?permission=PROJECT_ADMIN&permission.projectKey=PLAT`)),
  wrong(get(`${people}?permission.1=REPO_READ&permission.1.projectKey=PLAT&permission.1.repositorySlug=web`)),
  wrong(get(`${people}?permission.1=REPO_READ&permission.1.projectKey=PLAT&permission.1.repositorySlug=none`, 400)),
]

const group = (name: string, level: string, member: string): readonly Step[] => [
  post(`${api}/groups?name=${name}`, undefined),
  put(`${api}/permissions/groups?name=${name}&permission=${level}`, undefined, 204),
  post(`${api}/groups/add-users`, { group: name, users: [member] }),
]

const ranks: readonly Step[] = [
  ...group('chiefs', 'ADMIN', 'bob'),
  ...group('wizards', 'SYS_ADMIN', 'admin'),
  // Bob is an ADMIN by that group alone.
  by('bob', remove(`${api}/groups?name=chiefs`, 409)),
  by('bob', remove(`${api}/permissions/groups?name=chiefs`, 409)),
  by('bob', put(`${api}/permissions/groups?name=chiefs&permission=LICENSED_USER`, undefined, 409)),
  by('bob', remove(`${api}/users?name=admin`, 403)),
  by('bob', post(`${api}/users/add-groups`, { user: 'bob', groups: ['wizards'] }, 403)),
  by('bob', post(`${api}/users/remove-group`, { context: 'alice', itemName: 'wizards' }, 403)),
  remove(`${api}/groups?name=chiefs`, 200),
  remove(`${api}/groups?name=wizards`, 200),
]

const { license } = makeInstanceState()
const licenseFor = (seats: number): Step =>
  post(`${api}/license`, { license: license && writeLicense({ ...license, maximumNumberOfUsers: seats }) })

/** The trainee has no seat yet. */
const seats: readonly Step[] = [
  post(`${api}/groups?name=novices`, undefined),
  post(`${api}/groups/add-users`, { group: 'novices', users: ['trainee'] }),
  licenseFor(1),
  put(`${api}/permissions/users?name=trainee&permission=LICENSED_USER`, undefined, 403),
  put(`${api}/permissions/groups?name=novices&permission=LICENSED_USER`, undefined, 403),
  post(`${api}/groups/add-users`, { group: 'contractors', users: ['trainee'] }, 403),
  post(`${api}/users/add-groups`, { user: 'trainee', groups: ['contractors'] }, 403),
  post(`${api}/users?name=new&displayName=New&emailAddress=new@example.com&password=x`, undefined, 403),
  licenseFor(license?.maximumNumberOfUsers ?? 0),
  remove(`${api}/groups?name=novices`, 200),
]

export const rankSteps: readonly Step[] = [...found, ...ranks, ...seats]
