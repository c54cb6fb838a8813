/**
 * Where a value stands in its file: JSON pointer → line and column.
 *
 * Computed from the events of js-yaml, and only when somebody asks: a valid configuration without changes never does.
 * What an alias or a merge key brought in is located at the nearest place that is written out.
 */
import {
  type Event,
  EVENT_ALIAS,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  getScalarValue,
  parseEvents,
} from 'js-yaml'
import type { Source } from '../model/errors.js'

/** Places in one file. */
export interface Positions {
  /** Of the key that leads to a value; of the value itself in a list. */
  locate(pointer: string): Source
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

/** Walks the events of a file that js-yaml could load. */
export function findPositions(file: string, text: string): Positions {
  const walk = new Walk(text)
  walk.run(parseEvents(text, {}))
  const lineStarts = [0, ...[...text.matchAll(/\r\n|\n|\r/gu)].map((match) => match.index + match[0].length)]
  const sourceAt = (offset: number): Source => {
    const line = lineStarts.findLastIndex((start) => start <= offset)
    return { file, line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 }
  }
  return {
    forgotten: walk.forgotten,
    locate: (pointer) => {
      for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
        const offset = walk.offsets.get(at)
        if (offset !== undefined) return sourceAt(offset)
      }
      return sourceAt(0)
    },
  }
}

interface Frame {
  readonly kind: 'mapping' | 'sequence' | 'document'
  readonly pointer: string
  /** The key that waits for its value, in a mapping. */
  key: { readonly text: string; readonly offset: number } | undefined
  count: number
}

class Walk {
  readonly offsets = new Map<string, number>()
  readonly forgotten: string[] = []
  readonly #text: string
  readonly #frames: Frame[] = []

  constructor(text: string) {
    this.#text = text
  }

  run(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === EVENT_POP) this.#frames.pop()
      else if (event.type === EVENT_SCALAR) this.#scalar(event)
      else if (event.type === EVENT_ALIAS) this.#value(event.anchorStart)
      else if (event.type === EVENT_MAPPING) this.#open('mapping', event.start)
      else if (event.type === EVENT_SEQUENCE) this.#open('sequence', event.start)
      else this.#frames.push({ kind: 'document', pointer: '', key: undefined, count: 0 })
    }
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_SCALAR }>): void {
    const frame = this.#frames.at(-1)
    if (frame?.kind === 'mapping' && frame.key === undefined) {
      frame.key = { text: getScalarValue(this.#text, event), offset: event.valueStart }
      return
    }
    const isEmpty = event.fast && event.valueStart === event.valueEnd && event.tagStart === -1
    const pointer = this.#value(event.valueStart)
    if (isEmpty && pointer !== '') this.forgotten.push(pointer)
  }

  #open(kind: 'mapping' | 'sequence', start: number): void {
    const frame = this.#frames.at(-1)
    // A collection as a key has no pointer; js-yaml refuses it before.
    const pointer = this.#value(start)
    this.#frames.push({ kind, pointer: frame === undefined ? '' : pointer, key: undefined, count: 0 })
  }

  /** Notes the value that comes next in the innermost collection, and answers its pointer. */
  #value(offset: number): string {
    const frame = this.#frames.at(-1)
    if (frame === undefined || frame.kind === 'document') return ''
    const { key } = frame
    const pointer = pointerTo(frame.pointer, frame.kind === 'mapping' ? (key?.text ?? '') : frame.count++)
    this.offsets.set(pointer, key?.offset ?? offset)
    frame.key = undefined
    return pointer
  }
}
