/** JSON Schema of a snapshot: the published form of `model/snapshot.ts`. */
import { type JsonSchema, listOf, record, server, text } from './plan-schema.js'

const at: JsonSchema = { type: 'object', additionalProperties: text, description: 'Names of the ancestors, by kind.' }

const item = record(
  {
    value: { type: 'object', description: 'Fields of the schema, naming ones included; never a secret.' },
    flags: {
      type: 'object',
      additionalProperties: { type: 'boolean' },
      description: 'Switches that the server tells beside them.',
    },
    readOnly: { type: 'string', description: 'Why the server would not let it be changed.' },
    inactive: { type: 'string', description: 'Why it is there but of no use.' },
  },
  ['flags', 'readOnly', 'inactive'],
)

/** The schema of `snapshot`. */
export const snapshotSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'bbstate snapshot',
  ...record(
    {
      formatVersion: { const: 1 },
      bbstate: { type: 'string', description: 'The version that took it.' },
      server,
      usesPassword: { type: 'boolean', description: 'Whether the account signed in with user name and password.' },
      takenAt: { type: 'string', description: 'ISO 8601.' },
      commit: { type: 'string', description: 'The commit of the configuration, where known.' },
      kinds: listOf(text, 'Every kind that was asked for.'),
      settings: listOf(
        record({ address: text, kind: text, at, value: { description: 'Null where the setting is absent.' } }),
        'Settings of which there is one.',
      ),
      collections: listOf(
        record({ address: text, kind: text, at, items: listOf(item, 'By name.') }),
        'Also empty ones.',
      ),
      names: {
        type: 'object',
        additionalProperties: listOf(text, 'Names.'),
        description: 'What is referred to but not managed, by kind.',
      },
      lacking: listOf(
        record({ address: text, kind: text, code: text, reason: text }),
        'What could not be read, and why; plans leave it out with a warning.',
      ),
    },
    ['commit'],
  ),
}
