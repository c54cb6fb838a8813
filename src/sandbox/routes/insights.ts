/**
 * Code Insights: reports on a commit and their annotations. Lengths, counts and words are those of the documents; a
 * commit exists if it is a full hash, for the sandbox holds no Git.
 */
import { absent, failure, invalid, noContent, ok, page, refuseWord, type Reply } from '../answers.js'
import { isCommit } from '../branches.js'
import type { Report, Scope } from '../code-state.js'
import type { Repository } from '../instance-state.js'
import { rankOf } from '../ranks.js'
import type { Context, Handler, Route } from '../router.js'
import { inRepository, projectOf, rankOfCaller } from '../scopes.js'
import { type Fields, fieldsOf } from './settings.js'

const commit = '/insights/{version}/projects/{project}/repos/{repository}/commits/{commit}'
const report = `${commit}/reports/{key}`

/** "A report cannot have more than 1000 annotations by default" */
const mostAnnotations = 1000
const mostData = 6

function isText(value: unknown, most: number): boolean {
  return value == null || (typeof value === 'string' && value.length <= most)
}

function isLink(value: unknown): boolean {
  if (value == null) return true
  if (typeof value !== 'string' || value.length > 450 || !URL.canParse(value)) return false
  return ['http:', 'https:'].includes(new URL(value).protocol)
}

/** Whether a value is of the type that it says; without a type a number, a text or a truth. */
const dataTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  BOOLEAN: (value) => typeof value === 'boolean',
  DATE: (value) => Number.isInteger(value),
  DURATION: (value) => Number.isInteger(value),
  LINK: (value) => typeof fieldsOf(value)['href'] === 'string' && isLink(fieldsOf(value)['href']),
  NUMBER: (value) => typeof value === 'number',
  PERCENTAGE: (value) => typeof value === 'number' && value >= 0 && value <= 100,
  TEXT: (value) => typeof value === 'string' && value.length <= 2000,
}

function isDatum(one: unknown): boolean {
  const { title, type, value } = fieldsOf(one)
  if (typeof title !== 'string' || title === '' || title.length > 450) return false
  if (type == null) return ['boolean', 'number', 'string'].includes(typeof value)
  return typeof type === 'string' && Object.hasOwn(dataTypes, type) && dataTypes[type]?.(value) === true
}

function refuseReport(key: string, fields: Fields): Reply | undefined {
  const { title, details, result, reporter, link, logoUrl } = fields
  if (key.length > 450) return invalid('The key must have at most 450 characters', 'key')
  if (typeof title !== 'string' || title === '') return invalid('A title is needed', 'title')
  if (!isText(title, 450)) return invalid('The title must have at most 450 characters', 'title')
  if (!isText(details, 2000)) return invalid('The details must have at most 2000 characters', 'details')
  if (!isText(reporter, 450)) return invalid('The reporter must have at most 450 characters', 'reporter')
  if (!isLink(link)) return invalid('The link must be a valid http or https URL', 'link')
  if (!isLink(logoUrl)) return invalid('The logo must be a valid http or https URL', 'logoUrl')
  return refuseWord(result, ['PASS', 'FAIL'], 'result') ?? refuseData(fields)
}

function refuseData({ createdDate, data }: Fields): Reply | undefined {
  if (createdDate != null && !Number.isInteger(createdDate)) return invalid('Milliseconds are needed', 'createdDate')
  if (data != null && (!Array.isArray(data) || data.length > mostData)) return invalid('At most 6 fields', 'data')
  return Array.isArray(data) && !data.every(isDatum) ? invalid('A data field is not valid', 'data') : undefined
}

const reportFields = ['title', 'details', 'result', 'data', 'reporter', 'link', 'logoUrl'] as const
const annotationFields = ['path', 'line', 'message', 'severity', 'link', 'type', 'externalId'] as const

function pick(fields: Fields, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (fields[name] == null ? [] : [[name, fields[name]]])))
}

function showReport({ key, createdDate, fields }: Report): Record<string, unknown> {
  return { data: [], createdDate, key, ...fields }
}

type CommitWork = (context: Context, scope: Scope, commit: string, repository: Repository) => Reply
type ReportWork = (context: Context, report: Report, repository: Repository) => Reply

function onCommit(work: CommitWork): Handler {
  return inRepository('REPO_READ', (context, repository, scope) => {
    const id = context.path['commit'] ?? ''
    if (isCommit(id)) return work(context, scope, id.toLowerCase(), repository)
    return failure(404, 'commit.NoSuchCommitException', `Commit '${id}' does not exist in repository.`)
  })
}

function find({ state, path }: Context, scope: Scope, id: string): Report | undefined {
  return state.code.reports.find((one) => one.scope === scope && one.commit === id && one.key === path['key'])
}

function onReport(work: ReportWork): Handler {
  return onCommit((context, scope, id, repository) => {
    const found = find(context, scope, id)
    return found === undefined ? absent(`There is no report ${context.path['key']}`) : work(context, found, repository)
  })
}

/** Only its author may change a report; an administrator of the repository may delete it, too. */
function refuseOther({ state, caller }: Context, { author }: Report, repository?: Repository): Reply | undefined {
  if (author === caller.user) return undefined
  const project = repository && projectOf(state, repository)
  const rank = project === undefined ? 0 : rankOfCaller(state, caller, project, repository)
  if (rank >= rankOf('REPO_ADMIN')) return undefined
  return failure(401, 'AuthorisationException', 'The report was made by somebody else')
}

function putReport(context: Context, scope: Scope, id: string): Reply {
  const { state, caller, path, body, now } = context
  const fields = fieldsOf(body)
  const refusal = refuseReport(path['key'] ?? '', fields)
  if (refusal !== undefined) return refusal
  const known = find(context, scope, id)
  const foreign = known && refuseOther(context, known)
  if (foreign !== undefined) return foreign
  const made: Report = {
    scope,
    commit: id,
    key: path['key'] ?? '',
    author: caller.user ?? '',
    createdDate: typeof fields['createdDate'] === 'number' ? fields['createdDate'] : now,
    fields: pick(fields, reportFields),
    annotations: known?.annotations ?? [],
  }
  if (known === undefined) state.code.reports.push(made)
  else Object.assign(known, made)
  return ok(showReport(made))
}

function refuseAnnotation(fields: Fields): Reply | undefined {
  const { path, line, message, severity, link, type, externalId } = fields
  if (typeof message !== 'string' || message === '') return invalid('A message is needed', 'message')
  if (!isText(message, 2000)) return invalid('The message must have at most 2000 characters', 'message')
  if (!['LOW', 'MEDIUM', 'HIGH'].includes(String(severity))) return invalid('One of LOW, MEDIUM, HIGH', 'severity')
  const strange = refuseWord(type, ['VULNERABILITY', 'CODE_SMELL', 'BUG'], 'type')
  if (strange !== undefined) return strange
  if (line != null && (!Number.isInteger(line) || (line as number) < 0)) return invalid('Not a line', 'line')
  if (!isText(path, 4096)) return invalid('Not a path', 'path')
  if (!isLink(link)) return invalid('The link must be an http or https URL', 'link')
  return isText(externalId, 450) ? undefined : invalid('The id must have at most 450 characters', 'externalId')
}

/** All or nothing. */
function postAnnotations(context: Context, found: Report): Reply {
  const foreign = refuseOther(context, found)
  if (foreign !== undefined) return foreign
  const { annotations } = fieldsOf(context.body)
  if (!Array.isArray(annotations)) return invalid('A list is needed', 'annotations')
  const given = annotations.map(fieldsOf)
  const wrong = given.map(refuseAnnotation).find((refusal) => refusal !== undefined)
  if (wrong !== undefined) return wrong
  if (found.annotations.length + given.length > mostAnnotations) {
    return invalid(`A report has at most ${mostAnnotations} annotations`, 'annotations')
  }
  const ids = [...found.annotations, ...given].flatMap(({ externalId }) => externalId ?? [])
  if (new Set(ids).size < ids.length) return invalid('The external ids of a report are unique', 'externalId')
  found.annotations.push(...given.map((one) => pick(one, annotationFields)))
  return noContent()
}

function putAnnotation(context: Context, found: Report): Reply {
  const foreign = refuseOther(context, found)
  if (foreign !== undefined) return foreign
  const id = context.path['id'] ?? ''
  const given = { ...fieldsOf(context.body), externalId: id }
  const wrong = refuseAnnotation(given)
  if (wrong !== undefined) return wrong
  const place = found.annotations.findIndex(({ externalId }) => externalId === id)
  if (place === -1 && found.annotations.length >= mostAnnotations) {
    return invalid(`A report has at most ${mostAnnotations} annotations`, 'annotations')
  }
  found.annotations.splice(place === -1 ? found.annotations.length : place, 1, pick(given, annotationFields))
  return noContent()
}

/** Without ids all. */
function deleteAnnotations(context: Context, found: Report, repository: Repository): Reply {
  const foreign = refuseOther(context, found, repository)
  if (foreign !== undefined) return foreign
  const ids = context.query.getAll('externalId')
  found.annotations = found.annotations.filter(({ externalId }) => ids.length > 0 && !ids.includes(String(externalId)))
  return noContent()
}

function showAnnotations(report: Report): readonly Record<string, unknown>[] {
  return report.annotations.map((one) => ({ reportKey: report.key, line: 0, ...one }))
}

function searchAnnotations({ state, query }: Context, scope: Scope, id: string): Reply {
  const keys = query.getAll('key')
  const reports = state.code.reports.filter(
    (one) => one.scope === scope && one.commit === id && (keys.length === 0 || keys.includes(one.key)),
  )
  const named = ['severity', 'path', 'externalId', 'type'] as const
  const found = reports.flatMap(showAnnotations).filter((one) =>
    named.every((name) => {
      const wanted = query.getAll(name)
      return wanted.length === 0 || wanted.includes(String(one[name]))
    }),
  )
  return ok({ annotations: found })
}

function listReports({ state, query, features }: Context, scope: Scope, id: string): Reply {
  const found = state.code.reports.filter((one) => one.scope === scope && one.commit === id)
  return page(found.map(showReport), query, features.pageLimit)
}

function deleteReport(context: Context, found: Report, repository: Repository): Reply {
  const foreign = refuseOther(context, found, repository)
  if (foreign !== undefined) return foreign
  const { code } = context.state
  code.reports = code.reports.filter((one) => one !== found)
  return noContent()
}

const showThem: ReportWork = (_, found) => ok({ annotations: showAnnotations(found) })

export const insightRoutes: readonly Route[] = [
  { method: 'GET', path: `${commit}/annotations`, needs: 'anyone', handle: onCommit(searchAnnotations) },
  { method: 'GET', path: `${commit}/reports`, needs: 'anyone', handle: onCommit(listReports) },
  { method: 'GET', path: report, needs: 'anyone', handle: onReport((_, found) => ok(showReport(found))) },
  { method: 'PUT', path: report, needs: 'PERSON', handle: onCommit(putReport) },
  { method: 'DELETE', path: report, needs: 'PERSON', handle: onReport(deleteReport) },
  { method: 'GET', path: `${report}/annotations`, needs: 'anyone', handle: onReport(showThem) },
  { method: 'POST', path: `${report}/annotations`, needs: 'PERSON', handle: onReport(postAnnotations) },
  { method: 'DELETE', path: `${report}/annotations`, needs: 'PERSON', handle: onReport(deleteAnnotations) },
  { method: 'PUT', path: `${report}/annotations/{id}`, needs: 'PERSON', handle: onReport(putAnnotation) },
]
