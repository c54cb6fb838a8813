/** Steps through reviews: who takes part in a pull request, what they say, and where they find it. */
import { by, get, post, put, remove, type Step, wrong } from './steps.js'

const api = '/rest/api/latest'
const repository = `${api}/projects/PLAT/repos/web`
const requests = `${repository}/pull-requests`
const one = `${requests}/1`
const lost = `${requests}/9`
const ends = { fromRef: { id: 'refs/heads/review' }, toRef: { id: 'refs/heads/main' } }
/** The document of 10.0 wants all of a user, of whom the name alone counts. */
const user = (name: string): unknown => ({ name, slug: name, displayName: name, type: 'NORMAL' })
const carol = { user: user('carol'), role: 'REVIEWER' }

const reviews: readonly Step[] = [
  post(`${repository}/branches`, { name: 'review', startPoint: 'main' }),
  by('alice', post(requests, { title: 'Review me', ...ends }, 201)),
  post(`${one}/approve`, undefined),
  by('alice', post(`${one}/approve`, undefined, 409)),
  by('nobody', post(`${one}/approve`, undefined, 401)),
  post(`${lost}/approve`, undefined, 404),
  remove(`${one}/approve`, 200),
  by('bob', remove(`${one}/approve`, 404)),
  by('nobody', remove(`${one}/approve`, 401)),
  remove(`${lost}/approve`, 404),
  post(`${one}/participants`, carol),
  post(`${one}/participants`, { ...carol, role: 'AUTHOR' }, 400),
  post(`${one}/participants`, { ...carol, user: user('alice') }, 400),
  post(`${one}/participants`, { ...carol, user: user('stranger') }, 400),
  by('trainee', post(`${one}/participants`, carol, 401)),
  post(`${lost}/participants`, carol, 404),
  remove(`${one}/participants/carol`),
  by('nobody', remove(`${one}/participants/carol`, 401)),
  remove(`${lost}/participants/carol`, 404),
]

const found: readonly Step[] = [
  get(`${api}/dashboard/pull-requests`),
  get(`${api}/dashboard/pull-requests?role=REVIEWER&state=OPEN&participantStatus=UNAPPROVED,APPROVED&order=OLDEST`),
  get(`${api}/dashboard/pull-requests?user=alice&closedSince=60`),
  get(`${api}/dashboard/pull-requests?role=KING`, 400),
  get(`${api}/dashboard/pull-requests?state=LOST`, 400),
  get(`${api}/dashboard/pull-requests?participantStatus=BORED`, 400),
  get(`${api}/dashboard/pull-requests?closedSince=yesterday`, 400),
  get(`${api}/dashboard/pull-requests`, 401, 'nobody'),
  get(`${api}/inbox/pull-requests?role=author`),
  get(`${api}/inbox/pull-requests`, 401, 'nobody'),
  get(`${api}/inbox/pull-requests/count`),
  get(`${api}/inbox/pull-requests/count`, 401, 'nobody'),
]

const closed: readonly Step[] = [
  post(`${one}/decline`, { version: 0 }),
  post(`${one}/approve`, undefined, 409),
  remove(`${one}/approve`, 409),
  put(repository, { archived: true }, 201),
  post(`${one}/participants`, carol, 409),
  remove(`${one}/participants/carol`, 409),
  put(repository, { archived: false }, 201),
  wrong({ method: 'DELETE', path: one, body: { version: 1 }, status: 204 }),
]

export const reviewSteps: readonly Step[] = [...reviews, ...found, ...closed]
