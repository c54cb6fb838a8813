/** `bbstate auth refresh`: rotates the token now. */
import { refreshSignIn } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth refresh', await face.listener())
  try {
    const status = await refreshSignIn(auth.token.vault)
    if (face.options.json) face.print(formatJson(status))
    else face.print(`Refreshed: generation ${status.generation}. Tokens of earlier generations are dead.\n`)
    return 0
  } finally {
    await auth.close()
  }
}
