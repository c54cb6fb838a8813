/** JSON Schema of `drift --json`: the published form of `app/drift.ts`. */
import { change, count, digest, type JsonSchema, listOf, record, server, text, warning } from './plan-schema.js'

/** The schema of `drift --json`. */
export const driftSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'bbstate drift',
  ...record(
    {
      formatVersion: { const: 1 },
      drift: { type: 'boolean', description: 'Whether anything that counts differs.' },
      server,
      comparedAt: { type: 'string', description: 'ISO 8601.' },
      changes: listOf(change, 'What an apply would change to bring live back.'),
      volatile: listOf(change, 'Changes of settings that change by themselves; not counted.'),
      unmanaged: listOf(text, 'Live items beside declared ones that no file declares.'),
      accept: listOf(record({ address: text, yaml: text }), 'What would have to be declared for each difference.'),
      acceptAll: { type: 'string', description: 'The same in one text, for --overlay.' },
      warnings: listOf(warning, 'Remarks.'),
      requests: count,
      digest,
    },
    ['acceptAll'],
  ),
}
