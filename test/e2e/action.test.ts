/** From an event to its effect: pull requests, merges and what may go wrong between them, by the bundled Action. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type GithubApiServer, type Issue, type Permissions, startGithubApi } from '../github-api.js'
import { type Cause, type Job, makeJob, type StepOptions, type StepResult } from './job.js'
import { type Environment, environmentFor, makeHome, signIn } from './program.js'

// Below the range from which the system takes ports for connections.
let port = 21_700
let sandbox: Sandbox
let github: GithubApiServer
let job: Job
let home: ReturnType<typeof makeHome>
let person: Environment
const results: StepResult[] = []

const token = 'ghs_CANARYjobtoken0123456789'
const smtp = 'CANARY-smtp-password'
const writing: Permissions = { contents: 'read', 'pull-requests': 'write', checks: 'write', issues: 'write' }
const quickStart = readFileSync('examples/quick-start/bbstate.yaml', 'utf8')
const tip = 'c0ffee0000000000000000000000000000000000'
const head = 'a'.repeat(40)
const merge = 'b'.repeat(40)

beforeEach(async () => {
  home = makeHome()
  github = await startGithubApi()
  github.addToken(token, writing)
  const redirectUri = `http://localhost:${port++}/`
  sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  person = environmentFor(sandbox, home.path)
  const { code, all } = await signIn(person, redirectUri)
  if (code !== 0) throw new Error(all)
  job = makeJob(github)
  job.write('bbstate.yaml', quickStart)
  results.length = 0
})

/** No step of any test may show a secret, whatever it was about. */
afterEach(async () => {
  const records = Object.values((sandbox.state as unknown as { tokens?: Record<string, object> }).tokens ?? {})
  const tokens = records.flatMap((record) => Object.values(record)).filter((value) => typeof value === 'string')
  const canaries = [token, smtp, person['BBSTATE_CLIENT_SECRET'], person['BBSTATE_STORE_KEY']]
  for (const result of results) {
    const places = [result.written, result.summary, JSON.stringify(result.outputs), JSON.stringify(result.state)]
    for (const canary of canaries) expect(places.join('\n')).not.toContain(canary)
    for (const each of tokens.filter((value) => value.length > 30)) expect(places.join('\n')).not.toContain(each)
  }
  for (const body of github.bodies) for (const canary of canaries) expect(body).not.toContain(canary)
  await Promise.all([sandbox.close(), github.close()])
  job.remove()
  home.remove()
})

const repository = { full_name: 'acme/settings', default_branch: 'main' }

function pullRequest(pull: Issue, more: { readonly fork?: boolean; readonly event?: string } = {}): Cause {
  const full = more.fork === true ? 'mallory/settings' : 'acme/settings'
  const sha = pull.pull?.head ?? ''
  return {
    event: more.event ?? 'pull_request',
    ref: `refs/pull/${pull.number}/merge`,
    sha: 'f'.repeat(40),
    payload: { repository, pull_request: { number: pull.number, head: { sha, repo: { full_name: full } } } },
  }
}

const onMain = (sha: string, event = 'push'): Cause => ({ event, ref: 'refs/heads/main', sha, payload: { repository } })

const credentials = (): Readonly<Record<string, string>> => ({
  url: person['BBSTATE_URL'] ?? '',
  'client-id': person['BBSTATE_CLIENT_ID'] ?? '',
  'client-secret': person['BBSTATE_CLIENT_SECRET'] ?? '',
  'store-key': person['BBSTATE_STORE_KEY'] ?? '',
})

async function step(
  cause: Cause,
  inputs: Readonly<Record<string, string>>,
  more: Partial<StepOptions> = {},
): Promise<StepResult> {
  const environment = { BBSTATE_HOME: person['BBSTATE_HOME'], ACTIONS_STEP_DEBUG: 'true', ...more.environment }
  const result = await job.run({ cause, inputs: { 'github-token': token, ...inputs }, ...more, environment })
  results.push(result)
  return result
}

/** What main's own job does: the snapshot that pull requests are planned against. */
async function takeSnapshot(): Promise<string> {
  const file = join(job.workspace, 'bbstate-snapshot.json')
  const taken = await step(onMain(tip), { command: 'snapshot', out: 'bbstate-snapshot.json', ...credentials() })
  expect(taken.code, taken.log).toBe(0)
  expect(taken.outputs['snapshot-file']).toBe(file)
  return file
}

const planOn = (pull: Issue, more: Readonly<Record<string, string>> = {}): Promise<StepResult> =>
  step(pullRequest(pull), { command: 'plan', snapshot: 'bbstate-snapshot.json', ...more })

describe('a pull request', () => {
  test('is planned without credentials: comment, check run, remarks, summary, in at most five requests', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    const before = github.requests.length
    sandbox.forgetRequests()
    const planned = await planOn(pull)
    expect(planned.code, planned.log).toBe(0)
    expect(planned.outputs).toMatchObject({ changes: '11', creates: '7', updates: '0', deletes: '4', 'exit-code': '2' })
    expect(planned.outputs['converged']).toBe('false')
    expect(sandbox.requests).toEqual([])
    expect(github.requests.length - before).toBeLessThanOrEqual(5)
    const [comment] = pull.comments
    expect(pull.comments).toHaveLength(1)
    expect(comment?.author).toBe('github-actions[bot]')
    expect(comment?.body).toContain('Plan: 7 to add, 0 to change, 4 to destroy.')
    expect(comment?.body).toContain('against a snapshot from commit `c0ffee000000`')
    expect(planned.summary).toContain('Plan: 7 to add')
    expect(github.checkRuns).toMatchObject([{ head_sha: head, conclusion: 'neutral' }])
    expect(github.checkRuns[0]?.output.summary).toContain('This check informs')
    const remarks = planned.annotations.filter(({ properties }) => properties['file'] !== undefined)
    expect(remarks.length).toBeGreaterThan(3)
    expect(remarks.every(({ properties }) => properties['file'] === 'bbstate.yaml')).toBe(true)
    const plan = JSON.parse(readFileSync(planned.outputs['plan-file'] ?? '', 'utf8')) as Plan
    expect(plan.digest).toBe(planned.outputs['digest'])
  })

  test('that is pushed again keeps its one comment, and somebody who forges one changes nothing', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    await planOn(pull)
    github.addComment(pull, 'mallory', `${pull.comments[0]?.body.split('\n')[0] ?? ''}\nforged`)
    job.write('bbstate.yaml', 'instance:\n  defaultBranch: trunk\n')
    await planOn(pull)
    expect(pull.comments).toHaveLength(2)
    expect(pull.comments[0]?.body).toContain('instance.defaultBranch')
    expect(pull.comments[0]?.body).not.toContain('platform-admins')
    expect(pull.comments[1]?.body).toContain('forged')
  })

  test('from a fork gets its plan in the summary, and nothing is tried that its token may not', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    github.addToken(token, { contents: 'read', 'pull-requests': 'read' })
    const before = github.requests.length
    const planned = await step(pullRequest(pull, { fork: true }), { snapshot: 'bbstate-snapshot.json' })
    expect(planned.code, planned.log).toBe(0)
    expect(planned.summary).toContain('Plan: 7 to add')
    expect(github.requests.length).toBe(before)
    expect(planned.annotations.some(({ message }) => message.includes('comes from a fork'))).toBe(true)
  })

  test('without permission for comments is planned all the same, and told what is missing', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    github.addToken(token, { contents: 'read' })
    const planned = await planOn(pull)
    expect(planned.code, planned.log).toBe(0)
    const warnings = planned.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message)
    expect(warnings.some((message) => message.includes('permissions: pull-requests: write'))).toBe(true)
    expect(warnings.some((message) => message.includes('permissions: checks: write'))).toBe(true)
  })

  test('before there is a snapshot is validated, and the first one is explained', async () => {
    const pull = github.addPull(head)
    const valid = await planOn(pull)
    expect(valid.code, valid.log).toBe(0)
    expect(valid.summary).toContain('The configuration is valid')
    expect(valid.summary).toContain('command: snapshot')
    expect(pull.comments).toEqual([])
    job.write('bbstate.yaml', 'instance:\n  defaultBranch: 7\n  nothing: true\n')
    const invalid = await planOn(pull)
    expect(invalid.code).toBe(3)
    expect(invalid.outputs['exit-code']).toBe('3')
    const errors = invalid.annotations.filter(({ level }) => level === 'error')
    expect(errors.map(({ properties }) => `${properties['file']}:${properties['line']}`)).toEqual(
      expect.arrayContaining(['bbstate.yaml:2', 'bbstate.yaml:3']),
    )
  })

  test('whose configuration became invalid no longer shows a plan that is not so', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    const url = credentials()['url'] ?? ''
    await planOn(pull, { url })
    job.write('bbstate.yaml', 'instance: { nothing: true }\n')
    expect((await planOn(pull, { url })).code).toBe(3)
    expect(pull.comments).toHaveLength(1)
    expect(pull.comments[0]?.body).not.toContain('Plan: 7 to add')
    expect(pull.comments[0]?.body).toContain('CONFIG_SCHEMA')
  })

  test('is never worked on with credentials on pull_request_target', async () => {
    const pull = github.addPull(head)
    sandbox.forgetRequests()
    const refused = await step(pullRequest(pull, { event: 'pull_request_target' }), credentials())
    expect(refused.code).toBe(4)
    expect(refused.log).toContain('takes no credentials on the event pull_request_target')
    expect(sandbox.requests).toEqual([])
  })

  test('with more changes than a comment takes keeps what is deleted in it, and the rest in the file', async () => {
    await takeSnapshot()
    const groups = Array.from({ length: 3000 }, (_, index) => `    group-with-a-long-name-${index}: { members: [] }\n`)
    job.write('bbstate.yaml', `instance:\n  groups:\n    contractors: null\n${groups.join('')}`)
    const planned = await planOn(github.addPull(head))
    expect(planned.code, planned.log.slice(-2000)).toBe(0)
    const body = github.issues.flatMap(({ comments }) => comments)[0]?.body ?? ''
    expect(body.length).toBeLessThan(65_536)
    expect(body.length).toBeGreaterThan(30_000)
    expect(body).toContain('contractors')
    expect(body).toContain('There is more than a comment takes')
    const remarks = planned.annotations.filter(({ level }) => level === 'notice')
    expect(remarks.length).toBeLessThanOrEqual(12)
  })

  test('with markup, commands and mentions in its names shows them as names', async () => {
    await takeSnapshot()
    const name = '</details> @everyone ::add-mask::x <!-- --> `#1` %0A::error::boo'
    job.write(
      'bbstate.yaml',
      `instance:\n  groups:\n    ${JSON.stringify(name)}: { members: [] }\n    "::stop-commands::x": {}\n`,
    )
    const pull = github.addPull(head)
    const planned = await planOn(pull)
    expect(planned.code, planned.log).toBe(0)
    // The harness throws for a command; what is left are names inside code.
    const shown = [planned.summary, pull.comments[0]?.body ?? '']
    for (const text of shown) {
      expect(text).not.toMatch(/^\s*(?:::|<\/details>\s*@)/mu)
      expect(text.replaceAll(/(`+)[\s\S]*?\1/gu, '')).not.toContain('@everyone')
    }
  })
})

describe('a merge', () => {
  const approve = async (sha: string): Promise<StepResult> => {
    const planned = await step(onMain(sha), { command: 'plan', ...credentials() })
    expect(planned.code, planned.log).toBe(0)
    return planned
  }
  const apply = (sha: string, digest = '', more: Partial<StepOptions> = {}): Promise<StepResult> =>
    step(onMain(sha), { command: 'apply', expect: digest, ...credentials() }, more)

  test('applies what its own job planned, and says that it is what the pull request showed', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    await planOn(pull)
    github.merge(pull, merge)
    const before = github.requests.length
    const planned = await approve(merge)
    expect(github.requests.length - before).toBeLessThanOrEqual(5)
    expect(planned.summary).toContain(`The changes are those that the comment of pull request #${pull.number} showed.`)
    const applied = await apply(merge, planned.outputs['digest'])
    expect(applied.code, applied.log).toBe(0)
    expect(applied.outputs).toMatchObject({ converged: 'true', 'exit-code': '0' })
    expect(existsSync(applied.outputs['report-file'] ?? '')).toBe(true)
    expect(applied.summary).toContain('Apply complete! Resources: 7 added, 0 changed, 4 destroyed.')
    expect((await approve(merge)).outputs['changes']).toBe('0')
  })

  test('after drift names what is new and what is gone, and refuses what nobody approved', async () => {
    await takeSnapshot()
    const pull = github.addPull(head)
    await planOn(pull)
    github.merge(pull, merge)
    const planned = await approve(merge)
    // Somebody did by hand what the plan was to do, and something else.
    sandbox.state.defaultBranch = 'main'
    sandbox.state.banner = { message: 'By hand', enabled: true, audience: 'ALL' }
    sandbox.forgetRequests()
    const stale = await apply(merge, planned.outputs['digest'])
    expect(stale.code, stale.log).toBe(4)
    expect(stale.outputs['exit-code']).toBe('4')
    expect(sandbox.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method))).toEqual([])
    expect(stale.summary).toContain('Gone:\n\n- `instance.defaultBranch`')
    expect(stale.summary).toContain('In another way:\n\n- `instance.banner`')
    expect(stale.summary).toContain('PLAN_STALE')
    expect(stale.outputs['digest']).not.toBe(planned.outputs['digest'])
    expect(github.checkRuns.at(-1)).toMatchObject({ conclusion: 'action_required' })
    // The second round, which somebody approves again.
    const again = await apply(merge, stale.outputs['digest'])
    expect(again.code, again.log).toBe(0)
  })

  test('with another merge in between, and an old run that is started again, are refused before anything is read', async () => {
    const [first, second] = [github.addPull(head), github.addPull('d'.repeat(40))]
    github.merge(first, merge)
    const planned = await approve(merge)
    github.merge(second, 'e'.repeat(40))
    sandbox.forgetRequests()
    const refused = await apply(merge, planned.outputs['digest'])
    expect(refused.code).toBe(4)
    expect(refused.log).toContain('is no longer the tip of main')
    expect(sandbox.requests).toEqual([])
    expect((await apply('e'.repeat(40), planned.outputs['digest'])).code).toBe(0)
  })

  test.each([
    ['a pull request', 'pull_request', 'refs/heads/main'],
    ['another branch', 'push', 'refs/heads/feature'],
    ['a tag', 'push', 'refs/tags/v1'],
  ])('is what an apply is for, not %s', async (_name, event, ref) => {
    const cause = event === 'push' ? { ...onMain(tip), ref } : pullRequest(github.addPull(head))
    sandbox.forgetRequests()
    const refused = await step(cause, { command: 'apply', expect: 'x', ...credentials() })
    expect(refused.code).toBe(4)
    expect(sandbox.requests).toEqual([])
  })

  test('without an approval is refused, also where the digest came out empty', async () => {
    const refused = await apply(tip)
    expect(refused.code).toBe(1)
    expect(refused.log).toContain('apply needs an approval')
    const approved = await step(onMain(tip), { command: 'apply', 'auto-approve': 'true', ...credentials() })
    expect(approved.code, approved.log).toBe(0)
  })

  test('with a check run that somebody forged is applied by its digest alone', async () => {
    const pull = github.addPull(head)
    github.merge(pull, merge)
    const forged = {
      name: 'bbstate plan',
      head_sha: merge,
      conclusion: 'success',
      output: { title: 'ok', summary: '' },
    }
    github.checkRuns.push(forged)
    const refused = await apply(merge, 'f'.repeat(64))
    expect(refused.code).toBe(4)
    expect(refused.log).toContain('PLAN_STALE')
  })

  test('that failed midway is run again and finishes', async () => {
    const planned = await approve(tip)
    sandbox.addFault({
      path: '/admin/banner',
      method: 'PUT',
      kind: 'body',
      status: 400,
      body: { errors: [{ context: null, message: 'No', exceptionName: null }] },
      count: Infinity,
    })
    const failed = await apply(tip, planned.outputs['digest'])
    expect(failed.code, failed.log).toBe(5)
    expect(failed.outputs['converged']).toBe('false')
    expect(readFileSync(failed.outputs['report-file'] ?? '', 'utf8')).toContain('"failed"')
    expect(failed.summary).toMatch(/Applied in part: \d+ done, 1 failed, 0 skipped/u)
    sandbox.clearFaults()
    const next = await approve(tip)
    const again = await apply(tip, next.outputs['digest'])
    expect(again.code, again.log).toBe(0)
    expect((await approve(tip)).outputs['converged']).toBe('true')
  })
})

describe('drift', () => {
  test('opens one issue, keeps it current, and closes it when it is gone', async () => {
    const run = (): Promise<StepResult> => step(onMain(tip, 'schedule'), { command: 'drift', ...credentials() })
    await step(onMain(tip), { command: 'apply', 'auto-approve': 'true', ...credentials() })
    expect((await run()).outputs).toMatchObject({ changes: '0', converged: 'true' })
    expect(github.issues).toEqual([])
    sandbox.state.banner = null
    const found = await run()
    expect(found.code, found.log).toBe(0)
    expect(found.outputs).toMatchObject({ changes: '1', 'exit-code': '2' })
    expect(github.issues).toHaveLength(1)
    expect(github.issues[0]).toMatchObject({ state: 'open', labels: ['bbstate-drift'] })
    delete sandbox.state.groups['platform-admins']
    await run()
    expect(github.issues).toHaveLength(1)
    expect(github.issues[0]?.title).not.toContain(': 1 change')
    expect(github.issues[0]?.body).toContain('platform-admins')
    await step(onMain(tip), { command: 'apply', 'auto-approve': 'true', ...credentials() })
    await run()
    expect(github.issues[0]).toMatchObject({ state: 'closed', stateReason: 'completed' })
  })
})

describe('the runner', () => {
  test('lends a configuration none of its variables and files', async () => {
    const tries = [
      '${env:GITHUB_TOKEN}',
      '${secret:github-token}',
      '${file:/etc/passwd}',
      '${var:path}',
      '${{ secrets.X }}',
    ]
    for (const text of tries) {
      job.write(
        'bbstate.yaml',
        `instance:\n  mailServer: { hostname: smtp.example.com, username: u, password: ${JSON.stringify(text)} }\n`,
      )
      const environment = { GITHUB_TOKEN: token, BBSTATE_SECRET_SMTP: smtp }
      const refused = await step(
        onMain(tip),
        { command: 'apply', 'auto-approve': 'true', ...credentials() },
        { environment },
      )
      expect([3, 4], refused.log).toContain(refused.code)
      expect(refused.log).not.toContain('root:')
    }
  })

  test('hides each secret before anything else is written, and is told of none outside of a runner', async () => {
    const planned = await step(onMain(tip), { command: 'plan', ...credentials() })
    expect(planned.code, planned.log).toBe(0)
    expect(planned.masks).toEqual(
      expect.arrayContaining([token, person['BBSTATE_CLIENT_SECRET'], person['BBSTATE_STORE_KEY']]),
    )
    expect(planned.masks.length).toBeGreaterThan(4)
    expect(planned.annotations.some(({ level, message }) => level === 'debug' && message.includes('/rest/'))).toBe(true)
    const elsewhere = await step(
      onMain(tip),
      { command: 'plan', ...credentials() },
      { environment: { GITHUB_ACTIONS: 'false' } },
    )
    expect(elsewhere.masks).toEqual([])
  })

  test('gets an export, and a refreshed token', async () => {
    const exported = await step(onMain(tip), { command: 'export', out: 'exported', ...credentials() })
    expect(exported.code, exported.log).toBe(0)
    expect(readdirSync(join(job.workspace, 'exported')).length).toBeGreaterThan(0)
    const refreshed = await step(onMain(tip), { command: 'refresh', ...credentials() })
    expect(refreshed.code, refreshed.log).toBe(0)
    expect(refreshed.log).toContain('generation 2')
    const wrong = await step(onMain(tip), { command: 'aply' })
    expect(wrong.code).toBe(1)
    expect(wrong.log).toContain('Did you mean apply?')
  })
})

describe('the bundle', () => {
  test('is below a mebibyte and a half, has one undici, and is what the sources make', () => {
    const files = readdirSync('dist/action')
    const size = (names: readonly string[]): number =>
      names.reduce((sum, name) => sum + statSync(join('dist/action', name)).size, 0)
    const scripts = files.filter((name) => name.endsWith('.js'))
    expect(size(scripts)).toBeLessThan(1.5 * 2 ** 20)
    const withUndici = scripts.filter((name) =>
      readFileSync(join('dist/action', name), 'utf8').includes('UND_ERR_CONNECT_TIMEOUT'),
    )
    expect(withUndici.filter((name) => name.startsWith('undici'))).toHaveLength(1)
    const stale = execFileSync('git', ['status', '--porcelain', '--', 'dist/action'], { encoding: 'utf8' })
    expect(stale, 'dist/action is stale: npm run build, and commit it').toBe('')
  })
})
