/** `bbstate auth logout`: forgets the token here, and says where the server forgets it. */
import { signOut } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth logout', await face.listener())
  try {
    const wasSignedIn = await signOut(auth.token.vault)
    const { baseUrl } = auth.connection
    if (face.options.json) face.print(formatJson({ wasSignedIn }))
    else if (!wasSignedIn) face.print(`Nobody was signed in to ${baseUrl} here.\n`)
    else {
      face.print(`The token for ${baseUrl} is forgotten here.\n`)
      face.note(
        'Bitbucket documents no way to revoke it from here: do so in your profile under Authorized applications.\n',
      )
    }
    return 0
  } finally {
    await auth.close()
  }
}
