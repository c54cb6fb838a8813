/** Mesh nodes and mirrors over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, exceptions, openSandbox, password, send } from './visitor.js'

const nodes = '/rest/api/latest/admin/git/mesh/nodes'
const servers = '/rest/mirroring/latest/mirrorServers'
const requests = '/rest/mirroring/latest/requests'

const parse = (answer: Answer): Readonly<Record<string, unknown>> => JSON.parse(answer.text)

describe('a Mesh node', () => {
  const node = { name: 'mesh-1', rpcUrl: 'http://mesh-1.example.com:7777' }
  const add = (sandbox: Sandbox, fields: object = {}): Promise<Answer> =>
    send(sandbox, 'POST', nodes, { body: { ...node, ...fields } })

  it('is registered, shown alone and in a list, and changed', async () => {
    const sandbox = await openSandbox()
    const { id } = parse(await add(sandbox, { availabilityZone: 'zone-1' }))
    const one = parse(await send(sandbox, 'GET', `${nodes}/${id}`))
    expect(one).toMatchObject({ ...node, state: 'AVAILABLE', availabilityZone: 'zone-1', offline: false })
    const list = await send(sandbox, 'GET', nodes)
    expect(JSON.parse(list.text)).toEqual([one])
    const body = { ...node, state: 'DRAINING' }
    expect(parse(await send(sandbox, 'PUT', `${nodes}/${id}`, { body }))).toEqual({ ...one, state: 'DRAINING' })
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const sending = method === 'PUT' ? { body } : {}
      expect((await send(sandbox, method, `${nodes}/4711`, sending)).status).toBe(404)
    }
  })

  it.each([
    ['no name', { name: '' }, 'name'],
    ['no address', { rpcUrl: 'mesh-1' }, 'rpcUrl'],
    ['a state that only the server finds', { state: 'OFFLINE' }, 'state'],
  ])('with %s is refused', async (_what, fields, field) => {
    const sandbox = await openSandbox()
    const refused = await add(sandbox, fields)
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, field])
    expect(sandbox.state.instance.meshNodes).toEqual([])
  })

  it('has a zone from 9.4 on, and is itself there from 8.0 on', async () => {
    const [older, oldest] = [await openSandbox({ bitbucket: '8.19' }), await openSandbox({ bitbucket: '7.21' })]
    expect(parse(await add(older, { availabilityZone: 'zone-1' }))).not.toHaveProperty('availabilityZone')
    expect((await add(oldest)).status).toBe(404)
  })

  it('goes; with the last copy of something by force alone', async () => {
    const sandbox = await openSandbox()
    const { id } = parse(await add(sandbox))
    const [kept] = sandbox.state.instance.meshNodes
    if (kept !== undefined) kept.isLastCopy = true
    expect((await send(sandbox, 'GET', `${nodes}/${id}`)).text).not.toContain('isLastCopy')
    for (const query of ['', '?force=false']) {
      expect((await send(sandbox, 'DELETE', `${nodes}/${id}${query}`)).status).toBe(409)
    }
    expect((await send(sandbox, 'DELETE', `${nodes}/${id}?force=true`)).status).toBe(204)
    const other = parse(await add(sandbox))
    expect((await send(sandbox, 'DELETE', `${nodes}/${other['id']}`)).status).toBe(204)
    expect(sandbox.state.instance.meshNodes).toEqual([])
  })

  it('is the business of system administrators', async () => {
    const sandbox = await openSandbox()
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    for (const path of [nodes, `${nodes}/1`]) {
      expect((await send(sandbox, 'GET', path, { as: password(sandbox, 'carol') })).status).toBe(401)
    }
  })
})

describe('a mirror', () => {
  const sydney = {
    mirrorId: 'M-1',
    mirrorName: 'sydney',
    mirrorBaseUrl: 'https://sydney.example.com',
    mirrorType: 'FARM',
    productVersion: '9.4.2',
  }
  const ask = async (sandbox: Sandbox, fields: object = {}): Promise<unknown> => {
    const asked = await send(sandbox, 'POST', requests, { body: { ...sydney, ...fields }, as: null })
    return parse(asked)['id']
  }
  const decide = (sandbox: Sandbox, id: unknown, how: 'accept' | 'reject'): Promise<Answer> =>
    send(sandbox, 'POST', `${requests}/${id}/${how}`)
  const idsOf = async (sandbox: Sandbox, path: string): Promise<unknown[]> =>
    (await send(sandbox, 'GET', path)).json.values.map(({ id }) => id)

  it('asks by itself, waits, and is accepted once', async () => {
    const sandbox = await openSandbox()
    const id = await ask(sandbox)
    expect(parse(await send(sandbox, 'GET', `${requests}/${id}`))).toEqual({ id, ...sydney, state: 'PENDING' })
    expect(await idsOf(sandbox, `${requests}?state=PENDING`)).toEqual([id])
    expect(await idsOf(sandbox, servers)).toEqual([])
    expect(parse(await decide(sandbox, id, 'accept'))).toMatchObject({ id: 'M-1', name: 'sydney', enabled: true })
    expect(await idsOf(sandbox, `${requests}?state=PENDING`)).toEqual([])
    expect(await idsOf(sandbox, `${requests}?state=ACCEPTED`)).toEqual([id])
    expect((await decide(sandbox, id, 'accept')).status).toBe(409)
    expect((await decide(sandbox, id, 'reject')).status).toBe(409)
    expect(parse(await send(sandbox, 'GET', `${servers}/M-1`))).toMatchObject({ name: 'sydney', mirrorType: 'FARM' })
  })

  it('that is rejected serves nobody', async () => {
    const sandbox = await openSandbox()
    const id = await ask(sandbox)
    expect(parse(await decide(sandbox, id, 'reject'))).toMatchObject({ id: 'M-1', enabled: false })
    expect([await idsOf(sandbox, servers), await idsOf(sandbox, `${requests}?state=REJECTED`)]).toEqual([[], [id]])
  })

  it('is removed, whether it is there or not', async () => {
    const sandbox = await openSandbox()
    await decide(sandbox, await ask(sandbox), 'accept')
    for (const found of [200, 404]) {
      expect((await send(sandbox, 'GET', `${servers}/M-1`)).status).toBe(found)
      expect((await send(sandbox, 'DELETE', `${servers}/M-1`)).status).toBe(204)
    }
  })

  it('is known once, however often it asks', async () => {
    const sandbox = await openSandbox()
    await decide(sandbox, await ask(sandbox), 'accept')
    await decide(sandbox, await ask(sandbox, { mirrorName: 'melbourne' }), 'accept')
    expect(sandbox.state.instance.mirrors.map(({ name }) => name)).toEqual(['melbourne'])
  })

  it('asks in full; a request that is missing is a conflict, as the documents have it', async () => {
    const sandbox = await openSandbox()
    const refused = await send(sandbox, 'POST', requests, { body: { ...sydney, mirrorName: '' }, as: null })
    expect([refused.status, exceptions(refused)]).toEqual([409, ['IntegrityException']])
    const id = await ask(sandbox)
    expect((await send(sandbox, 'DELETE', `${requests}/${id}`)).status).toBe(204)
    for (const method of ['GET', 'DELETE']) {
      expect((await send(sandbox, method, `${requests}/${id}`)).status).toBe(409)
    }
    expect((await decide(sandbox, id, 'reject')).status).toBe(409)
  })

  it('is decided on by administrators', async () => {
    const sandbox = await openSandbox()
    const id = await ask(sandbox)
    const as = password(sandbox, 'alice')
    for (const path of [servers, `${servers}/M-1`, requests, `${requests}/${id}`]) {
      expect((await send(sandbox, 'GET', path, { as })).status).toBe(401)
    }
    expect((await send(sandbox, 'POST', `${requests}/${id}/accept`, { as })).status).toBe(401)
  })
})
