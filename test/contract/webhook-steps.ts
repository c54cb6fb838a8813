/** Steps through what webhooks have done: tests, the latest call, statistics. */
import { by, get, post, type Step } from './steps.js'

const api = '/rest/api/latest'
const webhook = { name: 'CI', url: 'https://ci.example.com/hook', events: ['repo:refs_changed'], active: true }
const credentials = { username: 'ci', password: 'hidden' }
const url = encodeURIComponent(webhook.url)

/** @param nowhere the same without the project or the repository */
function stepsOf(scope: string, nowhere: string): readonly Step[] {
  const all = `${api}${scope}/webhooks`
  const lost = `${api}${nowhere}/webhooks`
  const one = `${all}/{last}`
  return [
    post(all, webhook, 201),
    get(`${one}/latest`, 204),
    get(`${one}/statistics`),
    get(`${one}/statistics?event=pr:opened`),
    get(`${one}/statistics`, 401, 'alice'),
    get(`${all}/9/statistics`, 404),
    get(`${lost}/9/statistics`, 404),
    get(`${one}/statistics/summary`, 204),
    get(`${one}/statistics/summary`, 401, 'alice'),
    get(`${all}/9/statistics/summary`, 404),
    post(`${all}/test?url=${url}&webhookId={last}&sslVerificationRequired=false`, credentials),
    get(`${one}/statistics?event=diagnostics:ping`),
    get(`${one}/statistics/summary`),
    get(`${one}?statistics=true`),
    get(`${all}?statistics=true`),
    get(`${all}/9/latest`, 404),
    post(`${all}/test?url=${url}`, credentials),
    post(`${all}/test?url=${url}&webhookId=9`, credentials, 404),
    post(`${lost}/test?url=${url}`, credentials, 404),
    by('alice', post(`${all}/test?url=${url}`, credentials, 401)),
    by('nobody', post(`${all}/test?url=${url}`, credentials, 401)),
    get(`${one}/latest?outcome=FAILURE`, 204),
    // A call has an id, too: from here on `{last}` is no webhook.
    get(`${one}/latest?event=diagnostics:ping&outcome=ERROR`),
  ]
}

export const webhookSteps: readonly Step[] = [
  ...stepsOf('/projects/PLAT', '/projects/NONE'),
  ...stepsOf('/projects/PLAT/repos/web', '/projects/PLAT/repos/none'),
]
