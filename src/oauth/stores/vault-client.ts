/** Calls of the HTTP API of Vault and OpenBao: sign-in by token, AppRole or JWT, namespaces, the store's own clock. */
import { AuthError } from '../../model/errors.js'
import { isObject } from '../../model/schema.js'
import type { Scrubber, Secret } from '../../model/secret.js'
import type { Answer, Transport } from '../../transport.js'

/** How to sign in. */
export type VaultSignIn =
  | { readonly type: 'token'; readonly token: Secret }
  | { readonly type: 'approle'; readonly mount: string; readonly roleId: string; readonly secretId: Secret }
  /** Such as the identity token that a pipeline gets from GitHub. */
  | { readonly type: 'jwt'; readonly mount: string; readonly role: string; readonly jwt: Secret }

/** An answer that is a success, an absence, or a refused write. */
export interface VaultAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** The store's clock, milliseconds since 1970. */
  readonly now: number
}

/** Sends one call. */
export interface VaultClient {
  /**
   * 404 means that nothing is there; that the mount or the namespace is not there is an error.
   * @throws AuthError `AUTH_STORE` for everything but 200, 204, 400 and that 404.
   */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<VaultAnswer>
  /**
   * Holds the mount against what it must be, once: only then does the absence of a secret mean something.
   * @throws AuthError `AUTH_STORE` naming the mount, where it is no key-value engine of version 2 that this sign-in sees.
   */
  requireMount(mount: string): Promise<void>
  /** The error for an answer that was not what it should be. */
  refuse(answer: VaultAnswer | undefined): AuthError
}

/** What a client is made of. */
export interface VaultClientOptions {
  readonly location: string
  readonly transport: Transport
  readonly signIn: VaultSignIn
  readonly namespace?: string
  readonly scrubber: Scrubber
  readonly now: () => number
}

/** Milliseconds for one answer: long for a store, short beside the life of the lock. */
const patience = 20_000

/** A client. It signs in with the first call. */
export function createVaultClient(options: VaultClientOptions): VaultClient {
  const { location, transport, signIn, namespace, scrubber } = options
  let token = signIn.type === 'token' ? signIn.token.reveal() : undefined
  const send = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    try {
      return await transport.request({
        method,
        path,
        headers: {
          'x-vault-request': 'true',
          ...(token === undefined ? {} : { 'x-vault-token': token }),
          ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        answerTimeoutMilliseconds: patience,
      })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new AuthError('AUTH_STORE', `${location} does not answer: ${why}`, {
        cause,
        hint: 'Check the address in --token-store, TLS, and whether Vault is up.',
      })
    }
  }
  const logIn = async (): Promise<void> => {
    if (signIn.type === 'token') return
    const [path, body] =
      signIn.type === 'approle'
        ? [`/v1/auth/${signIn.mount}/login`, { role_id: signIn.roleId, secret_id: signIn.secretId.reveal() }]
        : [`/v1/auth/${signIn.mount}/login`, { role: signIn.role, jwt: signIn.jwt.reveal() }]
    const answer = await send('POST', path, body)
    const { auth } = parse(answer.body)
    const issued = isObject(auth) ? auth['client_token'] : undefined
    if (answer.status !== 200 || typeof issued !== 'string') throw describeSignIn(location, signIn.type, answer.status)
    scrubber.add(issued)
    token = issued
  }
  const sendSigned = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    if (token === undefined) await logIn()
    const answer = await send(method, path, body)
    if (answer.status !== 403 || signIn.type === 'token') return answer
    // The token of the sign-in may have ended; a refused call did nothing.
    await logIn()
    return send(method, path, body)
  }
  let seen: string | undefined
  return {
    async requireMount(mount) {
      if (seen === mount) return
      const { status, body } = await sendSigned('GET', `/v1/sys/internal/ui/mounts/${mount}`)
      if (status >= 500 || status === 429) throw describe(location, status)
      if (status !== 200 || !isVersion2(parse(body))) throw describeMount(location, mount, namespace, status)
      seen = mount
    },
    async call(method, path, body) {
      const answer = await sendSigned(method, path, body)
      const { status } = answer
      const isAnswer = status === 200 || status === 204 || status === 400 || (status === 404 && !namesErrors(answer))
      if (!isAnswer) throw describe(location, status)
      const date = Date.parse(answer.headers['date'] ?? '')
      return { status, body: parse(answer.body), now: Number.isNaN(date) ? options.now() : date }
    },
    refuse: (answer) => describe(location, answer?.status ?? 0),
  }
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** What `sys/internal/ui/mounts/MOUNT` says of an engine; it answers 403 for a mount that is not there. */
function isVersion2({ data }: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(data) || data['type'] !== 'kv') return false
  return isObject(data['options']) && data['options']['version'] === '2'
}

/** A missing secret is a 404 with no errors; a missing mount or namespace is one that says so (seen of OpenBao 2.7.2). */
function namesErrors({ body }: Answer): boolean {
  const { errors } = parse(body)
  return Array.isArray(errors) && errors.length > 0
}

/** The server's own texts are not repeated: they may quote what was sent. */
function describe(location: string, status: number): AuthError {
  const hints: Readonly<Record<number, string>> = {
    200: versionHint,
    // What version 1 answers to a write.
    204: versionHint,
    400: versionHint,
    403: 'The token of Vault has ended, its policy does not let it create, read and update the secrets, or there is no such mount or namespace, which it may not know.',
    404: 'No such mount or namespace: check the mount in --token-store and BBSTATE_VAULT_NAMESPACE (vault secrets list shows them).',
    413: 'The record is larger than Vault takes (max_request_size): keep this token in another store.',
    429: 'A rate limit quota of Vault was met: run again later.',
    503: 'Vault is sealed or standing by: unseal it, or use the address of the active node.',
  }
  const hint = hints[status] ?? 'Look into the audit log of Vault.'
  return new AuthError('AUTH_STORE', `${location} refuses (status ${status})`, { hint })
}

function describeMount(location: string, mount: string, namespace: string | undefined, status: number): AuthError {
  const place = namespace === undefined ? '' : ` in the namespace ${namespace}`
  return new AuthError(
    'AUTH_STORE',
    `${location}: "${mount}/" is no key-value engine of version 2${place} that this sign-in sees (status ${status})`,
    { hint: 'Check the mount in --token-store and BBSTATE_VAULT_NAMESPACE: vault secrets list -detailed shows both.' },
  )
}

const versionHint =
  'Vault does not keep the record as asked: is the mount a key-value engine of version 2, and may this sign-in write below it?'

/** A wrong role or secret is a 400; a wrong mount a 404, or a 403. */
function describeSignIn(location: string, type: 'approle' | 'jwt', status: number): AuthError {
  if (status >= 500) return describe(location, status)
  const hint =
    type === 'approle'
      ? 'Check BBSTATE_VAULT_ROLE_ID, BBSTATE_VAULT_SECRET_ID (it may have ended, or be good for one sign-in only) and BBSTATE_VAULT_AUTH_MOUNT.'
      : 'Check BBSTATE_VAULT_ROLE, BBSTATE_VAULT_AUTH_MOUNT, and that BBSTATE_VAULT_JWT was issued just now and for the audience that the role names.'
  return new AuthError('AUTH_STORE', `${location} refuses the sign-in by ${type} (status ${status})`, { hint })
}
