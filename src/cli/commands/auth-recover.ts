/** `bbstate auth recover`: finishes a refresh that a run left unfinished, or says what was lost. */
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const auth = await openAuth(world, settings, 'auth recover', await face.listener())
  try {
    const status = await auth.token.vault.recover(settings.flag('replay'))
    if (face.options.json)
      face.print(formatJson(status === null ? { isRecovered: false } : { isRecovered: true, ...status }))
    else if (status === null) face.print('Nothing to recover: no refresh was left unfinished.\n')
    else face.print(`Recovered: generation ${status.generation}, in ${status.location}.\n`)
    return 0
  } finally {
    await auth.close()
  }
}
