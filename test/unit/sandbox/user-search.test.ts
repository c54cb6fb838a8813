import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, password, send } from './visitor.js'

const users = '/rest/api/latest/users'

async function find(sandbox: Sandbox, query: string): Promise<unknown[]> {
  const { json } = await send(sandbox, 'GET', `${users}?limit=100&${query}`, { as: password(sandbox, 'alice') })
  return json.values.map(({ name }) => name)
}

describe('users are found', () => {
  it('by text, group and permission, all of which must hold', async () => {
    const sandbox = await openSandbox()
    expect(await find(sandbox, 'filter=carol')).toEqual(['carol'])
    expect(await find(sandbox, 'group=Contractors')).toEqual(['carol', 'dave'])
    expect(await find(sandbox, 'permission=ADMIN')).toEqual(['admin'])
    expect(await find(sandbox, 'group=contractors&filter=dave&permission=PROJECT_CREATE')).toEqual(['dave'])
    expect(await find(sandbox, 'group=none')).toEqual([])
  })

  it('by what they may in a project or a repository', async () => {
    const sandbox = await openSandbox()
    const { code, instance } = sandbox.state
    for (const project of code.projects) delete project.everybody
    const web = instance.repositories.find(({ slug }) => slug === 'web')
    code.grants['P1'] = [{ holder: 'users', name: 'bob', permission: 'PROJECT_WRITE' }]
    code.grants[`R${web?.id}`] = [{ holder: 'groups', name: 'contractors', permission: 'REPO_READ' }]
    const ofProject = 'permission=PROJECT_READ&permission.projectKey=plat'
    const ofRepository = 'permission.projectKey=PLAT&permission.repositorySlug=web'
    expect(await find(sandbox, ofProject)).toEqual(['admin', 'bob'])
    expect(await find(sandbox, 'permission=PROJECT_ADMIN&permission.projectId=1')).toEqual(['admin'])
    expect(await find(sandbox, `permission=REPO_READ&${ofRepository}`)).toEqual(['admin', 'bob', 'carol', 'dave'])
    expect(await find(sandbox, `permission=REPO_WRITE&${ofRepository}`)).toEqual(['admin', 'bob'])
    expect(await find(sandbox, `permission=REPO_WRITE&permission.projectId=${web?.id}`)).toEqual(['admin', 'bob'])
    expect(await find(sandbox, `${ofProject}&permission.1=SYS_ADMIN`)).toEqual(['admin'])
  })

  it('by filters numbered without a gap; what comes after one does not count', async () => {
    const sandbox = await openSandbox()
    expect(await find(sandbox, 'filter=bob&permission.2=ADMIN')).toEqual(['bob'])
    expect(await find(sandbox, 'filter=bob&permission.1=LICENSED_USER&permission.2=ADMIN')).toEqual([])
  })

  it.each([
    ['a permission that is none', 'permission=KING', 'permission'],
    ['a project that is not named', 'permission.1=PROJECT_READ', 'permission.1'],
    ['a project that is not there', 'permission=PROJECT_READ&permission.projectKey=NONE', 'permission'],
    ['a repository without its slug', 'permission=REPO_READ&permission.projectKey=PLAT', 'permission'],
  ])('not by %s', async (_, query, context) => {
    const answer = await send(await openSandbox(), 'GET', `${users}?${query}`)
    expect([answer.status, answer.json.errors[0]?.context]).toEqual([400, context])
  })
})
