/**
 * GitHub's API for one repository, with the token of the job.
 *
 * Source: REST API version 2022-11-28 ("Rate limits for the REST API", "Troubleshooting the REST API": the header
 * `X-Accepted-GitHub-Permissions`), and the GraphQL API ("Rate limits and query limits"), which alone tells whether the
 * token's own account wrote a comment.
 */
import { ApiError } from '../model/errors.js'
import type { Secret } from '../model/secret.js'
import { isObject } from '../model/schema.js'
import type { Answer, Request, Transport } from '../transport.js'
import { greatestWait, headersOf, waitOf } from './requests.js'

/** What talking to a repository takes. */
export interface GithubOptions {
  /** To the REST API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server. */
  readonly rest: Transport
  /** To the folder of the GraphQL endpoint: `https://api.github.com`, or `https://HOST/api`. */
  readonly graphql: Transport
  readonly token: Secret
  readonly owner: string
  readonly repository: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** A repository on GitHub. */
export interface GithubApi {
  readonly owner: string
  readonly repository: string
  /**
   * Sends below `/repos/OWNER/NAME`, and answers what came back.
   * @param needs the permission of the job without which GitHub refuses, as a workflow spells it
   * @throws ApiError by status; a rate limit of up to a minute is waited for once.
   */
  send(
    method: Request['method'],
    path: string,
    needs: string,
    body?: unknown,
  ): Promise<Readonly<Record<string, unknown>>>
  /** @throws ApiError as `send` does, and `API_NOT_FOUND` or `API_FORBIDDEN` where the answer says so with status 200. */
  query(text: string, variables: object, needs: string): Promise<Readonly<Record<string, unknown>>>
  /** Requests sent so far. */
  requests(): number
}

/** Opens the API. Nothing is sent before it is needed. */
export function openGithub(options: GithubOptions): GithubApi {
  const { owner, repository } = options
  const place = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}`
  let sent = 0
  const exchange = async (transport: Transport, request: Request, needs: string): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      sent++
      const answer = await transport.request({ ...request, headers: headersOf(options.token, request) })
      const wait = waitOf(answer, options.now())
      if (wait !== undefined && wait <= greatestWait && attempt === 1) {
        await options.sleep(wait * 1000)
        continue
      }
      if (answer.status < 200 || answer.status > 299) throw describeRefusal(options, answer, needs, wait)
      return parse(answer)
    }
  }
  return {
    owner,
    repository,
    async send(method, path, needs, body) {
      const request: Request = {
        method,
        path: place + path,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }
      const data = await exchange(options.rest, request, needs)
      return isObject(data) ? data : { items: data }
    },
    async query(text, variables, needs) {
      const body = JSON.stringify({ query: text, variables: { owner, name: repository, ...variables } })
      const answer = await exchange(options.graphql, { method: 'POST', path: '/graphql', body }, needs)
      const errors: unknown = isObject(answer) ? answer['errors'] : undefined
      if (Array.isArray(errors) && errors.length > 0) throw describeErrors(options, errors, needs)
      const data = isObject(answer) ? answer['data'] : undefined
      if (!isObject(data)) throw unexpected('the answer has no data')
      return data
    },
    requests: () => sent,
  }
}

function parse({ body }: Answer): unknown {
  if (body === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw unexpected('the answer is not JSON')
  }
}

/** An answer of another shape than GitHub documents. */
export function unexpected(what: string): ApiError {
  return new ApiError('API_UNEXPECTED', `GitHub answered in an unknown way: ${what}`, {
    hint: 'Check GITHUB_API_URL and GITHUB_GRAPHQL_URL; a proxy may answer in place of GitHub.',
  })
}

const codes: Readonly<Record<number, ConstructorParameters<typeof ApiError>[0]>> = {
  401: 'API_UNAUTHENTICATED',
  403: 'API_FORBIDDEN',
  404: 'API_NOT_FOUND',
  409: 'API_CONFLICT',
  422: 'API_REJECTED',
  429: 'API_RATE_LIMITED',
}

function describeRefusal(options: GithubOptions, answer: Answer, needs: string, wait: number | undefined): ApiError {
  const { status, headers } = answer
  const requestId = headers['x-github-request-id']
  const accepted = headers['x-accepted-github-permissions']
  const place = `${options.owner}/${options.repository}`
  const refuse = (code: ConstructorParameters<typeof ApiError>[0], what: string, hint: string): ApiError =>
    new ApiError(code, `${what} (GitHub, ${status})`, {
      hint,
      status,
      ...(requestId === undefined ? {} : { requestId }),
    })
  if (wait !== undefined) {
    return refuse(
      'API_RATE_LIMITED',
      `The token of the job has used up its requests to ${place}`,
      `Run again in ${wait} s.`,
    )
  }
  if (status === 401)
    return refuse('API_UNAUTHENTICATED', 'GitHub does not accept the token', 'Check the input github-token.')
  if (status === 403 || status === 404) {
    const asked = accepted === undefined || accepted === '' ? '' : ` (GitHub asks for ${accepted})`
    const hint = `Give the job \`permissions: ${needs}\`${asked}. A workflow of a fork's pull request never gets it.`
    return refuse(codes[status] ?? 'API_FORBIDDEN', `The token of the job may not do this in ${place}`, hint)
  }
  const code = codes[status] ?? (status >= 500 ? 'API_SERVER' : 'API_REJECTED')
  return refuse(
    code,
    `GitHub refused a request to ${place}`,
    'Run again; https://www.githubstatus.com tells of failures.',
  )
}

function describeErrors(options: GithubOptions, errors: readonly unknown[], needs: string): ApiError {
  const types = errors.map((error) => (isObject(error) ? String(error['type']) : ''))
  const place = `${options.owner}/${options.repository}`
  const hint = `Give the job \`permissions: ${needs}\`.`
  if (types.includes('RATE_LIMITED')) {
    return new ApiError('API_RATE_LIMITED', `The token of the job has used up its requests to ${place}`, {
      hint: 'Run again in an hour.',
    })
  }
  if (types.includes('FORBIDDEN')) {
    return new ApiError('API_FORBIDDEN', `The token of the job may not do this in ${place} (GitHub)`, { hint })
  }
  if (types.includes('NOT_FOUND')) {
    return new ApiError('API_NOT_FOUND', `GitHub finds nothing of that name in ${place}`, { hint })
  }
  return unexpected(`GraphQL error of type ${types.join(', ')}`)
}
