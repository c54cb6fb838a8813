/** `bbstate publish` as a real process: what a pull request of Bitbucket shows of a plan. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import type { Plan } from '../../src/model/plan.js'
import { change, planOf, reportOf } from '../plans.js'
import { type Ended, type Environment, makeHome, run } from './program.js'

let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment
let commit: string

const rest = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${sandbox.url}/rest${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

const repository = '/projects/CONF/repos/settings'
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 })
  home = makeHome()
  environment = { BBSTATE_HOME: home.path, BBSTATE_URL: sandbox.url, BBSTATE_PUBLISH_TOKEN: sandbox.httpAccessToken }
  await rest('POST', '/api/latest/projects', { key: 'CONF', name: 'Platform' })
  await rest('POST', '/api/latest/projects/CONF/repos', { name: 'settings', scmId: 'git' })
  const [made] = sandbox.state.instance.repositories.filter(({ slug }) => slug === 'settings')
  if (made === undefined) throw new Error('no repository')
  delete made.isEmpty
  commit = 'ab'.repeat(20)
  sandbox.state.code.branches.push({ scope: `R${made.id}`, name: 'change', commit })
  await rest('POST', `/api/latest${repository}/pull-requests`, {
    title: 'A change',
    fromRef: { id: 'refs/heads/change' },
    toRef: { id: 'refs/heads/main' },
  })
})
afterAll(async () => {
  await sandbox.close()
  home.remove()
})
beforeEach(() => sandbox.forgetRequests())

const place = (): readonly string[] => ['--commit', commit, '--pull-request', 'CONF/settings/1']
const at = (line: number) => ({ file: 'bbstate.yaml', line, column: 1 })
const server = { url: 'https://managed.example.com', version: '9.4.2', account: 'bbstate-bot' }
const small: Plan = planOf(
  [
    change({ address: 'instance.banner', action: 'delete', source: at(3) }),
    change({
      address: 'instance.defaultBranch',
      action: 'update',
      before: 'main',
      after: 'trunk',
      source: at(7),
      fields: [{ path: '', before: 'main', after: 'trunk' }],
    }),
  ],
  { server },
)

function publish(document: object, ...args: readonly string[]): Promise<Ended> {
  const file = join(home.path, 'plan.json')
  writeFileSync(file, JSON.stringify(document))
  return run(['publish', file, ...(args.length === 0 ? place() : args)], environment)
}

async function comments(): Promise<readonly string[]> {
  const { values } = await rest('GET', `/api/latest${repository}/pull-requests/1/activities`)
  const activities = values as { action: string; comment?: { text: string } }[]
  return activities.filter(({ action }) => action === 'COMMENTED').map(({ comment }) => comment?.text ?? '')
}

const reportPath = (): string => `/insights/latest${repository}/commits/${commit}/reports/bbstate`

test('the report, its annotations, the status and the comment stand there, and are kept current', async () => {
  const { code, all, stdout } = await publish(small)
  expect(code, all).toBe(0)
  expect(stdout).toBe(`Published on ${sandbox.url}/projects/CONF/repos/settings/pull-requests/1/overview\n`)
  expect(await rest('GET', reportPath())).toMatchObject({
    title: 'bbstate plan',
    result: 'PASS',
    reporter: 'bbstate',
    details: expect.stringContaining('Plan: 0 to add, 1 to change, 1 to destroy.'),
  })
  const { annotations } = await rest('GET', `${reportPath()}/annotations`)
  expect(annotations).toMatchObject([
    { path: 'bbstate.yaml', line: 3, severity: 'HIGH', message: 'Deletes: - instance.banner' },
    { path: 'bbstate.yaml', line: 7, severity: 'MEDIUM', message: expect.stringContaining('main → trunk') },
  ])
  expect(await rest('GET', `/api/latest${repository}/commits/${commit}/builds?key=bbstate`)).toMatchObject({
    state: 'SUCCESSFUL',
    description: 'Plan: 0 to add, 1 to change, 1 to destroy.',
  })
  const [first = '', ...others] = await comments()
  expect(others).toEqual([])
  expect(first).toContain('[bbstate]: https://managed.example.com')
  expect(first).toContain('instance.banner')
  // Bitbucket shows HTML as text.
  expect(first).not.toContain('<details>')

  expect((await publish(planOf([], { server }))).code).toBe(0)
  const [now = '', ...more] = await comments()
  expect(more).toEqual([])
  expect(now).toContain('No changes. Live matches the configuration.')
  expect(await rest('GET', `${reportPath()}/annotations`)).toMatchObject({ annotations: [] })
})

test('six requests do it, none of them to the managed server', async () => {
  await publish(small)
  sandbox.forgetRequests()
  expect((await publish(small)).code).toBe(0)
  // Identity, report away, report, annotations, build, activities; the comment is as it should be.
  expect(sandbox.requests).toHaveLength(6)
  expect((await publish(planOf([], { server }))).code).toBe(0)
  // Without annotations, with the comment.
  expect(sandbox.requests).toHaveLength(12)
})

test('a comment of somebody else that looks the same is left alone', async () => {
  const { id } = await rest('POST', `/api/latest${repository}/pull-requests/1/comments`, { text: 'x' })
  const comment = sandbox.state.code.comments.find((one) => one.id === id)
  const other = Object.keys(sandbox.state.users).find((name) => name !== sandbox.username) ?? ''
  Object.assign(comment ?? {}, { author: other, text: '[bbstate]: https://managed.example.com\n\nforged' })
  expect((await publish(small)).code).toBe(0)
  expect(await comments()).toContain('[bbstate]: https://managed.example.com\n\nforged')
})

test('a plan of 5,000 changes fits, and keeps every deletion', async () => {
  const changes = Array.from({ length: 5000 }, (_, index) =>
    change({
      address: `instance.groups[group-${index}]`,
      action: index < 200 ? 'delete' : 'create',
      source: at(index + 1),
    }),
  )
  const { code, all } = await publish(planOf(changes, { server }))
  expect(code, all).toBe(0)
  const { annotations } = (await rest('GET', `${reportPath()}/annotations`)) as { annotations: { severity: string }[] }
  expect(annotations).toHaveLength(1000)
  expect(annotations.filter(({ severity }) => severity === 'HIGH')).toHaveLength(200)
  const text = (await comments()).find((one) => one.includes('group-'))
  for (let index = 0; index < 200; index++) expect(text).toContain(`group-${index}`)
})

test('the report of an apply that failed is a failed build', async () => {
  const outcome = { address: 'instance.banner', action: 'delete', outcome: 'failed', milliseconds: 3 } as const
  expect((await publish(reportOf([outcome], { server }))).code).toBe(0)
  expect(await rest('GET', reportPath())).toMatchObject({ result: 'FAIL', title: 'bbstate apply' })
  expect(await rest('GET', `/api/latest${repository}/commits/${commit}/builds?key=bbstate`)).toMatchObject({
    state: 'FAILED',
  })
})

test.each([
  [['--commit', 'abc', '--pull-request', 'CONF/settings/1'], 'in full'],
  [['--commit', 'ab'.repeat(20)], 'needs a place'],
  [['--commit', 'ab'.repeat(20), '--pull-request', 'CONF/settings'], 'is no --pull-request'],
  [['--commit', 'ab'.repeat(20), '--repository', '../admin/x'], 'is no --repository'],
  [['--commit', 'ab'.repeat(20), '--pull-request', 'CONF/settings/1', '--link', 'javascript:alert(1)'], '--link'],
])('%j is refused before anything is sent', async (args, words) => {
  const { code, stderr } = await publish(small, ...args)
  expect(code).toBe(1)
  expect(stderr).toContain(words)
  expect(sandbox.requests).toEqual([])
})

test('a pull request that is not there, and a token that is missing, are told; the token never is', async () => {
  const gone = await publish(small, '--commit', commit, '--pull-request', 'CONF/settings/99')
  expect(gone.code).toBe(1)
  expect(gone.stderr).toContain('[API_NOT_FOUND]')
  const none = await run(['publish', join(home.path, 'plan.json'), ...place()], {
    ...environment,
    BBSTATE_PUBLISH_TOKEN: undefined,
  })
  expect(none.code).toBe(6)
  expect(none.stderr).toContain('BBSTATE_PUBLISH_TOKEN')
  for (const { all } of [gone, none]) expect(all).not.toContain(sandbox.httpAccessToken)
})
