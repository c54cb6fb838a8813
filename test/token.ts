/** A token of a sandbox in directories of its own: the real sign-in, store, lock and rotation, over real HTTP. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beginSignIn, openToken, type Token, type TokenOptions } from '../src/host/token.js'
import type { BbstateError } from '../src/model/errors.js'
import { Scrubber, Secret } from '../src/model/secret.js'
import type { SignInStatus } from '../src/model/sign-in.js'
import type { Grant } from '../src/oauth/authorize.js'
import type { TokenClock } from '../src/oauth/ports.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/server.js'
import { createTransport, type Transport } from '../src/transport.js'

/** A clock that stands still but for `advance` and `sleep`, which sleeps at once. */
export interface TestClock extends TokenClock {
  advance(milliseconds: number): void
  /** Every sleep so far, in milliseconds. */
  readonly slept: readonly number[]
}

export function makeClock(): TestClock {
  const start = Date.now()
  let offset = 0
  const slept: number[] = []
  return {
    now: () => start + offset,
    elapsed: () => offset,
    sleep: async (milliseconds) => {
      slept.push(milliseconds)
      offset += milliseconds
      await new Promise((resolve) => setTimeout(resolve, 1))
    },
    advance: (milliseconds) => {
      offset += milliseconds
    },
    slept,
  }
}

/** A sandbox, a home, and ways to open the token in it. */
export interface TokenBench {
  readonly sandbox: Sandbox
  readonly transport: Transport
  readonly home: string
  readonly clock: TestClock
  options(more?: Partial<TokenOptions>): TokenOptions
  open(more?: Partial<TokenOptions>): Promise<Token>
  /** A grant by consent of the administrator, as a pasted redirect. */
  consent(redirectUri?: string, scope?: string): Promise<Grant>
  signIn(more?: Partial<TokenOptions>): Promise<SignInStatus>
  /** Requests to the token endpoint so far. */
  tokenRequests(): number
  /** Names and texts of all files of the token store. */
  files(): Readonly<Record<string, string>>
  close(): Promise<void>
}

export async function startTokenBench(sandboxOptions: SandboxOptions = {}): Promise<TokenBench> {
  const sandbox = await startSandbox({ port: 0, autoConsent: true, ...sandboxOptions })
  // As it was configured here, whatever becomes of the link on the server.
  const { clientId, clientSecret } = sandbox
  const transport = createTransport({ baseUrl: sandbox.url, connections: 4 })
  const home = mkdtempSync(join(tmpdir(), 'bbstate-token-'))
  const keys = { current: new Uint8Array(randomBytes(32)) }
  const clock = makeClock()
  const directory = join(home, 'tokens')
  const bench: TokenBench = {
    sandbox,
    transport,
    home,
    clock,
    options: (more = {}) => ({
      transport,
      clientId,
      clientSecret: new Secret(clientSecret),
      directory,
      markDirectory: join(home, 'marks'),
      keys,
      scrubber: new Scrubber(),
      run: { holder: 'bbstate test', host: 'this-host', ephemeral: false },
      lockTimeoutMilliseconds: 5000,
      clock,
      ...more,
    }),
    open: (more) => openToken(bench.options(more)),
    consent: async (redirectUri = sandbox.redirectUri, scope = 'SYSTEM_ADMIN') => {
      let address = ''
      const request = { baseUrl: transport.baseUrl, clientId: sandbox.clientId, redirectUri, scope }
      const attempt = await beginSignIn(request, {
        signal: new AbortController().signal,
        paste: () => Promise.resolve(address),
      })
      const answer = await fetch(attempt.url, { redirect: 'manual' })
      address = answer.headers.get('location') ?? `no redirect but ${answer.status}`
      return attempt.waitForGrant()
    },
    signIn: async (more) => {
      const token = await bench.open(more)
      const { clientId, redirectUri } = sandbox
      const request = { baseUrl: transport.baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
      return token.keep(request, await bench.consent(), { allowsNamelessServer: false })
    },
    tokenRequests: () =>
      sandbox.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/rest/oauth2/latest/token'))
        .length,
    files: () =>
      Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')])),
    close: async () => {
      await transport.close()
      await sandbox.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
  return bench
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<BbstateError> {
  try {
    await promise
  } catch (thrown) {
    return thrown as BbstateError
  }
  throw new Error('It was expected to fail')
}

/** The account that the server sees behind a header; `null`: nobody. */
export async function whoIs(bench: TokenBench, header: Secret): Promise<string | null> {
  const path = '/rest/api/latest/application-properties'
  const answer = await bench.transport.request({ method: 'GET', path, headers: { authorization: header.reveal() } })
  return answer.headers['x-ausername'] ?? null
}
