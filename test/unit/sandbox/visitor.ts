/** Talks to a sandbox over real HTTP, as somebody. */
import { afterEach } from 'vitest'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.js'

const running: Sandbox[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()))
})

/** A sandbox on a free port that ends with the test. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, ...options })
  running.push(sandbox)
  return sandbox
}

/** The members that tests look at. */
export interface Body {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly error: string
  readonly error_description: string
  readonly errors: readonly {
    readonly context: string | null
    readonly message: string
    readonly exceptionName: string | null
  }[]
  readonly values: readonly Readonly<Record<string, unknown>>[]
  readonly nextPageStart: number | null
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed when it is JSON, else empty. */
  readonly json: Body
}

export interface Sending {
  /** `Authorization`; absent: the administrator by password; null: nobody. */
  readonly as?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request to a path below the sandbox's base URL. */
export async function send(sandbox: Sandbox, method: string, path: string, sending: Sending = {}): Promise<Answer> {
  const { as = password(sandbox), body, headers = {} } = sending
  const response = await fetch(sandbox.url + path, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      ...(as === null ? {} : { authorization: as }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, text, json: (isJson ? JSON.parse(text) : {}) as Body }
}

export function password(sandbox: Sandbox, user = 'admin'): string {
  return `Basic ${Buffer.from(`${user}:${sandbox.password}`).toString('base64')}`
}

export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** Posts a form; JSON answers are parsed. */
export function post(
  sandbox: Sandbox,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const type = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
  return send(sandbox, 'POST', path, { as: null, body: new URLSearchParams(fields).toString(), headers: type })
}

/** Sends a form, each field as a file: in a field of text the platform would write other line ends. */
export async function submit(
  sandbox: Sandbox,
  method: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  as?: string,
): Promise<Answer> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, new Blob([value]), name)
  const written = new Response(form)
  const type = { 'content-type': written.headers.get('content-type') ?? '', 'x-atlassian-token': 'no-check' }
  return send(sandbox, method, path, { body: await written.text(), headers: type, ...(as === undefined ? {} : { as }) })
}

/** The class names of an error envelope, without packages. */
export function exceptions(answer: Answer): string[] {
  return answer.json.errors.map(({ exceptionName }) => exceptionName?.split('.').at(-1) ?? '')
}
