/**
 * Puts a plan where a pull request of Bitbucket shows it: a Code Insights report with annotations, a build status, and
 * one comment that is kept current.
 *
 * Source: REST API 9.4 and 10.0: `/insights/latest/…/reports/{key}` (a report is replaced whole, annotations are not
 * told apart by the server, so an earlier report goes first; at most 1,000 annotations), `/api/latest/…/builds`,
 * `/api/latest/…/pull-requests/{id}/activities` and `…/comments` (an update names the version that it saw).
 */
import { ApiError } from '../model/errors.js'
import type { Writer } from '../model/resource.js'
import { integerIn, isAbsent, objectIn, readObjects, stringIn } from './answer.js'
import { isObject } from '../model/schema.js'

/** A repository of the server, and a commit in it. */
export interface PublishPlace {
  /** `PLAT`, or `~alice` for a personal project. */
  readonly project: string
  /** Its slug. */
  readonly repository: string
  readonly commit: string
}

/** One remark at a line of a file. */
export interface InsightAnnotation {
  /** Below the root of the repository. */
  readonly path: string
  readonly line: number
  readonly severity: 'LOW' | 'MEDIUM' | 'HIGH'
  /** At most 2,000 characters. */
  readonly message: string
}

/** What a plan says in Code Insights. */
export interface InsightReport {
  /** At most 450 characters. */
  readonly title: string
  /** At most 2,000 characters. */
  readonly details: string
  readonly result: 'PASS' | 'FAIL'
  readonly link?: string
  /** At most six. */
  readonly data: readonly {
    readonly title: string
    readonly type: 'NUMBER' | 'TEXT'
    readonly value: number | string
  }[]
  /** The weightiest first: those beyond the first 1,000 are left out. */
  readonly annotations: readonly InsightAnnotation[]
}

/** The state of a build at a commit. */
export interface BuildStatus {
  readonly state: 'SUCCESSFUL' | 'FAILED'
  readonly name: string
  readonly description: string
  /** Where the run is, at most 450 characters. */
  readonly url: string
}

/** The key of the report and of the build status. */
const key = 'bbstate'
const annotationsAtMost = 1000

function repositoryPath({ project, repository }: PublishPlace): string {
  return `/projects/${encodeURIComponent(project)}/repos/${encodeURIComponent(repository)}`
}

/** Writes the report of a commit anew. @throws ApiError */
export async function publishReport(writer: Writer, place: PublishPlace, report: InsightReport): Promise<void> {
  const path = `/insights/latest${repositoryPath(place)}/commits/${place.commit}/reports/${key}`
  const { annotations, ...fields } = report
  await writer.send('DELETE', path).catch(tolerateAbsence)
  await writer.send('PUT', path, { ...fields, reporter: 'bbstate' })
  const kept = annotations.slice(0, annotationsAtMost)
  if (kept.length > 0) await writer.send('POST', `${path}/annotations`, { annotations: kept })
}

function tolerateAbsence(thrown: unknown): void {
  if (!(thrown instanceof ApiError && thrown.code === 'API_NOT_FOUND')) throw thrown
}

/** Writes the build status of a commit over the one that is there. @throws ApiError */
export async function publishBuild(writer: Writer, place: PublishPlace, status: BuildStatus): Promise<void> {
  await writer.send('POST', `/api/latest${repositoryPath(place)}/commits/${place.commit}/builds`, { key, ...status })
}

/**
 * Keeps one comment of a pull request current: the newest top-level comment of the account that begins with the marker
 * is written over, else one is made.
 * @param account who the token acts for, as the server names it
 * @param text begins with the marker
 * @throws ApiError
 */
export async function publishComment(
  writer: Writer,
  place: PublishPlace,
  pullRequest: number,
  { account, marker, text }: { readonly account: string; readonly marker: string; readonly text: string },
): Promise<void> {
  const path = `/api/latest${repositoryPath(place)}/pull-requests/${pullRequest}`
  const found = await findComment(writer, path, account, marker)
  if (found === undefined) return void (await writer.send('POST', `${path}/comments`, { text }))
  if (found.text === text) return
  await writer.send('PUT', `${path}/comments/${found.id}`, { text, version: found.version })
}

interface FoundComment {
  readonly id: number
  readonly version: number
  readonly text: string
}

async function findComment(
  writer: Writer,
  path: string,
  account: string,
  marker: string,
): Promise<FoundComment | undefined> {
  const activities = await writer.list(`${path}/activities`)
  if (activities === null) {
    throw new ApiError('API_NOT_FOUND', `There is no pull request at ${path}`, {
      hint: 'Check --pull-request PROJECT/repository/NUMBER, and that the token may read the repository.',
    })
  }
  // Newest first: the server lists activities so.
  for (const activity of readObjects(`${path}/activities`, activities)) {
    if (activity.fields['action'] !== 'COMMENTED' || !isObject(activity.fields['comment'])) continue
    const comment = objectIn(activity, 'comment')
    const author = stringIn(objectIn(comment, 'author'), 'name')
    const isReply = !isAbsent(activity.fields['commentAnchor']) || !isAbsent(comment.fields['parent'])
    const text = stringIn(comment, 'text')
    if (isReply || author.toLowerCase() !== account.toLowerCase() || !text.startsWith(marker)) continue
    return { id: integerIn(comment, 'id'), version: integerIn(comment, 'version'), text }
  }
  return undefined
}
