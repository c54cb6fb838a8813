/** `bbstate export`: live settings as configuration, proven to change nothing. */
import { exportConfiguration } from '../../app/export.js'
import { exportPorts } from '../../host/configuration.js'
import { writeExport } from '../../host/documents.js'
import { openServer } from '../../host/server.js'
import { countWords, escapeText } from '../../report/words.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const listen = await face.listener()
  const server = await openServer({ world, settings, listen, command: 'export' })
  try {
    const exported = await exportConfiguration({
      ...exportPorts(world),
      server,
      listen,
      include: settings.list('include'),
      omitsDefaults: settings.flag('omit-defaults'),
    })
    const directory = settings.text('out')
    const files = directory === undefined ? undefined : await writeExport(directory, exported.files)
    if (face.options.json) {
      const { text, items, skipped, readOnly, placeholders } = exported
      face.print(
        formatJson({ items, skipped, readOnly, placeholders, ...(files === undefined ? { text } : { files }) }),
      )
    } else if (files === undefined) face.print(exported.text)
    for (const { address, reason } of exported.skipped)
      face.note(`Left out: ${escapeText(address)}. ${escapeText(reason)}\n`)
    if (exported.readOnly > 0) {
      face.note(
        `Left out: ${countWords(exported.readOnly, 'item')} of read-only directories, which bbstate cannot change.\n`,
      )
    }
    if (exported.placeholders.length > 0) {
      face.note(
        `Secrets cannot be read. Give each placeholder a value before it is needed: ${exported.placeholders.join(', ')}\n`,
      )
    }
    if (settings.flag('omit-defaults'))
      face.note('Fields with their default are left out: drift away from them goes unseen.\n')
    if (files !== undefined)
      face.note(`${countWords(exported.items, 'item')} written to ${files.join(', ')}. Planning it shows no change.\n`)
    return 0
  } finally {
    await server.close()
  }
}
