/** Options of the commands that write; part of the table in `options.ts`. */

export const autoApprove = {
  name: 'auto-approve',
  type: 'boolean',
  isApproval: true,
  description: 'Do not ask',
} as const

/** Options of `apply` and `undo`. */
export const writingOptions = [
  {
    name: 'report',
    type: 'string',
    value: 'FILE',
    description: 'Write the report there, also after a failure or Ctrl-C',
  },
  { name: 'fail-fast', type: 'boolean', description: 'Start nothing more after the first failure' },
] as const

/** Options of `apply` alone. */
export const applyOptions = [
  autoApprove,
  { name: 'expect-digest', type: 'string', value: 'DIGEST', description: 'Go on only if the plan has this digest' },
  {
    name: 'replan',
    type: 'boolean',
    description: 'Go on where the saved plan differs only by what is live already',
  },
  { name: 'undo', type: 'string', value: 'FILE', description: 'Write what takes this apply back' },
] as const
