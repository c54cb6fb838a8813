/** `bbstate auth refresh`: rotates the token now, or where it is old enough. */
import { refreshToken } from '../../host/refresh.js'
import { formatJson } from '../../report/json.js'
import { refreshSentence } from '../../report/sign-in.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const { status, isRefreshed } = await refreshToken(world, settings, await face.listener())
  if (face.options.json) face.print(formatJson({ ...status, isRefreshed }))
  else face.print(`${refreshSentence(status, isRefreshed, settings.text('if-older-than'))}\n`)
  return 0
}
