/**
 * The one comment that bbstate keeps current on a pull request: found by its marker and its author, so that nobody
 * else's comment, however it looks, is taken for it or changed.
 *
 * Source: GraphQL API, `IssueComment.viewerDidAuthor`, `updateIssueComment`; REST API, "Create an issue comment".
 */
import { isObject } from '../model/schema.js'
import { type GithubApi, unexpected } from './api.js'

/** A comment that the token's own account wrote. */
export interface OwnComment {
  /** Of GraphQL. */
  readonly id: string
  readonly body: string
  readonly url: string
}

const needs = 'pull-requests: write'

const commentsQuery = `query($owner: String!, $name: String!, $number: Int!, $before: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(last: 100, before: $before) {
      nodes { id body url viewerDidAuthor }
      pageInfo { hasPreviousPage startCursor }
    }
  } }
}`

/** Most pages of a hundred comments that are looked through, newest first. */
const pagesAtMost = 10

/**
 * The newest comment of a pull request that begins with the marker and was written by the token's own account.
 * @throws ApiError of `GithubApi`
 */
export async function findOwnComment(api: GithubApi, number: number, marker: string): Promise<OwnComment | null> {
  let before: string | null = null
  for (let page = 0; page < pagesAtMost; page++) {
    const comments = commentsOf(await api.query(commentsQuery, { number, before }, needs))
    const own = comments.nodes.findLast(({ body, viewerDidAuthor }) => viewerDidAuthor && body.startsWith(marker))
    if (own !== undefined) return own
    if (comments.earlier === null) return null
    before = comments.earlier
  }
  return null
}

/**
 * Writes the comment: anew, or over the one that stands there.
 * @param body begins with the marker by which it is found
 * @returns its address
 */
export async function keepComment(
  api: GithubApi,
  number: number,
  found: OwnComment | null,
  body: string,
): Promise<string> {
  if (found === null) {
    const made = await api.send('POST', `/issues/${number}/comments`, needs, { body })
    return textOf(made, 'html_url')
  }
  if (found.body !== body) {
    const mutation = `mutation($id: ID!, $body: String!) {
      updateIssueComment(input: { id: $id, body: $body }) { issueComment { id } }
    }`
    await api.query(mutation, { id: found.id, body }, needs)
  }
  return found.url
}

interface Comments {
  readonly nodes: readonly (OwnComment & { readonly viewerDidAuthor: boolean })[]
  /** The cursor of the page before; `null`: this is the first one. */
  readonly earlier: string | null
}

function commentsOf(data: Readonly<Record<string, unknown>>): Comments {
  const comments = follow(data, 'repository', 'pullRequest', 'comments')
  const nodes = comments['nodes']
  const info = comments['pageInfo']
  if (!Array.isArray(nodes) || !isObject(info)) throw unexpected('the comments of the pull request')
  const cursor = info['hasPreviousPage'] === true ? info['startCursor'] : null
  return {
    nodes: nodes.filter(isObject).map((node) => ({
      id: textOf(node, 'id'),
      body: textOf(node, 'body'),
      url: textOf(node, 'url'),
      viewerDidAuthor: node['viewerDidAuthor'] === true,
    })),
    earlier: typeof cursor === 'string' ? cursor : null,
  }
}

/** Walks into nested objects. */
export function follow(
  data: Readonly<Record<string, unknown>>,
  ...path: readonly string[]
): Readonly<Record<string, unknown>> {
  let place = data
  for (const name of path) {
    const next = place[name]
    if (!isObject(next)) throw unexpected(`no ${path.join('.')}`)
    place = next
  }
  return place
}

/** A field that must be a text. */
export function textOf(data: Readonly<Record<string, unknown>>, field: string): string {
  const value = data[field]
  if (typeof value !== 'string') throw unexpected(`no ${field}`)
  return value
}
