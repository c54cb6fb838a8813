/** `bbstate auth login`: one consent, and from then on a token that renews itself. */
import { signInHere } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import { escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const status = await signInHere(world, settings, await face.listener(), (text) => face.note(`${text}\n`))
  if (face.options.json) face.print(formatJson(status))
  else
    face.print(
      `Signed in to ${status.baseUrl} as ${escapeText(status.account ?? 'an account that the server does not name')}.\n`,
    )
  return 0
}
