/**
 * The inputs and outputs of the Action. What the command line knows too comes from its options table, so that a name
 * means the same in both; `action.yml` and the reference are made from here.
 */
import { commands as commandWords, type Option } from '../host/options.js'
import { type Environment, Settings } from '../host/settings.js'
import { UsageError } from '../model/errors.js'
import { findNearest } from '../model/nearest.js'

/** What the Action can do: the name in a workflow, and the command of the command line that it is. */
export const actionCommands = {
  validate: 'validate',
  plan: 'plan',
  apply: 'apply',
  drift: 'drift',
  export: 'export',
  snapshot: 'snapshot',
  refresh: 'auth refresh',
} as const

/** The name of a command in a workflow. */
export type ActionCommand = keyof typeof actionCommands

/** One input. */
export interface Input {
  readonly name: string
  readonly description: string
  /** As `action.yml` has it; the runner hands it in where the workflow says nothing. */
  readonly default?: string
  /** Commands that it is for; empty: all. */
  readonly commands: readonly ActionCommand[]
}

/** Options of the command line that a workflow says in another way, or that are for a terminal. */
const replaced = new Set([
  ...['json', 'color', 'quiet', 'verbose', 'chdir', 'detailed-exitcode', 'expect-digest', 'replan'],
  ...['out', 'report', 'snapshot'],
])

/** Inputs that only the Action has, or describes in its own words. */
const ownInputs: readonly Input[] = [
  {
    name: 'command',
    default: 'plan',
    commands: [],
    description: 'What to do: validate, plan, apply, drift, export, snapshot, or refresh (the token)',
  },
  {
    name: 'working-directory',
    commands: [],
    description: 'Directory to work in (default: the root of the workspace)',
  },
  {
    name: 'snapshot',
    commands: ['plan'],
    description:
      'Snapshot file to plan against instead of a server: no network, no credentials. Where it is not there, a pull request is validated only',
  },
  {
    name: 'expect',
    commands: ['apply'],
    description: 'Digest of the plan that was shown: apply goes on only if its own plan has this one',
  },
  {
    name: 'out',
    commands: ['plan', 'export', 'snapshot'],
    description:
      'File for the plan or the snapshot, directory for an export (default: in the temporary directory of the job)',
  },
  {
    name: 'report',
    commands: ['apply'],
    description: 'File for the report of an apply, also a failed one (default: in the temporary directory of the job)',
  },
  {
    name: 'client-secret',
    commands: ['plan', 'apply', 'drift', 'export', 'snapshot', 'refresh'],
    description: 'Client secret of the incoming application link. Give a secret, never a text',
  },
  {
    name: 'store-key',
    commands: ['plan', 'apply', 'drift', 'export', 'snapshot', 'refresh'],
    description: 'Key that seals the stored token: 32 bytes in Base64. Give a secret, never a text',
  },
  {
    name: 'github-token',
    default: '${{ github.token }}',
    commands: ['plan', 'apply', 'drift'],
    description: 'Token for comment, check run and issue, and to see what the tip of the default branch is',
  },
  {
    name: 'comment',
    default: 'true',
    commands: ['plan'],
    description: 'Keep one comment on the pull request current; needs pull-requests: write',
  },
  {
    name: 'check-run',
    default: 'true',
    commands: ['plan', 'apply'],
    description: 'Make a check run that informs and proves nothing; needs checks: write',
  },
  {
    name: 'annotations',
    default: 'true',
    commands: ['validate', 'plan', 'apply', 'drift'],
    description: 'Remark at the lines of the configuration',
  },
  {
    name: 'issue',
    default: 'true',
    commands: ['drift'],
    description: 'Keep one issue per server open while there is drift; needs issues: write',
  },
]

const names = Object.keys(actionCommands) as readonly ActionCommand[]

/** The options of a command, as the command line has them. */
function optionsOf(command: ActionCommand): readonly Option[] {
  return commandWords.find(({ name }) => name === actionCommands[command])?.options ?? []
}

/** Every input, the Action's own ones first. */
export function listInputs(): readonly Input[] {
  const inputs = new Map<string, Input>(ownInputs.map((input) => [input.name, input]))
  for (const command of names) {
    for (const option of optionsOf(command)) {
      if (replaced.has(option.name)) continue
      const known = inputs.get(option.name)
      inputs.set(option.name, {
        name: option.name,
        description: known?.description ?? describe(option),
        commands: [...(known?.commands ?? []), command],
      })
    }
  }
  return [...inputs.values()]
}

function describe({ description, type, default: fallback }: Option): string {
  const many = type === 'list' ? '; several, one a line' : ''
  return `${description}${many}${fallback === undefined ? '' : ` (default: ${String(fallback)})`}`
}

/** Every output with what it says. */
export const outputs = {
  changes: 'How many changes the plan has',
  creates: 'How many items it creates, replacements included',
  updates: 'How many items it changes',
  deletes: 'How many items it deletes, replacements included',
  digest: 'Digest of the plan, for expect of a later apply',
  'plan-file': 'The plan as JSON',
  'report-file': 'The report of the apply as JSON',
  'snapshot-file': 'The snapshot',
  'exit-code':
    'The exit code of the command line: 2 where changes are pending (plan, drift), 4 where the plan is stale',
  converged: 'true where live is as the configuration says: nothing to do, or all done and kept',
} as const

/** The name of an output. */
export type Output = keyof typeof outputs

/** What a step was given. */
export interface Inputs {
  readonly command: ActionCommand
  readonly settings: Settings
  /** An input of the Action's own; `undefined` where it is empty. */
  readonly text: (name: string) => string | undefined
  /** A switch of the Action's own. */
  readonly isOn: (name: string) => boolean
}

/** Secret inputs, and the variable through which the rest of bbstate takes each. */
const secretVariables: ReadonlyMap<string, string> = new Map([
  ['client-secret', 'BBSTATE_CLIENT_SECRET'],
  ['store-key', 'BBSTATE_STORE_KEY'],
])

/** Inputs that no log may show. */
export const secretInputs: readonly string[] = [...secretVariables.keys(), 'github-token']

/**
 * Reads the inputs of a step from the runner's variables. Secret ones are taken out of them.
 * @param environment the variables of the process, in which the secrets are put where the command line has them
 * @throws UsageError
 */
export function readInputs(environment: Record<string, string | undefined>): Inputs {
  const given = new Map<string, string>()
  for (const { name } of listInputs()) {
    const value = environment[variableOfInput(name)]?.trim() ?? ''
    if (value !== '') given.set(name, value)
  }
  for (const name of secretInputs) {
    const variable = secretVariables.get(name)
    const value = given.get(name)
    if (variable !== undefined && value !== undefined) environment[variable] = value
    delete environment[variableOfInput(name)]
  }
  const command = readCommand(given.get('command'))
  const text = (name: string): string | undefined => given.get(name)
  return {
    command,
    settings: settingsOf(command, given, environment),
    text,
    isOn: (name) => readSwitch(name, text(name)),
  }
}

/** As the runner names it: spaces become underscores, hyphens stay. */
export function variableOfInput(name: string): string {
  return `INPUT_${name.toUpperCase()}`
}

function readCommand(text = 'plan'): ActionCommand {
  const command = names.find((name) => name === text)
  if (command !== undefined) return command
  const nearest = findNearest(text, names)
  const hint = nearest === undefined ? `It can be ${names.join(', ')}.` : `Did you mean ${nearest}?`
  throw new UsageError(`command: ${JSON.stringify(text)} is not known`, { hint })
}

function readSwitch(name: string, text = 'false'): boolean {
  if (/^true$/iu.test(text)) return true
  if (/^false$/iu.test(text)) return false
  throw new UsageError(`${name} must be true or false`, { hint: `It is ${JSON.stringify(text)}.` })
}

function settingsOf(command: ActionCommand, given: ReadonlyMap<string, string>, environment: Environment): Settings {
  const options = optionsOf(command)
  const values = options.flatMap(({ name, type }): readonly (readonly [string, unknown])[] => {
    const value = given.get(name)
    if (value === undefined) return []
    return [[name, type === 'list' ? linesOf(value) : value]]
  })
  return new Settings(Object.fromEntries(values), options, environment)
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}
