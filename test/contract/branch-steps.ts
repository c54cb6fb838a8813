/** Steps through what accompanies branches: default tasks and the branching model. */
import { by, get, post, put, remove, type Step, wrong } from './steps.js'

const matcher = (id: string, type: string): unknown => ({ id, displayId: id, type: { id: type, name: type } })
const any = matcher('any', 'ANY_REF')
const task = { description: 'Write a note of <what> changed', sourceMatcher: any, targetMatcher: any }

/** @param nowhere the same without the project or the repository */
function taskSteps(scope: string, nowhere: string): readonly Step[] {
  const all = `/rest/default-tasks/latest${scope}/tasks`
  const lost = `/rest/default-tasks/latest${nowhere}/tasks`
  return [
    post(all, { ...task, targetMatcher: matcher('main', 'BRANCH') }),
    post(all, { ...task, description: '' }, 400),
    wrong(post(all, { ...task, sourceMatcher: matcher('x', 'NONSENSE') }, 400)),
    post(all, { description: 'No matchers' }, 400),
    by('alice', post(all, task, 401)),
    by('nobody', post(all, task, 401)),
    post(lost, task, 404),
    put(`${all}/{last}`, { ...task, description: 'Write a note' }),
    put(`${all}/{last}`, { ...task, description: '' }, 400),
    put(`${all}/9`, task, 400),
    by('alice', put(`${all}/{last}`, task, 401)),
    put(`${lost}/{last}`, task, 404),
    get(`${all}?limit=1`),
    get(`${all}?markup=true`),
    get(all, 401, 'nobody'),
    get(lost, 404),
    by('alice', remove(`${all}/{last}`, 401)),
    remove(`${all}/{last}`),
    remove(`${all}/9`, 404),
    remove(`${lost}/9`, 404),
    post(all, task),
    by('alice', remove(all, 401)),
    remove(all),
    remove(lost, 404),
  ]
}

const types = [
  { id: 'BUGFIX', displayName: 'Bugfix', enabled: true, prefix: 'fix/' },
  { id: 'FEATURE', displayName: 'Feature', enabled: false, prefix: 'feature/' },
]

function modelSteps(scope: string, nowhere: string): readonly Step[] {
  const path = `/rest/branch-utils/latest${scope}/branchmodel/configuration`
  const lost = path.replace(scope, nowhere)
  const model = { development: { refId: null, useDefault: true }, types }
  return [
    get(path),
    get(path, 401, 'nobody'),
    get(lost, 404),
    put(path, { ...model, production: { refId: 'refs/heads/main', useDefault: false } }),
    put(path, { ...model, development: { refId: 'a b', useDefault: false } }, 400),
    put(path, { ...model, production: { useDefault: false } }, 400),
    put(path, { ...model, types: [{ id: 'SPIKE', prefix: 'spike/', enabled: true }] }, 400),
    put(path, { ...model, types: types.map((type) => ({ ...type, enabled: true, prefix: 'x/' })) }, 400),
    put(path, { ...model, types: [{ id: 'BUGFIX', prefix: ' ', enabled: true }] }, 400),
    by('alice', put(path, model, 401)),
    put(lost, model, 404),
    get(path),
    by('alice', remove(path, 401)),
    remove(path),
    remove(lost, 404),
  ]
}

const places = [
  ['/projects/PLAT', '/projects/NONE'],
  ['/projects/PLAT/repos/web', '/projects/PLAT/repos/none'],
] as const

export const branchSteps: readonly Step[] = [
  ...places.flatMap(([scope, nowhere]) => [...taskSteps(scope, nowhere), ...modelSteps(scope, nowhere)]),
  get('/rest/branch-utils/latest/projects/PLAT/repos/web/branchmodel'),
  get('/rest/branch-utils/latest/projects/PLAT/repos/web/branchmodel', 401, 'nobody'),
  get('/rest/branch-utils/latest/projects/PLAT/repos/none/branchmodel', 404),
]
