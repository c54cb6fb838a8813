/** Which endpoints a version has, and what is said of the others. */
import { describe, expect, it } from 'vitest'
import { isOffered } from '../../../src/sandbox/routes.js'
import { openSandbox, send } from './visitor.js'

describe('a route', () => {
  it.each([
    [{}, '7.21', true],
    [{ since: '8.17' }, '8.9', false],
    [{ since: '8.17' }, '8.17', true],
    [{ since: '8.17' }, '10.2', true],
    [{ until: '9.0' }, '8.19', true],
    [{ until: '9.0' }, '9.0', false],
    [{ since: '8.0', until: '10.0' }, '9.4', true],
    [{ since: '8.0', until: '10.0' }, '7.21', false],
    [{ since: '8.0', until: '10.0' }, '10.2', false],
  ])('%j on %s: %s', (range, version, isThere) => {
    expect(isOffered(range, version)).toBe(isThere)
  })

  it('that the version has not got is told like a path that leads nowhere', async () => {
    const older = await openSandbox({ bitbucket: '8.19' })
    const missing = await send(older, 'GET', '/rest/basicauth/latest/config')
    const nonsense = await send(older, 'GET', '/rest/nonsense/latest/config')
    expect([missing.status, missing.json]).toEqual([404, nonsense.json])
    expect(missing.json).not.toHaveProperty('errors')
    expect((await send(older, 'PUT', '/rest/basicauth/latest/config', { body: {} })).status).toBe(404)
  })

  it('takes no path with a percent sign that escapes nothing', async () => {
    const answer = await send(await openSandbox(), 'GET', '/rest/api/latest/logs/logger/%zz')
    expect([answer.status, answer.json]).toMatchObject([400, { 'status-code': 400 }])
  })
})
