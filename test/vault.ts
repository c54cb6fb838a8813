/**
 * A Vault for tests: the documented HTTP API of the key-value engine, version 2, and of three ways to sign in. Written
 * from the documentation of HashiCorp Vault 1.x, not from our client. What it does not know it answers with 404.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running Vault. */
export interface FakeVault {
  readonly url: string
  /** Valid tokens. */
  readonly tokens: Set<string>
  /** Method, path and namespace of every request. */
  readonly requests: { readonly method: string; readonly path: string; readonly namespace: string | undefined }[]
  isSealed: boolean
  /** Answers that are computed and then lost, so many. */
  dropAnswers: number
  /** Added to the `Date` of the answers, milliseconds. */
  skew: number
  /** Deletes the current version of a secret, as `vault kv delete` does. */
  softDelete(path: string): void
  close(): Promise<void>
}

interface Version {
  readonly data: Record<string, unknown>
  readonly createdAt: string
  deletedAt: string
}

/** Starts one, with a root token `root`, an AppRole and a JWT role. */
export async function startVault(): Promise<FakeVault> {
  const secrets = new Map<string, Version[]>()
  const vault = {
    tokens: new Set(['root']),
    requests: [],
    isSealed: false,
    dropAnswers: 0,
    skew: 0,
  } as unknown as FakeVault & { url: string }
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const path = request.url ?? ''
      const namespace = request.headers['x-vault-namespace'] as string | undefined
      vault.requests.push({ method: request.method ?? '', path, namespace })
      const [status, answer] = answerOf(vault, secrets, request, path, body)
      if (vault.dropAnswers > 0 && path.includes('/data/') && request.method === 'POST') {
        vault.dropAnswers -= 1
        request.socket.destroy()
        return
      }
      response.writeHead(status, {
        'content-type': 'application/json',
        date: new Date(Date.now() + vault.skew).toUTCString(),
      })
      response.end(answer === undefined ? '' : JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vault.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  vault.softDelete = (path) => {
    const current = secrets.get(path)?.at(-1)
    if (current !== undefined) current.deletedAt = new Date().toISOString()
  }
  vault.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return vault
}

type Answer = readonly [number, unknown?]

function answerOf(
  vault: FakeVault,
  secrets: Map<string, Version[]>,
  request: IncomingMessage,
  path: string,
  body: Record<string, unknown>,
): Answer {
  if (vault.isSealed) return [503, { errors: ['Vault is sealed'] }]
  const login = /^\/v1\/auth\/([\w-]+)\/login$/u.exec(path)
  if (login !== null) return logIn(vault, login[1] ?? '', body)
  if (!vault.tokens.has(String(request.headers['x-vault-token']))) return [403, { errors: ['permission denied'] }]
  const [, name] = /^\/v1\/secret\/data\/(.+)$/u.exec(path) ?? []
  if (name === undefined) return [404, { errors: ['no handler for route'] }]
  return request.method === 'GET' ? readSecret(secrets, name) : writeSecret(secrets, name, body)
}

function logIn(vault: FakeVault, mount: string, body: Record<string, unknown>): Answer {
  const isKnown =
    (mount === 'approle' && body['role_id'] === 'role' && body['secret_id'] === 'CANARY-secret-id') ||
    (mount === 'jwt' && body['role'] === 'ci' && body['jwt'] === 'CANARY-jwt')
  if (!isKnown) return [400, { errors: ['invalid role or secret ID'] }]
  const token = `hvs.${Math.random().toString(36).slice(2)}`
  vault.tokens.add(token)
  return [200, { auth: { client_token: token, lease_duration: 3600, renewable: true } }]
}

function metadataOf(versions: readonly Version[]): Record<string, unknown> {
  const current = versions.at(-1)
  return {
    created_time: current?.createdAt,
    deletion_time: current?.deletedAt ?? '',
    destroyed: false,
    version: versions.length,
  }
}

function readSecret(secrets: Map<string, Version[]>, name: string): Answer {
  const versions = secrets.get(name) ?? []
  const current = versions.at(-1)
  if (current === undefined) return [404, { errors: [] }]
  const metadata = metadataOf(versions)
  if (current.deletedAt !== '') return [404, { data: { data: null, metadata } }]
  return [200, { data: { data: current.data, metadata } }]
}

function writeSecret(secrets: Map<string, Version[]>, name: string, body: Record<string, unknown>): Answer {
  const versions = secrets.get(name) ?? []
  const options = body['options'] as { cas?: unknown } | undefined
  if (options?.cas !== undefined && options.cas !== versions.length) {
    return [400, { errors: ['check-and-set parameter did not match the current version'] }]
  }
  if (typeof body['data'] !== 'object' || body['data'] === null) return [400, { errors: ['no data provided'] }]
  const made = { data: body['data'] as Record<string, unknown>, createdAt: new Date().toISOString(), deletedAt: '' }
  secrets.set(name, [...versions, made])
  return [200, { data: metadataOf([...versions, made]) }]
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const text = Buffer.concat(pieces).toString('utf8')
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}
