/** Bodies of `multipart/form-data` (RFC 7578), as the few endpoints read them that take files. All parts are text. */

/** The fields by name; `undefined` for what is no such form. */
export function parseForm(contentType: string, body: string): Readonly<Record<string, string>> | undefined {
  const boundary = /^multipart\/form-data\s*;\s*boundary=(?:"([^"]+)"|([^\s;]+))/iu.exec(contentType)
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined) return undefined
  const pieces = `\r\n${body}`.split(`\r\n--${mark}`)
  if (pieces.length < 2 || pieces.at(-1)?.startsWith('--') !== true) return undefined
  const fields = pieces.slice(1, -1).map((piece): readonly [string, string] | undefined => {
    const end = piece.indexOf('\r\n\r\n')
    const name = /content-disposition:\s*form-data;[^\r\n]*?\bname="([^"]*)"/iu.exec(piece.slice(0, end))?.[1]
    return end === -1 || name === undefined ? undefined : [name, piece.slice(end + 4)]
  })
  if (fields.some((field) => field === undefined)) return undefined
  return Object.fromEntries(fields.filter((field) => field !== undefined))
}
