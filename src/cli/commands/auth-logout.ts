/** `bbstate auth logout`: forgets the token here, and says where the server forgets it. */
import { signOut } from '../../app/sign-in.js'
import { openAuth } from '../../host/sign-in.js'
import type { RevocationState } from '../../model/sign-in.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

const where = 'To end it there: in Bitbucket, as the user who signed in, Profile → Authorized applications → Revoke.'

/** What is to be said of the server. */
const advice: Readonly<Record<RevocationState, string>> = {
  revoked: 'Bitbucket has revoked it.',
  'not-offered': `This Bitbucket offers no revocation, and still knows the token. ${where}`,
  failed: `Bitbucket could not be asked to revoke it, and may still know it. ${where}`,
  unreadable: `It could not be read, so Bitbucket could not be asked to revoke it. ${where}`,
  moved: 'It was the copy that a move left here; the token lives on in the other store.',
  none: '',
}

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth logout', await face.listener())
  try {
    const { wasSignedIn, revocation } = await signOut(auth.token.vault)
    const { baseUrl } = auth.connection
    if (face.options.json) face.print(formatJson({ wasSignedIn, revocation }))
    else if (!wasSignedIn) face.print(`Nobody was signed in to ${baseUrl} here.\n`)
    else {
      face.print(`The token for ${baseUrl} is forgotten here.\n`)
      face.note(`${advice[revocation]}\n`)
    }
    return 0
  } finally {
    await auth.close()
  }
}
