/** `bbstate auth status`: what is stored, never the token itself. */
import { reportSignIn } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import { describeSignIn } from '../../report/sign-in.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth status', await face.listener())
  try {
    const now = world.clock.now()
    const report = await reportSignIn(auth.token.vault, auth.connection.baseUrl, now)
    const { status, ...more } = report
    face.print(face.options.json ? formatJson({ ...status, ...more }) : describeSignIn(report, now))
    for (const warning of more.warnings) await face.warn(warning)
    return 0
  } finally {
    await auth.close()
  }
}
