/** Reads a snapshot document. What it says is believed of the server's state, and of nothing else. */
import { PlanError } from '../model/errors.js'
import { isObject } from '../model/schema.js'
import type { Snapshot } from '../model/snapshot.js'

/**
 * Reads a snapshot.
 * @throws PlanError `PLAN_FORMAT` where the text is none, is cut off, or has a format that this version does not know.
 */
export function parseSnapshot(text: string, file: string): Snapshot {
  const document = parseJson(text, file)
  const isOurs = isObject(document) && Array.isArray(document['kinds']) && 'takenAt' in document
  if (!isOurs) throw formatError(file, 'is not a snapshot of bbstate')
  if (document['formatVersion'] !== 1) {
    throw formatError(file, `has format ${JSON.stringify(document['formatVersion'])}, which this version does not know`)
  }
  const broken = findBroken(document)
  if (broken !== undefined) throw formatError(file, `is damaged: ${broken} is not as it should be`)
  return document as unknown as Snapshot
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw formatError(file, 'is not whole JSON', cause)
  }
}

function formatError(file: string, what: string, cause?: unknown): PlanError {
  return new PlanError('PLAN_FORMAT', `${file} ${what}`, {
    hint: 'Take it again with this version of bbstate: bbstate snapshot --out FILE.',
    cause,
  })
}

/** The first part of the document that has another shape than a snapshot. */
function findBroken(document: Record<string, unknown>): string | undefined {
  const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
    bbstate: isText,
    server: (server) => isObject(server) && ['url', 'version', 'account'].every((field) => isText(server[field])),
    usesPassword: (value) => typeof value === 'boolean',
    takenAt: (value) => isText(value) && !Number.isNaN(Date.parse(value)),
    commit: (value) => value === undefined || isText(value),
    kinds: listOf(isText),
    settings: listOf((setting) => isPlaced(setting) && 'value' in setting),
    collections: listOf((collection) => isPlaced(collection) && listOf(isItem)(collection['items'])),
    names: (names) => isObject(names) && Object.values(names).every(listOf(isText)),
    lacking: listOf(
      (gap) => isObject(gap) && ['address', 'kind', 'code', 'reason'].every((field) => isText(gap[field])),
    ),
  }
  return Object.entries(checks).find(([part, isWell]) => !isWell(document[part]))?.[0]
}

function isPlaced(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || !isText(value['address']) || !isText(value['kind'])) return false
  return isObject(value['at']) && Object.values(value['at']).every(isText)
}

function isItem(item: unknown): boolean {
  return isObject(item) && isObject(item['value']) && (item['flags'] === undefined || isObject(item['flags']))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function listOf(isEntry: (entry: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isEntry)
}
