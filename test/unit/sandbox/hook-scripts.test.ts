/** Hook scripts over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, openSandbox, password, send, submit } from './visitor.js'

const scripts = '/rest/api/latest/hook-scripts'
const bound = '/rest/api/latest/projects/PLAT/hook-scripts'
const script = { name: 'size', type: 'PRE', description: 'Refuses big files', content: '#!/bin/sh\nexit 0\n' }

const parse = (answer: Answer): Readonly<Record<string, unknown>> => JSON.parse(answer.text)

async function add(sandbox: Sandbox, fields: Readonly<Record<string, string>> = {}): Promise<number> {
  return Number(parse(await submit(sandbox, 'POST', scripts, { ...script, ...fields }))['id'])
}

describe('a hook script', () => {
  it('is registered, shown without and with its content, changed in part, and removed', async () => {
    const sandbox = await openSandbox()
    const id = await add(sandbox)
    const one = `${scripts}/${id}`
    const { content, ...shown } = script
    const first = parse(await send(sandbox, 'GET', one))
    expect(first).toMatchObject({ ...shown, id, version: 1 })
    expect(first).not.toHaveProperty('content')
    const raw = await send(sandbox, 'GET', `${one}/content`)
    expect([raw.text, raw.headers.get('content-type')]).toEqual([content, 'text/plain;charset=UTF-8'])
    const put = await submit(sandbox, 'PUT', one, { description: '' })
    expect(parse(put)).toMatchObject({ ...shown, description: '', version: 2 })
    expect((await send(sandbox, 'GET', `${one}/content`)).text).toBe(content)
    await submit(sandbox, 'PUT', one, { name: 'length', content: 'exit 1' })
    expect(sandbox.state.instance.hookScripts).toMatchObject([{ id, name: 'length', content: 'exit 1', type: 'PRE' }])
    expect((await send(sandbox, 'DELETE', one)).status).toBe(204)
    for (const path of [one, `${one}/content`]) expect((await send(sandbox, 'GET', path)).status).toBe(404)
    expect((await send(sandbox, 'DELETE', one)).status).toBe(404)
    expect((await submit(sandbox, 'PUT', one, { name: 'x' })).status).toBe(404)
  })

  it.each([
    ['without a name', { name: '' }, 'name'],
    ['without a content', { content: '' }, 'content'],
    ['of another type', { type: 'pre' }, 'type'],
  ])('%s is refused', async (_what, fields, context) => {
    const sandbox = await openSandbox()
    const refused = await submit(sandbox, 'POST', scripts, { ...script, ...fields })
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, context])
    expect(sandbox.state.instance.hookScripts).toEqual([])
  })

  it('has a name of its own, at first and later', async () => {
    const sandbox = await openSandbox()
    const [first, second] = [await add(sandbox), await add(sandbox, { name: 'other' })]
    expect((await submit(sandbox, 'POST', scripts, script)).status).toBe(409)
    expect((await submit(sandbox, 'PUT', `${scripts}/${second}`, { name: 'size' })).status).toBe(409)
    expect((await submit(sandbox, 'PUT', `${scripts}/${first}`, { name: 'size' })).status).toBe(200)
    expect((await submit(sandbox, 'PUT', `${scripts}/${first}`, { name: '' })).status).toBe(400)
    expect(sandbox.state.instance.hookScripts.map(({ name }) => name)).toEqual(['size', 'other'])
  })

  it('stays of its type, and is changed by a change alone', async () => {
    const sandbox = await openSandbox()
    const one = `${scripts}/${await add(sandbox)}`
    expect((await submit(sandbox, 'PUT', one, {})).status).toBe(422)
    expect((await submit(sandbox, 'PUT', one, { type: 'POST' })).status).toBe(422)
    expect(parse(await submit(sandbox, 'PUT', one, { ...script, type: 'POST' }))['type']).toBe('PRE')
    expect((await send(sandbox, 'PUT', one, { body: { name: 'x' } })).status).toBe(415)
  })

  it('is in no list but where it is bound', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', scripts)).status).toBe(405)
    const [first, second] = [await add(sandbox), await add(sandbox, { name: 'other' })]
    expect((await send(sandbox, 'GET', bound)).json).toMatchObject({ values: [], isLastPage: true })
    const bind = (path: string, body: unknown): Promise<Answer> => send(sandbox, 'PUT', path, { body })
    expect((await bind(`${bound}/${first}`, { triggerIds: ['repo-push', 'repo-push'] })).status).toBe(200)
    expect((await bind(`${bound.replace('PLAT', 'DATA')}/${second}`, { triggerIds: [] })).status).toBe(200)
    const shown = parse(await send(sandbox, 'GET', `${scripts}/${first}`))
    const scope = { type: 'PROJECT', resourceId: 1 }
    expect((await send(sandbox, 'GET', bound)).json.values).toEqual([
      { script: shown, triggerIds: ['repo-push'], scope },
    ])
    expect((await send(sandbox, 'GET', bound.replace('PLAT', 'NONE'))).status).toBe(404)
    // In a repository it runs, too, and another binding there leaves that of the project alone.
    const inside = bound.replace('/hook-scripts', '/repos/api/hook-scripts')
    expect((await send(sandbox, 'GET', inside)).json.values).toEqual([
      { script: shown, triggerIds: ['repo-push'], scope },
    ])
    await bind(`${inside}/${first}`, { triggerIds: ['pull-request-merge'] })
    await bind(`${bound}/${first}`, { triggerIds: ['repo-push', 'tag-created'] })
    const both = (await send(sandbox, 'GET', inside)).json.values
    expect(both.map(({ triggerIds }) => triggerIds)).toEqual([['pull-request-merge'], ['repo-push', 'tag-created']])
    expect((await send(sandbox, 'DELETE', `${inside}/${first}`)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', `${inside}/${first}`)).status).toBe(404)
    const repository = sandbox.state.instance.repositories.find(({ slug }) => slug === 'api')
    if (repository !== undefined) repository.archived = true
    expect((await bind(`${inside}/${first}`, { triggerIds: [] })).status).toBe(409)
    expect((await send(sandbox, 'GET', bound)).json.values).toHaveLength(1)
    await send(sandbox, 'DELETE', `${scripts}/${first}`)
    expect((await send(sandbox, 'GET', bound)).json.values).toEqual([])
    expect(sandbox.state.code.hookScriptBindings).toHaveLength(1)
  })

  it('is the business of system administrators', async () => {
    const sandbox = await openSandbox()
    const one = `${scripts}/${await add(sandbox)}`
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const as = password(sandbox, 'carol')
    expect((await submit(sandbox, 'POST', scripts, { ...script, name: 'x' }, as)).status).toBe(401)
    expect((await submit(sandbox, 'PUT', one, { name: 'x' }, as)).status).toBe(401)
    expect((await send(sandbox, 'DELETE', one, { as })).status).toBe(401)
    for (const path of [one, `${one}/content`]) expect((await send(sandbox, 'GET', path, { as })).status).toBe(401)
    expect((await send(sandbox, 'GET', bound, { as })).status).toBe(200)
    expect((await send(sandbox, 'GET', bound, { as: password(sandbox, 'alice') })).status).toBe(401)
  })
})
