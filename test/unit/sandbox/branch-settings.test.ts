/** What a repository has of its project: default tasks and the branching model. */
import { expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, send } from './visitor.js'

const project = '/projects/PLAT'
const repository = `${project}/repos/web`
const tasksOf = (scope: string): string => `/rest/default-tasks/latest${scope}/tasks`
const modelOf = (scope: string): string => `/rest/branch-utils/latest${scope}/branchmodel`

const any = { id: 'any', type: { id: 'ANY_REF' } }
const task = (description: string): unknown => ({ description, sourceMatcher: any, targetMatcher: any })

async function makeTask(sandbox: Sandbox, scope: string, description: string): Promise<number> {
  const { json } = await send(sandbox, 'POST', tasksOf(scope), { body: task(description) })
  return (json as unknown as { id: number }).id
}

async function listTasks(sandbox: Sandbox, scope: string): Promise<unknown[]> {
  return (await send(sandbox, 'GET', tasksOf(scope))).json.values.map(({ description }) => description)
}

it('shows the default tasks of a project at its repositories, where they cannot be changed', async () => {
  const sandbox = await openSandbox()
  const inherited = await makeTask(sandbox, project, 'Of all')
  await makeTask(sandbox, repository, 'Of one')
  expect(await listTasks(sandbox, repository)).toEqual(['Of all', 'Of one'])
  expect(await listTasks(sandbox, project)).toEqual(['Of all'])
  const path = `${tasksOf(repository)}/${inherited}`
  expect((await send(sandbox, 'DELETE', path)).status).toBe(204)
  expect((await send(sandbox, 'PUT', path, { body: task('Mine') })).status).toBe(400)
  expect((await send(sandbox, 'DELETE', tasksOf(repository))).status).toBe(204)
  expect(await listTasks(sandbox, repository)).toEqual(['Of all'])
  expect((await send(sandbox, 'DELETE', `${tasksOf(project)}/${inherited}`)).status).toBe(204)
  expect(await listTasks(sandbox, repository)).toEqual([])
})

it('renders default tasks only where markup is asked for, and nothing in them is HTML', async () => {
  const sandbox = await openSandbox()
  await makeTask(sandbox, project, '<b>Test</b>')
  const asked = ['', '?markup', '?markup=true', '?markup=false'].map(
    async (query) => (await send(sandbox, 'GET', tasksOf(project) + query)).json.values[0]?.['html'],
  )
  const rendered = '<p>&lt;b&gt;Test&lt;/b&gt;</p>'
  expect(await Promise.all(asked)).toEqual([undefined, rendered, rendered, undefined])
})

it('hands the branching model of a project down until a repository has its own', async () => {
  const sandbox = await openSandbox()
  const ask = async (method: string, scope: string, body?: unknown): Promise<Record<string, unknown>> => {
    const path = `${modelOf(scope)}/configuration`
    const { json } = await send(sandbox, method, path, body === undefined ? {} : { body })
    return json as unknown as Record<string, unknown>
  }
  const given = (refId: string): unknown => ({ development: { refId, useDefault: false }, types: [] })
  const ofProject = { resourceId: 1, type: 'PROJECT' }
  const fresh = await ask('GET', repository)
  expect(fresh).toMatchObject({ development: { refId: null, useDefault: true }, scope: ofProject })
  await ask('PUT', project, given('develop'))
  const development = { refId: 'refs/heads/develop', useDefault: false }
  expect(await ask('GET', repository)).toMatchObject({ development, scope: ofProject })
  await ask('PUT', repository, given('refs/heads/next'))
  expect(await ask('GET', repository)).toMatchObject({
    development: { refId: 'refs/heads/next' },
    scope: { resourceId: 2, type: 'REPOSITORY' },
  })
  await ask('DELETE', repository)
  expect(await ask('GET', repository)).toMatchObject({ development, scope: ofProject })
  await ask('DELETE', project)
  expect(await ask('GET', repository)).toEqual(fresh)
})

it('switches off the categories that are not sent, which keep their prefixes', async () => {
  const sandbox = await openSandbox()
  const path = `${modelOf(project)}/configuration`
  const development = { refId: null, useDefault: true }
  await send(sandbox, 'PUT', path, { body: { development, types: [{ id: 'BUGFIX', enabled: true, prefix: 'fix/' }] } })
  const { types } = (await send(sandbox, 'PUT', path, { body: { development, types: [{ id: 'HOTFIX' }] } }))
    .json as unknown as { types: readonly { id: string; enabled: boolean; prefix: string }[] }
  expect(types.map(({ id, enabled, prefix }) => [id, enabled, prefix])).toEqual([
    ['BUGFIX', false, 'fix/'],
    ['FEATURE', false, 'feature/'],
    ['HOTFIX', true, 'hotfix/'],
    ['RELEASE', false, 'release/'],
  ])
})

it('resolves a model to the branches that there are', async () => {
  const sandbox = await openSandbox()
  const body = {
    development: { refId: null, useDefault: true },
    production: { refId: 'refs/heads/stable', useDefault: false },
    types: [{ id: 'RELEASE', enabled: true, prefix: 'r/' }],
  }
  await send(sandbox, 'PUT', `${modelOf(project)}/configuration`, { body })
  const resolve = async (): Promise<unknown> => (await send(sandbox, 'GET', modelOf(repository))).json
  const types = [{ id: 'RELEASE', displayName: 'Release', prefix: 'r/' }]
  const development = expect.objectContaining({ id: 'refs/heads/main', default: true })
  expect(await resolve()).toEqual({ development, types })
  const branches = `/rest/api/latest${repository}/branches`
  await send(sandbox, 'POST', branches, { body: { name: 'stable', startPoint: 'main' } })
  const production = expect.objectContaining({ id: 'refs/heads/stable', default: false })
  expect(await resolve()).toEqual({ development, production, types })
})
