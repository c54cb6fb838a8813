/** `bbstate schema [configuration|plan|report|undo|drift|snapshot]`: the published JSON Schemas. */
import { readPackaged } from '../../host/documents.js'
import { UsageError } from '../../model/errors.js'
import type { Command } from '../call.js'

const files: Readonly<Record<string, string>> = {
  configuration: 'schemas/bbstate.schema.json',
  plan: 'schemas/plan.schema.json',
  report: 'schemas/report.schema.json',
  drift: 'schemas/drift.schema.json',
  snapshot: 'schemas/snapshot.schema.json',
  undo: 'schemas/undo.schema.json',
}

export const run: Command = async ({ face, argument = 'configuration' }) => {
  const file = files[argument]
  if (file === undefined) {
    throw new UsageError(`There is no schema of ${argument}`, { hint: `Ask for ${Object.keys(files).join(', ')}.` })
  }
  face.print(readPackaged(file))
  return 0
}
