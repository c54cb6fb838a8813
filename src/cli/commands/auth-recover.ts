/** `bbstate auth recover`: finishes a refresh that a run left unfinished, or says what was lost. */
import { readLine } from '../../host/recovery.js'
import { openAuth } from '../../host/sign-in.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world, argument }) => {
  const line = argument === undefined ? undefined : await readLine(world, settings, argument)
  const auth = await openAuth(world, settings, 'auth recover', await face.listener())
  try {
    const { token } = auth
    const status =
      line === undefined
        ? await token.vault.recover(settings.flag('replay'))
        : await token.restore(line, argument ?? '')
    if (face.options.json)
      face.print(formatJson(status === null ? { isRecovered: false } : { isRecovered: true, ...status }))
    else if (status !== null) face.print(`Recovered: generation ${status.generation}, in ${status.location}.\n`)
    else if (line === undefined) face.print('Nothing to recover: no refresh was left unfinished.\n')
    else face.print('Nothing to recover: the store does not wait for this token any more.\n')
    return 0
  } finally {
    await auth.close()
  }
}
