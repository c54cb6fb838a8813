/** What a commit is to its repository: the tip of a branch, the merge of a pull request. */
import { isObject } from '../model/schema.js'
import { type GithubApi, unexpected } from './api.js'
import { follow, textOf } from './comments.js'

/**
 * The commit that a branch stands at. Source: REST API, "Get a reference".
 * @throws ApiError of `GithubApi`
 */
export async function readTip(api: GithubApi, branch: string): Promise<string> {
  const path = branch.split('/').map(encodeURIComponent).join('/')
  return textOf(follow(await api.send('GET', `/git/ref/heads/${path}`, 'contents: read'), 'object'), 'sha')
}

/**
 * The number of the pull request that was merged as a commit; `undefined`: it came in another way. Source: REST API,
 * "List pull requests associated with a commit".
 */
export async function findMergedPullRequest(api: GithubApi, commit: string): Promise<number | undefined> {
  const { items } = await api.send('GET', `/commits/${encodeURIComponent(commit)}/pulls`, 'pull-requests: read')
  if (!Array.isArray(items)) throw unexpected('the pull requests of a commit')
  const merged = items
    .filter(isObject)
    .find((pull) => pull['merge_commit_sha'] === commit && pull['merged_at'] !== null)
  return typeof merged?.['number'] === 'number' ? merged['number'] : undefined
}
