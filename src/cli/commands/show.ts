/** `bbstate show FILE`: renders a saved plan or report. */
import { parseSavedDocument } from '../../app/plan-file.js'
import { UsageError } from '../../model/errors.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world, argument }) => {
  const file = argument ?? ''
  const saved = parseSavedDocument(world.readFile(file, 'show'), file)
  const format = face.options.json ? 'json' : settings.text('format')
  if (format === 'json') face.print(formatJson(saved.type === 'plan' ? saved.plan : saved.report))
  else if (format !== 'terminal')
    throw new UsageError(`--format ${format} is not known`, { hint: 'Use terminal or json.' })
  else await face.result((report) => (saved.type === 'plan' ? report.plan(saved.plan) : report.applied(saved.report)))
  return 0
}
