/** `bbstate auth unlock`: who holds the locks of the token, and how they are freed by force. */
import { unlock } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import { escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth unlock', await face.listener())
  try {
    const freed = await unlock(auth.token.vault, settings.flag('force'))
    if (face.options.json) face.print(formatJson({ freed }))
    else if (freed.length === 0) face.print('Nobody holds a lock of this token.\n')
    for (const { name, holder } of face.options.json ? [] : freed) {
      face.print(`Freed: the ${name} of ${escapeText(holder ?? '')}.\n`)
    }
    if (freed.length > 0) {
      await face.warn(
        'If that run still works, it ends with exit code 7 at its next write. Do not start it again before.',
      )
    }
    return 0
  } finally {
    await auth.close()
  }
}
