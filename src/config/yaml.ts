/** YAML 1.2 (and so JSON) to data, with every trap of the format closed. */
import { CORE_SCHEMA, EVENT_ID, load, mergeTag, parseEvents, YAMLException } from 'js-yaml'
import type { Finding, Source } from '../model/errors.js'
import type { ConfigurationFile } from './files.js'
import { findPositions, makeSource, nameOf, type Positions, pointerTo } from './positions.js'

const schema = CORE_SCHEMA.withTags(mergeTag)
/** Nodes that one file may expand to through aliases. */
const nodeBudget = 1_000_000
/** Nesting that js-yaml admits. What lies deeper in the data is an alias inside of what it stands for. */
const deepest = 100

/** A file as data. */
export interface ParsedFile {
  readonly file: ConfigurationFile
  readonly data: unknown
  /** What YAML allows and a configuration does not. */
  readonly findings: readonly Finding[]
  /** Pointers to what the findings speak of: no value of theirs means anything. */
  readonly failed: readonly string[]
  /** Computed at the first call. */
  positions(): Positions
}

/** Parses a file; findings instead of data where it cannot be. A file that holds nothing is `{}`. */
export function parseFile(file: ConfigurationFile): ParsedFile | readonly Finding[] {
  const text = file.text.replace(/^\ufeff/u, '')
  if (isBlank(text)) {
    return { file, data: {}, findings: [], failed: [], positions: () => findPositions(file.name, '{}') }
  }
  try {
    const data = load(text, { schema, maxAliases: 1000, maxDepth: deepest })
    let positions: Positions | undefined
    const locate = (): Positions => {
      positions ??= findPositions(file.name, text)
      return positions
    }
    const inspected = inspect(data, locate)
    return 'findings' in inspected ? { file, data: data ?? {}, ...inspected, positions: locate } : inspected
  } catch (error) {
    if (error instanceof YAMLException) return [syntaxFinding(file.name, text, error)]
    throw error
  }
}

function isBlank(text: string): boolean {
  return !/^[^\S\r\n]*[^\s#]/mu.test(text)
}

/** The reason and the place, never a line of the source: the file may not be what it seems. */
function syntaxFinding(file: string, text: string, { reason, mark }: YAMLException): Finding {
  const source =
    mark === undefined ? secondDocument(file, text) : { file, line: mark.line + 1, column: mark.column + 1 }
  const hint = hints.find(([known]) => known.test(reason))?.[1]
  return {
    code: 'CONFIG_SYNTAX',
    message: `Not valid YAML: ${shorten(reason)}`,
    source,
    ...(hint === undefined ? {} : { hint }),
  }
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/tab characters/u, 'Indent with spaces.'],
  [/single document/u, 'Write one document a file; further files go beside it.'],
  [/duplicated mapping key/u, 'A key stands once in a map; put both parts below the first.'],
  [/unknown \w+ tag/u, 'Tags are not used here; write a text in quotes.'],
  [/maxAliases/u, 'Write the repeated parts out, or split the file.'],
]

/** js-yaml quotes names of tags and anchors, which are as long as the author of the file likes. */
function shorten(reason: string): string {
  return reason.length > 100 ? `${reason.slice(0, 100)}…` : reason
}

/** Only several documents are reported without a place. */
function secondDocument(file: string, text: string): Source {
  const events = parseEvents(text, {})
  const second = events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT)
  const place = events.slice(second).flatMap((event) => {
    const offset = 'start' in event ? event.start : 'valueStart' in event ? event.valueStart : -1
    return offset === -1 ? [] : [offset]
  })[0]
  return makeSource(file, text)(place ?? 0)
}

/** Forgotten values and integers that were rounded; only a finding where the data has no end. */
function inspect(data: unknown, locate: () => Positions): Pick<ParsedFile, 'findings' | 'failed'> | readonly [Finding] {
  const rounded: string[] = []
  const path: (string | number)[] = []
  let nodes = 0
  let hasNull = false
  let isCircular = false
  const visit = (value: unknown): void => {
    if (++nodes > nodeBudget) return
    if (path.length > deepest) isCircular = true
    else if (value === null) hasNull = true
    else if (typeof value === 'number') {
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) rounded.push(path.reduce(pointerTo, ''))
    } else if (typeof value === 'object') {
      const fields = Array.isArray(value) ? value.entries() : Object.entries(value)
      for (const [key, field] of fields) {
        path.push(key)
        visit(field)
        path.pop()
        if (nodes > nodeBudget || isCircular) return
      }
    }
  }
  visit(data)
  if (isCircular) {
    return [syntax('An alias stands inside of what it stands for', locate().locate(''), 'Write that part out.')]
  }
  if (nodes > nodeBudget) {
    const hint = `A file may expand to ${nodeBudget} values. Write less by aliases.`
    return [syntax('The aliases of this file expand beyond all measure', locate().locate(''), hint)]
  }
  const tooLarge = 'The number is too large to be kept exactly'
  const forgotten = hasNull ? locate().forgotten : []
  const findings = [
    ...rounded.map((at) => syntax(tooLarge, locate().locateValue(at), 'Write it as a text in quotes.')),
    ...forgotten.map((at) => syntax(`${nameOf(at)} has no value`, locate().locate(at), writeSomething)),
  ]
  return { findings, failed: [...rounded, ...forgotten] }
}

const writeSomething = 'Nothing stands there. Write {} or null: a forgotten value must not delete anything.'

function syntax(message: string, source: Source, hint: string): Finding {
  return { code: 'CONFIG_SYNTAX', message, source, hint }
}
