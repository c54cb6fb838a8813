/**
 * Which server a run talks to, and with which credentials. Decided by options, variables, the file that `--connection`
 * names and the user's own profiles; a reviewed file can only assert, never decide.
 */
import { join } from 'node:path'
import { canonicalBaseUrl, requireSameOrigin } from '../model/base-url.js'
import type { Credentials } from '../model/credentials.js'
import type { Desired } from '../model/desired.js'
import { AuthError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { isObject } from '../model/schema.js'
import { Secret } from '../model/secret.js'
import { basic, staticBearer } from '../oauth/static-credentials.js'
import { createTransport, type Transport } from '../transport.js'
import { askKeychain } from './keychain.js'
import { readAllowances } from './plan-options.js'
import { watchClock } from './clock-skew.js'
import { findProfile, type Profile, readProfiles, type StoreWords } from './profile.js'
import { openRescue } from './recovery.js'
import type { Settings } from './settings.js'
import { takeVariable } from './store-parts.js'
import { takeStoreKeys } from './store-keys.js'
import { describeRun, openToken, type Token, type TokenOptions } from './token.js'
import { nameStore, parseStore, storeMaker } from './token-store.js'
import { tlsOptions } from './trust.js'
import type { World } from './world.js'

/** How a run reaches its server. */
export interface Connection {
  readonly baseUrl: string
  readonly clientId: string | undefined
  readonly profile: Profile | undefined
  readonly settings: Settings
  readonly transport: Transport
  /** Where the token is kept. */
  readonly store: StoreWords
}

/**
 * Finds the server. Nothing is sent, and no name resolved.
 * @throws AuthError `AUTH_ORIGIN` where the configuration asserts another server, or nothing says which one is meant.
 */
export async function findConnection(
  world: World,
  given: Settings,
  assertion?: Desired['server'],
  listen?: Listener,
): Promise<Connection> {
  const asGiven = withConnectionFile(world, given)
  const option = asGiven.text('url')
  const asked = option === undefined ? undefined : canonicalBaseUrl(option)
  if (asked !== undefined && assertion !== undefined) requireSameOrigin(asked, assertion.url, whereOf(assertion))
  if (asked === undefined && isCi(world)) {
    throw new AuthError('AUTH_ORIGIN', 'In CI the server must be named by --url or BBSTATE_URL', {
      hint: 'A reviewed file must not be able to choose where credentials go.',
    })
  }
  const clientId = asGiven.text('client-id')
  const { config } = await world.directories()
  const wanted = assertion === undefined ? undefined : canonicalBaseUrl(assertion.url)
  const profile = findProfile(await readProfiles(config), { baseUrl: asked ?? wanted, clientId })
  const baseUrl = asked ?? profile?.baseUrl
  if (baseUrl === undefined) throw unknownServer(assertion)
  // The store is often behind the same authority, and nobody remembers to name it twice.
  const settings = profile?.caFile === undefined ? asGiven : asGiven.withFallback({ 'ca-file': profile.caFile })
  const read = (path: string | undefined, name: string): string | undefined =>
    path === undefined ? undefined : world.readFile(path, name)
  const certificates = {
    ca: read(settings.text('ca-file'), '--ca-file'),
    cert: read(settings.text('cert'), '--cert'),
    key: read(settings.text('key'), '--key'),
  }
  const proxy = settings.text('proxy')
  const plain = createTransport({
    baseUrl,
    connections: settings.number('parallelism') ?? 10,
    ...tlsOptions(certificates, world.environment),
    ...(proxy === undefined ? {} : { proxy }),
  })
  const transport = watchClock(plain, world.clock, listen)
  const store = nameStore(settings, profile)
  return { baseUrl, clientId: clientId ?? profile?.clientId, profile, settings, transport, store }
}

function whereOf({ source }: NonNullable<Desired['server']>): string {
  return `server: in ${source.file}:${source.line}`
}

function isCi({ environment }: World): boolean {
  return !['', '0', 'false'].includes(environment['CI'] ?? '')
}

function unknownServer(assertion: Desired['server']): AuthError {
  const asserted =
    assertion === undefined ? '' : ` (${whereOf(assertion)} asserts ${assertion.url}, where nobody has signed in)`
  return new AuthError('AUTH_ORIGIN', `Nothing says which server is meant${asserted}`, {
    hint: 'Give --url, or sign in with bbstate auth login --url https://…',
  })
}

const connectionNames = [
  ...['url', 'client-id', 'client-secret-file', 'ca-file', 'cert', 'key', 'proxy'],
  ...['token-store', 'store-argument', 'store-variable', 'recovery-key', 'recovery-sink'],
]

function withConnectionFile(world: World, settings: Settings): Settings {
  const path = settings.text('connection')
  if (path === undefined) return settings
  const data = parseConnection(world.readFile(path, '--connection'), path)
  const stranger = Object.keys(data).find((name) => !connectionNames.includes(name))
  if (stranger !== undefined) {
    throw new UsageError(`${path}: ${JSON.stringify(stranger)} is no part of a connection`, {
      hint: `Known are ${connectionNames.join(', ')}.`,
    })
  }
  return settings.withFallback(data)
}

function parseConnection(text: string, path: string): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(text)
    if (isObject(data)) return data
  } catch {
    // Reported below: the text itself may hold what must not be printed.
  }
  throw new UsageError(`${path} is not a JSON object`)
}

/** Where the token is kept, and where this machine keeps what belongs to it. */
async function storeOptions(
  world: World,
  { settings, store }: Connection,
  listen: Listener | undefined,
): Promise<Pick<TokenOptions, 'directory' | 'markDirectory' | 'makeStore' | 'allowsNetworkFileSystem'>> {
  const { config } = await world.directories()
  const choice = parseStore(store)
  return {
    directory: await stageDirectory(world, store),
    markDirectory: join(config, 'marks'),
    allowsNetworkFileSystem: readAllowances(settings.list('allow')).allows('network-file-system'),
    ...(choice.type === 'file' ? {} : { makeStore: await storeMaker(world, settings, choice, listen) }),
  }
}

/** Where this machine keeps what belongs to a token, wherever the token itself is kept. */
export async function stageDirectory(world: World, store: StoreWords): Promise<string> {
  const choice = parseStore(store)
  const directory = choice.type === 'file' ? choice.directory : undefined
  return directory ?? join((await world.directories()).data, 'tokens')
}

/** Opens the stored token of a connection. */
export async function openStoredToken(
  world: World,
  connection: Connection,
  command: string,
  listen?: Listener,
): Promise<Token> {
  const { settings, transport, clientId } = connection
  if (clientId === undefined) {
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `Nobody is signed in to ${connection.baseUrl} here`, {
      hint: `Run bbstate auth login --url ${connection.baseUrl} --client-id …`,
    })
  }
  const secret = readClientSecret(world, settings)
  const rescue = await openRescue(world, connection, listen)
  const policy = {
    isInteractive: world.isInteractive,
    warn: (message: string) => listen?.({ type: 'warning', warning: { code: 'AUTH_PLAIN', message } }),
    askKeychain: () => askKeychain(process.platform, world.environment),
  }
  return openToken({
    transport,
    clientId,
    ...(secret === undefined ? {} : { clientSecret: secret }),
    ...(await storeOptions(world, connection, listen)),
    keys: await takeStoreKeys(world.environment as Record<string, string | undefined>, policy, world.scrubber),
    scrubber: world.scrubber,
    run: describeRun(command, world.environment),
    lockTimeoutMilliseconds: (settings.number('lock-timeout') ?? 60) * 1000,
    signal: world.signal,
    ...(rescue === undefined ? {} : { rescue }),
    ...(listen === undefined ? {} : { listen }),
  })
}

function readClientSecret(world: World, settings: Settings): Secret | undefined {
  const file = settings.text('client-secret-file')
  // Taken in any case: a browser that is started inherits the environment.
  const variable = takeVariable(world, 'BBSTATE_CLIENT_SECRET')
  const value = file === undefined ? variable : world.readFile(file, '--client-secret-file').trim()
  if (value === null || value === '') return undefined
  world.scrubber.add(value)
  return new Secret(value)
}

/**
 * The credentials of a run: a token or a password from the environment, each with a warning, else the stored sign-in.
 */
export async function findCredentials(
  world: World,
  connection: Connection,
  command: string,
  listen: Listener,
): Promise<Credentials> {
  const warn = (message: string): void => listen({ type: 'warning', warning: { code: 'AUTH_STATIC', message } })
  const { BBSTATE_TOKEN: token, BBSTATE_USERNAME: user, BBSTATE_PASSWORD: password } = world.environment
  if (token !== undefined && token !== '') {
    world.scrubber.add(token)
    warn(
      'The access token (BBSTATE_TOKEN) is used as it is: it is not renewed, and an HTTP access token cannot administer (BSERV-10482).',
    )
    return staticBearer(new Secret(token))
  }
  if (user !== undefined && user !== '' && password !== undefined) {
    world.scrubber.add(password)
    world.scrubber.add(`${user}:${password}`)
    warn('Basic authentication is used: new servers of 10.x block it, and a password has no scope. Prefer auth login.')
    return basic(user, new Secret(password))
  }
  return (await openStoredToken(world, connection, command, listen)).session
}
