import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCheckRun } from '../../../src/github/check-runs.js'
import { type GithubApi, openGithub } from '../../../src/github/api.js'
import { findOwnComment, keepComment } from '../../../src/github/comments.js'
import { findMergedPullRequest, readTip } from '../../../src/github/commits.js'
import { closeIssue, driftLabel, findOwnIssue, openIssue, updateIssue } from '../../../src/github/issues.js'
import { Secret } from '../../../src/model/secret.js'
import { createTransport } from '../../../src/transport.js'
import { type GithubApiServer, startGithubApi } from '../../github-api.js'

let github: GithubApiServer
let waits: number[]
beforeEach(async () => {
  github = await startGithubApi()
  waits = []
})
afterEach(() => github.close())

function open(permissions: Parameters<GithubApiServer['addToken']>[1], login?: string): GithubApi {
  const token = `ghs_CANARY-${login ?? 'job'}`
  github.addToken(token, permissions, login)
  const [owner = '', repository = ''] = github.repository.split('/')
  return openGithub({
    ...{ owner, repository, token: new Secret(token), now: () => Date.now() },
    rest: createTransport({ baseUrl: github.url, connections: 1 }),
    graphql: createTransport({ baseUrl: github.graphqlUrl.replace(/\/graphql$/u, ''), connections: 1 }),
    sleep: (milliseconds) => {
      waits.push(milliseconds)
      return Promise.resolve()
    },
  })
}

const writer = { 'pull-requests': 'write', issues: 'write', checks: 'write', contents: 'read' } as const
const marker = '<!-- bbstate plan -->'

test('one comment is kept current, with two requests a time', async () => {
  const api = open(writer)
  const pull = github.addPull('a'.repeat(40))
  for (const text of ['first', 'second', 'second']) {
    await keepComment(api, pull.number, await findOwnComment(api, pull.number, marker), `${marker}\n${text}`)
  }
  expect(pull.comments.map(({ body }) => body)).toEqual([`${marker}\nsecond`])
  // The last time nothing had to be written.
  expect(api.requests()).toBe(5)
})

test('a comment of somebody else is never taken for it, whatever it says', async () => {
  const api = open(writer)
  const pull = github.addPull('a'.repeat(40))
  github.addComment(pull, 'mallory', `${marker}\nforged`)
  expect(await findOwnComment(api, pull.number, marker)).toBeNull()
  await keepComment(api, pull.number, null, `${marker}\nours`)
  github.addComment(pull, 'mallory', `${marker}\nforged again`)
  expect(await findOwnComment(api, pull.number, marker)).toMatchObject({ body: `${marker}\nours` })
})

test('a comment that quotes the marker is another one', async () => {
  const api = open(writer)
  const pull = github.addPull('a'.repeat(40))
  await keepComment(api, pull.number, null, `See ${marker}`)
  expect(await findOwnComment(api, pull.number, marker)).toBeNull()
})

test('it is found below several hundred others', async () => {
  const api = open(writer)
  const pull = github.addPull('a'.repeat(40))
  await keepComment(api, pull.number, null, `${marker}\nours`)
  for (let index = 0; index < 250; index++) github.addComment(pull, 'alice', `Remark ${index}`)
  expect(await findOwnComment(api, pull.number, marker)).toMatchObject({ body: `${marker}\nours` })
  expect(api.requests()).toBe(4)
})

test('an issue is opened, updated only where it differs, and closed; one that somebody else opened is left alone', async () => {
  const api = open(writer)
  const other = open({ issues: 'write' }, 'mallory')
  await openIssue(other, { title: 'Drift', body: marker })
  expect(await findOwnIssue(api, marker)).toBeNull()
  await openIssue(api, { title: 'Drift of 2', body: `${marker}\ntwo` })
  const found = await findOwnIssue(api, marker)
  if (found === null) throw new Error('not found')
  const before = api.requests()
  await updateIssue(api, found, { title: 'Drift of 2', body: `${marker}\ntwo` })
  expect(api.requests()).toBe(before)
  await updateIssue(api, found, { title: 'Drift of 3', body: `${marker}\nthree` })
  await closeIssue(api, found, `${marker}\nnone`)
  expect(github.issues.map(({ title, state, stateReason, labels }) => ({ title, state, stateReason, labels }))).toEqual(
    [
      { title: 'Drift', state: 'open', stateReason: null, labels: [driftLabel] },
      { title: 'Drift of 3', state: 'closed', stateReason: 'completed', labels: [driftLabel] },
    ],
  )
  expect(await findOwnIssue(api, marker)).toBeNull()
})

test('the tip of a branch, and the pull request of a merge', async () => {
  const api = open({ contents: 'read', 'pull-requests': 'read' })
  const pull = github.addPull('a'.repeat(40))
  github.merge(pull, 'b'.repeat(40))
  expect(await readTip(api, 'main')).toBe('b'.repeat(40))
  expect(await findMergedPullRequest(api, 'b'.repeat(40))).toBe(pull.number)
  expect(await findMergedPullRequest(api, 'd'.repeat(40))).toBeUndefined()
  // The head was pushed, not merged.
  expect(await findMergedPullRequest(api, 'a'.repeat(40))).toBeUndefined()
})

test('a check run holds no more annotations than one request takes', async () => {
  const api = open(writer)
  const pull = github.addPull('a'.repeat(40))
  const annotation = { path: 'bbstate.yaml', line: 3, level: 'warning', title: 'Deletion', message: 'gone' } as const
  await createCheckRun(api, {
    ...{ name: 'bbstate', commit: pull.pull?.head ?? '', conclusion: 'neutral', title: 'Plan', summary: 'one' },
    annotations: Array.from({ length: 60 }, () => annotation),
  })
  expect(github.checkRuns).toHaveLength(1)
  expect(github.checkRuns[0]?.output.annotations).toHaveLength(50)
})

test('a missing permission is named as a workflow spells it, and nothing of the token is', async () => {
  const pull = github.addPull('a'.repeat(40))
  const api = open({ contents: 'read' })
  const refused: unknown = await keepComment(api, pull.number, null, 'x').catch((thrown: unknown) => thrown)
  expect(refused).toMatchObject({
    code: 'API_FORBIDDEN',
    requestId: 'AB12:34CD',
    hint: expect.stringContaining('permissions: pull-requests: write'),
  })
  expect(JSON.stringify(refused)).not.toContain('CANARY')
  await expect(findOwnComment(api, pull.number, marker)).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
  await expect(findOwnComment(open(writer), 99, marker)).rejects.toMatchObject({ code: 'API_NOT_FOUND' })
})

test('a secondary limit is waited for once, a primary one is told', async () => {
  const api = open(writer)
  github.limit('secondary')
  expect(await readTip(api, 'main')).toBe(github.branches.get('main'))
  expect(waits).toEqual([1000])
  github.limit('secondary', 2)
  await expect(readTip(api, 'main')).rejects.toMatchObject({ code: 'API_RATE_LIMITED' })
  github.limit('primary')
  await expect(readTip(api, 'main')).rejects.toMatchObject({ code: 'API_RATE_LIMITED' })
  expect(waits).toEqual([1000, 1000])
})
