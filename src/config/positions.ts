/**
 * Where a value stands in its file: JSON pointer → line and column.
 *
 * Computed from the events of js-yaml, and only when somebody asks: a valid configuration without changes never does.
 * What an alias or a merge key brought in is located where it is written out, at its anchor.
 */
import { COLLECTION_STYLE, type Event, EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml'
import type { Source } from '../model/errors.js'

/** Places in one file. What has no place of its own is located at the nearest thing around it. */
export interface Positions {
  /** Of the key that leads to a value; of the value itself in a list. */
  locate(pointer: string): Source
  /** Of the value. */
  locateValue(pointer: string): Source
  /** Keys with nothing after the colon: neither a value nor a written `null`. */
  readonly forgotten: readonly string[]
}

/** A segment of a JSON pointer. */
export function pointerTo(parent: string, segment: string | number): string {
  return `${parent}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The segments of a JSON pointer. */
export function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What a pointer leads to in words: its last name, or whose entry it is. */
export function nameOf(pointer: string): string {
  const segments = segmentsOf(pointer)
  const [last = 'the document', list] = [segments.at(-1), segments.at(-2)]
  return list !== undefined && /^\d+$/u.test(last) ? `an entry of ${list}` : last
}

/** Walks the events of a file that js-yaml could load. */
export function findPositions(file: string, text: string): Positions {
  const walk = new Walk(text)
  for (const event of parseEvents(text, {})) walk.take(event)
  const sourceAt = makeSource(file, text)
  return {
    forgotten: walk.forgotten,
    locate: (pointer) => sourceAt(walk.keys.get(walk.find(pointer)) ?? 0),
    locateValue: (pointer) => {
      const found = walk.find(pointer)
      return sourceAt(walk.values.get(found) ?? walk.keys.get(found) ?? 0)
    },
  }
}

/** Offset → line and column, both from 1; columns count UTF-16 units, as editors do. */
export function makeSource(file: string, text: string): (offset: number) => Source {
  const starts = [0]
  for (const match of text.matchAll(/\r\n|\n|\r/gu)) starts.push(match.index + match[0].length)
  return (offset) => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

interface Frame {
  readonly kind: 'mapping' | 'sequence' | 'document'
  readonly pointer: string
  /** The key that waits for its value, in a mapping. */
  key: { readonly text: string; readonly offset: number } | undefined
  count: number
}

/** Aliases that lead to aliases, and mappings merged into mappings: deeper than this is a circle. */
const deepest = 100

class Walk {
  readonly keys = new Map<string, number>()
  readonly values = new Map<string, number>()
  readonly forgotten: string[] = []
  readonly #text: string
  readonly #frames: Frame[] = []
  /** Pointer of an alias → pointer of what it stands for. */
  readonly #aliases = new Map<string, string>()
  readonly #anchors = new Map<string, string>()
  /** The end of what was seen last: the place of what has none. */
  #last = 0

  constructor(text: string) {
    this.#text = text
  }

  take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#frames.push({ kind: 'document', pointer: '', key: undefined, count: 0 })
        return
      case EVENT_ID.MAPPING:
        this.#open('mapping', event)
        return
      case EVENT_ID.SEQUENCE:
        this.#open('sequence', event)
        return
      case EVENT_ID.SCALAR:
        this.#scalar(event)
        return
      case EVENT_ID.ALIAS: {
        const anchor = this.#anchors.get(this.#text.slice(event.anchorStart, event.anchorEnd))
        // The anchor begins behind its star.
        const pointer = this.#value(event.anchorStart - 1)
        if (anchor !== undefined) this.#aliases.set(pointer, anchor)
        return
      }
      case EVENT_ID.POP:
        this.#frames.pop()
    }
  }

  /** The pointer under which something is noted: the longest part that is, through aliases and merge keys. */
  find(pointer: string): string {
    let found = ''
    for (const segment of segmentsOf(pointer)) {
      const next = this.#step(found, segment, 0)
      if (next === undefined) return found
      found = next
    }
    return found
  }

  #step(pointer: string, segment: string, depth: number): string | undefined {
    if (depth > deepest) return undefined
    const parent = this.#aliases.get(pointer) ?? pointer
    const direct = pointerTo(parent, segment)
    if (this.values.has(direct)) return direct
    const merged = pointerTo(parent, '<<')
    if (!this.values.has(merged)) return undefined
    const single = this.#step(merged, segment, depth + 1)
    if (single !== undefined) return single
    for (let index = 0; this.values.has(pointerTo(merged, index)); index++) {
      const one = this.#step(pointerTo(merged, index), segment, depth + 1)
      if (one !== undefined) return one
    }
    return undefined
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): void {
    const frame = this.#frames.at(-1)
    const isEmpty = event.valueStart === -1
    const offset = isEmpty ? this.#last : event.valueStart - (event.style === SCALAR_STYLE.PLAIN ? 0 : 1)
    if (!isEmpty) this.#last = event.valueEnd
    if (frame?.kind === 'mapping' && frame.key === undefined) {
      frame.key = { text: isEmpty ? 'null' : getScalarValue(this.#text, event), offset }
      return
    }
    const pointer = this.#value(offset)
    this.#anchor(event, pointer)
    if (isEmpty && event.tagStart === -1 && pointer !== '') this.forgotten.push(pointer)
  }

  #open(kind: 'mapping' | 'sequence', event: Extract<Event, { start: number }>): void {
    this.#last = event.start + (event.style === COLLECTION_STYLE.FLOW ? 1 : 0)
    const pointer = this.#value(event.start)
    this.#anchor(event, pointer)
    this.#frames.push({ kind, pointer, key: undefined, count: 0 })
  }

  #anchor({ anchorStart, anchorEnd }: { anchorStart: number; anchorEnd: number }, pointer: string): void {
    if (anchorStart !== -1) this.#anchors.set(this.#text.slice(anchorStart, anchorEnd), pointer)
  }

  /** Notes the value that comes next in the innermost collection, and answers its pointer. */
  #value(offset: number): string {
    const frame = this.#frames.at(-1)
    if (frame === undefined || frame.kind === 'document') return ''
    const { key } = frame
    const pointer = pointerTo(frame.pointer, frame.kind === 'mapping' ? (key?.text ?? '') : frame.count++)
    this.keys.set(pointer, key?.offset ?? offset)
    this.values.set(pointer, offset)
    frame.key = undefined
    return pointer
  }
}
