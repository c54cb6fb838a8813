/** A job that is cancelled: what is left of it ends in the time that the runner leaves, and no token is lost. */
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ApplyReport } from '../../src/model/outcome.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type GithubApiServer, startGithubApi } from '../github-api.js'
import { type SlowRoad, startSlowRoad } from '../slow-road.js'
import { type FakeVault, startVault } from '../vault.js'
import { type Job, makeJob, type StepOptions } from './job.js'
import { type Environment, environmentFor, makeHome, run, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
let port = 21_800
let sandbox: Sandbox
let github: GithubApiServer
let vault: FakeVault
let road: SlowRoad
let job: Job
let home: ReturnType<typeof makeHome>
let person: Environment

beforeEach(async () => {
  home = makeHome()
  github = await startGithubApi()
  github.addToken('ghs_job', { contents: 'read' })
  vault = await startVault()
  road = await startSlowRoad(vault.url)
  const redirectUri = `http://localhost:${port++}/`
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  person = {
    ...environmentFor(sandbox, home.path),
    BBSTATE_VAULT_TOKEN: 'root',
    BBSTATE_TOKEN_STORE: `vault:${road.url}/secret/bbstate`,
  }
  const { code, all } = await signIn(person, redirectUri)
  if (code !== 0) throw new Error(all)
  job = makeJob(github)
  job.write(
    'bbstate.yaml',
    'instance:\n  defaultBranch: trunk\n  banner: { message: Hello, audience: ALL, enabled: true }\n',
  )
})
afterEach(async () => {
  await Promise.all([sandbox.close(), github.close(), road.close(), vault.close()])
  job.remove()
  home.remove()
})

const sha = 'c0ffee0000000000000000000000000000000000'
const payload = { repository: { full_name: 'acme/settings', default_branch: 'main' } }

function options(command: string, more: Readonly<Record<string, string>> = {}): StepOptions {
  return {
    cause: { event: 'push', ref: 'refs/heads/main', sha, payload },
    inputs: {
      command,
      'github-token': 'ghs_job',
      url: person['BBSTATE_URL'] ?? '',
      'client-id': person['BBSTATE_CLIENT_ID'] ?? '',
      'client-secret': person['BBSTATE_CLIENT_SECRET'] ?? '',
      'store-key': person['BBSTATE_STORE_KEY'] ?? '',
      'token-store': person['BBSTATE_TOKEN_STORE'] ?? '',
      ...more,
    },
    // Of the job, not of the person who signed in: this machine has never seen the token.
    environment: { BBSTATE_HOME: job.temporary, BBSTATE_VAULT_TOKEN: 'root' },
  }
}

const tokenRequests = (): number =>
  sandbox.requests.filter(({ method, path }) => method === 'POST' && path.includes('/oauth2/')).length

test('killed between the refresh and its commit: the step after the job commits the pair', async () => {
  sandbox.forgetRequests()
  let writes = 0
  const isRecordWrite = (path: string, body: string): boolean =>
    path.includes('/data/') && !/\.lock$|\.use/u.test(path) && body.includes('cas')
  const step = job.start(options('refresh'))
  road.watch((path, body) => {
    if (!isRecordWrite(path, body) || ++writes !== 2) return
    // The first one said that a refresh begins; this is the commit, which never arrives.
    road.hold(isRecordWrite)
    step.kill('SIGKILL')
  })
  const killed = await step.ended
  expect(killed.code).toBeNull()
  expect(writes).toBe(2)
  expect(tokenRequests()).toBe(1)
  const stage = killed.state['stage'] ?? ''
  expect(existsSync(stage)).toBe(true)
  road.watch(() => undefined)
  road.hold(() => false)
  // The lock of the run that was killed ends by time.
  vault.skew += 121_000
  const { environment } = options('refresh')
  const post = await job.run({
    ...options('refresh'),
    state: killed.state,
    script: 'post.js',
    environment: environment ?? {},
  })
  expect(post.code, post.log).toBe(0)
  expect(post.log).toContain('generation 2 is stored')
  expect(existsSync(stage)).toBe(false)
  expect(tokenRequests(), 'nothing was presented twice').toBe(1)
  for (const word of [person['BBSTATE_CLIENT_SECRET'], person['BBSTATE_STORE_KEY']]) {
    expect(post.written + JSON.stringify(killed.state)).not.toContain(word)
  }
  const status = await run(['auth', 'status', '--token-store', `vault:${road.url}/secret/bbstate`], person)
  expect(status.stdout, status.all).toContain('generation 2')
  expect(status.stdout).not.toContain('Unfinished')
}, 90_000)

test('the step after a job that went well sends nothing', async () => {
  const refreshed = await job.run(options('refresh'))
  expect(refreshed.code, refreshed.log).toBe(0)
  const before = vault.requests.length
  const post = await job.run({ ...options('refresh'), state: refreshed.state, script: 'post.js' })
  expect(post.code, post.log).toBe(0)
  expect(vault.requests.length).toBe(before)
})

test('a plan that waits for a slow server ends with the first signal, its outputs set', async () => {
  sandbox.forgetRequests()
  sandbox.addFault({ path: '/admin/default-branch', kind: 'delay', milliseconds: 600_000 })
  const step = job.start(options('plan'))
  // The other setting is read at the same time, and is answered.
  const isReading = (): boolean => sandbox.requests.some(({ path }) => path.includes('banner'))
  await expect.poll(isReading, { timeout: 20_000 }).toBe(true)
  step.kill('SIGINT')
  // It does not wait for the answer, which is ten minutes away.
  const { code, outputs, log } = await step.ended
  expect(code, log).toBe(130)
  expect(outputs['exit-code']).toBe('130')
})

test('SIGTERM after SIGINT leaves an apply two seconds, and the next one finishes', async () => {
  sandbox.forgetRequests()
  sandbox.addFault({ path: '/admin/default-branch', method: 'PUT', kind: 'delay', milliseconds: 20_000 })
  sandbox.addFault({ path: '/admin/default-branch', method: 'POST', kind: 'delay', milliseconds: 20_000 })
  const step = job.start(options('apply', { 'auto-approve': 'true' }))
  const isWriting = (): boolean =>
    sandbox.requests.some(({ method, path }) => method !== 'GET' && path.includes('banner'))
  await expect.poll(isWriting, { timeout: 20_000 }).toBe(true)
  step.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 200))
  step.kill('SIGTERM')
  const asked = Date.now()
  const { code, log, outputs } = await step.ended
  expect(code, log).toBe(130)
  expect(outputs['exit-code']).toBe('130')
  const report = JSON.parse(readFileSync(outputs['report-file'] ?? '', 'utf8')) as ApplyReport
  expect(report.summary).toEqual({ done: 1, failed: 1, skipped: 0 })
  expect(report.outcomes.find(({ outcome }) => outcome === 'failed')?.error?.code).toBe('INTERRUPTED')
  expect(Date.now() - asked).toBeLessThan(15_000)
  sandbox.clearFaults()
  vault.skew += 121_000
  const again = await job.run(options('apply', { 'auto-approve': 'true' }))
  expect(again.code, again.log).toBe(0)
}, 90_000)
