/** Loggers and logging over real HTTP. */
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../../../src/sandbox/server.js'
import { openSandbox, password, send } from './visitor.js'

const logs = '/rest/api/latest/logs'

async function levelOf(sandbox: Sandbox, path: string): Promise<unknown> {
  const { logLevel } = JSON.parse((await send(sandbox, 'GET', `${logs}/${path}`)).text)
  return logLevel
}

describe('a logger', () => {
  it('writes what it is told, else what the nearest above it does', async () => {
    const sandbox = await openSandbox()
    expect([await levelOf(sandbox, 'rootLogger'), await levelOf(sandbox, 'logger/com.acme')]).toEqual(['WARN', 'WARN'])
    expect((await send(sandbox, 'PUT', `${logs}/logger/com.acme/DEBUG`)).status).toBe(204)
    expect((await send(sandbox, 'PUT', `${logs}/logger/com.acme.git/ERROR`)).status).toBe(204)
    expect((await send(sandbox, 'PUT', `${logs}/rootLogger/INFO`)).status).toBe(204)
    const names = ['com.acme', 'com.acme.web', 'com.acme.git.push', 'com.acmeter', 'com', 'COM.ACME']
    const levels = await Promise.all(names.map((name) => levelOf(sandbox, `logger/${name}`)))
    expect(levels).toEqual(['DEBUG', 'DEBUG', 'ERROR', 'INFO', 'INFO', 'INFO'])
  })

  it('may be called by any name that fits into a path', async () => {
    const sandbox = await openSandbox()
    const name = encodeURIComponent('a/b $Inner%')
    expect((await send(sandbox, 'PUT', `${logs}/logger/${name}/TRACE`)).status).toBe(204)
    expect(sandbox.state.instance.loggers).toEqual([{ name: 'a/b $Inner%', level: 'TRACE' }])
    expect(await levelOf(sandbox, `logger/${name}`)).toBe('TRACE')
  })

  it.each(['logger/com.acme/LOUD', 'logger/com.acme/debug', 'rootLogger/OFF'])('takes no %s', async (path) => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'PUT', `${logs}/${path}`)).status).toBe(400)
    expect([await levelOf(sandbox, 'rootLogger'), sandbox.state.instance.loggers]).toEqual(['WARN', []])
  })

  it('is neither listed nor deleted', async () => {
    const sandbox = await openSandbox()
    expect((await send(sandbox, 'GET', `${logs}/logger`)).status).toBe(404)
    expect((await send(sandbox, 'DELETE', `${logs}/logger/com.acme`)).status).toBe(405)
  })
})

describe('logging', () => {
  const path = `${logs}/settings`
  const on = { debugLoggingEnabled: true, profilingEnabled: true }

  it('is set with both its fields, from 9.6 on', async () => {
    const sandbox = await openSandbox({ bitbucket: '10.2' })
    expect((await send(sandbox, 'PUT', path, { body: on })).json).toEqual(on)
    for (const body of [{}, { debugLoggingEnabled: false }, { ...on, profilingEnabled: 'no' }]) {
      expect((await send(sandbox, 'PUT', path, { body })).status).toBe(400)
    }
    expect((await send(sandbox, 'GET', path)).json).toEqual(on)
    const older = await send(await openSandbox({ bitbucket: '9.4' }), 'GET', path)
    expect([older.status, older.json]).toMatchObject([404, { 'sub-code': -1 }])
  })

  it('is the business of system administrators', async () => {
    const sandbox = await openSandbox({ bitbucket: '10.2' })
    sandbox.state.userPermissions['carol'] = 'ADMIN'
    const as = password(sandbox, 'carol')
    for (const one of ['settings', 'rootLogger', 'logger/com.acme']) {
      expect((await send(sandbox, 'GET', `${logs}/${one}`, { as })).status).toBe(401)
    }
    for (const one of ['rootLogger/INFO', 'logger/com.acme/INFO']) {
      expect((await send(sandbox, 'PUT', `${logs}/${one}`, { as })).status).toBe(401)
    }
    expect((await send(sandbox, 'PUT', path, { as, body: on })).status).toBe(401)
  })
})
