/** Publishes a plan or a report on a pull request of Bitbucket, with a token of its own. */
import {
  type BuildStatus,
  type InsightReport,
  publishBuild,
  publishComment,
  type PublishPlace,
  publishReport,
} from '../bitbucket/publish.js'
import type { Listener } from '../model/event.js'
import { AuthError } from '../model/errors.js'
import { Secret } from '../model/secret.js'
import { staticBearer } from '../oauth/static-credentials.js'
import { findConnection } from './connection.js'
import { openClient } from './server.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** What is published where. */
export interface Publication {
  readonly place: PublishPlace
  readonly report: Omit<InsightReport, 'link'>
  /** Where the run is; absent: the page of the commit. */
  readonly link?: string
  readonly status: Pick<BuildStatus, 'state' | 'name' | 'description'>
  /** Absent: there is no pull request. */
  readonly comment?: { readonly pullRequest: number; readonly marker: string; readonly text: string }
}

/**
 * Sends the publication to the server that `--url` names, never to one that a plan names.
 * @returns the address of what can be looked at
 * @throws AuthError, ApiError
 */
export async function publish(
  world: World,
  settings: Settings,
  listen: Listener,
  { place, report, link, status, comment }: Publication,
): Promise<string> {
  const connection = await findConnection(world, settings)
  const credentials = staticBearer(readToken(world, settings, connection.baseUrl))
  const client = openClient({ world, connection, credentials, command: 'publish', listen, signal: world.signal })
  try {
    const { account } = await client.identify()
    const writer = client.writer()
    const page = pageOf(connection.baseUrl, place, comment?.pullRequest)
    const url = link ?? page
    await publishReport(writer, place, { ...report, link: url })
    await publishBuild(writer, place, { ...status, url })
    if (comment !== undefined) await publishComment(writer, place, comment.pullRequest, { account, ...comment })
    return page
  } finally {
    await client.close()
  }
}

function readToken(world: World, settings: Settings, baseUrl: string): Secret {
  const file = settings.text('publish-token-file')
  const given =
    file === undefined ? world.environment['BBSTATE_PUBLISH_TOKEN'] : world.readFile(file, '--publish-token-file')
  const token = given?.trim() ?? ''
  if (token === '') {
    throw new AuthError('AUTH_SIGN_IN_REQUIRED', `There is no token to publish to ${baseUrl} with`, {
      hint: 'Make an HTTP access token with "Repository read" and set BBSTATE_PUBLISH_TOKEN, or give --publish-token-file.',
    })
  }
  world.scrubber.add(token)
  return new Secret(token)
}

function pageOf(
  baseUrl: string,
  { project, repository, commit }: PublishPlace,
  pullRequest: number | undefined,
): string {
  const owner = project.startsWith('~')
    ? `/users/${encodeURIComponent(project.slice(1))}`
    : `/projects/${encodeURIComponent(project)}`
  const repositoryPage = `${baseUrl}${owner}/repos/${encodeURIComponent(repository)}`
  return pullRequest === undefined
    ? `${repositoryPage}/commits/${commit}`
    : `${repositoryPage}/pull-requests/${pullRequest}/overview`
}
