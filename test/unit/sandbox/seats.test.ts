import { describe, expect, it } from 'vitest'
import { takenSeats } from '../../../src/sandbox/seats.js'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, send } from './visitor.js'

const admin = '/rest/api/latest/admin'

/** A sandbox with as many seats left. */
async function openWith(left: number): Promise<Sandbox> {
  const sandbox = await openSandbox()
  const { license } = sandbox.state.instance
  if (license !== null) license.maximumNumberOfUsers = takenSeats(sandbox.state) + left
  return sandbox
}

const put = async (sandbox: Sandbox, path: string): Promise<number> =>
  (await send(sandbox, 'PUT', `${admin}${path}`)).status
const post = async (sandbox: Sandbox, path: string, body?: unknown): Promise<number> =>
  (await send(sandbox, 'POST', `${admin}${path}`, body === undefined ? {} : { body })).status

describe('a seat of the licence', () => {
  it('is taken by whoever has a permission, once, however they came by it', async () => {
    const sandbox = await openSandbox()
    // All but the trainee, who is in no group.
    expect(takenSeats(sandbox.state)).toBe(Object.keys(sandbox.state.users).length - 1)
    await put(sandbox, '/permissions/users?name=alice&permission=ADMIN')
    expect(takenSeats(sandbox.state)).toBe(Object.keys(sandbox.state.users).length - 1)
    await put(sandbox, '/permissions/users?name=trainee&permission=LICENSED_USER')
    expect(takenSeats(sandbox.state)).toBe(Object.keys(sandbox.state.users).length)
  })

  it.each([
    ['a permission of their own', 'PUT', '/permissions/users?name=trainee&permission=LICENSED_USER', undefined],
    ['a permission of their group', 'PUT', '/permissions/groups?name=novices&permission=LICENSED_USER', undefined],
    ['a group that has one', 'POST', '/groups/add-users', { group: 'contractors', users: ['trainee'] }],
    ['groups that have one', 'POST', '/users/add-groups', { user: 'trainee', groups: ['novices', 'contractors'] }],
  ] as const)('is needed for %s, and nothing is half done without', async (_, method, path, body) => {
    for (const [left, status] of [
      [0, 403],
      [1, method === 'PUT' ? 204 : 200],
    ] as const) {
      const sandbox = await openWith(left)
      await post(sandbox, '/groups?name=novices')
      await post(sandbox, '/groups/add-users', { group: 'novices', users: ['trainee'] })
      const before = takenSeats(sandbox.state)
      const answer = method === 'PUT' ? await put(sandbox, path) : await post(sandbox, path, body)
      expect([answer, takenSeats(sandbox.state)]).toEqual([status, before + left])
    }
  })

  it('is not needed by whoever has one, nor in a group without a permission', async () => {
    const sandbox = await openWith(-1)
    expect(await put(sandbox, '/permissions/users?name=alice&permission=ADMIN')).toBe(204)
    await post(sandbox, '/groups?name=novices')
    expect(await post(sandbox, '/groups/add-users', { group: 'novices', users: ['trainee'] })).toBe(200)
  })
})
