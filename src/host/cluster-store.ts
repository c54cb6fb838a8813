/**
 * The stores that many machines share, etcd and Vault: addresses from `--token-store`, certificates from the options of
 * the connection, secrets from the environment, which they leave as soon as they are read.
 */
import { UsageError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import type { VaultSignIn } from '../oauth/stores/vault-client.js'
import { createTransport, type Transport } from '../transport.js'
import type { Settings } from './settings.js'
import { type MakeStore, takeVariable } from './store-parts.js'
import { tlsOptions } from './trust.js'
import type { World } from './world.js'

/** A store of a cluster, as an option names it. */
export type ClusterChoice =
  | { readonly type: 'etcd'; readonly endpoints: readonly string[]; readonly prefix: string }
  | { readonly type: 'vault'; readonly url: string; readonly mount: string; readonly path: string }

/**
 * Reads what stands behind `etcd:` or `vault:`.
 * @throws UsageError
 */
export function parseCluster(kind: 'etcd' | 'vault', text: string): ClusterChoice {
  if (kind === 'etcd') {
    const [urls = '', prefix = 'bbstate'] = text.split('#')
    const endpoints = urls.split(',').filter((url) => url !== '')
    if (endpoints.length > 0 && endpoints.every(isAddress)) return { type: 'etcd', endpoints, prefix }
    throw new UsageError('--token-store etcd: needs the addresses of its members', {
      hint: 'Write --token-store etcd:https://a.example.com:2379,https://b.example.com:2379, or …#PREFIX.',
    })
  }
  const url = isAddress(text) ? new URL(text) : undefined
  const [mount, ...path] = url?.pathname.split('/').filter((part) => part !== '') ?? []
  if (url !== undefined && mount !== undefined && url.search === '') {
    return { type: 'vault', url: url.origin, mount, path: path.length === 0 ? 'bbstate' : path.join('/') }
  }
  throw new UsageError('--token-store vault: needs an address with the mount of a key-value engine of version 2', {
    hint: 'Write --token-store vault:https://vault.example.com:8200/secret/bbstate.',
  })
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol) && new URL(text).username === ''
}

/** The maker of a store of a cluster; its modules are loaded only here. */
export function clusterMaker(world: World, settings: Settings, choice: ClusterChoice): Promise<MakeStore> {
  return choice.type === 'etcd' ? etcdMaker(world, settings, choice) : vaultMaker(world, settings, choice)
}

function transportTo(world: World, settings: Settings, baseUrl: string): Transport {
  const read = (option: string): string | undefined => {
    const file = settings.text(option)
    return file === undefined ? undefined : world.readFile(file, `--${option}`)
  }
  const given = { ca: read('ca-file'), cert: read('store-cert'), key: read('store-cert-key') }
  if ((given.cert === undefined) !== (given.key === undefined)) {
    throw new UsageError('--store-cert and --store-cert-key belong together: one of them is missing')
  }
  const proxy = settings.text('proxy')
  return createTransport({
    baseUrl,
    connections: 1,
    ...tlsOptions(given, world.environment),
    ...(proxy === undefined ? {} : { proxy }),
  })
}

async function etcdMaker(
  world: World,
  settings: Settings,
  { endpoints, prefix }: ClusterChoice & { type: 'etcd' },
): Promise<MakeStore> {
  const { createEtcdStore } = await import('../oauth/stores/etcd.js')
  const { createEtcdClient } = await import('../oauth/stores/etcd-client.js')
  const location = `etcd at ${endpoints.join(', ')}`
  const name = world.environment['BBSTATE_ETCD_USERNAME'] || undefined
  const password = takeVariable(world, 'BBSTATE_ETCD_PASSWORD')
  if ((name === undefined) !== (password === null)) {
    throw new UsageError('BBSTATE_ETCD_USERNAME and BBSTATE_ETCD_PASSWORD belong together: one of them is missing')
  }
  const client = createEtcdClient({
    location,
    endpoints: endpoints.map((url) => transportTo(world, settings, url)),
    ...(name === undefined || password === null ? {} : { user: { name, password: new Secret(password) } }),
  })
  return ({ name: record, makeSealer, ...parts }) => {
    const key = `${prefix}/${record}`
    // Without the addresses: members come and go, and the record stays what it is.
    return Promise.resolve(createEtcdStore({ ...parts, location, client, key, sealer: makeSealer(`etcd:${key}`) }))
  }
}

async function vaultMaker(
  world: World,
  settings: Settings,
  { url, mount, path }: ClusterChoice & { type: 'vault' },
): Promise<MakeStore> {
  const { createVaultStore } = await import('../oauth/stores/vault.js')
  const { createVaultClient } = await import('../oauth/stores/vault-client.js')
  const namespace = world.environment['BBSTATE_VAULT_NAMESPACE'] || world.environment['VAULT_NAMESPACE']
  const transport = transportTo(world, settings, url)
  const signIn = chooseSignIn(world)
  return ({ name, makeSealer, ...parts }) => {
    const secret = `${path}/${name}`
    const location = `Vault at ${url}, ${mount}/${secret}`
    const client = createVaultClient({
      location,
      transport,
      signIn,
      scrubber: world.scrubber,
      now: () => parts.clock.now(),
      ...(namespace ? { namespace } : {}),
    })
    const sealer = makeSealer(`vault:${namespace ?? ''}:${mount}/${secret}`)
    return Promise.resolve(createVaultStore({ ...parts, location, client, mount, path: secret, sealer }))
  }
}

function chooseSignIn(world: World): VaultSignIn {
  const { environment } = world
  const secretId = takeVariable(world, 'BBSTATE_VAULT_SECRET_ID')
  const roleId = environment['BBSTATE_VAULT_ROLE_ID']
  if (secretId !== null && roleId) {
    const mount = environment['BBSTATE_VAULT_AUTH_MOUNT'] || 'approle'
    return { type: 'approle', mount, roleId, secretId: new Secret(secretId) }
  }
  const jwt = takeVariable(world, 'BBSTATE_VAULT_JWT')
  const role = environment['BBSTATE_VAULT_ROLE']
  if (jwt !== null && role) {
    return { type: 'jwt', mount: environment['BBSTATE_VAULT_AUTH_MOUNT'] || 'jwt', role, jwt: new Secret(jwt) }
  }
  const token = takeVariable(world, 'BBSTATE_VAULT_TOKEN') ?? takeVariable(world, 'VAULT_TOKEN')
  if (token !== null) return { type: 'token', token: new Secret(token) }
  throw new UsageError('Vault needs a sign-in', {
    hint: 'Set BBSTATE_VAULT_TOKEN; or BBSTATE_VAULT_ROLE_ID and BBSTATE_VAULT_SECRET_ID; or BBSTATE_VAULT_ROLE and BBSTATE_VAULT_JWT.',
  })
}
