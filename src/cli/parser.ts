/**
 * Arguments in, one call out. yargs parses, checks and completes; the commands themselves are loaded later.
 */
import type { Argv, Options } from 'yargs'
import yargs from 'yargs'
import { type CommandWords, commands, type Option } from '../host/options.js'
import { UsageError } from '../model/errors.js'

/** What the command line asks for. */
export interface ParsedCall {
  /** The command's name, `auth login` with a space. */
  readonly name: string
  readonly given: Readonly<Record<string, unknown>>
  /** The positional argument, where the command takes one. */
  readonly argument?: string
}

/** Ends the parsing once the call is known: yargs would go on to render a help text that nobody asked for. */
class ParsingDone extends Error {
  readonly call: ParsedCall

  constructor(call: ParsedCall) {
    super('The call is parsed')
    this.call = call
  }
}

/**
 * The call that arguments ask for; `undefined` where yargs has answered itself (help, version).
 * @throws UsageError
 */
export async function parseCall(version: string, argv: readonly string[]): Promise<ParsedCall | undefined> {
  try {
    await createParser(version).parseAsync([...argv])
    return undefined
  } catch (thrown) {
    if (thrown instanceof ParsingDone) return thrown.call
    throw thrown
  }
}

/** A parser for `bbstate`; its help needs no command to be loaded. */
export function createParser(version: string): Argv {
  const parser = yargs()
    .scriptName('bbstate')
    .usage('$0 <command> [options]\n\nSettings of Bitbucket Data Center as YAML: plan the difference, apply it.')
    .parserConfiguration({
      'short-option-groups': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'camel-case-expansion': false,
      'strip-aliased': true,
    })
    .locale('en')
    .version(version)
    .help('help')
    .alias('help', 'h')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Say what to do: bbstate <command>')
    .wrap(100)
    .epilogue('Every option has a variable BBSTATE_<OPTION>, except approvals. bbstate <command> --help tells more.')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message, { hint: 'bbstate --help lists the commands and their options.' })
    })
  const groups = new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))
  for (const group of groups) addGroup(parser, group)
  return parser
}

function addGroup(parser: Argv, group: string): void {
  const members = commands.filter(({ name }) => name === group || name.startsWith(`${group} `))
  const [only] = members
  if (only?.name === group) {
    addCommand(parser, group, only)
    return
  }
  parser.command(group, `Sign in and look after the token`, (inner) => {
    for (const member of members) addCommand(inner, member.name.slice(group.length + 1), member)
    return inner.demandCommand(1, `Say what to do: bbstate ${group} <command>`)
  })
}

function addCommand(parser: Argv, name: string, words: CommandWords): void {
  const usage = words.usage === undefined ? name : `${name} ${words.usage}`
  parser.command(
    usage,
    words.description,
    (inner) => {
      for (const option of words.options) inner.option(option.name, optionOf(option))
      for (const example of words.examples ?? []) inner.example(example, '')
      return inner
    },
    (parsed) => {
      throw new ParsingDone({ name: words.name, given: givenOf(words, parsed), ...argumentOf(words, parsed) })
    },
  )
}

function optionOf(option: Option): Options {
  const plain: Options = {
    describe: option.description,
    ...(option.alias === undefined ? {} : { alias: option.alias }),
    ...(option.default === undefined ? {} : { defaultDescription: String(option.default) }),
  }
  if (option.type === 'boolean') return { ...plain, type: 'boolean' }
  if (option.type === 'list') return { ...plain, type: 'string', array: true, nargs: 1 }
  return { ...plain, type: 'string', requiresArg: true, coerce: (value: unknown) => single(option, value) }
}

function single(option: Option, value: unknown): unknown {
  if (Array.isArray(value)) throw new UsageError(`--${option.name} is given ${value.length} times; it takes one value`)
  return value
}

function givenOf(words: CommandWords, parsed: Readonly<Record<string, unknown>>): ParsedCall['given'] {
  return Object.fromEntries(words.options.map(({ name }) => [name, parsed[name]]))
}

function argumentOf(words: CommandWords, parsed: Readonly<Record<string, unknown>>): Pick<ParsedCall, 'argument'> {
  const name = words.usage?.replaceAll(/[<>[\]]/gu, '')
  const value = name === undefined ? undefined : parsed[name]
  return value === undefined ? {} : { argument: String(value) }
}
