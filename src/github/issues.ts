/**
 * The one open issue of a server's drift: opened when there is some, kept current, closed when it is gone. Found by its
 * label, its marker and its author, so that an issue that somebody else wrote is never taken for it.
 *
 * Source: GraphQL API, `Issue.viewerDidAuthor`; REST API, "Create an issue", "Update an issue".
 */
import { isObject } from '../model/schema.js'
import { type GithubApi, unexpected } from './api.js'
import { follow, textOf } from './comments.js'

/** An open issue that the token's own account wrote. */
export interface OwnIssue {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly url: string
}

/** What an issue says. */
export interface IssueText {
  readonly title: string
  /** Begins with the marker by which it is found; at most 65,536 characters. */
  readonly body: string
}

/** The label of the issues that bbstate opens. */
export const driftLabel = 'bbstate-drift'

const needs = 'issues: write'

const issuesQuery = `query($owner: String!, $name: String!, $label: String!) {
  repository(owner: $owner, name: $name) {
    issues(first: 100, states: [OPEN], labels: [$label], orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes { number title body url viewerDidAuthor }
    }
  }
}`

/** @throws ApiError of `GithubApi` */
export async function findOwnIssue(api: GithubApi, marker: string): Promise<OwnIssue | null> {
  const { nodes } = follow(await api.query(issuesQuery, { label: driftLabel }, needs), 'repository', 'issues')
  if (!Array.isArray(nodes)) throw unexpected('the issues of the repository')
  const own = nodes
    .filter(isObject)
    .find((node) => node['viewerDidAuthor'] === true && textOf(node, 'body').startsWith(marker))
  if (own === undefined) return null
  if (typeof own['number'] !== 'number') throw unexpected('no number of an issue')
  return { number: own['number'], title: textOf(own, 'title'), body: textOf(own, 'body'), url: textOf(own, 'url') }
}

/** Opens the issue. @returns its address */
export async function openIssue(api: GithubApi, text: IssueText): Promise<string> {
  return textOf(await api.send('POST', '/issues', needs, { ...text, labels: [driftLabel] }), 'html_url')
}

/** Brings the issue up to date; nothing is sent where it is. */
export async function updateIssue(api: GithubApi, issue: OwnIssue, text: IssueText): Promise<void> {
  if (issue.title === text.title && issue.body === text.body) return
  await api.send('PATCH', `/issues/${issue.number}`, needs, { title: text.title, body: text.body })
}

/** Closes the issue, with a last word in it. */
export async function closeIssue(api: GithubApi, issue: OwnIssue, body: string): Promise<void> {
  await api.send('PATCH', `/issues/${issue.number}`, needs, { body, state: 'closed', state_reason: 'completed' })
}
