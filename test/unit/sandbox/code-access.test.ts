/** How far credentials reach in projects and repositories: link scope, consent and the user's rights, the smallest of all. */
import { afterEach, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js'

let sandbox: Sandbox | undefined
afterEach(() => sandbox?.close())

const api = '/rest/api/latest'
const web = `${api}/projects/PLAT/repos/web`

async function ask(method: string, path: string, authorization?: string, body?: unknown) {
  const response = await fetch((sandbox?.url ?? '') + path, {
    method,
    headers: {
      accept: 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, string> }
}

const basic = (user: string): string => `Basic ${Buffer.from(`${user}:${sandbox?.password}`).toString('base64')}`

it('lets an HTTP access token of a repository work there, as far as it was given, and nowhere else', async () => {
  sandbox = await startSandbox({ port: 0 })
  const made = await ask('PUT', '/rest/access-tokens/latest/projects/PLAT/repos/web', basic('admin'), {
    name: 'ci',
    permissions: ['REPO_WRITE'],
  })
  const token = `Bearer ${made.json['token']}`
  const report = `/rest/insights/latest/projects/PLAT/repos/web/commits/${'a'.repeat(40)}/reports/ci`
  const ways: readonly (readonly [string, string, number, unknown?])[] = [
    ['GET', web, 200],
    ['PUT', report, 200, { title: 'CI', data: [] }],
    ['PUT', web, 401, { description: 'x' }],
    ['GET', `${api}/projects/PLAT/repos/api`, 401],
    ['GET', `${api}/admin/groups`, 401],
    ['GET', `${api}/admin/banner`, 401],
    ['PUT', '/rest/access-tokens/latest/projects/PLAT/repos/web', 401, { name: 'x', permissions: ['REPO_READ'] }],
  ]
  for (const [method, path, status, body] of ways) {
    expect([method, path, (await ask(method, path, token, body)).status]).toEqual([method, path, status])
  }
  await ask('DELETE', `/rest/access-tokens/latest/projects/PLAT/repos/web/${made.json['id']}`, basic('admin'))
  expect((await ask('GET', web, token)).status).toBe(401)
})

it.each([
  ['PUBLIC_REPOS', [401, 401, 401]],
  ['REPO_READ', [200, 401, 401]],
  ['REPO_ADMIN', [200, 201, 401]],
  ['PROJECT_ADMIN', [200, 201, 200]],
] as const)('%s reaches so far for an administrator', async (scope, statuses) => {
  sandbox = await startSandbox({ port: 0 })
  const token = `Bearer ${sandbox.issueTokens({ scopes: [scope] }).accessToken}`
  const found = [
    await ask('GET', web, token),
    await ask('PUT', web, token, { description: 'x' }),
    await ask('PUT', `${api}/projects/PLAT`, token, { description: 'x' }),
  ]
  expect(found.map(({ status }) => status)).toEqual(statuses)
})

it('serves a killed token as nobody: what is public still answers', async () => {
  sandbox = await startSandbox({ port: 0 })
  const token = `Bearer ${sandbox.issueTokens().accessToken}`
  await ask('PUT', web, basic('admin'), { public: true })
  sandbox.killAccessTokens()
  expect((await ask('GET', web, token)).status).toBe(200)
  expect((await ask('GET', `${api}/projects/PLAT/repos/api`, token)).status).toBe(401)
})
