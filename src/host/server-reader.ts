/** Reads a server for a recording of it: plain GETs, one at a time, with a token from a file or the stored sign-in. */
import { openGate } from '../bitbucket/gate.js'
import { sendPatiently } from '../bitbucket/retry.js'
import { ApiError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { Secret } from '../model/secret.js'
import { staticBearer } from '../oauth/static-credentials.js'
import type { Answer } from '../transport.js'
import { findConnection, findCredentials } from './connection.js'
import { clientPorts } from './client-ports.js'
import { connectionOptions } from './options.js'
import { Settings } from './settings.js'
import type { World } from './world.js'

/** Asks one path behind the base URL. */
export interface ServerReader {
  ask(path: string): Promise<{ readonly status: number; readonly body: unknown }>
  /** GETs sent so far. */
  readonly requests: number
  close(): Promise<void>
}

/** Opens a reader; whatever else belongs to the connection comes from the environment and the profiles. */
export async function openReader(
  world: World,
  url: string,
  tokenFile: string | undefined,
  listen: Listener,
): Promise<ServerReader> {
  const connection = await findConnection(world, new Settings({ url }, connectionOptions, world.environment))
  const credentials =
    tokenFile === undefined
      ? await findCredentials(world, connection, 'sandbox', listen)
      : staticBearer(readToken(world, tokenFile))
  let requests = 0
  const { signal } = world
  const ports = clientPorts(world)
  const gate = openGate({ ports, parallelism: 1, signal })
  const send = async (path: string): Promise<Answer> => {
    const authorization = (await credentials.authorize()).reveal()
    requests += 1
    const headers = { authorization, accept: 'application/json' }
    return connection.transport.request({ method: 'GET', path, headers })
  }
  return {
    get requests() {
      return requests
    },
    close: () => connection.transport.close(),
    ask: async (path) => {
      const means = { gate, ports, listen, attempts: 4, signal, onRepeat: () => undefined }
      const { status, body } = await sendPatiently('GET', () => gate.pass(() => send(path)), means)
      if (status === 401 || status === 403) {
        throw new ApiError('API_FORBIDDEN', `The token may not read ${path} (status ${status})`, {
          hint: 'Recording needs the right SYS_ADMIN, and a token of OAuth 2.0 with the scope SYSTEM_ADMIN.',
        })
      }
      return { status, body: parse(body) }
    },
  }
}

function readToken(world: World, path: string): Secret {
  const text = world.readFile(path, '--token-file').trim()
  world.scrubber.add(text)
  return new Secret(text)
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
