/**
 * A Vault for tests: the documented HTTP API of the key-value engine, version 2, and of three ways to sign in. Written
 * from the documentation of HashiCorp Vault 1.x, and held beside OpenBao 2.7.2, whose answers it repeats word for word.
 * What it does not know it answers with 404.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running Vault. */
export interface FakeVault {
  readonly url: string
  /** Valid tokens. Those of a namespace are good there alone. */
  readonly tokens: Set<string>
  /** Method, path and namespace of every request. */
  readonly requests: { readonly method: string; readonly path: string; readonly namespace: string | undefined }[]
  /** Namespaces beside the root. Each has its own secrets. */
  readonly namespaces: Set<string>
  /** Roles of the JWT sign-in, as they are written to `auth/jwt/role/NAME`. Signatures are not looked at. */
  readonly roles: Map<string, VaultRole>
  isSealed: boolean
  /** Writes need a version to replace, as `cas_required` of the mount says. */
  isCasRequired: boolean
  /** Answers that are computed and then lost, so many. */
  dropAnswers: number
  /** Added to the `Date` of the answers, milliseconds. */
  skew: number
  /** Bytes of a body, `max_request_size`. */
  greatestBody: number
  /** Deletes the current version of a secret, as `vault kv delete` does. */
  softDelete(path: string): void
  /** Removes every version and the count of them, as `vault kv metadata delete` does. */
  forget(path: string): void
  close(): Promise<void>
}

/** What a role of the JWT sign-in binds. A list admits each of its members. */
export interface VaultRole {
  readonly bound_audiences: readonly string[]
  readonly bound_subject?: string
  readonly bound_claims: Readonly<Record<string, string | readonly string[]>>
}

interface Version {
  readonly data: Record<string, unknown>
  readonly createdAt: string
  deletedAt: string
}

type Secrets = Map<string, Version[]>

/**
 * Starts one, with a root token `root`, an AppRole, a JWT role, the mount `secret` of version 2 and the mount `old` of
 * version 1. The namespace `team` is there.
 */
export async function startVault(): Promise<FakeVault> {
  const secrets: Secrets = new Map()
  const vault = {
    tokens: new Set(['root']),
    requests: [],
    namespaces: new Set(['team']),
    roles: new Map(),
    isSealed: false,
    isCasRequired: false,
    dropAnswers: 0,
    skew: 0,
    greatestBody: 32 * 2 ** 20,
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
    const current = secrets.get(`/${path}`)?.at(-1)
    if (current !== undefined) current.deletedAt = new Date().toISOString()
  }
  vault.forget = (path) => void secrets.delete(`/${path}`)
  vault.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return vault
}

type Answer = readonly [number, unknown?]

function answerOf(vault: FakeVault, secrets: Secrets, request: IncomingMessage, path: string, text: string): Answer {
  if (vault.isSealed) return [503, { errors: ['Vault is sealed'] }]
  const namespace = String(request.headers['x-vault-namespace'] ?? '')
  if (namespace !== '' && !vault.namespaces.has(namespace)) return [404, { errors: ['namespace not found'] }]
  if (text.length > vault.greatestBody) return [413, { errors: ['http: request body too large'] }]
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  const login = /^\/v1\/auth\/([\w-]+)\/login$/u.exec(path)
  if (login !== null) return logIn(vault, namespace, login[1] ?? '', body)
  if (!isAllowed(vault, namespace, String(request.headers['x-vault-token']))) {
    return [403, { errors: ['permission denied'] }]
  }
  const [, shown] = /^\/v1\/sys\/internal\/ui\/mounts\/(.+)$/u.exec(path) ?? []
  if (shown !== undefined) return describeMount(shown)
  const [, mount, name] = /^\/v1\/(secret|old)\/data\/(.+)$/u.exec(path) ?? []
  const route = path.slice('/v1/'.length)
  if (name === undefined) return [404, { errors: [`no handler for route "${route}". route entry not found.`] }]
  if (mount === 'old') return answerAsVersion1(secrets, request.method ?? '', name, body)
  const key = `${namespace}/${name}`
  return request.method === 'GET' ? readSecret(secrets, key) : writeSecret(vault, secrets, key, body)
}

/** The preflight of the `kv` commands. A mount that is not there and one that may not be seen are the same to it. */
function describeMount(name: string): Answer {
  if (name !== 'secret' && name !== 'old') {
    const refusal = `preflight capability check returned 403, please ensure client's policies grant access to path "${name}/"`
    return [403, { errors: [refusal] }]
  }
  const options = name === 'old' ? { version: '1' } : { version: '2' }
  return [200, { data: { path: `${name}/`, type: 'kv', description: '', local: false, seal_wrap: false, options } }]
}

function isAllowed(vault: FakeVault, namespace: string, token: string): boolean {
  const [, own] = token.split('@')
  return vault.tokens.has(token) && (own === undefined || own === namespace)
}

function logIn(vault: FakeVault, namespace: string, mount: string, body: Record<string, unknown>): Answer {
  if (mount !== 'approle' && mount !== 'jwt') {
    return [404, { errors: [`no handler for route "auth/${mount}/login". route entry not found.`] }]
  }
  const role = vault.roles.get(String(body['role']))
  if (mount === 'jwt' && role !== undefined) {
    const refusal = refusalOf(role, claimsOf(String(body['jwt'])))
    if (refusal !== undefined) return [400, { errors: [refusal] }]
    return grantToken(vault, namespace)
  }
  const isKnown =
    (mount === 'approle' && body['role_id'] === 'role' && body['secret_id'] === 'CANARY-secret-id') ||
    (mount === 'jwt' && body['role'] === 'ci' && body['jwt'] === 'CANARY-jwt')
  if (!isKnown) return [400, { errors: ['invalid role or secret ID'] }]
  return grantToken(vault, namespace)
}

function grantToken(vault: FakeVault, namespace: string): Answer {
  const token = `hvs.${Math.random().toString(36).slice(2)}@${namespace}`
  vault.tokens.add(token)
  return [200, { auth: { client_token: token, lease_duration: 3600, renewable: true } }]
}

/** A token of an identity provider, for a role. */
export function identityOf(claims: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'RS256' })}.${encode(claims)}.CANARY`
}

function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

/** Source: "JWT/OIDC auth method (API)", bound_audiences, bound_subject, bound_claims. */
function refusalOf(role: VaultRole, claims: Readonly<Record<string, unknown>>): string | undefined {
  const meets = (bound: string | readonly string[], claim: unknown): boolean => {
    const has = Array.isArray(claim) ? claim : [claim]
    return [bound].flat().some((value) => has.includes(value))
  }
  if (!meets(role.bound_audiences, claims['aud'])) {
    return 'error validating token: invalid audience (aud) claim: audience claim does not match any bound audience'
  }
  if (role.bound_subject !== undefined && claims['sub'] !== role.bound_subject) {
    return 'error validating token: invalid subject (sub) claim'
  }
  const [missed] = Object.entries(role.bound_claims).find(([name, bound]) => !meets(bound, claims[name])) ?? []
  return missed === undefined
    ? undefined
    : `error validating claims: claim "${missed}" does not match any associated bound claim values`
}

/** It keeps the whole body, says nothing about versions, and takes every write. */
function answerAsVersion1(secrets: Secrets, method: string, name: string, body: Record<string, unknown>): Answer {
  const key = `old/${name}`
  if (method !== 'GET') {
    secrets.set(key, [{ data: body, createdAt: '', deletedAt: '' }])
    return [204]
  }
  const [kept] = secrets.get(key) ?? []
  return kept === undefined ? [404, { errors: [] }] : [200, { data: kept.data }]
}

function metadataOf(versions: readonly Version[]): Record<string, unknown> {
  const current = versions.at(-1)
  return {
    created_time: current?.createdAt,
    custom_metadata: null,
    deletion_time: current?.deletedAt ?? '',
    destroyed: false,
    version: versions.length,
  }
}

function readSecret(secrets: Secrets, key: string): Answer {
  const versions = secrets.get(key) ?? []
  const current = versions.at(-1)
  if (current === undefined) return [404, { errors: [] }]
  const metadata = metadataOf(versions)
  if (current.deletedAt !== '') return [404, { data: { data: null, metadata } }]
  // The members of an object come back in alphabetical order.
  const data = Object.fromEntries(Object.entries(current.data).toSorted(([one], [other]) => (one < other ? -1 : 1)))
  return [200, { data: { data, metadata } }]
}

function writeSecret(vault: FakeVault, secrets: Secrets, key: string, body: Record<string, unknown>): Answer {
  const versions = secrets.get(key) ?? []
  const options = body['options'] as { cas?: unknown } | undefined
  if (typeof body['data'] !== 'object' || body['data'] === null) return [400, { errors: ['no data provided'] }]
  if (options?.cas === undefined && vault.isCasRequired) {
    return [400, { errors: ['check-and-set parameter required for this call'] }]
  }
  if (options?.cas !== undefined && options.cas !== versions.length) {
    return [400, { errors: ['check-and-set parameter did not match the current version'] }]
  }
  const made = { data: body['data'] as Record<string, unknown>, createdAt: new Date().toISOString(), deletedAt: '' }
  secrets.set(key, [...versions, made])
  return [200, { data: metadataOf([...versions, made]) }]
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}
