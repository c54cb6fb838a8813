/** YAML 1.2 (and so JSON) to data, with every trap of the format closed. */
import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml'
import type { Finding } from '../model/errors.js'
import type { ConfigurationFile } from './files.js'
import { findPositions, type Positions, pointerTo } from './positions.js'

const schema = CORE_SCHEMA.withTags(mergeTag)
/** Nodes that one file may expand to through aliases. */
const nodeBudget = 1_000_000

/** A file as data. */
export interface ParsedFile {
  readonly file: ConfigurationFile
  readonly data: unknown
  /** Computed at the first call. */
  positions(): Positions
}

/** Parses a file; findings instead of data where it cannot be. A file that holds nothing is `{}`. */
export function parseFile(file: ConfigurationFile): ParsedFile | readonly Finding[] {
  const text = file.text.replace(/^\ufeff/u, '')
  if (isBlank(text)) return { file, data: {}, positions: () => findPositions(file.name, '{}') }
  try {
    const data = load(text, { schema, maxAliases: 1000 })
    let positions: Positions | undefined
    const locate = (): Positions => {
      positions ??= findPositions(file.name, text)
      return positions
    }
    const findings = inspect(data, locate)
    return findings.length > 0 ? findings : { file, data: data ?? {}, positions: locate }
  } catch (error) {
    if (error instanceof YAMLException) return [syntaxFinding(file.name, error)]
    throw error
  }
}

function isBlank(text: string): boolean {
  return text.split(/\r\n|\n|\r/u).every((line) => /^\s*(?:#.*)?$/u.test(line) || line === '---')
}

/** The reason and the place, never a line of the source: the file may not be what it seems. */
function syntaxFinding(file: string, { reason, mark }: YAMLException): Finding {
  const place = mark === undefined ? { line: 1, column: 1 } : { line: mark.line + 1, column: mark.column + 1 }
  const hint = /tab/u.test(reason) ? { hint: 'Indent with spaces.' } : {}
  return { code: 'CONFIG_SYNTAX', message: `Not valid YAML: ${reason}`, source: { file, ...place }, ...hint }
}

/** What YAML allows and a configuration does not: forgotten values, integers that were rounded, too many nodes. */
function inspect(data: unknown, locate: () => Positions): readonly Finding[] {
  const rounded: string[] = []
  let nodes = 0
  let hasNull = false
  const visit = (value: unknown, pointer: string): void => {
    if (++nodes > nodeBudget) return
    if (value === null) hasNull = true
    else if (typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value)) rounded.push(pointer)
    else if (Array.isArray(value)) for (const [index, entry] of value.entries()) visit(entry, pointerTo(pointer, index))
    else if (typeof value === 'object')
      for (const [key, field] of Object.entries(value)) visit(field, pointerTo(pointer, key))
  }
  visit(data, '')
  if (nodes > nodeBudget) {
    return [
      {
        code: 'CONFIG_SYNTAX',
        message: 'The aliases of this file expand beyond all measure',
        source: locate().locate(''),
      },
    ]
  }
  const forgotten = hasNull ? locate().forgotten : []
  return [
    ...rounded.map((pointer) =>
      finding(pointer, locate, 'The number is too large to be kept exactly', 'Write it as a text in quotes.'),
    ),
    ...forgotten.map((pointer) =>
      finding(
        pointer,
        locate,
        'Nothing stands after the colon',
        'Write {} or null: a forgotten value must not delete anything.',
      ),
    ),
  ]
}

function finding(pointer: string, locate: () => Positions, message: string, hint: string): Finding {
  return { code: 'CONFIG_SYNTAX', message, source: locate().locate(pointer), hint }
}
