/** Webhooks of a sandbox: what was called is told, and nothing ever is. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startSandbox } from '../../../src/sandbox/server.js'
import { exceptions, openSandbox, send } from './visitor.js'

const directory = mkdtempSync(join(tmpdir(), 'bbstate-webhooks-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const webhooks = '/rest/api/latest/projects/PLAT/webhooks'

const given = { name: 'CI', url: 'https://ci.example.com', events: ['repo:refs_changed'] }

it('tests an address without asking it, and says so', async () => {
  let connections = 0
  const target = createServer((_, response) => response.end())
  target.on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const sandbox = await openSandbox()
  const { port } = target.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/hook`
  const answer = await send(sandbox, 'POST', `${webhooks}/test?url=${encodeURIComponent(url)}`)
  expect([answer.status, answer.json]).toEqual([
    200,
    { request: { url, method: 'POST' }, result: { description: 'The sandbox sends nothing', outcome: 'ERROR' } },
  ])
  // Whoever does ask reaches it.
  await fetch(url)
  expect(connections).toBe(1)
  target.closeAllConnections()
  await new Promise((resolve) => target.close(resolve))
  const missing = await send(sandbox, 'POST', `${webhooks}/test`)
  expect([missing.status, exceptions(missing)]).toEqual([400, ['ArgumentValidationException']])
})

it('counts the tests of the last day, newest first', async () => {
  const sandbox = await openSandbox()
  const made = (await send(sandbox, 'POST', webhooks, { body: given })).json as unknown as { id: number }
  const one = `${webhooks}/${made.id}`
  const test = (host: string): Promise<unknown> =>
    send(sandbox, 'POST', `${webhooks}/test?webhookId=${made.id}&url=http://${host}.example.com`)
  const errors = async (query = ''): Promise<unknown> => {
    const { json } = await send(sandbox, 'GET', `${one}/statistics${query}`)
    return (json as unknown as { counts: { errors: number } }).counts.errors
  }
  expect(await errors()).toBe(0)
  await test('old')
  sandbox.advance(90_000_000)
  await test('new')
  await test('newest')
  expect([await errors(), await errors('?event=pr:opened')]).toEqual([2, 0])
  const latest = (await send(sandbox, 'GET', `${one}/latest`)).json
  expect(latest).toMatchObject({ event: 'diagnostics:ping', request: { url: 'http://newest.example.com' } })
  const shown = await Promise.all(
    [one, `${one}?statistics=true`].map(async (path) => Object.keys((await send(sandbox, 'GET', path)).json)),
  )
  expect(shown.map((names) => names.filter((name) => name === 'statistics' || name === 'calls'))).toEqual([
    [],
    ['statistics'],
  ])
  // A replaced webhook is the same one.
  await send(sandbox, 'PUT', one, { body: { ...given, name: 'CD' } })
  expect(await errors()).toBe(2)
})

it('keeps what was called with its state', async () => {
  const dataDir = join(directory, 'kept')
  const first = await startSandbox({ port: 0, dataDir })
  const made = (await send(first, 'POST', webhooks, { body: given })).json as unknown as { id: number }
  await send(first, 'POST', `${webhooks}/test?webhookId=${made.id}&url=http://kept.example.com`)
  await first.close()
  const second = await openSandbox({ dataDir })
  const latest = await send(second, 'GET', `${webhooks}/${made.id}/latest`)
  expect(latest.json).toMatchObject({ request: { url: 'http://kept.example.com' } })
})
