/**
 * The options of bbstate, in one table: the command line, the inputs of the Action and the reference are made from it.
 *
 * Every option has the environment variable `BBSTATE_<OPTION>`, except approvals, which must stand in the command, and
 * secrets, which have only the variable or a file.
 */
import { authCommands } from './auth-options.js'
import { sandboxOptions } from './sandbox-options.js'
import { planOptions, standOptions } from './plan-option-table.js'
import { storeOptions } from './store-options.js'
import { applyOptions, autoApprove, writingOptions } from './writing-options.js'

/** One option. */
export interface Option {
  /** Long name in kebab-case. */
  readonly name: string
  readonly alias?: string
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly description: string
  /** Placeholder of the value in help texts. */
  readonly value?: string
  readonly default?: string | number | boolean
  /** Must stand in the command: no environment variable sets it. */
  readonly isApproval?: true
  /** Bounds of a number. */
  readonly minimum?: number
}

/** Options of every command that reads the configuration. */
export const configurationOptions: readonly Option[] = [
  {
    name: 'file',
    alias: 'f',
    type: 'list',
    value: 'PATH',
    description: 'Configuration file or directory (default: bbstate.yaml, else bbstate/)',
  },
  { name: 'overlay', type: 'list', value: 'FILE', description: 'Merged over the configuration, in the order given' },
  { name: 'var', type: 'list', value: 'NAME=VALUE', description: 'Value of ${var:NAME}' },
  { name: 'var-file', type: 'list', value: 'FILE', description: 'File of NAME=VALUE lines' },
]

/** Options of every command that talks to a server. */
export const connectionOptions: readonly Option[] = [
  { name: 'url', type: 'string', value: 'URL', description: 'Base URL of Bitbucket, context path included' },
  { name: 'client-id', type: 'string', value: 'ID', description: 'Client id of the incoming application link' },
  {
    name: 'client-secret-file',
    type: 'string',
    value: 'FILE',
    description: 'File that holds the client secret (else BBSTATE_CLIENT_SECRET)',
  },
  ...storeOptions,
  {
    name: 'connection',
    type: 'string',
    value: 'FILE',
    description: 'JSON file with url, client-id, ca-file … as keys',
  },
  { name: 'ca-file', type: 'string', value: 'FILE', description: 'PEM of further certificate authorities to trust' },
  { name: 'cert', type: 'string', value: 'FILE', description: 'PEM of a client certificate' },
  { name: 'key', type: 'string', value: 'FILE', description: 'PEM of its private key' },
  { name: 'proxy', type: 'string', value: 'URL', description: 'Proxy (else HTTPS_PROXY, NO_PROXY)' },
  {
    name: 'parallelism',
    type: 'number',
    value: 'N',
    default: 10,
    minimum: 1,
    description: 'Requests at the same time',
  },
  { name: 'max-rate', type: 'number', value: 'N', minimum: 1, description: 'Requests a second at most' },
  {
    name: 'timeout',
    type: 'number',
    value: 'SECONDS',
    default: 1800,
    minimum: 1,
    description: 'How long the run may take, waits included',
  },
  {
    name: 'lock-timeout',
    type: 'number',
    value: 'SECONDS',
    default: 60,
    minimum: 0,
    description: 'How long to wait for another run that holds the token',
  },
  {
    name: 'allow',
    type: 'list',
    value: 'NAME[=VALUE]',
    isApproval: true,
    description: 'Lifts one guard; the refusal names it',
  },
]

/** Those that say how to reach a server, without saying who signs in. */
const wayOptions = ['url', 'connection', 'ca-file', 'cert', 'key', 'proxy', 'max-rate', 'timeout', 'allow']

/** Options of every command. */
export const outputOptions: readonly Option[] = [
  { name: 'json', type: 'boolean', description: 'Result as JSON on stdout' },
  { name: 'color', type: 'boolean', description: 'Colour, also where the stream is no terminal; --no-color for none' },
  { name: 'quiet', alias: 'q', type: 'boolean', description: 'No progress' },
  { name: 'verbose', alias: 'v', type: 'boolean', description: 'One line a request on stderr' },
  { name: 'chdir', type: 'string', value: 'DIR', description: 'Work in this directory' },
]

/** The environment variable of an option; `undefined` for approvals. */
export function variableOf(option: Option): string | undefined {
  return option.isApproval === true ? undefined : `BBSTATE_${option.name.toUpperCase().replaceAll('-', '_')}`
}

/** A command, as help and reference show it. */
export interface CommandWords {
  readonly name: string
  /** Positional arguments as written in the usage line. */
  readonly usage?: string
  readonly description: string
  readonly options: readonly Option[]
  readonly examples?: readonly string[]
}

const formatOption: Option = {
  name: 'format',
  type: 'string',
  value: 'FORMAT',
  description: 'terminal, json, markdown or html (default: what --out ends with, else terminal)',
}

const documentOutOption: Option = {
  name: 'out',
  alias: 'o',
  type: 'string',
  value: 'FILE',
  description: 'Write it there (else stdout)',
}

/** Every command with its options. */
export const commands: readonly CommandWords[] = [
  {
    name: 'validate',
    description: 'Check the configuration; needs no server',
    options: [...configurationOptions, ...outputOptions],
    examples: ['bbstate validate -f production.yaml'],
  },
  {
    name: 'plan',
    description: 'Read live settings and show what would change',
    options: [
      { name: 'out', alias: 'o', type: 'string', value: 'FILE', description: 'Save the plan' },
      {
        name: 'detailed-exitcode',
        type: 'boolean',
        description: 'Exit with 2 where changes are pending',
      },
      ...standOptions,
      ...planOptions,
      ...configurationOptions,
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate plan', "bbstate plan --target 'instance.groups[*]' --out plan.json"],
  },
  {
    name: 'show',
    usage: '<plan>',
    description: 'Show a saved plan or apply report',
    options: [formatOption, documentOutOption, ...outputOptions],
    examples: ['bbstate show plan.json', 'bbstate show plan.json --out plan.html'],
  },
  {
    name: 'apply',
    usage: '[plan]',
    description: 'Plan, ask, write, and prove the result',
    options: [
      ...applyOptions,
      ...writingOptions,
      ...planOptions,
      ...configurationOptions,
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate apply', 'bbstate apply plan.json --auto-approve'],
  },
  {
    name: 'undo',
    usage: '<undo>',
    description: 'Take an apply back: show its inverse as a plan, ask, write, and prove the result',
    options: [
      autoApprove,
      ...writingOptions,
      ...planOptions.filter(({ name }) => name === 'secrets-dir'),
      ...configurationOptions,
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate apply --undo undo.json', 'bbstate undo undo.json'],
  },
  {
    name: 'publish',
    usage: '<plan>',
    description:
      'Show a saved plan or apply report on a pull request of Bitbucket: report, annotations, status, comment',
    options: [
      { name: 'commit', type: 'string', value: 'SHA', description: 'The commit that was planned, in full' },
      {
        name: 'pull-request',
        type: 'string',
        value: 'PROJECT/REPOSITORY/NUMBER',
        description: 'The pull request whose comment is kept current',
      },
      {
        name: 'repository',
        type: 'string',
        value: 'PROJECT/REPOSITORY',
        description: 'The repository of the commit, where there is no pull request',
      },
      {
        name: 'publish-token-file',
        type: 'string',
        value: 'FILE',
        description: 'File that holds an HTTP access token (else BBSTATE_PUBLISH_TOKEN)',
      },
      { name: 'link', type: 'string', value: 'URL', description: 'Where the run is (else the page of the commit)' },
      {
        name: 'root',
        type: 'string',
        value: 'DIR',
        description: 'Folder of the repository in which the plan was made (else its root)',
      },
      ...connectionOptions.filter(({ name }) => wayOptions.includes(name)),
      ...outputOptions,
    ],
    examples: ['bbstate publish plan.json --commit 3f2a… --pull-request PLAT/settings/12'],
  },
  {
    name: 'snapshot',
    description: 'Write live settings down without secrets, so that plan --snapshot needs no server',
    options: [
      { name: 'out', alias: 'o', type: 'string', value: 'FILE', description: 'Where to write it (else stdout)' },
      {
        name: 'exclude',
        type: 'list',
        value: 'PATTERN',
        description: 'Leave out what this address pattern covers',
      },
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate snapshot --out snapshot.json', "bbstate snapshot --exclude 'instance.users[*].accessTokens'"],
  },
  {
    name: 'drift',
    description: 'Compare the applied configuration with live settings; never writes; exit 2 where they differ',
    options: [
      { name: 'unmanaged', type: 'boolean', description: 'List live items that no file declares' },
      { name: 'volatile', type: 'boolean', description: 'Count settings that change by themselves, such as loggers' },
      ...planOptions.filter(({ name }) => ['target', 'policy', 'policy-base'].includes(name)),
      ...configurationOptions,
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate drift --json'],
  },
  {
    name: 'export',
    description: 'Write live settings as configuration, and prove that planning it changes nothing',
    options: [
      { name: 'out', alias: 'o', type: 'string', value: 'DIR', description: 'Directory for the files (else stdout)' },
      { name: 'include', type: 'list', value: 'PATTERN', description: 'Only what this address pattern covers' },
      { name: 'omit-defaults', type: 'boolean', description: 'Leave out fields that have their default' },
      ...connectionOptions,
      ...outputOptions,
    ],
    examples: ['bbstate export --out bbstate', "bbstate export --include 'instance.groups[*]'"],
  },
  {
    name: 'explain',
    usage: '[kind]',
    description: 'Documentation of a setting',
    options: outputOptions,
    examples: ['bbstate explain mailServer'],
  },
  {
    name: 'schema',
    usage: '[document]',
    description: 'JSON Schema of the configuration, of a plan, a report, an undo, a drift or a snapshot',
    options: outputOptions,
    examples: ['bbstate schema plan'],
  },
  {
    name: 'doctor',
    description: 'Check URL, TLS, clock, version, token and each setting; say what to do about each',
    options: [...connectionOptions, ...outputOptions],
  },
  ...authCommands(connectionOptions, outputOptions),
  {
    name: 'sandbox',
    description: 'Start a local Bitbucket Data Center to try against',
    options: [...sandboxOptions, ...outputOptions],
    examples: ['bbstate sandbox', 'bbstate sandbox --port 0 --json --auto-consent'],
  },
  {
    name: 'demo',
    description: 'Sandbox, sign-in, plan, apply and plan again, in one go',
    options: outputOptions,
  },
  {
    name: 'completion',
    usage: '[shell]',
    description: 'Shell completion script for bash or zsh',
    options: [],
  },
]
