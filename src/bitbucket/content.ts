/** What a request carries: JSON, or a form with files. */
import type { FormPart } from '../model/resource.js'

/** A body with its media type. */
export interface Content {
  readonly type: string
  readonly body: string
}

/** JSON. */
export function asJson(value: unknown): Content {
  return { type: 'application/json', body: JSON.stringify(value) }
}

/** `multipart/form-data` (RFC 7578). The boundary is the first of its sort that no part holds. */
export function asForm(parts: readonly FormPart[]): Content {
  let boundary = 'bbstate-form'
  while (parts.some(({ value }) => value.includes(boundary))) boundary += '-'
  const lines = parts.flatMap(({ name, value, fileName }) => [
    `--${boundary}`,
    `content-disposition: form-data; name=${quote(name)}${fileName === undefined ? '' : `; filename=${quote(fileName)}`}`,
    fileName === undefined ? 'content-type: text/plain; charset=utf-8' : 'content-type: application/octet-stream',
    '',
    value,
  ])
  return { type: `multipart/form-data; boundary=${boundary}`, body: [...lines, `--${boundary}--`, ''].join('\r\n') }
}

/** As browsers quote names in forms. */
function quote(text: string): string {
  const escaped = text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  return `"${escaped}"`
}
