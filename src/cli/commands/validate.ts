/** `bbstate validate`: checks the configuration without a server. */
import { loadConfiguration } from '../../host/configuration.js'
import { formatJson } from '../../report/json.js'
import { countWords } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const { desired } = await loadConfiguration(world, settings)
  const items = desired.items.length
  if (face.options.json) face.print(formatJson({ valid: true, items }))
  else face.print(`The configuration is valid: ${countWords(items, 'item')} declared.\n`)
  return 0
}
