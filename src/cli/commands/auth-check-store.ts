/** `bbstate auth check-store`: whether a helper keeps what the protocol promises. */
import { checkStore } from '../../host/check-store.js'
import { renderChecks } from '../../report/checks.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, argument, face, world }) => {
  const checks = await checkStore(world, settings, argument, await face.listener())
  if (face.options.json) face.print(formatJson({ checks }))
  else face.print(renderChecks(checks))
  return checks.some(({ state }) => state === 'failed') ? 1 : 0
}
