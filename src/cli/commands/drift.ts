/** `bbstate drift`: compares and never writes. Exit 2 where live differs. */
import { compareWithLive } from '../../host/drift.js'
import { formatJson } from '../../report/json.js'
import { countWords, escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const { drift, plan } = await compareWithLive(world, settings, await face.listener())
  const others = drift.volatile.length
  if (face.options.json) {
    face.print(formatJson(drift))
    return drift.drift ? 2 : 0
  }
  const isListed = settings.flag('unmanaged')
  await face.result((report) => report.drift(isListed ? { ...plan, unmanaged: [] } : plan))
  if (drift.accept.length > 0) face.print('\nTo accept what is live instead, declare:\n')
  for (const { address, yaml } of drift.accept) {
    const lines = yaml
      .trimEnd()
      .split('\n')
      .map((line) => `    ${escapeText(line)}\n`)
    face.print(`\n  # ${escapeText(address)}\n${lines.join('')}`)
  }
  if (isListed) {
    for (const address of drift.unmanaged) face.print(`unmanaged  ${escapeText(address)}\n`)
  }
  if (others > 0)
    face.note(`Not counted as drift: ${countWords(others, 'change')} of settings that change by themselves.\n`)
  return drift.drift ? 2 : 0
}
