/** Options of whatever plans: its part of the options table. */

/** Options of `plan`, `apply` and `drift`. */
export const planOptions = [
  { name: 'target', type: 'list', value: 'PATTERN', description: 'Plan only what this address pattern covers' },
  {
    name: 'changed-since',
    type: 'string',
    value: 'REF',
    description: 'Read and plan only what differs from the configuration of this git commit',
  },
  {
    name: 'policy',
    type: 'string',
    value: 'FILE',
    description: 'A policy from outside the reviewed files, which can only tighten',
  },
  {
    name: 'policy-base',
    type: 'string',
    value: 'REF',
    description: 'Judge by the stricter of the policy here and in this git commit, and list what is loosened',
  },
  {
    name: 'update-secrets',
    type: 'list',
    value: 'PATTERN',
    description: 'Write the declared secrets of these items again',
  },
  {
    name: 'secrets-dir',
    type: 'string',
    value: 'DIR',
    description: 'Directory with one file a secret (else BBSTATE_SECRET_NAME)',
  },
] as const

/** What `plan` can plan against instead of a server. */
export const standOptions = [
  {
    name: 'snapshot',
    type: 'string',
    value: 'FILE',
    description: 'Plan against a snapshot instead of a server: no network, no credentials',
  },
  {
    name: 'against',
    type: 'string',
    value: 'REF',
    description: 'Plan against the configuration of this git commit instead of a server',
  },
] as const
