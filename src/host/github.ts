/** The repository on GitHub that a job runs for, by the token of the job. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openGithub } from '../github/api.js'
import { type CheckRun, createCheckRun } from '../github/check-runs.js'
import { findOwnComment, keepComment, type OwnComment } from '../github/comments.js'
import { findMergedPullRequest, readTip } from '../github/commits.js'
import { closeIssue, findOwnIssue, type IssueText, openIssue, type OwnIssue, updateIssue } from '../github/issues.js'
import { UsageError } from '../model/errors.js'
import type { Secret } from '../model/secret.js'
import { createTransport, type Transport } from '../transport.js'
import type { Settings } from './settings.js'
import { tlsOptions } from './trust.js'
import type { World } from './world.js'

/** What bbstate does there; each may throw ApiError. */
export interface Repository {
  readTip(branch: string): Promise<string>
  findMergedPullRequest(commit: string): Promise<number | undefined>
  findOwnComment(number: number, marker: string): Promise<OwnComment | null>
  keepComment(number: number, found: OwnComment | null, body: string): Promise<string>
  createCheckRun(run: CheckRun): Promise<void>
  findOwnIssue(marker: string): Promise<OwnIssue | null>
  openIssue(text: IssueText): Promise<string>
  updateIssue(issue: OwnIssue, text: IssueText): Promise<void>
  closeIssue(issue: OwnIssue, body: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the repository that the runner names. Nothing is sent before it is needed.
 * @throws UsageError outside of a runner
 */
export function openRepository(world: World, settings: Settings, token: Secret): Repository {
  const { environment, clock } = world
  const [owner = '', repository = ''] = (environment['GITHUB_REPOSITORY'] ?? '').split('/')
  if (owner === '' || repository === '') {
    throw new UsageError('This is no run of GitHub Actions: GITHUB_REPOSITORY is missing')
  }
  const rest = openTransport(world, settings, environment['GITHUB_API_URL'] || 'https://api.github.com')
  const graphqlUrl = environment['GITHUB_GRAPHQL_URL'] || 'https://api.github.com/graphql'
  const graphql = openTransport(world, settings, graphqlUrl.replace(/\/graphql\/?$/u, ''))
  const api = openGithub({
    ...{ rest, graphql, token, owner, repository, now: () => clock.now() },
    sleep: async (milliseconds) => {
      await sleep(milliseconds, undefined, { signal: world.signal }).catch(() => undefined)
    },
  })
  return {
    readTip: (branch) => readTip(api, branch),
    findMergedPullRequest: (commit) => findMergedPullRequest(api, commit),
    findOwnComment: (number, marker) => findOwnComment(api, number, marker),
    keepComment: (number, found, body) => keepComment(api, number, found, body),
    createCheckRun: (run) => createCheckRun(api, run),
    findOwnIssue: (marker) => findOwnIssue(api, marker),
    openIssue: (text) => openIssue(api, text),
    updateIssue: (issue, text) => updateIssue(api, issue, text),
    closeIssue: (issue, body) => closeIssue(api, issue, body),
    close: async () => {
      await Promise.all([rest.close(), graphql.close()])
    },
  }
}

function openTransport(world: World, settings: Settings, baseUrl: string): Transport {
  const ca = settings.text('ca-file')
  const proxy = settings.text('proxy')
  return createTransport({
    baseUrl,
    connections: 1,
    ...tlsOptions({ ca: ca === undefined ? undefined : world.readFile(ca, 'ca-file') }, world.environment),
    ...(proxy === undefined ? {} : { proxy }),
  })
}
