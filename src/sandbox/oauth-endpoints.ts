/** The endpoints of the OAuth 2.0 provider: authorize for browsers, token and revoke for clients. */
import { failure, type Reply } from './answers.js'
import { answerRevoke, answerToken, type OAuthOptions } from './oauth.js'
import { headerOf, type Request } from './rest.js'
import type { createSignIn } from './sign-in.js'
import type { SandboxState } from './state.js'
import { TokenLock } from './token-lock.js'

const pattern = /^\/rest\/oauth2\/(?:latest|1\.0)\/(authorize|token|revoke)$/u

function endpointOf(path: string): string | undefined {
  return path.startsWith('/rest/oauth2/') ? pattern.exec(path)?.[1] : undefined
}

export class OAuthEndpoints {
  readonly #state: SandboxState
  readonly #options: OAuthOptions
  readonly #signIn: ReturnType<typeof createSignIn>
  readonly #now: () => number
  readonly #lock = new TokenLock()

  constructor(state: SandboxState, options: OAuthOptions, signIn: ReturnType<typeof createSignIn>, now: () => number) {
    this.#state = state
    this.#options = options
    this.#signIn = signIn
    this.#now = now
  }

  /** Whether a request takes time under the token lock. */
  takesTime({ method, path }: Request): boolean {
    return this.#options.tokenMilliseconds > 0 && method === 'POST' && endpointOf(path) === 'token'
  }

  /** Waits for the lock; what is said where it cannot be had in time is not documented. */
  async pass(signal: AbortSignal): Promise<Reply | undefined> {
    const { tokenMilliseconds, lockSeconds } = this.#options
    const hadIt = await this.#lock.pass(tokenMilliseconds, lockSeconds, signal)
    return hadIt ? undefined : failure(500, null, 'The token lock could not be had in time')
  }

  /** The answer, if the request is for one of these. */
  answer(request: Request): Reply | undefined {
    const { method, path, query } = request
    const endpoint = endpointOf(path)
    if (endpoint === undefined) return undefined
    if (endpoint === 'authorize') {
      const cookie = headerOf(request, 'cookie')
      const isVisit = method === 'GET' || method === 'POST'
      return isVisit ? this.#signIn(method, query, request.body.toString(), cookie) : undefined
    }
    if (method !== 'POST' || (endpoint === 'revoke' && this.#options.revoke === 'absent')) return undefined
    const parameters = new URLSearchParams([...query, ...new URLSearchParams(request.body.toString())])
    if (this.#options.clientSecretBasic === 'accepted') addBasicClient(headerOf(request, 'authorization'), parameters)
    const type = headerOf(request, 'content-type')
    return endpoint === 'token'
      ? answerToken(this.#state, this.#options, this.#now(), type, parameters)
      : answerRevoke(this.#state, this.#options, type, parameters)
  }
}

/** Puts the id and secret of an `Authorization` header beside the parameters, where that is accepted (RFC 6749, 2.3.1). */
function addBasicClient(authorization: string | undefined, parameters: URLSearchParams): void {
  const [, value] = /^basic +([\w+/=]+)$/iu.exec(authorization ?? '') ?? []
  if (value === undefined || parameters.has('client_id')) return
  const [id = '', ...secret] = Buffer.from(value, 'base64').toString().split(':')
  const decode = (text: string): string => new URLSearchParams(`v=${text}`).get('v') ?? ''
  parameters.set('client_id', decode(id))
  parameters.set('client_secret', decode(secret.join(':')))
}
