/**
 * Joins the token to this machine: the file store with its lock, stage and mark, the token endpoint, the session, and
 * the sign-in. The one place that knows where the files of a sign-in lie.
 */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SignInAttempt, SignInVault } from '../app/sign-in.js'
import { InterruptedError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { Scrubber, Secret } from '../model/secret.js'
import type { SignInStatus } from '../model/sign-in.js'
import { type AuthorizationRequest, beginAuthorization, type Grant } from '../oauth/authorize.js'
import { foresee } from '../oauth/foresee.js'
import { type Every, keepLocks } from '../oauth/kept-lock.js'
import { forceLocks, inspectLocks } from '../oauth/locks.js'
import type { Run, TokenClock } from '../oauth/ports.js'
import type { TokenRecord } from '../oauth/record.js'
import { type OpenedLine, type RescueSink, takePair } from '../oauth/rescue.js'
import { readAgain } from '../oauth/read-again.js'
import type { RotationTools } from '../oauth/rotation-tools.js'
import { createSealer, type Sealer, type StoreKeys } from '../oauth/seal.js'
import { createSession, type Session } from '../oauth/session.js'
import { describeSignIn, forgetSignIn, keepSignIn, prepareSignIn, type SignInOptions } from '../oauth/sign-in.js'
import type { LeaseArea, LockView, TokenStore } from '../oauth/store.js'
import { createFileMark, createFileStage, createFileStore } from '../oauth/stores/file.js'
import { createLeaseArea, type LeaseLock, rotateUnderLease } from '../oauth/use-lease.js'
import { createTokenEndpoint } from '../oauth/token-endpoint.js'
import type { Transport } from '../transport.js'
import type { CallbackOptions } from './callback.js'
import { nodeCrypto } from './crypto.js'
import { acquireLock, findHolder } from './lock.js'
import { prepareDirectory, recordFiles } from './record-file.js'
import type { MakeStore, StoreParts } from './store-parts.js'

/** The clock of this machine. */
export const systemClock: TokenClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    // Rejects only where it is aborted, which ends it.
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
}

/** This run, as a later one names it: the command and the process, or the pipeline's own address of the run. */
export function describeRun(command: string, environment: Readonly<Record<string, string | undefined>>): Run {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = environment
  const page = server && repository && id ? `${server}/${repository}/actions/runs/${id}` : environment['CI_JOB_URL']
  return {
    holder: `bbstate ${command}, ${page || `process ${process.pid}`}`,
    host: hostname(),
    ephemeral: environment['RUNNER_ENVIRONMENT'] === 'github-hosted',
  }
}

/** What a token is opened with. */
export interface TokenOptions {
  /** To the server that the token belongs to; its base URL finds the record. */
  readonly transport: Transport
  readonly clientId: string
  /** Needed to sign in and to refresh, not while an access token lives. */
  readonly clientSecret?: Secret
  /** Makes the store of the record. Default: the file store in `directory`. */
  readonly makeStore?: MakeStore
  /** Directory of the records and of staged pairs, such as `tokens` in the user's data directory. */
  readonly directory: string
  /** Directory of the high-water marks; another one than `directory`, so that one backup does not hold both. */
  readonly markDirectory: string
  /** `null`: plain text. */
  readonly keys: StoreKeys | null
  readonly scrubber: Scrubber
  readonly run: Run
  readonly lockTimeoutMilliseconds: number
  /** Keep records on a network file system, where locks of this machine hold no other one off. Default: refuse. */
  readonly allowsNetworkFileSystem?: boolean
  readonly quarantineMilliseconds?: number
  readonly clock?: TokenClock
  /** Takes a new pair that the store does not. */
  readonly rescue?: RescueSink
  readonly signal?: AbortSignal
  readonly listen?: Listener
}

/** The token of one server and client on this machine. */
export interface Token {
  /** The credentials for requests. */
  readonly session: Session
  /** What `auth status`, `refresh` and `logout` work on. */
  readonly vault: SignInVault
  /** Everything a rotation works with, for moves and checks of the store. */
  readonly tools: RotationTools
  /** Brings a handed-out pair back; `null` where the store is past it. @param where the file, for messages */
  restore(line: OpenedLine, where: string): Promise<SignInStatus | null>
  /** Proves that a pair could be fetched and kept. */
  prepare(): Promise<void>
  /** Exchanges the grant of a sign-in and stores the pair. */
  keep(request: AuthorizationRequest, grant: Grant, options: SignInOptions): Promise<SignInStatus>
}

/**
 * Opens the token in its store. Nothing is read or locked before it is needed.
 * @throws AuthError `AUTH_STORE` where the directories are not private or local.
 */
export async function openToken(options: TokenOptions): Promise<Token> {
  const tools = await gatherTools(options)
  const session = createSession(tools)
  const describe = async (): Promise<SignInStatus | null> => {
    const stored = await tools.store.read()
    return stored && describeSignIn(stored, tools.store)
  }
  const describeRecord = (record: TokenRecord): SignInStatus =>
    describeSignIn({ record, revision: '', isSealed: options.keys !== null }, tools.store)
  return {
    session,
    tools,
    async restore(line, where) {
      const { record } = await readAgain(tools, tools.store)
      const stage = takePair(line, record, where, nodeCrypto)
      if (stage === null) return null
      // From here on it is a pair that this machine has staged, and the usual recovery commits it.
      await tools.stage.write(stage)
      return describeRecord(await rotateUnderLease(tools, record))
    },
    vault: {
      read: describe,
      async rotate() {
        return describeRecord(await session.rotate())
      },
      async recover(allowsReplay) {
        const stored = await tools.store.read()
        if (stored === null || stored.record.pending === null) return null
        return describeRecord(await rotateUnderLease({ ...tools, allowsReplay }, stored.record))
      },
      forget: () => forgetSignIn(tools),
      async foresee() {
        const stored = await tools.store.read()
        if (stored === null) return null
        const stage = await tools.stage.read().catch(() => null)
        const hasClientSecret = options.clientSecret !== undefined
        return foresee(stored.record, { now: tools.clock.now(), host: tools.run.host, stage, hasClientSecret })
      },
      locks: () => inspectLocks(tools),
      force: () => forceLocks(tools),
    },
    prepare: () => prepareSignIn(tools),
    async keep(request, grant, signInOptions) {
      return describeSignIn(await keepSignIn(tools, request, grant, signInOptions), tools.store)
    },
  }
}

/** How the redirect of a sign-in comes back. */
export interface SignInWay {
  /** Asks for the pasted redirect; absent: listen for it. */
  readonly paste?: () => Promise<string>
  readonly tls?: NonNullable<CallbackOptions['tls']>
  readonly signal: AbortSignal
}

/** Begins a sign-in: new state and verifier, and a listener on the redirect URL unless it is pasted. */
export async function beginSignIn(request: AuthorizationRequest, way: SignInWay): Promise<SignInAttempt<Grant>> {
  const authorization = beginAuthorization(request, nodeCrypto)
  const { url } = authorization
  const { paste } = way
  if (paste !== undefined) {
    return {
      url,
      waitForGrant: async () => {
        const pasted = await paste()
        if (way.signal.aborted) throw new InterruptedError('Stopped waiting for the sign-in; nothing was stored')
        return authorization.judgePasted(pasted)
      },
      close: () => Promise.resolve(),
    }
  }
  const tls = way.tls === undefined ? {} : { tls: way.tls }
  const { listenForCallback } = await import('./callback.js')
  const callback = await listenForCallback({ authorization, signal: way.signal, ...tls })
  return { url, waitForGrant: () => callback.waitForGrant(), close: () => callback.close() }
}

/** Everything a rotation works with, joined to this machine. */
export async function gatherTools(options: TokenOptions): Promise<RotationTools> {
  const { transport, clientId, keys, run, scrubber, lockTimeoutMilliseconds } = options
  const { baseUrl } = transport
  const clock = options.clock ?? systemClock
  // Absolute, since the seal binds the place of the file.
  const directory = resolve(options.directory)
  await prepareDirectory(directory, { allowsNetwork: options.allowsNetworkFileSystem === true })
  await prepareDirectory(options.markDirectory, { allowsNetwork: true })
  const name = nameRecord(baseUrl, clientId)
  const stagePath = stagePathIn(directory, baseUrl, clientId)
  const makeSealer = (location: string): Sealer => createSealer({ location, baseUrl, clientId }, keys, nodeCrypto)
  const parts = { name, baseUrl, clientId, makeSealer, crypto: nodeCrypto, clock, run }
  const store = await (options.makeStore ?? fileStoreIn(directory))(parts)
  const secret = options.clientSecret === undefined ? {} : { clientSecret: options.clientSecret }
  return {
    transport,
    endpoint: createTokenEndpoint({ transport, clientId, scrubber, ...secret }),
    store: keepLocks(store, every),
    ...leaseBeside(store, options.makeStore, parts, join(directory, `${name}.lease`)),
    stage: createFileStage(stagePath, recordFiles, makeSealer(stagePath)),
    mark: createFileMark(join(options.markDirectory, `${name}.mark`), recordFiles),
    crypto: nodeCrypto,
    clock,
    run,
    scrubber,
    lockTimeoutMilliseconds,
    ...(options.quarantineMilliseconds === undefined ? {} : { quarantineMilliseconds: options.quarantineMilliseconds }),
    ...(options.rescue === undefined ? {} : { rescue: options.rescue }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
  }
}

const every: Every = (milliseconds, work) => {
  const timer = setInterval(work, milliseconds).unref()
  return () => clearInterval(timer)
}

/** The lease lies where the record lies: on a lock of its own in the same store. One that has no locks has no lease. */
function leaseBeside(
  store: TokenStore,
  makeStore: MakeStore | undefined,
  parts: StoreParts,
  path: string,
): { readonly lease?: LeaseArea } {
  const { run, clock } = parts
  if (store.capabilities.lock === 'none') return {}
  let made: Promise<TokenStore> | undefined
  const beside = (make: MakeStore): Promise<TokenStore> => (made ??= make({ ...parts, name: `${parts.name}.use` }))
  const lock = async (timeout: number): Promise<LeaseLock> => {
    if (makeStore !== undefined) return (await beside(makeStore)).lock(timeout)
    const held = await acquireLock(path, timeout, run, clock)
    return { remaining: () => Promise.resolve(Number.POSITIVE_INFINITY), unlock: () => held.release() }
  }
  const view: LockView = {
    holder: async () =>
      makeStore === undefined ? findHolder(path) : ((await (await beside(makeStore)).lockView?.holder()) ?? null),
    ...(makeStore === undefined || store.lockView?.free === undefined
      ? {}
      : { free: async () => (await beside(makeStore)).lockView?.free?.() }),
  }
  return { lease: createLeaseArea({ lock, view, elapsed: () => clock.elapsed(), every }) }
}

function fileStoreIn(directory: string): MakeStore {
  return ({ name, baseUrl, clientId, makeSealer, crypto, clock, run }) => {
    const path = join(directory, `${name}.json`)
    return Promise.resolve(
      createFileStore({
        path,
        lockPath: join(directory, `${name}.lock`),
        baseUrl,
        clientId,
        files: recordFiles,
        lock: (lockPath, timeout) => acquireLock(lockPath, timeout, run, clock),
        holderOf: findHolder,
        sealer: makeSealer(path),
        crypto,
      }),
    )
  }
}

/** Where a new pair lies between the answer of the server and the commit. */
export function stagePathIn(directory: string, baseUrl: string, clientId: string): string {
  return join(resolve(directory), `${nameRecord(baseUrl, clientId)}.stage.json`)
}

/** A file name for server and client: readable, and different for every pair of them. */
function nameRecord(baseUrl: string, clientId: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([baseUrl, clientId]))
    .digest('hex')
    .slice(0, 16)
  const host = new URL(baseUrl).host.replaceAll(/[^a-z0-9.-]/giu, '-')
  return `${host}-${digest}`
}
