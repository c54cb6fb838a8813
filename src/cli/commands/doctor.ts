/** `bbstate doctor`: what works, what does not, and what to do about it. */
import { examine } from '../../host/doctor.js'
import { formatJson } from '../../report/json.js'
import { renderChecks } from '../../report/checks.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const checks = await examine(world, settings, await face.listener())
  if (face.options.json) face.print(formatJson({ checks }))
  else face.print(renderChecks(checks))
  return checks.some(({ state }) => state === 'failed') ? 1 : 0
}
