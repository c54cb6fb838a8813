/** Reviews in a sandbox: who takes part in a pull request, what they say, and where each finds their own. */
import { beforeEach, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, password, send } from './visitor.js'

const api = '/rest/api/latest'
const web = `${api}/projects/PLAT/repos/web`
const requests = `${web}/pull-requests`

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await openSandbox()
})

const as = (user: string): { readonly as: string } => ({ as: password(sandbox, user) })

/** Of alice, unless it is somebody else's. */
async function open(title: string, reviewers: readonly string[], author = 'alice', to = web): Promise<void> {
  await send(sandbox, 'POST', `${to}/branches`, { body: { name: title, startPoint: 'main' } })
  const ends = { fromRef: { id: `refs/heads/${title}` }, toRef: { id: 'refs/heads/main' } }
  const body = { title, ...ends, reviewers: reviewers.map((name) => ({ user: { name } })) }
  expect((await send(sandbox, 'POST', `${to}/pull-requests`, { ...as(author), body })).status).toBe(201)
  sandbox.advance(1000)
}

const partsOf = async (number = 1): Promise<unknown[]> => {
  const { json } = await send(sandbox, 'GET', `${requests}/${number}/participants`)
  return json.values.map(({ user, role, status }) => [(user as { readonly name: string }).name, role, status])
}

it('takes an approval, and takes it back', async () => {
  await open('one', [])
  await send(sandbox, 'POST', `${requests}/1/approve`, as('bob'))
  const alice = ['alice', 'AUTHOR', 'UNAPPROVED']
  expect(await partsOf()).toEqual([alice, ['bob', 'REVIEWER', 'APPROVED']])
  await send(sandbox, 'DELETE', `${requests}/1/approve`, as('bob'))
  expect(await partsOf()).toEqual([alice, ['bob', 'REVIEWER', 'UNAPPROVED']])
  expect((await send(sandbox, 'POST', `${requests}/1/approve`, as('alice'))).status).toBe(409)
  expect((await send(sandbox, 'DELETE', `${requests}/1/approve`, as('carol'))).status).toBe(404)
  // Nobody joins by what is refused.
  expect(await partsOf()).toHaveLength(2)
})

it('gives the role of a reviewer, and takes it', async () => {
  await open('one', ['bob'])
  const assign = (name: string) =>
    send(sandbox, 'POST', `${requests}/1/participants`, { body: { user: { name }, role: 'REVIEWER' } })
  await assign('carol')
  expect((await assign('alice')).status).toBe(400)
  expect((await assign('trainee')).status).toBe(400)
  await send(sandbox, 'DELETE', `${requests}/1/participants/bob`)
  await send(sandbox, 'DELETE', `${requests}/1/participants/alice`)
  const parts = [
    ['alice', 'AUTHOR', 'UNAPPROVED'],
    ['bob', 'PARTICIPANT', 'UNAPPROVED'],
    ['carol', 'REVIEWER', 'UNAPPROVED'],
  ]
  expect(await partsOf()).toEqual(parts)
  await assign('bob')
  expect((await partsOf())[1]).toEqual(['bob', 'REVIEWER', 'UNAPPROVED'])
})

it.each([
  ['', ['other', 'mine', 'one']],
  ['?order=OLDEST', ['one', 'mine', 'other']],
  ['?role=AUTHOR', ['mine']],
  ['?role=reviewer&participantStatus=APPROVED', ['one']],
  ['?role=REVIEWER&participantStatus=UNAPPROVED,NEEDS_WORK', ['other']],
  ['?state=DECLINED', ['mine']],
  ['?closedSince=7200', ['mine']],
  ['?closedSince=60', []],
  ['?user=carol', ['other']],
])('shows somebody their pull requests by %s', async (query, titles) => {
  await open('one', ['bob'])
  await open('mine', [], 'bob')
  await open('other', ['bob', 'carol'], 'alice', `${api}/projects/PLAT/repos/api`)
  await open('foreign', ['carol'])
  const { code } = sandbox.state
  for (const [title, change] of [
    ['one', { participants: [{ user: 'bob', role: 'REVIEWER', status: 'APPROVED' }] }],
    ['mine', { state: 'DECLINED', closedDate: Date.now() - 3_600_000 }],
    ['foreign', { scope: 'R4' }],
  ] as const) {
    const request = code.pullRequests.find((one) => one.title === title)
    if (request !== undefined) Object.assign(request, change)
  }
  // What one may not read one does not see.
  const data = code.projects.find(({ key }) => key === 'DATA')
  delete data?.everybody
  const { json } = await send(sandbox, 'GET', `${api}/dashboard/pull-requests${query}`, as('bob'))
  expect(json.values.map(({ title }) => title)).toEqual(titles)
})

it('keeps in the inbox what waits for a review', async () => {
  await open('one', ['bob'])
  await open('two', ['bob'])
  await open('mine', [], 'bob')
  const inbox = async (query = ''): Promise<unknown[]> => {
    const { json } = await send(sandbox, 'GET', `${api}/inbox/pull-requests${query}`, as('bob'))
    return json.values.map(({ title }) => title)
  }
  const count = async (): Promise<unknown> =>
    (await send(sandbox, 'GET', `${api}/inbox/pull-requests/count`, as('bob'))).json
  expect([await inbox(), await inbox('?role=AUTHOR'), await count()]).toEqual([['two', 'one'], ['mine'], { count: 2 }])
  await send(sandbox, 'POST', `${requests}/1/approve`, as('bob'))
  expect([await inbox(), await count()]).toEqual([['two'], { count: 1 }])
  await send(sandbox, 'POST', `${requests}/2/decline`, { body: { version: 0 } })
  expect([await inbox(), await count()]).toEqual([[], { count: 0 }])
})
