/** HTTP access tokens of users over real HTTP: made once, shown never, gone when removed. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { type Answer, bearer, openSandbox, password, send } from './visitor.js'

const base = '/rest/access-tokens/latest/users'

const make = (sandbox: Sandbox, fields: object, as?: string): Promise<Answer> => {
  const body = { name: 'ci', permissions: ['REPO_READ'], ...fields }
  return send(sandbox, 'PUT', `${base}/alice`, { body, ...(as === undefined ? {} : { as }) })
}

interface Made {
  readonly id: string
  readonly token: string
}

const madeOf = (answer: Answer): Made => JSON.parse(answer.text) as Made

/** Whom the server takes the bearer of a token for. */
async function whoHas(sandbox: Sandbox, token: string): Promise<string | null> {
  const { headers } = await send(sandbox, 'GET', '/rest/api/latest/application-properties', { as: bearer(token) })
  return headers.get('x-ausername')
}

describe('an HTTP access token', () => {
  it('shows its secret once, which signs its user in', async () => {
    const sandbox = await openSandbox()
    const created = await make(sandbox, { expiryDays: 30 })
    const { id, token } = madeOf(created)
    expect([created.status, await whoHas(sandbox, token)]).toEqual([200, 'alice'])
    // The rule by which the documents search for such tokens.
    expect(token).toMatch(/^BBDC-[a-zA-Z0-9+/]{44}$/u)
    const one = await send(sandbox, 'GET', `${base}/alice/${id}`)
    const all = await send(sandbox, 'GET', `${base}/alice`)
    expect([JSON.parse(one.text), all.json.values.length]).toEqual([all.json.values[0], 1])
    expect(one.text + all.text).not.toContain(token)
  })

  it('may be called like another', async () => {
    const sandbox = await openSandbox()
    const [a, b] = [madeOf(await make(sandbox, {})), madeOf(await make(sandbox, {}))]
    expect(a.id).not.toBe(b.id)
  })

  it.each([
    ['no name', { name: '' }, 'name'],
    ['no permissions', { permissions: [] }, 'permissions'],
    ['an unknown permission', { permissions: ['REPO_READ', 'KING'] }, 'permissions'],
    ['a global permission', { permissions: ['ADMIN'] }, 'permissions'],
    ['no time to live', { expiryDays: 0 }, 'expiryDays'],
  ])('with %s is refused', async (_what, fields, field) => {
    const sandbox = await openSandbox()
    const refused = await make(sandbox, fields)
    expect([refused.status, refused.json.errors[0]?.context]).toEqual([400, field])
    expect(sandbox.state.instance.personalTokens).toEqual([])
  })

  it('obeys the policy of expiry', async () => {
    const sandbox = await openSandbox()
    sandbox.state.accessTokenMaxExpiryDays = 90
    for (const fields of [{}, { expiryDays: 91 }]) expect((await make(sandbox, fields)).status).toBe(400)
    expect((await make(sandbox, { expiryDays: 90 })).status).toBe(200)
  })

  it('changes its name and its permissions, each alone', async () => {
    const sandbox = await openSandbox()
    const { id, token } = madeOf(await make(sandbox, {}))
    const change = (body: object): Promise<Answer> => send(sandbox, 'POST', `${base}/alice/${id}`, { body })
    expect((await change({ name: 'builds' })).status).toBe(200)
    expect((await change({ permissions: ['REPO_WRITE'] })).status).toBe(200)
    const kept = { name: 'builds', permissions: ['REPO_WRITE'] }
    expect(sandbox.state.instance.personalTokens).toMatchObject([kept])
    expect((await change({ permissions: ['KING'] })).status).toBe(400)
    expect((await change({ name: '' })).status).toBe(400)
    expect(sandbox.state.instance.personalTokens).toMatchObject([kept])
    expect(await whoHas(sandbox, token)).toBe('alice')
  })

  it('opens nothing once it is removed, and no other is', async () => {
    const sandbox = await openSandbox()
    const [gone, kept] = [madeOf(await make(sandbox, {})), madeOf(await make(sandbox, {}))]
    expect((await send(sandbox, 'DELETE', `${base}/alice/${gone.id}`)).status).toBe(204)
    expect([await whoHas(sandbox, gone.token), await whoHas(sandbox, kept.token)]).toEqual([null, 'alice'])
    expect((await send(sandbox, 'DELETE', `${base}/alice/${gone.id}`)).status).toBe(404)
  })

  it('is its user’s and the administrators’ business', async () => {
    const sandbox = await openSandbox()
    const [alice, bob] = [password(sandbox, 'alice'), password(sandbox, 'bob')]
    const { id } = madeOf(await make(sandbox, {}, alice))
    expect((await make(sandbox, {}, bob)).status).toBe(401)
    expect((await send(sandbox, 'GET', `${base}/alice`, { as: bob })).status).toBe(401)
    for (const method of ['GET', 'POST', 'DELETE']) {
      const sending = method === 'POST' ? { as: bob, body: { name: 'x' } } : { as: bob }
      expect((await send(sandbox, method, `${base}/alice/${id}`, sending)).status).toBe(401)
    }
    // Another user's address does not lead to it either.
    expect((await send(sandbox, 'GET', `${base}/bob/${id}`)).status).toBe(404)
    expect((await send(sandbox, 'GET', `${base}/stranger`)).status).toBe(404)
    expect((await send(sandbox, 'GET', `${base}/alice/${id}`, { as: alice })).status).toBe(200)
  })

  it('makes no other', async () => {
    const sandbox = await openSandbox()
    const { token } = madeOf(await make(sandbox, {}))
    expect((await make(sandbox, {}, bearer(token))).status).toBe(401)
  })
})
