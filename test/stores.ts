/**
 * The five stores, as suites open them: the file, a real cluster of etcd, a Vault of its documented API, the example
 * helper behind `exec`, and an environment secret of GitHub.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { nodeCrypto } from '../src/host/crypto.js'
import { acquireLock } from '../src/host/lock.js'
import { cleanEnvironment, runProgram } from '../src/host/program.js'
import { recordFiles } from '../src/host/record-file.js'
import { makeSealedBox } from '../src/host/sealed-box.js'
import { systemClock } from '../src/host/token.js'
import { Scrubber, Secret } from '../src/model/secret.js'
import type { Run } from '../src/oauth/ports.js'
import type { TokenRecord } from '../src/oauth/record.js'
import { createSealer } from '../src/oauth/seal.js'
import type { RecordOwner } from '../src/oauth/sealed-record.js'
import type { LockedStore, TokenStore } from '../src/oauth/store.js'
import { createEtcdStore } from '../src/oauth/stores/etcd.js'
import { createEtcdClient } from '../src/oauth/stores/etcd-client.js'
import { createExecStore } from '../src/oauth/stores/exec.js'
import { createHelper } from '../src/oauth/stores/exec-protocol.js'
import { createFileStore } from '../src/oauth/stores/file.js'
import { createGithubStore } from '../src/oauth/stores/github.js'
import { createGithubSecrets } from '../src/github/secrets.js'
import { createVaultStore } from '../src/oauth/stores/vault.js'
import { createVaultClient } from '../src/oauth/stores/vault-client.js'
import { createTransport } from '../src/transport.js'
import { type EtcdCluster, hasEtcd, startEtcd } from './etcd.js'
import { startGithub } from './github.js'
import { startVault } from './vault.js'

export const keys = { current: new Uint8Array(randomBytes(32)) }
export const owner = { baseUrl: 'https://git.example.com', clientId: 'id' }
export const base: TokenRecord = {
  version: 1,
  lineage: 'lineage-1',
  ...owner,
  redirectUri: 'http://localhost:34106/',
  scopes: ['SYSTEM_ADMIN'],
  account: 'bot',
  generation: 1,
  accessToken: new Secret('CANARY-access'),
  accessExpiresAt: 1,
  refreshToken: new Secret('CANARY-refresh'),
  authorizedAt: 1,
  rotatedAt: 1,
  pending: null,
  last: null,
}
export const generation = (number: number): TokenRecord => ({ ...base, generation: number })
/** The record while it is being rotated: written only by who holds the lock. */
export const intent = (number: number): TokenRecord => ({
  ...generation(number),
  pending: {
    attempt: 'attempt-1',
    holder: 'bbstate test',
    host: 'this-host',
    ephemeral: false,
    startedAt: 1,
    refreshDigest: 'digest',
    replayed: false,
    refused: false,
  },
})
export const runOf = (holder: string): Run => ({ holder, host: 'this-host', ephemeral: false })

/** A place that stores can be opened at, as by several processes. */
export interface Place {
  /** @param owner another server, client or seal than the usual ones, at the same place */
  open(key: string, holder: string, owner?: Partial<RecordOwner>): TokenStore
  /** Everything that lies there, as whoever looks after it could read it; absent where the test server shows no copy. */
  readonly dump?: () => string
  close(): Promise<void>
}

export const places: Readonly<Record<string, () => Promise<Place>>> = {
  async file() {
    const home = mkdtempSync(join(tmpdir(), 'bbstate-store-'))
    return {
      open: (key, holder, other) =>
        createFileStore({
          ...parts(key, holder, other),
          path: join(home, `${key}.json`),
          lockPath: join(home, `${key}.lock`),
          files: recordFiles,
          lock: (path, timeout) => acquireLock(path, timeout, runOf(holder), systemClock),
        }),
      close: async () => rmSync(home, { recursive: true, force: true }),
    }
  },
  async exec() {
    const home = mkdtempSync(join(tmpdir(), 'bbstate-store-'))
    const helper = createHelper({
      path: resolve('examples/exec-store/helper.mjs'),
      args: [join(home, 'store')],
      environment: cleanEnvironment(process.env, []),
      run: runProgram,
      scrubber: new Scrubber(),
    })
    return {
      open: (key, holder, other) => createExecStore({ ...parts(key, holder, other), helper, key }),
      close: async () => rmSync(home, { recursive: true, force: true }),
    }
  },
  async github() {
    const github = await startGithub()
    const home = mkdtempSync(join(tmpdir(), 'bbstate-store-'))
    const transport = createTransport({ baseUrl: github.url, connections: 2 })
    const token = new Secret(github.token)
    return {
      open: (key, holder, other) => {
        const secretName = key.replaceAll('-', '_').toUpperCase()
        const where = { owner: 'acme', repository: 'settings', environment: 'prod/eu', secretName }
        const path = join(home, `${key}.json`)
        return createGithubStore({
          ...parts(key, holder, other),
          location: 'a secret of GitHub',
          secrets: createGithubSecrets({ ...where, transport, token, makeSealedBox, clock: systemClock }),
          secretName,
          given: null,
          job: {
            path,
            files: recordFiles,
            lock: (timeout) => acquireLock(`${path}.lock`, timeout, runOf(holder), systemClock),
          },
        })
      },
      close: async () => {
        await transport.close()
        await github.close()
        rmSync(home, { recursive: true, force: true })
      },
    }
  },
  async vault() {
    const vault = await startVault()
    const transport = createTransport({ baseUrl: vault.url, connections: 4 })
    const signIn = { type: 'token', token: new Secret('root') } as const
    const location = 'Vault at a test'
    const client = createVaultClient({ location, transport, signIn, scrubber: new Scrubber(), now: Date.now })
    return {
      open: (key, holder, other) =>
        createVaultStore({ ...parts(key, holder, other), location, client, mount: 'secret', path: `bbstate/${key}` }),
      close: async () => {
        await transport.close()
        await vault.close()
      },
    }
  },
  ...(hasEtcd ? { etcd: () => etcdPlace(3) } : {}),
}

export function parts(key: string, holder: string, other: Partial<RecordOwner> = {}) {
  const sealer = createSealer({ ...owner, location: key }, keys, nodeCrypto)
  return { ...owner, sealer, crypto: nodeCrypto, clock: systemClock, run: runOf(holder), ...other }
}

export async function etcdPlace(members: number): Promise<Place & { readonly cluster: EtcdCluster }> {
  const cluster = await startEtcd(members)
  const transports = cluster.endpoints.map((baseUrl) => createTransport({ baseUrl, connections: 4 }))
  return {
    cluster,
    open: (key, holder, other) => {
      const location = 'etcd at a test'
      // A client of its own: it remembers which member answered.
      const client = createEtcdClient({ location, endpoints: transports })
      return createEtcdStore({ ...parts(key, holder, other), location, client, key: `test/${key}` })
    },
    close: async () => {
      await Promise.all(transports.map((transport) => transport.close()))
      await cluster.close()
    },
  }
}

export async function locked<T>(store: TokenStore, work: (locked: LockedStore) => Promise<T>): Promise<T> {
  const held = await store.lock(10_000)
  try {
    return await work(held)
  } finally {
    await held.unlock()
  }
}
