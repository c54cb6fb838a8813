/** What a whole instance costs to read: each list once, however many settings need it. */
import { load } from 'js-yaml'
import { afterEach, expect, test } from 'vitest'
import { type LiveRun, lines, startLive } from '../live.js'

let live: LiveRun
afterEach(() => live.close())

const count = (paths: readonly string[], part: string): number => paths.filter((path) => path.includes(part)).length

test('an export of 1,000 users, 300 groups and 3,000 memberships reads each list once, and one list a group', async () => {
  live = await startLive({ estate: { users: 1000, groups: 300, memberships: 3000 } })
  live.sandbox.forgetRequests()
  const text = await live.export()
  const paths = live.sandbox.requests.map(({ path }) => path)
  const { users, groups } = live.sandbox.state
  const own = Object.values(groups).filter(({ deletable }) => deletable).length
  expect(count(paths, '/admin/users?')).toBe(Math.ceil(Object.keys(users).length / 1000))
  expect(count(paths, '/admin/groups?')).toBe(Math.ceil(Object.keys(groups).length / 1000))
  expect(count(paths, '/more-members')).toBe(own)
  expect(new Set(paths).size, 'nothing is read twice').toBe(paths.length)
  live.sandbox.forgetRequests()
  const plan = await live.plan(load(text))
  expect(lines(plan)).toEqual([])
  const again = live.sandbox.requests.map(({ path }) => path)
  expect(new Set(again).size, 'nothing is planned from two readings').toBe(again.length)
  expect(again.length).toBeLessThanOrEqual(paths.length)
  expect(await live.export()).toBe(text)
})

test('keys, tokens, nodes and loggers are read where somebody names them', async () => {
  live = await startLive()
  live.sandbox.forgetRequests()
  await live.export()
  const paths = live.sandbox.requests.map(({ path }) => path).join('\n')
  expect(paths).not.toMatch(/\/(?:ssh|gpg)\/latest\/keys|access-tokens\/latest\/users|mesh\/nodes|\/logs\/rootLogger/u)
  live.sandbox.forgetRequests()
  const text = await live.export(['instance.users[alice].sshKeys', 'instance.rootLogger'])
  const named = live.sandbox.requests.map(({ path }) => path.split('?')[0])
  expect(named.sort()).toEqual([
    '/rest/api/latest/admin/users',
    '/rest/api/latest/logs/rootLogger',
    '/rest/ssh/latest/keys',
  ])
  expect(text).toContain('rootLogger: WARN')
})
