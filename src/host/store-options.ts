/** The options that say where the token is kept; part of the table in `options.ts`. */

/** Those that name a helper, or another store. */
export const helperOptions = [
  {
    name: 'token-store',
    type: 'string',
    value: 'STORE',
    description:
      'Where the token is kept: file, file:DIRECTORY, etcd:URL,URL[#PREFIX], vault:URL/MOUNT/PATH, exec:PATH, github:OWNER/REPOSITORY/ENVIRONMENT[#NAME]',
  },
  {
    name: 'store-argument',
    type: 'list',
    value: 'ARGUMENT',
    description: 'Argument of the helper that --token-store exec:PATH names',
  },
  {
    name: 'store-variable',
    type: 'list',
    value: 'NAME',
    description: 'Environment variable that this helper gets beside PATH, HOME and LANG',
  },
] as const

/** All of them. */
export const storeOptions = [
  ...helperOptions,
  {
    name: 'store-cert',
    type: 'string',
    value: 'FILE',
    description: 'PEM certificate of this client for --token-store etcd: and vault:',
  },
  { name: 'store-cert-key', type: 'string', value: 'FILE', description: 'PEM key for it' },
  {
    name: 'recovery-key',
    type: 'string',
    value: 'FILE',
    description: 'Public key to which a refreshed token is encrypted that the store does not take',
  },
  {
    name: 'recovery-sink',
    type: 'string',
    value: 'FILE',
    description: 'Where that goes: a file, or - for stderr (the default)',
  },
] as const
