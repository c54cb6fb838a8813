/** Options of the `auth` commands alone; part of the table in `options.ts`. */

export const loginOptions = [
  {
    name: 'redirect-uri',
    type: 'string',
    value: 'URI',
    default: 'http://localhost:34106/',
    description: 'Redirect URL of the application link, character for character',
  },
  { name: 'scope', type: 'string', value: 'SCOPE', default: 'SYSTEM_ADMIN', description: 'Scope to ask for' },
  { name: 'browser', type: 'boolean', default: true, description: 'Open the browser; --no-browser prints the URL' },
  { name: 'paste', type: 'boolean', description: 'Paste the redirect instead of listening for it' },
  {
    name: 'callback-cert',
    type: 'string',
    value: 'FILE',
    description: 'PEM certificate for an https redirect URL',
  },
  { name: 'callback-key', type: 'string', value: 'FILE', description: 'PEM key for it' },
] as const

export const recoverOptions = [
  {
    name: 'replay',
    type: 'boolean',
    isApproval: true,
    description: 'Present the old token once more although another machine may hold the new one',
  },
  {
    name: 'recovery-secret-file',
    type: 'string',
    value: 'FILE',
    description: 'Private key that opens the line in the file',
  },
] as const

export const recoveryKeyOptions = [
  {
    name: 'out',
    alias: 'o',
    type: 'string',
    value: 'FILE',
    description: 'File for the private key, to be kept elsewhere; the public one is FILE.pub',
  },
] as const

export const moveOptions = [
  {
    name: 'to',
    type: 'string',
    value: 'STORE',
    description: 'The other store, spelled as for --token-store',
  },
  {
    name: 'to-argument',
    type: 'list',
    value: 'ARGUMENT',
    description: 'Argument of the helper that --to exec:PATH names',
  },
  {
    name: 'to-variable',
    type: 'list',
    value: 'NAME',
    description: 'Environment variable that this helper gets beside PATH, HOME and LANG',
  },
] as const
