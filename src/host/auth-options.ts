/** The `auth` commands and their own options; part of the table in `options.ts`. */
import { helperOptions } from './store-options.js'

const loginOptions = [
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

const recoverOptions = [
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

const recoveryKeyOptions = [
  {
    name: 'out',
    alias: 'o',
    type: 'string',
    value: 'FILE',
    description: 'File for the private key, to be kept elsewhere; the public one is FILE.pub',
  },
] as const

const moveOptions = [
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

/** Every `auth` command, with the options that others have too. */
export function authCommands<Shared>(connectionOptions: readonly Shared[], outputOptions: readonly Shared[]) {
  return [
    {
      name: 'auth login',
      description: 'Sign in with OAuth 2.0 and keep the token',
      options: [...loginOptions, ...connectionOptions, ...outputOptions],
      examples: ['bbstate auth login --url https://bitbucket.example.com --client-id 3f14…'],
    },
    {
      name: 'auth status',
      description: 'What is stored, never the token itself',
      options: [...connectionOptions, ...outputOptions],
    },
    {
      name: 'auth refresh',
      description: 'Rotate the token now, so that a sign-in that is seldom used does not end',
      options: [
        {
          name: 'if-older-than',
          type: 'string' as const,
          value: 'AGE',
          description: 'Only where the last refresh is longer ago, such as 7d, 12h or 30m',
        },
        ...connectionOptions,
        ...outputOptions,
      ],
      examples: ['bbstate auth refresh --if-older-than 7d'],
    },
    {
      name: 'auth recover',
      usage: '[file]',
      description:
        'Finish a refresh that a run left unfinished, also from the line that it handed out, or say what was lost',
      options: [...recoverOptions, ...connectionOptions, ...outputOptions],
      examples: ['bbstate auth recover', 'bbstate auth recover pair.txt --recovery-secret-file recovery-key'],
    },
    {
      name: 'auth recovery-key',
      description: 'Make the key pair that opens a token which no store took; needs no server',
      options: [...recoveryKeyOptions, ...outputOptions],
      examples: ['bbstate auth recovery-key --out recovery-key'],
    },
    {
      name: 'auth move',
      description: 'Move the token to another store, and let later runs find it there',
      options: [...moveOptions, ...connectionOptions, ...outputOptions],
      examples: ['bbstate auth move --to vault:https://vault.example.com:8200/secret/bbstate'],
    },
    {
      name: 'auth unlock',
      description: 'Say who holds the locks of the token; with --force, free what can be freed',
      options: [
        {
          name: 'force',
          type: 'boolean' as const,
          isApproval: true as const,
          description: 'Free them although the run that holds them may still work',
        },
        ...connectionOptions,
        ...outputOptions,
      ],
    },
    {
      name: 'auth logout',
      description: 'Forget the stored token, and revoke it where the server offers that',
      options: [...connectionOptions, ...outputOptions],
    },
    {
      name: 'auth check-store',
      usage: '[check]',
      description: 'Try what a helper of --token-store exec:PATH must do, or one check of it; needs no server',
      options: [...helperOptions, ...outputOptions],
      examples: ['bbstate auth check-store --token-store exec:/usr/local/bin/helper --store-argument /var/lib/tokens'],
    },
  ]
}
