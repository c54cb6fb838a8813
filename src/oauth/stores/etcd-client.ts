/**
 * Calls of etcd's JSON gateway at one of several endpoints.
 *
 * A member that does not answer, or cannot, is left for the next one. Reads are asked again there; a write is not, once
 * it may have arrived: whoever sent it looks what stands there.
 */
import { AuthError } from '../../model/errors.js'
import { isObject } from '../../model/schema.js'
import type { Secret } from '../../model/secret.js'
import { TransportError } from '../../model/transport-error.js'
import type { Answer, Transport } from '../../transport.js'

/** Sends one call. */
export interface EtcdClient {
  /** @throws AuthError `AUTH_STORE` where no member answers, or one refuses. */
  call(path: string, body: object, kind: 'read' | 'write'): Promise<Readonly<Record<string, unknown>>>
}

/** What a client is made of. */
export interface EtcdClientOptions {
  readonly location: string
  readonly endpoints: readonly Transport[]
  /** Absent: the cluster has no users. */
  readonly user?: { readonly name: string; readonly password: Secret }
}

/** Milliseconds for one answer: a member without a quorum answers nothing. */
const patience = 10_000

/** A client over the members of one cluster. */
export function createEtcdClient(options: EtcdClientOptions): EtcdClient {
  let member = 0
  let token: string | undefined
  const send = async (path: string, body: object, kind: 'read' | 'write'): Promise<Answer> => {
    let failure: unknown
    for (let tried = 0; tried < options.endpoints.length; tried += 1) {
      const endpoint = options.endpoints[member]
      if (endpoint === undefined) break
      const isLast = tried === options.endpoints.length - 1
      try {
        const answer = await endpoint.request({
          method: 'POST',
          path,
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: token }) },
          answerTimeoutMilliseconds: patience,
        })
        if (answer.status < 500) return answer
        // A member without a leader, or cut off from the others: another one may be better off. What it did with a write
        // it cannot say (`etcdserver: request timed out` is a 503 too).
        member = (member + 1) % options.endpoints.length
        if (kind === 'write' || isLast) return answer
      } catch (thrown) {
        failure = thrown
        member = (member + 1) % options.endpoints.length
        const mayHaveArrived = !(thrown instanceof TransportError) || thrown.sent
        if (kind === 'write' && mayHaveArrived) break
      }
    }
    throw describeUnreachable(options.location, failure)
  }
  const signIn = async (): Promise<void> => {
    if (options.user === undefined) return
    const { name, password } = options.user
    const answer = await send('/v3/auth/authenticate', { name, password: password.reveal() }, 'read')
    const { token: issued } = parse(answer.body)
    if (answer.status !== 200 || typeof issued !== 'string') throw describeRefusal(options.location, answer)
    token = issued
  }
  return {
    async call(path, body, kind) {
      if (options.user !== undefined && token === undefined) await signIn()
      let answer = await send(path, body, kind)
      if (answer.status === 401 && options.user !== undefined) {
        // The token of the sign-in ended; a refused call did nothing.
        await signIn()
        answer = await send(path, body, kind)
      }
      if (answer.status !== 200) throw describeRefusal(options.location, answer)
      return parse(answer.body)
    },
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

/** What is wrong with a certificate, the transport knows best. */
function hintOf(failure: unknown): string | undefined {
  return failure instanceof TransportError && failure.code === 'API_TLS' ? failure.hint : undefined
}

function describeUnreachable(location: string, failure: unknown): AuthError {
  const why = failure instanceof Error ? failure.message : String(failure)
  return new AuthError('AUTH_STORE', `${location} does not answer: ${why}`, {
    cause: failure,
    hint: hintOf(failure) ?? 'Check the addresses in --token-store, and whether a majority of the members is up.',
  })
}

/**
 * What a refusal is, told by the codes of gRPC and, where one code stands for several, by the text, which is not repeated.
 * Seen of etcd 3.4.23: a wrong password and an absent user are code 3 with status 400, a value of more than 1.5 MiB is
 * code 3, one of more than 2 MiB code 8 with status 429.
 */
function describeRefusal(location: string, { status, body }: Answer): AuthError {
  const { code, message } = parse(body)
  const text = typeof message === 'string' ? message : ''
  const isRefused = status === 401 || status === 403 || code === 7 || code === 16
  const isUnknownUser = /user name is empty|authentication failed|authentication is not enabled/u.test(text)
  const hint =
    isRefused || isUnknownUser
      ? signInHint
      : /too large|larger than max/u.test(text)
        ? 'The record is larger than the cluster takes (--max-request-bytes of etcd): keep this token in another store.'
        : text.includes('database space exceeded')
          ? 'The disk quota of etcd is used up: compact, defragment, and disarm the alarm NOSPACE.'
          : status >= 500
            ? 'A majority of the members must be up: look into the logs of etcd, and run again when they are.'
            : 'Look into the log of etcd; run again when the cluster is healthy.'
  return new AuthError('AUTH_STORE', `${location} refuses (status ${status}, code ${String(code ?? 'none')})`, { hint })
}

const signInHint =
  'Give BBSTATE_ETCD_USERNAME and BBSTATE_ETCD_PASSWORD where the cluster has users, and only there; let that user read and write the keys of bbstate.'
