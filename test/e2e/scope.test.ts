/** Plans of a part, of another stand, and against configurations of another commit, with the built program. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, makeHome, run } from './program.js'

let sandbox: Sandbox
let home: ReturnType<typeof makeHome>
let environment: Environment
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 })
  home = makeHome()
  const { url, username, password } = sandbox
  environment = {
    BBSTATE_HOME: home.path,
    BBSTATE_URL: url,
    BBSTATE_USERNAME: username,
    BBSTATE_PASSWORD: password,
  }
})
afterAll(async () => {
  await sandbox.close()
  home.remove()
})

const quickStart = resolve('examples/quick-start/bbstate.yaml')

describe('plan --snapshot', () => {
  test('needs no server, no credentials and no network, and says what the live plan says', async () => {
    const file = join(home.path, 'snapshot.json')
    const taken = await run(['snapshot', '--out', file], environment)
    expect(taken.code, taken.all).toBe(0)
    expect(taken.stdout).toBe('')
    expect(taken.stderr).toContain('Not in the snapshot: instance.hookScripts')
    expect(sandbox.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    const text = readFileSync(file, 'utf8')
    for (const secret of [sandbox.password, sandbox.clientSecret]) expect(text).not.toContain(secret)
    const live = JSON.parse((await run(['plan', '-f', quickStart, '--json'], environment)).stdout) as Plan
    sandbox.forgetRequests()
    // Whatever looked for a profile or a token would fail: its place is a file.
    const nowhere = { BBSTATE_HOME: home.write('no-home', ''), CI: 'true' }
    const args = ['plan', '-f', quickStart, '--snapshot', file, '--detailed-exitcode']
    const planned = await run([...args, '--json'], nowhere)
    expect(planned.code, planned.all).toBe(2)
    const plan = JSON.parse(planned.stdout) as Plan
    expect(plan.digest).toBe(live.digest)
    expect(plan.changes.map(({ digest }) => digest)).toEqual(live.changes.map(({ digest }) => digest))
    expect(plan).toMatchObject({ requests: 0, stand: { type: 'snapshot' } })
    expect((await run(args, nowhere)).stderr).toContain('Planned against a snapshot that is 0 minutes old.')
    expect(sandbox.requests).toEqual([])
  })

  test('opens no connection that the system knows of', async () => {
    const file = join(home.path, 'snapshot.json')
    // Node asks for every socket through these two; whatever else loads them does not connect.
    const spy = home.write(
      'spy.cjs',
      `const net = require('node:net'), dns = require('node:dns')
       const refuse = () => { process.stderr.write('CONNECTED'); process.exit(99) }
       net.Socket.prototype.connect = refuse; dns.lookup = refuse`,
    )
    const runWith = (args: readonly string[]) =>
      spawnSync(process.execPath, ['--require', spy, 'dist/bbstate.js', ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...environment } as NodeJS.ProcessEnv,
      })
    expect(runWith(['plan', '-f', quickStart, '--snapshot', file]).status).toBe(0)
    expect(runWith(['plan', '-f', quickStart]).stderr).toContain('CONNECTED')
  })

  test('refuses what is no snapshot of this server', async () => {
    const file = join(home.path, 'snapshot.json')
    const other = await run(
      ['plan', '-f', quickStart, '--snapshot', file, '--url', 'https://other.example.com'],
      environment,
    )
    expect(other.code).toBe(4)
    expect(other.stderr).toContain('not of https://other.example.com [PLAN_FORMAT]')
    const cut = home.write('cut.json', readFileSync(file, 'utf8').slice(0, 900))
    expect((await run(['plan', '-f', quickStart, '--snapshot', cut], environment)).stderr).toContain(
      'is not whole JSON [PLAN_FORMAT]',
    )
  })
})
