/**
 * GitHub's API for one repository, on a local port, as its documents describe it: REST API version 2022-11-28 and the
 * part of the GraphQL schema that concerns comments and issues. Written from the documents, never from bbstate's client.
 *
 * It holds branches, pull requests, comments, issues and check runs; checks what a token may do; limits the rate.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema, graphql, GraphQLError } from 'graphql'

/** What a token may do, as a workflow's `permissions:` spells it. */
export type Permissions = Readonly<
  Partial<Record<'contents' | 'pull-requests' | 'issues' | 'checks', 'read' | 'write'>>
>

export interface Comment {
  readonly id: number
  body: string
  readonly author: string
}

export interface Issue {
  readonly number: number
  title: string
  body: string
  readonly author: string
  state: 'open' | 'closed'
  stateReason: string | null
  labels: string[]
  readonly comments: Comment[]
  /** Present where it is a pull request. */
  pull?: { readonly head: string; mergeCommit: string | null; mergedAt: string | null }
}

export interface CheckRun {
  readonly name: string
  readonly head_sha: string
  readonly conclusion: string
  readonly output: { readonly title: string; readonly summary: string; readonly annotations?: readonly object[] }
}

export interface GithubApiServer {
  /** `GITHUB_API_URL` and `GITHUB_GRAPHQL_URL`. */
  readonly url: string
  readonly graphqlUrl: string
  /** `GITHUB_REPOSITORY` */
  readonly repository: string
  readonly branches: Map<string, string>
  readonly issues: Issue[]
  readonly checkRuns: CheckRun[]
  /** `METHOD path` of every request, in order. */
  readonly requests: readonly string[]
  /** Bodies of all requests. */
  readonly bodies: readonly string[]
  /** A token of an account: the workflow's own is `github-actions[bot]`. */
  addToken(token: string, permissions: Permissions, login?: string): void
  addPull(head: string, title?: string): Issue
  /** Marks a pull request as merged, and moves the default branch to the merge. */
  merge(pull: Issue, commit: string): void
  addComment(issue: Issue, author: string, body: string): void
  /** Answers so the next requests of every token: none remaining, or the secondary limit. */
  limit(kind: 'primary' | 'secondary', times?: number): void
  close(): Promise<void>
}

const schema = buildSchema(`
  scalar DateTime
  type Query { repository(owner: String!, name: String!, followRenames: Boolean = true): Repository  viewer: User! }
  type Mutation { updateIssueComment(input: UpdateIssueCommentInput!): UpdateIssueCommentPayload }
  input UpdateIssueCommentInput { body: String!  clientMutationId: String  id: ID! }
  type UpdateIssueCommentPayload { clientMutationId: String  issueComment: IssueComment }
  type User { login: String! }
  type PageInfo { endCursor: String  hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String }
  enum IssueState { CLOSED OPEN }
  enum IssueOrderField { COMMENTS CREATED_AT UPDATED_AT }
  enum OrderDirection { ASC DESC }
  input IssueOrder { direction: OrderDirection!  field: IssueOrderField! }
  type IssueComment { id: ID!  body: String!  url: String!  viewerDidAuthor: Boolean! }
  type IssueCommentConnection { nodes: [IssueComment]  pageInfo: PageInfo!  totalCount: Int! }
  type PullRequest {
    id: ID!  number: Int!
    comments(after: String, before: String, first: Int, last: Int): IssueCommentConnection!
  }
  type Issue { id: ID!  number: Int!  title: String!  body: String!  url: String!  state: IssueState!  viewerDidAuthor: Boolean! }
  type IssueConnection { nodes: [Issue]  pageInfo: PageInfo!  totalCount: Int! }
  type Repository {
    pullRequest(number: Int!): PullRequest
    issues(
      after: String, before: String, first: Int, last: Int, labels: [String!], orderBy: IssueOrder, states: [IssueState!]
    ): IssueConnection!
  }
`)

const owner = 'acme'
const name = 'settings'
/** "Body is too long (maximum is 65536 characters)". */
const longestBody = 65_536

interface Account {
  readonly login: string
  readonly permissions: Permissions
}

interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

class Refusal extends Error {
  readonly reply: Reply
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.reply = {
      status,
      body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
      headers,
    }
  }
}

class Repository {
  readonly branches = new Map([['main', 'c0ffee0000000000000000000000000000000000']])
  readonly issues: Issue[] = []
  readonly checkRuns: CheckRun[] = []
  readonly accounts = new Map<string, Account>()
  #number = 0
  #comment = 3_000_000_000

  addIssue(author: string, title: string, body: string, labels: string[] = []): Issue {
    const number = ++this.#number
    const issue: Issue = { number, title, body, author, labels, state: 'open', stateReason: null, comments: [] }
    this.issues.push(issue)
    return issue
  }

  addComment(issue: Issue, author: string, body: string): Comment {
    const comment = { id: ++this.#comment, body, author }
    issue.comments.push(comment)
    return comment
  }

  find(number: number): Issue {
    const issue = this.issues.find((each) => each.number === number)
    if (issue === undefined) throw new Refusal(404, 'Not Found')
    return issue
  }
}

/** A repository that a token may not even see does not exist for it. */
function require(account: Account, area: keyof Permissions, level: 'read' | 'write'): void {
  const has = account.permissions[area]
  if (has === 'write' || (has === 'read' && level === 'read')) return
  const accepted = { 'x-accepted-github-permissions': `${area.replaceAll('-', '_')}=${level}` }
  throw new Refusal(403, 'Resource not accessible by integration', accepted)
}

/** An issue's comments may be written with either permission where the issue is a pull request. */
function requireIssue(account: Account, issue: Issue): void {
  const area = issue.pull !== undefined && account.permissions['pull-requests'] === 'write' ? 'pull-requests' : 'issues'
  require(account, area, 'write')
}

function checkBody(body: unknown): string {
  if (typeof body !== 'string') throw new Refusal(422, 'Validation Failed')
  if (body.length > longestBody) throw new Refusal(422, `Body is too long (maximum is ${longestBody} characters)`)
  return body
}

const pageOf = (issue: Issue, comment?: Comment): string =>
  `https://github.example/${owner}/${name}/${issue.pull === undefined ? 'issues' : 'pull'}/${issue.number}${comment === undefined ? '' : `#issuecomment-${comment.id}`}`

type Route = (repository: Repository, account: Account, given: Record<string, unknown>, ...parts: string[]) => Reply

const routes: readonly (readonly [string, RegExp, Route])[] = [
  [
    'GET',
    /^\/git\/ref\/heads\/(.+)$/,
    (repository, account, _given, branch = '') => {
      require(account, 'contents', 'read')
      const sha = repository.branches.get(decodeURIComponent(branch))
      if (sha === undefined) throw new Refusal(404, 'Not Found')
      return { status: 200, body: { ref: `refs/heads/${branch}`, object: { type: 'commit', sha } } }
    },
  ],
  [
    'GET',
    /^\/commits\/([^/]+)\/pulls$/,
    (repository, account, _given, commit = '') => {
      require(account, 'pull-requests', 'read')
      const pulls = repository.issues.filter(({ pull }) => pull?.mergeCommit === commit || pull?.head === commit)
      const body = pulls.map(({ number, pull, state }) => ({
        ...{ number, state, merge_commit_sha: pull?.mergeCommit, merged_at: pull?.mergedAt, head: { sha: pull?.head } },
      }))
      return { status: 200, body }
    },
  ],
  [
    'POST',
    /^\/issues\/(\d+)\/comments$/,
    (repository, account, { body }, number) => {
      const issue = repository.find(Number(number))
      requireIssue(account, issue)
      const comment = repository.addComment(issue, account.login, checkBody(body))
      return { status: 201, body: { id: comment.id, body: comment.body, html_url: pageOf(issue, comment) } }
    },
  ],
  [
    'POST',
    /^\/issues$/,
    (repository, account, { title, body, labels }) => {
      require(account, 'issues', 'write')
      if (typeof title !== 'string' || title === '') throw new Refusal(422, 'Validation Failed')
      const issue = repository.addIssue(
        account.login,
        title,
        checkBody(body ?? ''),
        (labels as string[] | undefined) ?? [],
      )
      return { status: 201, body: { number: issue.number, html_url: pageOf(issue) } }
    },
  ],
  [
    'PATCH',
    /^\/issues\/(\d+)$/,
    (repository, account, given, number) => {
      const issue = repository.find(Number(number))
      require(account, 'issues', 'write')
      if (given['title'] !== undefined) issue.title = String(given['title'])
      if (given['body'] !== undefined) issue.body = checkBody(given['body'])
      if (given['state'] === 'open' || given['state'] === 'closed') issue.state = given['state']
      if (given['state_reason'] !== undefined) issue.stateReason = String(given['state_reason'])
      return { status: 200, body: { number: issue.number, html_url: pageOf(issue) } }
    },
  ],
  [
    'POST',
    /^\/check-runs$/,
    (repository, account, given) => {
      require(account, 'checks', 'write')
      const run = given as unknown as CheckRun
      const known = [...repository.branches.values(), ...repository.issues.map(({ pull }) => pull?.head)]
      if (!known.includes(run.head_sha)) throw new Refusal(422, `No commit found for SHA: ${run.head_sha}`)
      const { annotations = [], summary } = run.output
      if (annotations.length > 50 || summary.length > 65_535) throw new Refusal(422, 'Invalid request.')
      repository.checkRuns.push(run)
      return { status: 201, body: { id: repository.checkRuns.length, html_url: 'https://github.example/checks' } }
    },
  ],
]

const viewerDidAuthor = ({ login }: Account, { author }: { readonly author: string }): boolean => author === login

function makeRoot(repository: Repository, account: Account): object {
  const showComment = (issue: Issue, comment: Comment): object => ({
    ...{ id: `IC_${comment.id}`, body: comment.body, url: pageOf(issue, comment) },
    viewerDidAuthor: viewerDidAuthor(account, comment),
  })
  const forbid = (area: keyof Permissions, level: 'read' | 'write'): void => {
    const has = account.permissions[area]
    if (has === 'write' || (has === 'read' && level === 'read')) return
    throw new GraphQLError('Resource not accessible by integration', { extensions: { type: 'FORBIDDEN' } })
  }
  return {
    viewer: { login: account.login },
    repository: ({ owner: givenOwner, name: givenName }: Record<string, string>) => {
      if (givenOwner !== owner || givenName !== name) {
        throw new GraphQLError('Could not resolve to a Repository', { extensions: { type: 'NOT_FOUND' } })
      }
      return {
        pullRequest: ({ number }: { number: number }) => {
          forbid('pull-requests', 'read')
          const issue = repository.issues.find((each) => each.number === number && each.pull !== undefined)
          if (issue === undefined) {
            throw new GraphQLError('Could not resolve to a PullRequest', { extensions: { type: 'NOT_FOUND' } })
          }
          return {
            ...{ id: `PR_${number}`, number },
            comments: ({ last = 0, before }: { last?: number; before?: string | null }) => {
              if (last < 1 || last > 100) throw new GraphQLError('`last` must be between 1 and 100')
              const end = before === undefined || before === null ? issue.comments.length : Number(before)
              const start = Math.max(0, end - last)
              const nodes = issue.comments.slice(start, end).map((comment) => showComment(issue, comment))
              const pageInfo = {
                ...{ hasPreviousPage: start > 0, hasNextPage: end < issue.comments.length },
                ...{ startCursor: String(start), endCursor: String(end) },
              }
              return { nodes, pageInfo, totalCount: issue.comments.length }
            },
          }
        },
        issues: ({ first = 0, labels, states }: { first?: number; labels?: string[]; states?: string[] }) => {
          forbid('issues', 'read')
          const found = repository.issues.filter(
            ({ pull, state, labels: own }) =>
              pull === undefined &&
              (states === undefined || states.includes(state.toUpperCase())) &&
              (labels === undefined || labels.some((label) => own.includes(label))),
          )
          const nodes = found.slice(0, first).map((issue) => ({
            ...{ id: `I_${issue.number}`, number: issue.number, title: issue.title, body: issue.body },
            ...{
              url: pageOf(issue),
              state: issue.state.toUpperCase(),
              viewerDidAuthor: viewerDidAuthor(account, issue),
            },
          }))
          const pageInfo = { hasPreviousPage: false, hasNextPage: found.length > first, startCursor: '', endCursor: '' }
          return { nodes, pageInfo, totalCount: found.length }
        },
      }
    },
    updateIssueComment: ({ input }: { input: { id: string; body: string } }) => {
      forbid('pull-requests', 'write')
      const issue = repository.issues.find(({ comments }) => comments.some(({ id }) => `IC_${id}` === input.id))
      const comment = issue?.comments.find(({ id }) => `IC_${id}` === input.id)
      if (issue === undefined || comment === undefined) {
        throw new GraphQLError('Could not resolve to a node', { extensions: { type: 'NOT_FOUND' } })
      }
      if (input.body.length > longestBody) {
        throw new GraphQLError('Body is too long', { extensions: { type: 'UNPROCESSABLE' } })
      }
      comment.body = input.body
      return { issueComment: showComment(issue, comment) }
    },
  }
}

async function answerGraphql(repository: Repository, account: Account, given: Record<string, unknown>): Promise<Reply> {
  const { data, errors } = await graphql({
    schema,
    source: String(given['query']),
    rootValue: makeRoot(repository, account),
    variableValues: (given['variables'] as Record<string, unknown> | undefined) ?? {},
  })
  const shown = errors?.map(({ message, path, extensions }) => ({ type: extensions['type'], message, path }))
  return {
    status: 200,
    body: { ...(data === undefined ? {} : { data }), ...(shown === undefined ? {} : { errors: shown }) },
  }
}

/** Starts it, as an Enterprise Server names its endpoints. */
export async function startGithubApi(): Promise<GithubApiServer> {
  const repository = new Repository()
  const requests: string[] = []
  const bodies: string[] = []
  const limits: ('primary' | 'secondary')[] = []
  const answer = async (request: IncomingMessage, body: string): Promise<Reply> => {
    const { method = '', url = '', headers } = request
    if (headers['user-agent'] === undefined) throw new Refusal(403, 'Request forbidden by administrative rules')
    const limit = limits.shift()
    if (limit === 'secondary')
      throw new Refusal(403, 'You have exceeded a secondary rate limit', { 'retry-after': '1' })
    if (limit === 'primary') {
      const reset = String(Math.ceil(Date.now() / 1000) + 1800)
      throw new Refusal(403, 'API rate limit exceeded', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })
    }
    const account = repository.accounts.get(/^(?:Bearer|token) (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '')
    if (account === undefined) throw new Refusal(401, 'Bad credentials')
    const given = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>)
    if (method === 'POST' && url === '/api/graphql') return answerGraphql(repository, account, given)
    const [, path] = new RegExp(`^/api/v3/repos/${owner}/${name}(/[^?]*)`).exec(url) ?? []
    for (const [verb, pattern, route] of routes) {
      const match = path === undefined || verb !== method ? null : pattern.exec(path)
      if (match !== null) return route(repository, account, given, ...match.slice(1))
    }
    throw new Refusal(404, 'Not Found')
  }
  const server = createServer((request, response: ServerResponse) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      requests.push(`${request.method} ${request.url}`)
      bodies.push(body)
      const fail = (thrown: unknown): Reply => {
        if (thrown instanceof Refusal) return thrown.reply
        throw thrown
      }
      void answer(request, body)
        .catch(fail)
        .then(({ status, body: data, headers }) => {
          response.writeHead(status, {
            'x-github-request-id': 'AB12:34CD',
            'content-type': 'application/json',
            ...headers,
          })
          response.end(data === undefined ? undefined : JSON.stringify(data))
        })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${origin}/api/v3`,
    graphqlUrl: `${origin}/api/graphql`,
    repository: `${owner}/${name}`,
    branches: repository.branches,
    issues: repository.issues,
    checkRuns: repository.checkRuns,
    requests,
    bodies,
    addToken: (token, permissions, login = 'github-actions[bot]') =>
      repository.accounts.set(token, { login, permissions }),
    addPull: (head, title = 'A change') => {
      const issue = repository.addIssue('alice', title, '')
      issue.pull = { head, mergeCommit: null, mergedAt: null }
      return issue
    },
    merge: (pull, commit) => {
      if (pull.pull === undefined) throw new TypeError('Not a pull request')
      Object.assign(pull.pull, { mergeCommit: commit, mergedAt: '2026-11-27T08:00:00Z' })
      pull.state = 'closed'
      repository.branches.set('main', commit)
    },
    addComment: (issue, author, body) => void repository.addComment(issue, author, body),
    limit: (kind, times = 1) => limits.push(...Array.from({ length: times }, () => kind)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
