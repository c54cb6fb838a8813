/** Lists of the sandbox show what their query asks for, and nothing else. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, send } from './visitor.js'

const api = '/rest/api/latest'
const web = `${api}/projects/PLAT/repos/web`
const [hash, other] = ['a'.repeat(40), 'b'.repeat(40)]

async function list(sandbox: Sandbox, path: string, member: string): Promise<unknown[]> {
  return (await send(sandbox, 'GET', path)).json.values.map((one) => one[member])
}

async function post(sandbox: Sandbox, path: string, body: unknown): Promise<void> {
  expect((await send(sandbox, 'POST', path, { body })).status).toBeLessThan(300)
}

describe('who is not in a group, and in which groups somebody is not', () => {
  it('is found by a part of the name', async () => {
    const sandbox = await openSandbox()
    const users = `${api}/admin/groups/more-non-members?context=contractors`
    const groups = `${api}/admin/users/more-non-members?context=admin`
    expect(await list(sandbox, `${users}&filter=ali`, 'name')).toEqual(['alice'])
    expect(await list(sandbox, `${users}&filter=carol`, 'name')).toEqual([])
    expect(await list(sandbox, `${groups}&filter=dev`, 'name')).toEqual(['developers'])
  })
})

describe('branches', () => {
  it('come by name, the newest first, or with the best match first', async () => {
    const sandbox = await openSandbox()
    for (const name of ['zebra', 'alpha', 'my-alpha'])
      await post(sandbox, `${web}/branches`, { name, startPoint: hash })
    const branches = (query: string): Promise<unknown[]> => list(sandbox, `${web}/branches?${query}`, 'displayId')
    expect(await branches('')).toEqual(['main', 'alpha', 'my-alpha', 'zebra'])
    expect(await branches('orderBy=ALPHABETICAL')).toEqual(['alpha', 'main', 'my-alpha', 'zebra'])
    expect(await branches('orderBy=MODIFICATION')).toEqual(['my-alpha', 'alpha', 'zebra', 'main'])
    const match = 'filterText=alpha&orderBy=MODIFICATION'
    expect(await branches(match)).toEqual(['my-alpha', 'alpha'])
    expect(await branches(`${match}&boostMatches=true`)).toEqual(['alpha', 'my-alpha'])
  })
})

/** Pull request 1 of `web`, from `work` to `main`. */
async function openWithRequest(): Promise<Sandbox> {
  const sandbox = await openSandbox()
  await post(sandbox, `${web}/branches`, { name: 'work', startPoint: 'main' })
  const ends = { fromRef: { id: 'refs/heads/work' }, toRef: { id: 'refs/heads/main' } }
  await post(sandbox, `${web}/pull-requests`, { title: 'Work', description: 'All of it', draft: true, ...ends })
  return sandbox
}

describe('pull requests', () => {
  it('are found as drafts, and by a part of title or description', async () => {
    const sandbox = await openWithRequest()
    const requests = (query: string): Promise<unknown[]> => list(sandbox, `${web}/pull-requests?${query}`, 'id')
    expect(await requests('draft=true')).toEqual([1])
    expect(await requests('draft=false')).toEqual([])
    expect(await requests('filterText=WORK')).toEqual([1])
    expect(await requests('filterText=all')).toEqual([1])
    expect(await requests('filterText=none')).toEqual([])
  })

  it('show the comments of a path by state and by diff', async () => {
    const sandbox = await openWithRequest()
    const comments = `${web}/pull-requests/1/comments`
    const range = { path: 'a', diffType: 'RANGE', fromHash: hash, toHash: other }
    await post(sandbox, comments, { text: 'range', anchor: range })
    await post(sandbox, comments, { text: 'whole', anchor: { path: 'a' } })
    const texts = (query: string): Promise<unknown[]> => list(sandbox, `${comments}?path=a&${query}`, 'text')
    expect(await texts('')).toEqual(['range', 'whole'])
    expect(await texts('diffTypes=RANGE')).toEqual(['range'])
    expect(await texts('diffType=EFFECTIVE')).toEqual(['whole'])
    expect(await texts('diffTypes=RANGE,EFFECTIVE&anchorState=ALL')).toEqual(['range', 'whole'])
    expect(await texts(`diffTypes=RANGE&fromHash=${other}`)).toEqual([])
    expect(await texts(`diffTypes=RANGE&fromHash=${hash}&toHash=${hash}`)).toEqual([])
    expect(await texts('anchorState=ORPHANED')).toEqual([])
    expect(await texts('state=RESOLVED')).toEqual([])
    expect(await texts('states=OPEN,RESOLVED')).toEqual(['range', 'whole'])
  })
})

describe('access keys', () => {
  it('are found by the beginning of their label and by the least permission', async () => {
    const sandbox = await openSandbox()
    const text = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
    for (const [scope, permission] of [
      ['PLAT/repos/web', 'REPO_WRITE'],
      ['DATA', 'PROJECT_WRITE'],
    ] as const) {
      const all = `/rest/keys/latest/projects/${scope}/ssh`
      await post(sandbox, all, { key: { text, label: 'My Deploy' }, permission })
      const labels = async (query: string): Promise<number> => (await list(sandbox, `${all}?${query}`, 'key')).length
      expect([await labels('filter=my'), await labels('filter=deploy')]).toEqual([1, 0])
      const isRepository = permission === 'REPO_WRITE'
      const reading = isRepository ? 'REPO_READ' : 'PROJECT_READ'
      // What both documents call the least of a project is exact in a repository, which has another name for the least.
      expect(await labels(`permission=${reading}`)).toBe(isRepository ? 0 : 1)
      expect(await labels(`permission=${permission}`)).toBe(1)
      expect(await labels('minimumPermission=REPO_READ')).toBe(1)
      expect(await labels('minimumPermission=REPO_ADMIN')).toBe(isRepository ? 0 : 1)
    }
  })
})
