/** `bbstate auth status`: what is stored, never the token itself. */
import { readSignIn } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import { describeSignIn } from '../../report/sign-in.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth status', await face.listener())
  try {
    const status = await readSignIn(auth.token.vault, auth.connection.baseUrl)
    face.print(face.options.json ? formatJson(status) : describeSignIn(status, world.clock.now()))
    return 0
  } finally {
    await auth.close()
  }
}
