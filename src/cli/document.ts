/** A plan or a report in one of the formats, on stdout or in a file. */
import { writeDocument } from '../host/documents.js'
import type { World } from '../host/world.js'
import { UsageError } from '../model/errors.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { Call } from './call.js'

type Render = (document: Plan | ApplyReport, world: World) => Promise<string>

/** How each format is written; each is loaded only where it is asked for. */
const formats: Readonly<Record<string, Render>> = {
  terminal: async (document) => {
    const { createTerminalReport } = await import('../report/terminal.js')
    return createTerminalReport(0).document(document)
  },
  json: async (document) => (await import('../report/json.js')).formatJson(document),
  markdown: async (document) => (await import('../report/markdown.js')).renderMarkdown(document),
  html: async (document, { sha256 }) => (await import('../report/html.js')).renderHtml(document, sha256),
}

const endings: Readonly<Record<string, string>> = { json: 'json', md: 'markdown', html: 'html' }

/** Prints or writes a document as `--format`, `--json` and `--out` ask. */
export async function showDocument({ settings, face, world }: Call, document: Plan | ApplyReport): Promise<void> {
  const out = settings.text('out')
  const format = face.options.json ? 'json' : (settings.text('format') ?? formatFor(out))
  const render = Object.hasOwn(formats, format) ? formats[format] : undefined
  if (render === undefined) {
    throw new UsageError(`--format ${format} is not known`, { hint: `Use ${Object.keys(formats).join(', ')}.` })
  }
  if (out !== undefined) await writeDocument(out, face.scrub(await render(document, world)))
  else if (format === 'terminal') await face.result((report) => report.document(document))
  else face.print(await render(document, world))
}

function formatFor(out: string | undefined): string {
  const [, ending = ''] = /\.(\w+)$/u.exec(out ?? '') ?? []
  return Object.hasOwn(endings, ending) ? (endings[ending] ?? 'terminal') : 'terminal'
}
