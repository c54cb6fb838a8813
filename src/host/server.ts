/** Opens the server of a run: connection, credentials, client, and the proof of who is signed in. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveServer, WritableServer } from '../app/ports.js'
import { type Client, createClient } from '../bitbucket/client.js'
import { askRights } from '../bitbucket/rights.js'
import type { Credentials } from '../model/credentials.js'
import type { Desired } from '../model/desired.js'
import type { Listener } from '../model/event.js'
import { identifyRun, purposeOf } from './audit.js'
import { type Connection, findConnection, findCredentials } from './connection.js'
import { readAllowances } from './plan-options.js'
import type { Settings } from './settings.js'
import { tellSlowAnswers } from './slow-answers.js'
import type { World } from './world.js'

/** What opening needs. */
export interface OpenInput {
  readonly world: World
  readonly settings: Settings
  readonly listen: Listener
  /** For the note that a rotation leaves. */
  readonly command: string
  /** The `server:` assertion of the configuration. */
  readonly assertion?: Desired['server']
}

interface Closable {
  close(): Promise<void>
}

/** The `server:` assertion of a configuration, where it makes one. */
export function assertionOf({ server }: Desired): Pick<OpenInput, 'assertion'> {
  return server === undefined ? {} : { assertion: server }
}

/** Opens the server for a run that only looks: what is answered has no way to write. */
export async function openServer(input: OpenInput): Promise<LiveServer & Closable> {
  const { server } = await open(input, input.world.signal)
  return server
}

/**
 * Opens the server for an apply. Once it writes, a stop of the run no longer cuts requests: what is in flight is
 * finished, and whoever writes starts nothing more.
 */
export async function openWritableServer(input: OpenInput): Promise<WritableServer & Closable> {
  const untilWriting = new AbortController()
  const stop = (): void => untilWriting.abort()
  input.world.signal.addEventListener('abort', stop)
  const { server, client, credentials } = await open(input, untilWriting.signal)
  const hold = await credentials.hold?.().catch(async (thrown: unknown) => {
    await server.close()
    throw thrown
  })
  return {
    ...server,
    async close() {
      input.world.signal.removeEventListener('abort', stop)
      await server.close()
      await hold?.release()
    },
    holds: askRights(client.fresh()),
    writer: (note) => {
      input.world.signal.removeEventListener('abort', stop)
      return client.writer(note)
    },
  }
}

async function open(
  { world, settings: given, listen, command, assertion }: OpenInput,
  signal: AbortSignal,
): Promise<{ readonly server: LiveServer & Closable; readonly client: Client; readonly credentials: Credentials }> {
  const connection = await findConnection(world, given, assertion, listen)
  const credentials = await findCredentials(world, connection, command, listen)
  const client = openClient({ world, connection, credentials, command, listen, signal })
  try {
    const identity = { url: connection.baseUrl, ...(await client.identify()) }
    const server = {
      identity,
      reading: () => client.reading(),
      requests: () => client.requests().sent,
      usesPassword: credentials.scheme === 'basic',
      close: () => client.close(),
    }
    return { server, client, credentials }
  } catch (error) {
    await client.close()
    throw error
  }
}

/** What a client is made of. */
export interface ClientInput {
  readonly world: World
  readonly connection: Connection
  readonly credentials: Credentials
  /** The command that runs, for `User-Agent`. */
  readonly command: string
  readonly listen: Listener
  /** Once aborted it cuts every wait and every read, and no request is started. */
  readonly signal: AbortSignal
}

/** A client as the options of the run want it. Nothing is sent yet. */
export function openClient({ world, connection, credentials, command, listen, signal }: ClientInput): Client {
  const { settings, transport } = connection
  const maxRate = settings.number('max-rate')
  return createClient({
    transport: tellSlowAnswers(transport, listen),
    credentials,
    ports: {
      now: () => world.clock.elapsed(),
      random: Math.random,
      secretText: () => randomBytes(24).toString('base64url'),
      sleep: async (milliseconds, stop) => {
        await sleep(milliseconds, undefined, stop === undefined ? {} : { signal: stop })
      },
    },
    listen,
    scrubber: world.scrubber,
    version: world.version,
    purpose: purposeOf(command, identifyRun(world.environment)),
    parallelism: settings.number('parallelism') ?? 10,
    deadline: world.clock.elapsed() + (settings.number('timeout') ?? 1800) * 1000,
    signal,
    allowNoIdentityHeader: readAllowances(settings.list('allow')).allows('no-identity-header'),
    ...(maxRate === undefined ? {} : { maxRate }),
  })
}
