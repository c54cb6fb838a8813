/** `bbstate show FILE`: renders a saved plan or report. */
import { parseSavedDocument, requireIntact } from '../../app/plan-file.js'
import type { Command } from '../call.js'
import { showDocument } from '../document.js'

export const run: Command = async (call) => {
  const file = call.argument ?? ''
  const saved = parseSavedDocument(call.world.readFile(file, 'show'), file)
  if (saved.type === 'plan') requireIntact(saved.plan, file, call.world.sha256)
  await showDocument(call, saved.type === 'plan' ? saved.plan : saved.report)
  return 0
}
