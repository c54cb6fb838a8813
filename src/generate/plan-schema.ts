/** JSON Schemas of a saved plan, of an apply report and of an undo: the published form of those of `model/`. */

export type JsonSchema = Readonly<Record<string, unknown>>

export const text: JsonSchema = { type: 'string' }
export const count: JsonSchema = { type: 'integer', minimum: 0 }
export const digest: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256, hexadecimal.' }
const action: JsonSchema = { enum: ['create', 'update', 'delete', 'replace'] }
export const listOf = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description })

/** An object of exactly these properties; those marked optional may be missing. */
export function record(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((property) => !optional.includes(property))
  return { type: 'object', properties, required, additionalProperties: false }
}

const source = record({ file: text, line: { type: 'integer', minimum: 1 }, column: { type: 'integer', minimum: 1 } })
export const server = record({ url: text, version: text, account: text })

export const warning = record({ code: text, message: text, address: text, source }, ['address', 'source'])

const fieldChange = record(
  {
    path: { type: 'string', description: 'Dotted path inside the item; empty for a scalar setting.' },
    before: { description: 'Absent where the field is.' },
    after: { description: 'Absent where the field is. A secret is {"secret": "name"}.' },
    source,
  },
  ['before', 'after', 'source'],
)

const cause: JsonSchema = {
  description: 'Why an item is deleted although no null asks for it.',
  oneOf: [record({ reason: { const: 'pruned' }, source }), record({ reason: { const: 'goes-with' }, address: text })],
}

export const change = record(
  {
    address: { type: 'string', description: 'Where the item stands in the configuration.' },
    kind: text,
    at: { type: 'object', additionalProperties: text, description: 'Names of the ancestors, by their kind.' },
    identity: { type: 'object', description: 'Naming values; empty for a singleton.' },
    action,
    before: { description: 'Normal form of the live value; null where absent.' },
    after: { description: 'Normal form of the planned value; null where absent.' },
    fields: listOf(fieldChange, 'Changed fields; empty for a creation and a deletion.'),
    source,
    cause,
    renamedFrom: { type: 'string', description: 'The earlier address, for a rename.' },
    destination: {
      ...record({ secrets: listOf(text, 'Names of declared secrets.'), target: { type: 'object' } }),
      description: 'Where secrets of the item would be sent from now on.',
    },
    last: { const: true, description: "Touches the rights of bbstate's own account; applied after everything else." },
    precondition: { ...digest, description: 'Digest of the live object that the change was computed from.' },
    digest,
  },
  ['source', 'cause', 'renamedFrom', 'destination', 'last'],
)

const shifts = listOf(
  record(
    {
      permission: text,
      through: { type: 'string', description: 'The group; absent where it is granted to the person.' },
      people: listOf(text, 'Names; absent where the members of the group were not read: everybody in it.'),
      isUncertain: { const: true, description: 'Another group, whose members were not read, may give the same.' },
    },
    ['through', 'people', 'isUncertain'],
  ),
  'The strongest permission first.',
)

const finding = record({ code: text, message: text, hint: text, address: text, source, requestId: text }, [
  'hint',
  'address',
  'source',
  'requestId',
])

const irreversible = listOf(record({ address: text, message: text }), 'What an undo cannot bring back.')

/** The schema of `plan --json` and `plan --out`. */
export const planSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'bbstate plan',
  ...record(
    {
      formatVersion: { const: 1 },
      bbstate: { type: 'string', description: 'The version that made it.' },
      server,
      createdAt: { type: 'string', description: 'ISO 8601.' },
      changes: listOf(change, 'In the order in which apply would make them.'),
      loosened: listOf(record({ message: text, source }, ['source']), 'Guards that the configuration loosens.'),
      scope: {
        ...record({ targets: listOf(text, 'Of --target.'), changedSince: record({ ref: text, commit: text }) }, [
          'changedSince',
        ]),
        description: 'The part of the configuration that was planned; absent: all of it.',
      },
      stand: {
        description: 'What a plan without a server was made against; such a plan cannot be applied.',
        oneOf: [
          record({ type: { const: 'snapshot' }, takenAt: text, commit: text }, ['commit']),
          record({ type: { const: 'configuration' }, ref: text, commit: text }),
        ],
      },
      irreversible,
      access: {
        ...record({ losses: shifts, gains: shifts }),
        description: "Who gains and loses which global permission; absent where the plan touches nobody's.",
      },
      unmanaged: listOf(text, 'Addresses of live items in declared collections that no file declares.'),
      kept: listOf(text, 'Addresses that prune leaves because they are protected or read-only.'),
      warnings: listOf(warning, 'Remarks.'),
      summary: record({
        create: count,
        update: count,
        delete: count,
        replace: count,
        unchanged: count,
        unmanaged: count,
      }),
      requests: count,
      digest: { ...digest, description: 'Canonical: ignores order, source lines, account, time and requests.' },
    },
    ['access', 'loosened', 'scope', 'stand', 'irreversible'],
  ),
}

const outcome = record(
  {
    address: text,
    action,
    outcome: { enum: ['done', 'failed', 'skipped'] },
    error: finding,
    requestId: text,
    note: { type: 'string', description: 'What to write down, such as a number that the server gave.' },
    milliseconds: count,
  },
  ['error', 'requestId', 'note'],
)

/** The schema of `apply --json`. */
export const reportSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'bbstate apply report',
  ...record(
    {
      formatVersion: { const: 1 },
      server,
      digest: { ...digest, description: 'Of the plan that was applied.' },
      startedAt: { type: 'string', description: 'ISO 8601.' },
      finishedAt: { type: 'string', description: 'ISO 8601.' },
      audit: {
        ...record({ commit: text, actor: text, approver: text, runUrl: text }, [
          'commit',
          'actor',
          'approver',
          'runUrl',
        ]),
        description: 'Who applied what, as far as the environment of the run knows.',
      },
      outcomes: listOf(outcome, 'One a change.'),
      summary: record({ done: count, failed: count, skipped: count }),
      converged: { type: 'boolean', description: 'Whether a reading after the writes found everything as planned.' },
      remaining: listOf(finding, 'What the server did not keep.'),
      requests: count,
    },
    ['startedAt', 'finishedAt', 'audit'],
  ),
}

const undoItem = record(
  {
    address: { type: 'string', description: 'Where the item was before the apply.' },
    kind: text,
    at: { type: 'object', additionalProperties: text, description: 'Names of the ancestors, by their kind.' },
    identity: { type: 'object', description: 'Naming values; empty for a singleton.' },
    renamedTo: { type: 'string', description: 'The naming value that the apply gave it.' },
    restore: { description: 'The value before the apply; null where absent. A secret is {"secret": "name"}.' },
    left: { description: 'What the apply left; null where nothing.' },
    isRead: { type: 'boolean', description: 'Whether left was read after the write, or is what was planned.' },
  },
  ['renamedTo'],
)

/** The schema of `apply --undo`. */
export const undoSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'bbstate undo',
  ...record({
    formatVersion: { const: 1 },
    type: { const: 'undo' },
    bbstate: { type: 'string', description: 'The version that made it.' },
    server,
    createdAt: { type: 'string', description: 'ISO 8601.' },
    digest: { ...digest, description: 'Of the plan that was applied.' },
    items: listOf(undoItem, 'What goes back, in the order of the plan.'),
    irreversible,
    contentDigest: { ...digest, description: 'Of all the rest: an undo that was edited is refused.' },
  }),
}
