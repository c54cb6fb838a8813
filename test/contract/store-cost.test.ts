/**
 * What a token costs that has not expired: one read of its store, no lock, and nothing of Bitbucket, however many callers
 * there are; and the same store counted while it is refreshed, so that a count of none means something.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import { openToken, type Token } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { hasEtcd, startEtcd } from '../etcd.js'
import { startGithub } from '../github.js'
import { startSlowRoad } from '../slow-road.js'
import { startTokenBench, type TokenBench } from '../token.js'
import { startVault } from '../vault.js'

const keys = { current: Uint8Array.from({ length: 32 }, (_, index) => index) }

/** A store as options name it, and everything that was asked of it, one line each. */
interface Counted {
  readonly options: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  asked(): readonly string[]
  /** The one question that an unexpired token costs. */
  readonly one: readonly RegExp[]
  /** A question that a refresh takes for its lock. */
  readonly lock: RegExp
  close(): Promise<void>
}

const stores: Readonly<Record<string, (bench: TokenBench) => Promise<Counted>>> = {
  async file(bench) {
    const directory = join(bench.home, 'tokens')
    const locks = (): readonly string[] =>
      existsSync(directory) ? readdirSync(directory).filter((name) => /\.(?:lock|lease)$/u.test(name)) : []
    return {
      options: { 'token-store': 'file' },
      // The sign-in made the files of the locks; taken away, whoever locks makes them anew.
      asked: locks,
      one: [],
      lock: /\.lock$/u,
      close: () => Promise.resolve(),
    }
  },
  async exec(bench) {
    const log = join(bench.home, 'log')
    const helper = join(bench.home, 'helper.mjs')
    const source = readFileSync('examples/exec-store/helper.mjs', 'utf8')
    const line = `  const request = JSON.parse(input)\n`
    expect(source).toContain(line)
    const told = `${line}  await (await import('node:fs/promises')).appendFile(${JSON.stringify(log)}, request.operation + '\\n')\n`
    writeFileSync(
      helper,
      source.replace(line, () => told),
    )
    chmodSync(helper, 0o755)
    return {
      options: { 'token-store': `exec:${helper}`, 'store-argument': [join(bench.home, 'records')] },
      asked: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
      one: [/^read$/u],
      lock: /^lock$/u,
      close: () => Promise.resolve(),
    }
  },
  async github(bench) {
    const github = await startGithub()
    const environment = {
      GITHUB_API_URL: github.url,
      GITHUB_ACTIONS: 'true',
      RUNNER_TEMP: bench.home,
      BBSTATE_GITHUB_TOKEN: github.token,
    }
    return {
      options: { 'token-store': 'github:acme/settings/prod/eu' },
      environment,
      asked: () => github.requests,
      one: [],
      lock: /_CANARY$/u,
      close: () => github.close(),
    }
  },
  async vault() {
    const vault = await startVault()
    return {
      options: { 'token-store': `vault:${vault.url}/secret/bbstate` },
      environment: { BBSTATE_VAULT_TOKEN: 'root' },
      asked: () => vault.requests.map(({ method, path }) => `${method} ${path}`),
      one: [/^GET \/v1\/secret\/data\/bbstate\/[^/]+(?<!\.lock)$/u],
      lock: /^POST .*\.lock$/u,
      close: () => vault.close(),
    }
  },
  ...(hasEtcd
    ? {
        async etcd() {
          const cluster = await startEtcd(1)
          const road = await startSlowRoad(cluster.endpoints[0] ?? '')
          return {
            options: { 'token-store': `etcd:${road.url}` },
            asked: () => road.passed,
            one: [/^POST \/v3\/kv\/range$/u],
            lock: /lease\/grant$/u,
            close: async () => {
              await road.close()
              await cluster.close()
            },
          }
        },
      }
    : {}),
}

let bench: TokenBench
let counted: Counted | undefined
afterEach(async () => {
  await counted?.close()
  await bench.close()
})

async function open({ options, environment }: Counted): Promise<Token> {
  const settings = new Settings(options, connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') return openToken(bench.options({ keys }))
  const world = createWorld({ PATH: process.env['PATH'], ...environment }, new AbortController().signal, '0', false)
  return openToken(bench.options({ keys, makeStore: await storeMaker(world, settings, choice) }))
}

test.each(Object.entries(stores))(
  'in the %s store twenty callers of a token that lives cost one read and no lock',
  async (_name, start) => {
    bench = await startTokenBench()
    const { clientId, redirectUri } = bench.sandbox
    const request = { baseUrl: bench.transport.baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
    counted = await start(bench)
    const store = counted
    await (await open(store)).keep(request, await bench.consent(), { allowsNamelessServer: false })
    for (const name of readdirSync(join(bench.home, 'tokens'))) {
      if (/\.(?:lock|lease)$/u.test(name)) rmSync(join(bench.home, 'tokens', name))
    }
    const { session } = await open(store)
    bench.sandbox.forgetRequests()
    const before = store.options['token-store'] === 'file' ? 0 : store.asked().length
    await Promise.all(Array.from({ length: 20 }, () => session.authorize()))
    await session.authorize()
    const asked = store.asked().slice(before)
    expect(asked).toHaveLength(store.one.length)
    for (const [index, each] of store.one.entries()) expect(asked[index]).toMatch(each)
    expect(bench.sandbox.requests).toEqual([])
    bench.clock.advance(3_600_000)
    await Promise.all(Array.from({ length: 20 }, () => session.authorize()))
    expect(bench.tokenRequests(), 'one refresh, whoever asks').toBe(1)
    expect(
      store
        .asked()
        .slice(before)
        .filter((each) => store.lock.test(each)).length,
    ).toBeGreaterThan(0)
  },
  60_000,
)
