/** `bbstate auth recovery-key`: the key pair for a token that no store took. */
import { makeRecoveryKey } from '../../host/recovery.js'
import { UsageError } from '../../model/errors.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face }) => {
  const out = settings.text('out')
  if (out === undefined) throw new UsageError('Where to? --out names the file for the private key')
  const { privatePath, publicPath } = await makeRecoveryKey(out)
  if (face.options.json) face.print(formatJson({ privatePath, publicPath }))
  else {
    face.print(`Private key: ${privatePath}. Keep it away from the machines that run bbstate.\n`)
    face.print(`Public key:  ${publicPath}. Give it to every run: --recovery-key ${publicPath}\n`)
  }
  return 0
}
