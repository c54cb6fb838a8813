/** A refresh whose helper is killed in the middle of a write; kills of the refresh itself are in the matrix. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { openToken, type Token } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { failureOf, startTokenBench, type TokenBench } from '../token.js'

const key = Array.from({ length: 32 }, (_, index) => index)
const keys = { current: Uint8Array.from(key) }

let bench: TokenBench
let helper = ''
beforeEach(async () => {
  bench = await startTokenBench({ latencyMilliseconds: 30 })
  helper = join(bench.home, 'helper.mjs')
  writeHelper()
  await (
    await open()
  ).keep({ ...requestOf(), scope: 'SYSTEM_ADMIN' }, await bench.consent(), { allowsNamelessServer: false })
  bench.sandbox.forgetRequests()
})
afterEach(() => bench.close())

const requestOf = (): { baseUrl: string; clientId: string; redirectUri: string } => ({
  baseUrl: bench.transport.baseUrl,
  clientId: bench.sandbox.clientId,
  redirectUri: bench.sandbox.redirectUri,
})

/** The example, with what is changed in it. */
function writeHelper(changes: readonly (readonly [from: string, to: string])[] = []): void {
  const source = readFileSync('examples/exec-store/helper.mjs', 'utf8')
  const text = changes.reduce((changed, [from, to]) => {
    expect(changed, 'the example has changed').toContain(from)
    return changed.replace(from, () => to)
  }, source)
  writeFileSync(helper, text)
  chmodSync(helper, 0o755)
}

async function open(): Promise<Token> {
  const options = { 'token-store': `exec:${helper}`, 'store-argument': [join(bench.home, 'records')] }
  const settings = new Settings(options, connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') throw new Error('unreachable')
  const world = createWorld({ ...process.env }, new AbortController().signal, '0', false)
  const makeStore = await storeMaker(world, settings, choice)
  return openToken(bench.options({ keys, makeStore }))
}

describe('a helper that dies', () => {
  const kill = "process.kill(process.pid, 'SIGKILL')"
  const write = '    return { written: true,'

  it('after it has written, each time, does not stop the refresh: what it wrote is read', async () => {
    writeHelper([[write.trim(), `${kill}\n${write}`]])
    const token = await open()
    expect((await token.session.rotate()).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
    writeHelper()
    expect((await (await open()).session.current()).generation).toBe(2)
  })

  it('before it writes the pending mark costs no token', async () => {
    writeHelper([['async write({', `async write() { ${kill} },\n  async unused({`]])
    expect(await failureOf((await open()).session.rotate())).toMatchObject({ code: 'AUTH_STORE' })
    expect(bench.tokenRequests()).toBe(0)
    writeHelper()
    expect((await (await open()).session.rotate()).generation).toBe(2)
  })

  it('before it writes the new token leaves it staged, and the next run commits it', async () => {
    writeHelper([
      [
        'async write({ key, ifRevision, record }) {',
        `async write({ key, ifRevision, record }) {\n    if (ifRevision !== '2') ${kill}`,
      ],
    ])
    // Revision 1 is the sign-in and 2 the account's name; 3 is the pending mark.
    const error = await failureOf((await open()).session.rotate())
    expect(error).toMatchObject({ code: 'AUTH_RECOVERABLE' })
    expect(bench.tokenRequests()).toBe(1)
    writeHelper()
    expect((await (await open()).session.rotate()).generation).toBe(2)
    expect(bench.tokenRequests()).toBe(1)
  })
})
