/** The app that stands for any app, over real HTTP. */
import { describe, expect, it } from 'vitest'
import { openSandbox, password, send } from './visitor.js'

const settings = '/rest/acme-notifier/latest/settings'
const rules = '/rest/acme-notifier/1.0/rules'

describe('the settings of an app', () => {
  it('are replaced whole, and their token is never shown', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', settings)).json).toHaveProperty('errors')
    const put = await send(sandbox, 'PUT', settings, { body: { channel: 'ops', limit: 3, token: 'canary' } })
    expect([put.status, put.json]).toEqual([200, { channel: 'ops', limit: 3 }])
    expect((await send(sandbox, 'GET', settings)).json).toEqual({ channel: 'ops', limit: 3 })
    expect(sandbox.state.instance.app).toHaveProperty('token', 'canary')
    await send(sandbox, 'PUT', settings, { body: { channel: 'dev' } })
    expect(sandbox.state.instance.app).toEqual({ channel: 'dev' })
    expect((await send(sandbox, 'DELETE', settings)).status).toBe(204)
    expect((await send(sandbox, 'DELETE', settings)).status).toBe(204)
    expect((await send(sandbox, 'GET', settings)).status).toBe(404)
  })

  it.each([[[]], ['"text"'], ['null']])('are no %j', async (body) => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'PUT', settings, { body })).status).toBe(400)
    expect((await send(sandbox, 'POST', rules, { body })).status).toBe(400)
  })
})

describe('the rules of an app', () => {
  it('are added to, member by member', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', rules)).json).toEqual({})
    await send(sandbox, 'POST', rules, { body: { push: { to: ['a'] }, merge: true, kept: 'x' } })
    const added = await send(sandbox, 'POST', rules, { body: { push: { to: ['b'] }, merge: null, tag: 1 } })
    expect(added.json).toEqual({ push: { to: ['b'] }, kept: 'x', tag: 1 })
    expect((await send(sandbox, 'GET', rules)).json).toEqual(added.json)
    expect((await send(sandbox, 'DELETE', rules)).status).toBe(405)
  })
})

describe('an app', () => {
  it('listens to administrators', async () => {
    const sandbox = await openSandbox()
    const as = password(sandbox, 'alice')
    for (const path of [settings, rules]) expect((await send(sandbox, 'GET', path, { as })).status).toBe(401)
    expect((await send(sandbox, 'PUT', settings, { as, body: {} })).status).toBe(401)
    expect((await send(sandbox, 'POST', rules, { as, body: {} })).status).toBe(401)
    expect((await send(sandbox, 'DELETE', settings, { as })).status).toBe(401)
  })
})
