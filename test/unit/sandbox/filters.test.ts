/** Query parameters of lists in projects and repositories, as the documents describe them. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, send } from './visitor.js'

const api = '/rest/api/latest'
const web = `${api}/projects/PLAT/repos/web`

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await openSandbox()
})

const make = async (path: string, body: unknown): Promise<void> => {
  const { status } = await send(sandbox, 'POST', path, { body })
  expect([200, 201]).toContain(status)
}

const list = async (path: string, member: string): Promise<unknown[]> =>
  (await send(sandbox, 'GET', path)).json.values.map((value) => value[member])

describe('branches', () => {
  it.each([
    ['', ['main', 'a-fix', 'fix', 'fix-b']],
    ['?orderBy=MODIFICATION', ['a-fix', 'fix', 'fix-b', 'main']],
    ['?filterText=FIX', ['a-fix', 'fix', 'fix-b']],
    ['?filterText=FIX&boostMatches=true', ['fix', 'fix-b', 'a-fix']],
    ['?filterText=fix&boostMatches=false&orderBy=ALPHABETICAL', ['a-fix', 'fix', 'fix-b']],
    ['?orderBy=ALPHABETICAL', ['a-fix', 'fix', 'fix-b', 'main']],
  ])('by %s', async (query, names) => {
    for (const name of ['fix-b', 'fix', 'a-fix']) await make(`${web}/branches`, { name, startPoint: 'main' })
    expect(await list(`${web}/branches${query}`, 'displayId')).toEqual(names)
  })
})

describe('pull requests and their comments', () => {
  const requests = `${web}/pull-requests`
  const open = async (name: string, fields: Readonly<Record<string, unknown>>): Promise<void> => {
    await make(`${web}/branches`, { name, startPoint: 'main' })
    const ends = { fromRef: { id: `refs/heads/${name}` }, toRef: { id: 'refs/heads/main' } }
    await make(requests, { title: name, ...ends, ...fields })
  }

  it.each([
    ['', ['two', 'one']],
    ['?draft=true', ['two']],
    ['?draft=false', ['one']],
    ['?filterText=SPEED', ['one']],
    ['?filterText=TWO', ['two']],
  ])('by %s', async (query, titles) => {
    await open('one', { description: 'For more speed' })
    await open('two', { draft: true })
    expect(await list(requests + query, 'title')).toEqual(titles)
  })

  it.each([
    ['', ['open', 'done']],
    ['&states=OPEN', ['open']],
    ['&states=RESOLVED', ['done']],
    ['&state=RESOLVED&state=OPEN', ['open', 'done']],
    ['&states=RESOLVED,OPEN', ['open', 'done']],
  ])('of a path by %s', async (query, texts) => {
    await open('one', {})
    const anchor = { diffType: 'EFFECTIVE', path: 'a.ts', line: 1, lineType: 'ADDED', fileType: 'TO' }
    for (const text of ['open', 'done']) await make(`${requests}/1/comments`, { text, anchor, severity: 'BLOCKER' })
    const done = sandbox.state.code.comments.find(({ text }) => text === 'done')
    await send(sandbox, 'PUT', `${requests}/1/comments/${done?.id}`, { body: { version: 0, state: 'RESOLVED' } })
    expect(await list(`${requests}/1/comments?path=a.ts${query}`, 'text')).toEqual(texts)
    expect(await list(`${requests}/1/blocker-comments?${query.slice(1)}`, 'text')).toEqual(texts)
  })
})

describe('comments on a diff', () => {
  const [hash, other] = ['a'.repeat(40), 'b'.repeat(40)]

  it.each([
    ['', ['range', 'whole']],
    ['&diffTypes=RANGE', ['range']],
    ['&diffType=EFFECTIVE', ['whole']],
    ['&diffTypes=RANGE,EFFECTIVE&anchorState=ALL', ['range', 'whole']],
    [`&fromHash=${hash}&toHash=${other}`, ['range', 'whole']],
    [`&diffTypes=RANGE&fromHash=${other}`, []],
    [`&diffTypes=RANGE&fromHash=${hash}&toHash=${hash}`, []],
    ['&anchorState=ORPHANED', []],
  ])('by %s', async (query, texts) => {
    const comments = `${web}/pull-requests/1/comments`
    await make(`${web}/branches`, { name: 'work', startPoint: 'main' })
    const ends = { fromRef: { id: 'refs/heads/work' }, toRef: { id: 'refs/heads/main' } }
    await make(`${web}/pull-requests`, { title: 'Work', ...ends })
    const range = { path: 'a', diffType: 'RANGE', fromHash: hash, toHash: other }
    await make(comments, { text: 'range', anchor: range })
    await make(comments, { text: 'whole', anchor: { path: 'a' } })
    expect(await list(`${comments}?path=a${query}`, 'text')).toEqual(texts)
  })
})

describe('access keys', () => {
  const text = (end: string): string =>
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWd${end}`

  it.each([
    ['', ['deploy', 'my deploy']],
    ['?permission=REPO_READ', ['deploy', 'my deploy']],
    ['?permission=REPO_WRITE', ['my deploy']],
    ['?minimumPermission=REPO_WRITE', ['my deploy']],
    ['?filter=DEP', ['deploy']],
  ])('by %s', async (query, labels) => {
    const keys = '/rest/keys/latest/projects/PLAT/repos/web/ssh'
    await make(keys, { key: { text: text('op'), label: 'deploy' }, permission: 'REPO_READ' })
    await make(keys, { key: { text: text('oq'), label: 'my deploy' }, permission: 'REPO_WRITE' })
    const found = await list(keys + query, 'key')
    expect(found.map((key) => (key as { readonly label: string }).label)).toEqual(labels)
  })
})

it.each([
  ['groups/more-non-members?context=contractors&filter=ALI', ['alice']],
  ['groups/more-non-members?context=contractors&filter=carol', []],
  ['users/more-non-members?context=admin&filter=CON', ['contractors']],
])('finds who is no member by %s', async (path, names) => {
  expect(await list(`${api}/admin/${path}`, 'name')).toEqual(names)
})
