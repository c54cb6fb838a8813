/** `bbstate auth move`: takes the token from one store to another. */
import { moveHere } from '../../host/move.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const { status, from, to, isNew, isRemembered } = await moveHere(world, settings, await face.listener())
  if (face.options.json) face.print(formatJson({ ...status, from, to, isNew, isRemembered }))
  else {
    face.print(
      isNew
        ? `Moved from ${from} to ${status.location}.\n`
        : `Nothing is left to move: the token is in ${status.location}.\n`,
    )
    face.note(
      isRemembered
        ? 'Later runs of this user find it there. Tell it to every other: '
        : 'No profile of this user names the store, so every run must: ',
    )
    face.note(`--token-store ${to}\n`)
  }
  return 0
}
