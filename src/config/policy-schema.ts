/** The JSON Schema of the `policy` section: the same for every registry. */

type JsonSchema = Readonly<Record<string, unknown>>

const patterns = (description: string): JsonSchema => ({
  type: 'array',
  description,
  items: { type: 'string' },
  uniqueItems: true,
})

const count: JsonSchema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }

/** The schema of `policy`. */
export const policySchema: JsonSchema = {
  type: 'object',
  description: 'How differences are treated.',
  additionalProperties: false,
  properties: {
    prune: patterns('Collections whose unlisted items are deleted, such as instance.groupPermissions.'),
    protect: patterns('Items that may not be deleted, replaced or emptied; /** for all below.'),
    administrators: {
      type: 'object',
      description: 'Who must still be a system administrator after every apply; bbstate itself always must.',
      additionalProperties: false,
      properties: {
        users: patterns('Names of users who must keep SYS_ADMIN, directly or through a group.'),
        atLeast: { type: 'integer', minimum: 1, description: 'How many people must keep SYS_ADMIN. Default 1.' },
      },
    },
    unknownPrincipals: {
      type: 'string',
      enum: ['refuse', 'warn'],
      description:
        'What the name of a user or group means that is unknown or deactivated: refuse the plan (default), or leave out just that entry and warn.',
    },
    limits: {
      type: 'object',
      description: 'How much one run may take away or touch; --allow lifts a limit for one run.',
      additionalProperties: false,
      properties: {
        deletes: { ...count, description: 'Deletions in one plan, replacements among them. Default 50.' },
        deletesPercent: {
          ...count,
          maximum: 100,
          description: 'Share of a collection of ten or more that one plan may delete, in percent. Default 30.',
        },
        accessLosses: { ...count, description: 'People who may lose a global permission in one plan. Default 50.' },
        repositories: { ...count, description: 'Repositories that one plan may touch. Default: any number.' },
      },
    },
    ignore: {
      type: 'array',
      description: 'What is left alone for a while.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['address', 'reason', 'until'],
        properties: {
          address: { type: 'string', description: 'Covers this address and all below it.' },
          reason: { type: 'string', minLength: 1, description: 'Why, for the next reader.' },
          until: {
            type: 'string',
            pattern: '^\\d{4}-\\d{2}-\\d{2}$',
            description: 'The last day on which it holds, YYYY-MM-DD.',
          },
        },
      },
    },
  },
}
