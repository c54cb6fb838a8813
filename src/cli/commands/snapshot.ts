/** `bbstate snapshot`: live state without secrets, for plans without a server. */
import { takeSnapshot } from '../../app/take-snapshot.js'
import { registry } from '../../host/configuration.js'
import { writeDocument } from '../../host/documents.js'
import { headOf } from '../../host/git.js'
import { openServer } from '../../host/server.js'
import { formatJson } from '../../report/json.js'
import { countWords, escapeText } from '../../report/words.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const listen = await face.listener()
  const server = await openServer({ world, settings, listen, command: 'snapshot' })
  try {
    const { clock, version } = world
    const exclude = settings.list('exclude')
    const commit = headOf(world.environment)
    const snapshot = await takeSnapshot({
      registry,
      server,
      listen,
      clock,
      version,
      exclude,
      ...(commit === undefined ? {} : { commit }),
    })
    const { settings: singles, collections, lacking } = snapshot
    const items = singles.length + collections.reduce((sum, collection) => sum + collection.items.length, 0)
    const out = settings.text('out')
    if (out === undefined) face.print(formatJson(snapshot))
    else {
      await writeDocument(out, formatJson(snapshot))
      if (face.options.json) face.print(formatJson({ out, items, lacking, requests: server.requests() }))
    }
    if (face.options.quiet) return 0
    for (const { address, reason } of lacking) face.note(`Not in the snapshot: ${address}: ${escapeText(reason)}\n`)
    const saved = out === undefined ? '' : ` Saved to ${out}.`
    face.note(`${countWords(items, 'setting')} in ${countWords(server.requests(), 'request')}.${saved}\n`)
    return 0
  } finally {
    await server.close()
  }
}
