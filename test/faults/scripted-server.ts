/** A transport that answers from a script, credentials that count, and a clock that moves only by sleeping. */
import { type Client, type ClientOptions, createClient } from '../../src/bitbucket/client.js'
import type { Credentials } from '../../src/model/credentials.js'
import type { Event } from '../../src/model/event.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import { TransportError } from '../../src/model/transport-error.js'
import type { Answer, Request, Transport } from '../../src/transport.js'

export interface Scripted {
  readonly client: Client
  readonly requests: Request[]
  readonly events: Event[]
  readonly slept: number[]
  /** Credentials that were rejected and renewed. */
  readonly renewed: string[]
  readonly scrubber: Scrubber
}

/** An answer, or a failure of the connection. */
export type Step = Answer | Error

type Script = (request: Request, count: number) => Step

export function answer(status: number, body: unknown = '', headers: Record<string, string> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const type = { 'content-type': 'application/json;charset=UTF-8', 'x-arequestid': '@R1' }
  return { status, headers: { ...type, 'x-ausername': 'admin', ...headers }, body: text }
}

/** An answer that names nobody. */
export function anonymous(status: number, body: unknown = ''): Answer {
  const { 'x-ausername': _name, ...headers } = answer(status).headers
  return { ...answer(status, body), headers }
}

export function refusal(status: number, exception: string, message = 'No.'): Answer {
  const body = { errors: [{ context: null, message, exceptionName: `com.atlassian.bitbucket.${exception}` }] }
  return exception.startsWith('AuthenticationRequired') ? anonymous(status, body) : answer(status, body)
}

export function connectionLost(): Error {
  return new TransportError('https://bitbucket.example.com', { reason: 'UND_ERR_SOCKET' })
}

export function page(values: readonly unknown[], nextPageStart: number | null, limit = 1000): Answer {
  return answer(200, { values, size: values.length, limit, isLastPage: nextPageStart === null, nextPageStart })
}

/** Answers the steps one after the other; the last one stays. */
export function steps(...list: readonly [Step, ...Step[]]): Script {
  return (_request, count) => list[Math.min(count, list.length - 1)] as Step
}

export function startScripted(
  script: Script,
  options: Partial<ClientOptions> & { readonly scheme?: Credentials['scheme']; readonly renewable?: boolean } = {},
): Scripted {
  const { scheme = 'oauth2', renewable = true, ...rest } = options
  const requests: Request[] = []
  const events: Event[] = []
  const slept: number[] = []
  const renewed: string[] = []
  const scrubber = new Scrubber()
  let clock = 0
  let token = 1
  const transport: Transport = {
    baseUrl: 'https://bitbucket.example.com/bitbucket',
    request: async (request) => {
      const step = script(request, requests.length)
      requests.push(request)
      await Promise.resolve()
      if (step instanceof Error) throw step
      return step
    },
    close: () => Promise.resolve(),
  }
  const credentials: Credentials = {
    scheme,
    authorize: () => Promise.resolve(new Secret(`Bearer token-${token}`)),
    renew: (rejected) => {
      renewed.push(rejected.reveal())
      if (renewable && rejected.reveal() === `Bearer token-${token}`) token++
      return Promise.resolve(renewable)
    },
  }
  const client = createClient({
    transport,
    credentials,
    scrubber,
    ports: {
      now: () => clock,
      random: () => 1,
      secretText: () => 'unguessable-text',
      sleep: (milliseconds) => {
        slept.push(milliseconds)
        clock += milliseconds
        return Promise.resolve()
      },
    },
    listen: (event) => events.push(event),
    version: '1.2.3',
    ...rest,
  })
  return { client, requests, events, slept, renewed, scrubber }
}
