/**
 * The official OpenAPI documents of Bitbucket Data Center as judges of requests and answers.
 *
 * The documents are not part of this repository: they are looked for beside it, or where `BBSTATE_OPENAPI_DIR` says, and
 * every judgement is skipped without them. They are stricter here than written: an object has no members but those it
 * names, since a misspelled field would pass otherwise. Where a document is wrong, `openapi-defects.json` says how it is
 * known; nothing else is forgiven.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'

export const documentVersions = ['9.4', '10.0'] as const
export type DocumentVersion = (typeof documentVersions)[number]

const root = fileURLToPath(new URL('../../', import.meta.url))
const directory = process.env['BBSTATE_OPENAPI_DIR'] ?? join(root, '../shared/reference')
const fileOf = (version: DocumentVersion): string => join(directory, `bitbucket-${version}-openapi.json`)

/** Whether there is anything to judge by. */
export const hasDocuments = documentVersions.every((version) => existsSync(fileOf(version)))
if (!hasDocuments) console.info(`Skipped: no OpenAPI documents in ${directory} (set BBSTATE_OPENAPI_DIR).`)

/** What a document and a message disagree on. */
export interface Problem {
  readonly document: DocumentVersion
  readonly side: 'request' | 'response'
  readonly method: string
  /** As the document writes it: `/api/latest/admin/rate-limit/settings/users/{userSlug}`. */
  readonly path: string
  readonly status?: number
  /** Member at fault, with `#` for positions in lists: `/errors/#/context`. Empty: the whole. */
  readonly pointer: string
  readonly problem: string
}

/** A known mistake of the documents. Members that are absent match anything. */
export interface Defect extends Partial<Omit<Problem, 'document'>> {
  readonly documents?: readonly DocumentVersion[]
  /** Where the document has what the server has at `path`, and at all paths below. */
  readonly documentedAs?: string
  /** Why the document and not the message is wrong. */
  readonly reason: string
}

export const defects: readonly Defect[] = JSON.parse(
  readFileSync(new URL('./openapi-defects.json', import.meta.url), 'utf8'),
)

const used = new Set<Defect>()

/** Defects that excused nothing so far: not true any more, or never. */
export function unusedDefects(): readonly Defect[] {
  return defects.filter((defect) => !used.has(defect))
}

/**
 * What is wrong with an answer, by all documents unless some are named.
 *
 * @param path from `/rest` on, with or without query
 * @param body parsed JSON; undefined for none
 */
export function validateResponse(
  method: string,
  path: string,
  status: number,
  body: unknown,
  versions: readonly DocumentVersion[] = documentVersions,
): readonly string[] {
  return judge(versions, (document) => document.judgeResponse(method, path, status, body))
}

/** What is wrong with a request: its path, its query parameters, its body. Parameters as in {@link validateResponse}. */
export function validateRequest(
  method: string,
  path: string,
  body: unknown,
  versions: readonly DocumentVersion[] = documentVersions,
): readonly string[] {
  return judge(versions, (document) => document.judgeRequest(method, path, body))
}

/** The statuses that a document lists for an operation; undefined where it has none such. */
export function documentedStatuses(
  method: string,
  path: string,
  version: DocumentVersion,
): readonly string[] | undefined {
  const { operation } = openDocument(version).find(method, path)
  return operation && Object.keys(operation.responses)
}

/** The parameters of the query that a document lists for an operation. */
export function documentedParameters(method: string, path: string, version: DocumentVersion): readonly string[] {
  const { operation } = openDocument(version).find(method, path)
  return (operation?.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
}

/** Under which of the statuses that a document lists an answer falls, if under any. */
export function documentedStatus(
  method: string,
  path: string,
  status: number,
  version: DocumentVersion,
): string | undefined {
  const { operation } = openDocument(version).find(method, path)
  return operation && keyOfStatus(operation, status)
}

function judge(versions: readonly DocumentVersion[], ask: (document: Document) => Problem[]): readonly string[] {
  if (!hasDocuments) return []
  const problems = versions.flatMap((version) => ask(openDocument(version)))
  return problems.filter((problem) => !isKnown(problem)).map(describeProblem)
}

function isKnown(problem: Problem): boolean {
  const known = defects.filter(({ documents, documentedAs, reason: _, ...pattern }) => {
    if (documentedAs !== undefined) return false
    const isOfDocument = documents === undefined || documents.includes(problem.document)
    return isOfDocument && Object.entries(pattern).every(([name, value]) => isMeant(problem, name, value))
  })
  for (const defect of known) used.add(defect)
  return known.length > 0
}

/** `{id}` in the path of a defect stands for any segment. */
function isMeant(problem: Problem, name: string, value: unknown): boolean {
  const found = problem[name as keyof Problem]
  if (name !== 'path' || typeof value !== 'string') return found === value
  const segments = value.split('/')
  const actual = problem.path.split('/')
  return (
    segments.length === actual.length &&
    segments.every((segment, index) => segment === actual[index] || /^\{\w+\}$/u.test(segment))
  )
}

function describeProblem({ document, side, method, path, status, pointer, problem }: Problem): string {
  return `${document} ${side} ${method} ${path} ${status ?? ''} ${pointer} ${problem}`.replaceAll(/ +/gu, ' ')
}

interface Schema {
  readonly [keyword: string]: unknown
}

interface Content {
  readonly [mediaType: string]: { readonly schema?: Schema }
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

/** The status itself, its range or the default, in this order (OpenAPI 3.0, Responses Object). */
function keyOfStatus({ responses }: Operation, status: number): string | undefined {
  return [String(status), `${Math.floor(status / 100)}XX`, 'default'].find((key) => Object.hasOwn(responses, key))
}

type Origin = Pick<Problem, 'document' | 'side' | 'method' | 'path' | 'status'>

const opened = new Map<DocumentVersion, Document>()

function openDocument(version: DocumentVersion): Document {
  const known = opened.get(version) ?? new Document(version)
  opened.set(version, known)
  return known
}

class Document {
  readonly #version: DocumentVersion
  readonly #paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, validateSchema: false })
  /** By text: most operations share a few schemas, and compiling one takes long. */
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(version: DocumentVersion) {
    this.#version = version
    const { paths, components } = JSON.parse(readFileSync(fileOf(version), 'utf8'))
    this.#paths = paths
    this.#ajv.addSchema(close({ components }) as Schema, 'document')
  }

  judgeResponse(method: string, path: string, status: number, body: unknown): Problem[] {
    const found = this.find(method, path)
    const origin = { document: this.#version, side: 'response', method, path: found.template, status } as const
    if (found.operation === undefined) return [{ ...origin, pointer: '', problem: 'is not in the document' }]
    const response = found.operation.responses[keyOfStatus(found.operation, status) ?? '']
    if (response === undefined) return [{ ...origin, pointer: '', problem: 'has no such status' }]
    if (response.content === undefined) {
      return body === undefined ? [] : [{ ...origin, pointer: '', problem: 'has no body' }]
    }
    const schema = Object.values(response.content)[0]?.schema
    return schema === undefined ? [] : this.#check(schema, body, origin)
  }

  judgeRequest(method: string, path: string, body: unknown): Problem[] {
    const found = this.find(method, path)
    const origin = { document: this.#version, side: 'request', method, path: found.template } as const
    const { operation } = found
    if (operation === undefined) return [{ ...origin, pointer: '', problem: 'is not in the document' }]
    const query = new URLSearchParams(path.split('?')[1] ?? '')
    const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')
    const strange = [...new Set(query.keys())].filter((name) => !known.some((parameter) => parameter.name === name))
    const missing = known.filter(({ name, required }) => required === true && !query.has(name))
    const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
    const bodyProblems =
      schema !== undefined
        ? this.#check(schema, body, origin)
        : body === undefined
          ? []
          : [{ ...origin, pointer: '', problem: 'takes no body' }]
    return [
      ...strange.map((name) => ({ ...origin, pointer: `?${name}`, problem: 'is no parameter' })),
      ...missing.map(({ name }) => ({ ...origin, pointer: `?${name}`, problem: 'is required' })),
      ...bodyProblems,
    ]
  }

  /** The operation of a path, literal segments before parameters. */
  find(method: string, path: string): { template: string; operation: Operation | undefined } {
    const latest = (path.split('?')[0] ?? '').replace(/^\/rest/u, '').replace(/^(\/[\w-]+)\/[12]\.0\//u, '$1/latest/')
    const given = moveToDocumented(latest)
    const segments = given.split('/')
    const candidates = Object.keys(this.#paths).filter((template) => {
      const wanted = template.split('/')
      return (
        wanted.length === segments.length &&
        wanted.every((one, index) => one.startsWith('{') || one === segments[index])
      )
    })
    const [template = given] = candidates.sort((a, b) => a.split('{').length - b.split('{').length)
    return { template, operation: this.#paths[template]?.[method.toLowerCase()] }
  }

  #check(schema: Schema, body: unknown, origin: Origin): Problem[] {
    const text = JSON.stringify(schema)
    const validate = this.#validators.get(text) ?? this.#ajv.compile(close(schema) as Schema)
    this.#validators.set(text, validate)
    if (validate(body)) return []
    return (validate.errors ?? []).map((error) => ({ ...origin, ...placeOf(error) }))
  }
}

function moveToDocumented(path: string): string {
  const moved = defects.find((defect) => defect.documentedAs !== undefined && isBelow(path, defect.path ?? ''))
  if (moved?.path === undefined || moved.documentedAs === undefined) return path
  used.add(moved)
  return moved.documentedAs + path.slice(moved.path.length)
}

function isBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`)
}

function placeOf({ instancePath, keyword, message = '', params }: ErrorObject): Pick<Problem, 'pointer' | 'problem'> {
  const pointer = instancePath.replaceAll(/\/\d+(?=\/|$)/gu, '/#')
  if (keyword !== 'additionalProperties') return { pointer, problem: message }
  return { pointer: `${pointer}/${params['additionalProperty']}`, problem: 'is not in the schema' }
}

/** The schema as meant: what has properties is an object and has no others; references lead into the document. */
function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close)
  if (typeof node !== 'object' || node === null) return node
  const closed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(node)) {
    closed[name] =
      name === '$ref' ? String(value).replace(/^#/u, 'document#') : name === 'example' ? value : close(value)
  }
  const { properties } = node as { properties?: Record<string, unknown> }
  // A property may itself be called `properties`; a schema's are a map of schemas.
  const isSchema = properties !== undefined && Object.values(properties).every((one) => typeof one === 'object')
  return isSchema && Object.keys(properties).length > 0
    ? { type: 'object', additionalProperties: false, ...closed }
    : closed
}
