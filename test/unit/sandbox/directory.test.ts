/** Lists of a sandbox by their filters: people, groups, permissions, repositories. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startSandbox } from '../../../src/sandbox/server.js'
import { openSandbox, password, send } from './visitor.js'

const directory = mkdtempSync(join(tmpdir(), 'bbstate-directory-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const api = '/rest/api/latest'
const project = `${api}/projects/PLAT`
const web = `${project}/repos/web`

it.each([
  ['', 9],
  ['?filter=ARCHER', ['alice']],
  ['?filter=lena@example', ['lena']],
  ['?group=Contractors', ['carol', 'dave']],
  ['?group=none', []],
  ['?permission=SYS_ADMIN', ['admin']],
  ['?permission.1=PROJECT_CREATE&permission.2=LICENSED_USER&group=contractors', ['carol', 'dave']],
  ['?permission.1=PROJECT_CREATE&permission.3=SYS_ADMIN', ['admin', 'alice', 'bob', 'carol', 'dave', 'J.Doe']],
  ['?permission=PROJECT_ADMIN&permission.projectKey=plat', ['admin', 'bob']],
  ['?permission=PROJECT_ADMIN&permission.projectId=2', ['admin']],
  ['?permission=REPO_ADMIN&permission.projectKey=PLAT&permission.repositorySlug=web', ['admin', 'alice', 'bob']],
  // The id of a repository, whatever its name.
  ['?permission=REPO_ADMIN&permission.projectId=2', ['admin', 'alice', 'bob']],
] as const)('finds users by %s', async (query, names) => {
  const sandbox = await openSandbox()
  await send(sandbox, 'PUT', `${project}/permissions/users?name=bob&permission=PROJECT_ADMIN`)
  await send(sandbox, 'PUT', `${web}/permissions/users?name=alice&permission=REPO_ADMIN`)
  const { json } = await send(sandbox, 'GET', `${api}/users${query}`)
  const found = json.values.map(({ name }) => name)
  expect(typeof names === 'number' ? found.length : found).toEqual(names)
})

it('names users by their slugs, and groups by their names alone', async () => {
  const sandbox = await openSandbox()
  const user = await send(sandbox, 'GET', `${api}/users/J.DOE`, { as: password(sandbox, 'bob') })
  expect(user.json).toMatchObject({ name: 'J.Doe', slug: 'j.doe' })
  const groups = await send(sandbox, 'GET', `${api}/groups?filter=STA`, { as: password(sandbox, 'bob') })
  expect(groups.json.values).toEqual(['ldap-staff', 'stash-users'])
})

it('finds permissions that were given here, above and globally', async () => {
  const sandbox = await openSandbox()
  await send(sandbox, 'PUT', `${project}/permissions/groups?name=contractors&permission=PROJECT_READ`)
  await send(sandbox, 'PUT', `${web}/permissions/users?name=bob&permission=REPO_WRITE`)
  const search = async (scope: string, query = ''): Promise<unknown[]> => {
    const { json } = await send(sandbox, 'GET', `${scope}/permissions/search${query}`)
    return json.values.map(({ user, group, permission }) => [
      ((user ?? group) as { readonly name: string }).name,
      permission,
    ])
  }
  const [admin, bob, contractors] = [
    ['admin', 'SYS_ADMIN'],
    ['bob', 'REPO_WRITE'],
    ['contractors', 'PROJECT_READ'],
  ]
  expect(await search(web)).toEqual([admin, bob, contractors])
  expect(await search(project)).toEqual([admin, contractors])
  expect(await search(web, '?type=user')).toEqual([admin, bob])
  expect(await search(web, '?filterText=BAKER')).toEqual([bob])
  expect(await search(web, '?permission=REPO_WRITE&permission=PROJECT_READ')).toEqual([bob, contractors])
  expect(await search(web, '?permission=PROJECT_CREATE')).toEqual([['developers', 'PROJECT_CREATE']])
  expect((await send(sandbox, 'GET', `${project}/permissions/search?permission=REPO_READ`)).status).toBe(400)
})

it('tells each what they looked at lately, also after a restart, as far as they may still', async () => {
  const dataDir = join(directory, 'kept')
  const first = await startSandbox({ port: 0, dataDir })
  const recent = async (sandbox: typeof first, user: string, query = ''): Promise<unknown[]> => {
    const { json } = await send(sandbox, 'GET', `${api}/profile/recent/repos${query}`, { as: password(sandbox, user) })
    return json.values.map(({ slug }) => slug)
  }
  for (const slug of ['web', 'api', 'web', 'legacy-billing', 'web']) {
    await send(first, 'GET', `${project}/repos/${slug}`, { as: password(first, 'bob') })
  }
  expect([await recent(first, 'bob'), await recent(first, 'alice')]).toEqual([['web', 'legacy-billing', 'api'], []])
  expect(await recent(first, 'bob', '?permission=REPO_ADMIN')).toEqual([])
  await send(first, 'DELETE', `${project}/repos/legacy-billing`)
  await first.close()
  const second = await openSandbox({ dataDir })
  expect(await recent(second, 'bob')).toEqual(['web', 'api'])
})

it('lists the forks that a caller may read', async () => {
  const sandbox = await openSandbox()
  await send(sandbox, 'POST', web, { body: { name: 'Ours', project: { key: 'DATA' } } })
  await send(sandbox, 'POST', web, { body: { name: 'Mine' } })
  const forks = async (user: string): Promise<unknown[]> =>
    (await send(sandbox, 'GET', `${web}/forks`, { as: password(sandbox, user) })).json.values.map(({ slug }) => slug)
  expect([await forks('admin'), await forks('bob')]).toEqual([['ours', 'mine'], ['ours']])
})

it('shows of a reviewer group those who are licensed and may read the repository', async () => {
  const sandbox = await openSandbox()
  await send(sandbox, 'PUT', `${web}/permissions/users?name=trainee&permission=REPO_READ`)
  const users = [{ id: 2 }, { id: 9 }]
  const body = { name: 'Owners', users }
  const { json } = await send(sandbox, 'POST', `${project}/settings/reviewer-groups`, { body })
  const path = `${web}/settings/reviewer-groups/${(json as unknown as { id: number }).id}/users`
  const found = (await send(sandbox, 'GET', path)).json as unknown as readonly { name: string }[]
  expect(found.map(({ name }) => name)).toEqual(['alice'])
})

it.each([
  ['9.4', {}],
  ['10.2', { requiredForPullRequest: true, requiredForMergeQueue: true }],
] as const)('like %s knows of required builds where they are required: %j', async (bitbucket, where) => {
  const sandbox = await openSandbox({ bitbucket })
  const any = { id: 'any', type: { id: 'ANY_REF' } }
  const base = '/rest/required-builds/latest/projects/PLAT/repos/web'
  const body = { buildParentKeys: ['CI'], refMatcher: any, requiredForMergeQueue: true }
  await send(sandbox, 'POST', `${base}/condition`, { body })
  const [found] = (await send(sandbox, 'GET', `${base}/conditions`)).json.values
  const { id: _, refMatcher: __, ...rest } = found ?? {}
  expect(rest).toEqual({ buildParentKeys: ['CI'], ...where })
})
