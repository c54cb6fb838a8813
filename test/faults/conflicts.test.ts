/** A 409 of a concurrent change: read again, then decide. */
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../src/model/errors.js'
import { ToyServer } from '../contract/toys.js'
import { apply, desire, plan } from '../unit/app/desires.js'

const conflict = new ApiError('API_CONFLICT', 'somebody else was there')

async function startWith(width: number): Promise<ToyServer> {
  const server = new ToyServer()
  await apply(server, await plan(server, desire([['door', {}, {}, { open: true, width }]])))
  return server
}

/** A server whose first write of the door meets a conflict; what happens meanwhile is given. */
function conflicting(server: ToyServer, meanwhile: (writer: ReturnType<ToyServer['writer']>) => Promise<unknown>) {
  let isFirst = true
  const writer = server.writer()
  return {
    ...writer,
    send: async (...given: Parameters<typeof writer.send>) => {
      if (!isFirst) return writer.send(...given)
      isFirst = false
      await meanwhile(writer)
      throw conflict
    },
  }
}

const applyOver = async (server: ToyServer, meanwhile: Parameters<typeof conflicting>[1]) => {
  const made = await plan(server, desire([['door', {}, {}, { width: 80 }]]))
  const writer = conflicting(server, meanwhile)
  const live = {
    identity: made.server,
    reading: () => server.reader(),
    writer: () => writer,
    requests: () => 0,
    usesPassword: false,
    holds: async () => true,
  }
  return apply(server, made, { server: live })
}

describe('a conflict', () => {
  test('with nobody there any more is tried once again', async () => {
    const server = await startWith(90)
    const report = await applyOver(server, async () => undefined)
    expect(report.summary).toEqual({ done: 1, failed: 0, skipped: 0 })
    expect((await plan(server, desire([['door', {}, {}, { width: 80 }]]))).changes).toEqual([])
  })

  test('with somebody who wrote the same is done', async () => {
    const server = await startWith(90)
    const report = await applyOver(server, (writer) => writer.send('PUT', '/door', { open: true, width: 80 }))
    expect(report.summary.done).toBe(1)
    expect(server.sent.filter((sent) => sent === 'PUT /door')).toHaveLength(2)
  })

  test('with somebody who wrote something else is stale, and is not overwritten', async () => {
    const server = await startWith(90)
    const applied = applyOver(server, (writer) => writer.send('PUT', '/door', { open: true, width: 70 }))
    await expect(applied).rejects.toMatchObject({
      report: { outcomes: [{ outcome: 'failed', error: { code: 'PLAN_STALE', address: 'instance.door' } }] },
    })
    expect((await plan(server, desire([['door', {}, {}, { width: 70 }]]))).changes).toEqual([])
  })
})
