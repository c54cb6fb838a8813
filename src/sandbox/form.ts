/**
 * Bodies of `multipart/form-data` (RFC 7578), as the few endpoints read them that take files.
 *
 * Strict where a lenient reader would take another form than was sent: nothing stands before the first part, the last
 * boundary closes, every part has a name of its own and is text in UTF-8. Within a part every byte is kept.
 */

/** The fields by name; `undefined` for what is no such form. */
export function parseForm(contentType: string, body: Buffer): Readonly<Record<string, string>> | undefined {
  const mark = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;"]+))/iu.exec(contentType)
  const boundary = mark?.[1] ?? mark?.[2]
  if (boundary === undefined) return undefined
  // One character a byte, so that positions in the text are positions in the body.
  const pieces = cut(`\r\n${body.toString('latin1')}`, boundary)
  const fields = pieces?.map(readPart)
  if (fields === undefined || fields.some((field) => field === undefined)) return undefined
  const named = fields.filter((field) => field !== undefined)
  return new Set(named.map(([name]) => name)).size === named.length ? Object.fromEntries(named) : undefined
}

/** What stands between the boundaries, up to the closing one. A line that only begins like a boundary is none. */
function cut(text: string, boundary: string): readonly string[] | undefined {
  const escaped = boundary.replaceAll(/[^\w]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
  const marks = [...text.matchAll(new RegExp(`\r\n--${escaped}(--)?[ \t]*(?=\r\n|$)`, 'gu'))]
  const last = marks.findIndex(([, closing]) => closing !== undefined)
  if (last === -1 || marks[0]?.index !== 0) return undefined
  return marks.slice(0, last).map((mark, place) => text.slice(mark.index + mark[0].length, marks[place + 1]?.index))
}

function readPart(piece: string): readonly [string, string] | undefined {
  const end = piece.indexOf('\r\n\r\n')
  const disposition = /^content-disposition:[ \t]*form-data[ \t]*(;.*)$/imu.exec(piece.slice(0, Math.max(0, end)))?.[1]
  const name = /;[ \t]*name="([^"]+)"/iu.exec(disposition ?? '')?.[1]
  if (name === undefined) return undefined
  try {
    return [decode(name), decode(piece.slice(end + 4))]
  } catch {
    return undefined
  }
}

function decode(bytes: string): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))
}
