/** What the matrix and the storm share: the built worker, and the five stores as places that processes are sent to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { connectionOptions } from '../../src/host/options.js'
import { Settings } from '../../src/host/settings.js'
import type { TokenOptions } from '../../src/host/token.js'
import { chooseStore, storeMaker } from '../../src/host/token-store.js'
import { createWorld } from '../../src/host/world.js'
import { hasEtcd, startEtcd } from '../etcd.js'
import { startGithub } from '../github.js'
import { startVault } from '../vault.js'
import type { Point } from './arrows.js'
import type { ArrowTask } from './arrow-worker.js'

/** The program of {@link ArrowTask}, built once. */
export interface WorkerProgram {
  readonly path: string
  remove(): void
}

/** undici without fetch, which makes Node load its own copy of it. */
const dispatchers = `
  const Dispatcher = require('./lib/dispatcher/dispatcher.js')
  Object.assign(Dispatcher.prototype, require('./lib/api/index.js'))
  module.exports = {
    Pool: require('./lib/dispatcher/pool.js'),
    ProxyAgent: require('./lib/dispatcher/proxy-agent.js'),
    EnvHttpProxyAgent: require('./lib/dispatcher/env-http-proxy-agent.js'),
  }
`

export async function buildWorker(): Promise<WorkerProgram> {
  // Below node_modules, where the packages are found that stay outside of the bundle.
  const directory = mkdtempSync(resolve('node_modules', '.bbstate-worker-'))
  await build({
    entryPoints: ['test/faults/arrow-worker.ts'],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    // Hundreds of these processes are started, and loading packages file by file is most of what a start costs.
    external: ['fs-native-extensions'],
    banner: { js: 'import{createRequire as make}from"node:module";const require=make(import.meta.url);' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [
      {
        name: 'no fetch',
        setup: (building) =>
          building.onLoad({ filter: /node_modules.undici.index[.]js$/ }, () => ({ contents: dispatchers })),
      },
      {
        name: 'watch the transitions',
        setup: (building) =>
          building.onResolve({ filter: /\/transitions\.js$/ }, ({ importer }) =>
            importer.endsWith('/oauth/rotation.ts')
              ? { path: resolve('test/faults/watched-transitions.ts') }
              : undefined,
          ),
      },
    ],
  })
  return {
    path: join(directory, 'arrow-worker.mjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** What a worker told, and how it ended. */
export interface Told {
  readonly signal: NodeJS.Signals | null
  readonly points: readonly { readonly point: Point; readonly isStopped: boolean }[]
  readonly generation?: number
  readonly lineage?: string
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  /** Everything it wrote, standard error included. */
  readonly output: string
}

export interface Worker {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  go(): void
  readonly ended: Promise<Told>
}

export function startWorker(program: WorkerProgram, task: ArrowTask, environment: NodeJS.ProcessEnv = {}): Worker {
  const child = spawn(process.execPath, [program.path, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  })
  // It may be dead before it is told to go.
  child.stdin.on('error', () => undefined)
  let output = ''
  let setReady = (): void => undefined
  const ready = new Promise<void>((done) => {
    setReady = done
  })
  const hear = (piece: Buffer): void => {
    output += piece.toString()
    if (output.includes('{"ready":true}\n')) setReady()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = new Promise<Told>((done) => {
    child.on('close', (_, signal) => {
      setReady()
      done(read(output, signal))
    })
  })
  return { child, ready, ended, go: () => void child.stdin.write('go\n') }
}

function read(output: string, signal: NodeJS.Signals | null): Told {
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const points = lines.filter((line) => 'point' in line) as unknown as Told['points']
  const last = lines.find((line) => 'code' in line || 'generation' in line) ?? {}
  return { ...last, signal, points, output }
}

/** A store that processes are sent to. */
export interface Place {
  readonly lock: 'kernel' | 'lease' | 'none'
  /** Options and variables of a process that is started now. @param cell keeps what does not belong together apart */
  settingsOf(
    home: string,
    cell: string,
  ): { readonly store: Readonly<Record<string, unknown>>; readonly environment: NodeJS.ProcessEnv }
  /** Lets the locks of dead runs end, which they would by themselves after minutes. */
  endLocks(): Promise<void>
  /** The job of a process ends, and with it the disk that its runner empties. */
  endJob(home: string): void
  close(): Promise<void>
}

const nothing = (): Promise<void> => Promise.resolve()

async function etcdPlace(): Promise<Place> {
  const cluster = await startEtcd(1)
  return {
    lock: 'lease',
    settingsOf: () => ({ store: { 'token-store': `etcd:${cluster.endpoints[0] ?? ''}` }, environment: {} }),
    async endLocks() {
      const { leases = [] } = (await cluster.call(0, '/v3/lease/leases', {})) as { leases?: readonly { ID: string }[] }
      for (const { ID } of leases) {
        await cluster.call(0, '/v3/lease/revoke', { ID }).catch((error: unknown) => {
          // One that its holder has given back since it was listed is gone.
          if (!String(error).includes('lease not found')) throw error
        })
      }
    },
    endJob: () => undefined,
    close: () => cluster.close(),
  }
}

async function vaultPlace(): Promise<Place> {
  const vault = await startVault()
  return {
    lock: 'lease',
    settingsOf: () => ({
      store: { 'token-store': `vault:${vault.url}/secret/bbstate` },
      environment: { BBSTATE_VAULT_TOKEN: 'root' },
    }),
    endLocks: async () => {
      vault.skew += 11 * 60_000
    },
    endJob: () => undefined,
    close: () => vault.close(),
  }
}

/** The operations of the example helper, in this process: hundreds of cells would start Node thousands of times. */
interface Operations {
  use(where: string): void
  answer(request: Readonly<Record<string, unknown>>): Promise<object>
}

async function loadExample(directory: string, clock: { ahead: number }): Promise<Operations> {
  const [source = '', main] = readFileSync('examples/exec-store/helper.mjs', 'utf8').split('\ntry {\n  if (directory')
  if (main === undefined) throw new Error('The example has changed')
  const module = join(directory, 'operations.mjs')
  const text = source
    .replace('const [directory] = process.argv.slice(2)', 'let directory')
    .replaceAll('Date.now()', '(Date.now() + clock.ahead)')
  const exported = `
    let clock
    export const attach = (given) => { clock = given }
    export const use = (where) => { directory = where }
    export async function answer(request) {
      requireSafeKey(request)
      await mkdir(directory, { recursive: true, mode: 0o700 })
      return { protocol, ...(await operations[request.operation](request)) }
    }`
  writeFileSync(module, text + exported)
  const loaded = (await import(pathToFileURL(module).href)) as Operations & { attach(given: object): void }
  loaded.attach(clock)
  return loaded
}

/** The example, behind a program that hands on what it is asked, with a clock that is moved. */
async function execPlace(): Promise<Place> {
  const directory = mkdtempSync(resolve('node_modules', '.bbstate-helper-'))
  const clock = { ahead: 0 }
  const operations = await loadExample(directory, clock)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    let input = ''
    socket.setEncoding('utf8')
    socket.on('data', (piece: string) => {
      input += piece
      if (!input.endsWith('\n')) return
      const [where = '', request = ''] = input.split('\t')
      operations.use(where)
      void operations.answer(JSON.parse(request) as Record<string, unknown>).then(
        (answer) => socket.end(`${JSON.stringify(answer)}\n`),
        () => socket.destroy(),
      )
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const helper = join(directory, 'helper')
  const script = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
IFS= read -r request
printf '%s\t%s\n' "$1" "$request" >&3
IFS= read -r answer <&3 || exit 1
printf '%s\n' "$answer"
`
  writeFileSync(helper, script, { mode: 0o755 })
  return {
    lock: 'lease',
    settingsOf: (_, cell) => ({
      store: { 'token-store': `exec:${helper}`, 'store-argument': [join(directory, 'records', cell)] },
      environment: {},
    }),
    endLocks: async () => {
      clock.ahead += 11 * 60_000
    },
    endJob: () => undefined,
    close: async () => {
      await new Promise((done) => server.close(done))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Every job is given the secret as it stood when the job began. */
async function githubPlace(): Promise<Place> {
  const github = await startGithub()
  const jobs = new Map<string, NodeJS.ProcessEnv>()
  return {
    lock: 'none',
    settingsOf: (home, cell) => {
      const name = `CELL_${cell.replaceAll(/\W/gu, '_')}`.toUpperCase()
      const record = github.secrets.get(name)
      const job = jobs.get(home) ?? {
        GITHUB_ACTIONS: 'true',
        GITHUB_API_URL: new URL(github.url).href,
        BBSTATE_GITHUB_TOKEN: github.token,
        RUNNER_TEMP: join(home, 'runner'),
        ...(record === undefined ? {} : { BBSTATE_TOKEN_RECORD: record }),
      }
      mkdirSync(join(home, 'runner'), { recursive: true })
      jobs.set(home, job)
      return { store: { 'token-store': `github:acme/settings/prod/eu#${name}` }, environment: job }
    },
    endLocks: nothing,
    endJob: (home) => {
      jobs.delete(home)
      rmSync(join(home, 'runner'), { recursive: true, force: true })
    },
    close: () => github.close(),
  }
}

/** All five. */
export const places: Readonly<Record<string, () => Promise<Place>>> = {
  file: () =>
    Promise.resolve({
      lock: 'kernel',
      settingsOf: () => ({ store: {}, environment: {} }),
      endLocks: nothing,
      endJob: () => undefined,
      close: nothing,
    }),
  vault: vaultPlace,
  exec: execPlace,
  github: githubPlace,
  ...(hasEtcd ? { etcd: etcdPlace } : {}),
}

/** The store of a place, for a token of this very process. */
export async function makerFor(place: Place, home: string, cell: string): Promise<Pick<TokenOptions, 'makeStore'>> {
  const { store, environment } = place.settingsOf(home, cell)
  const settings = new Settings(store, connectionOptions, {})
  const choice = chooseStore(settings)
  if (choice.type === 'file') return {}
  const world = createWorld({ ...process.env, ...environment }, new AbortController().signal, '0', false)
  return { makeStore: await storeMaker(world, settings, choice) }
}

/** Where staged pairs of a home lie. */
export const stagesOf = (files: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(files).filter((name) => name.includes('stage'))
