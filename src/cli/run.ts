/**
 * Runs one command: parse, load the command alone, run it, turn what it throws into words and an exit code.
 */
import { commands, type Option, outputOptions } from '../host/options.js'
import { Settings } from '../host/settings.js'
import { watchSignals } from '../host/signals.js'
import { createWorld } from '../host/world.js'
import { UsageError } from '../model/errors.js'
import { Scrubber } from '../model/secret.js'
import type { Command } from './call.js'
import { Face, type FaceOptions } from './face.js'
import { type ParsedCall, parseCall } from './parser.js'
import { version } from '../host/version.js'

const loaders: Readonly<Record<string, () => Promise<{ readonly run: Command }>>> = {
  validate: () => import('./commands/validate.js'),
  plan: () => import('./commands/plan.js'),
  show: () => import('./commands/show.js'),
  apply: () => import('./commands/apply.js'),
  publish: () => import('./commands/publish.js'),
  snapshot: () => import('./commands/snapshot.js'),
  undo: () => import('./commands/undo.js'),
  drift: () => import('./commands/drift.js'),
  export: () => import('./commands/export.js'),
  explain: () => import('./commands/explain.js'),
  schema: () => import('./commands/schema.js'),
  doctor: () => import('./commands/doctor.js'),
  'auth login': () => import('./commands/auth-login.js'),
  'auth status': () => import('./commands/auth-status.js'),
  'auth refresh': () => import('./commands/auth-refresh.js'),
  'auth recover': () => import('./commands/auth-recover.js'),
  'auth recovery-key': () => import('./commands/auth-recovery-key.js'),
  'auth move': () => import('./commands/auth-move.js'),
  'auth unlock': () => import('./commands/auth-unlock.js'),
  'auth logout': () => import('./commands/auth-logout.js'),
  'auth check-store': () => import('./commands/auth-check-store.js'),
  sandbox: () => import('./commands/sandbox.js'),
  demo: () => import('./commands/demo.js'),
  completion: () => import('./commands/completion.js'),
}

/** Runs the command line and sets the exit code of the process. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe()
  process.exitCode = await runArguments(argv)
}

async function runArguments(argv: readonly string[]): Promise<number> {
  const early = new Face(
    optionsFrom(new Settings(scan(argv), outputOptions, process.env)),
    process,
    new Scrubber(),
    process.env,
  )
  let call: ParsedCall | undefined
  try {
    call = await parseCall(version, argv)
  } catch (error) {
    return early.fail(error)
  }
  return call === undefined ? 0 : runCall(call)
}

async function runCall(call: ParsedCall): Promise<number> {
  const words = commands.find(({ name }) => name === call.name)
  const settings = new Settings(call.given, words?.options ?? [], process.env)
  const signals = watchSignals((text) => process.stderr.write(text))
  const world = createWorld(process.env, signals.signal, version, process.stdin.isTTY === true)
  const face = new Face(optionsFrom(settings), process, world.scrubber, process.env)
  try {
    const directory = settings.text('chdir')
    if (directory !== undefined) changeDirectory(directory)
    const command = await loaders[call.name]?.()
    return (await command?.run({ settings, argument: call.argument, face, world })) ?? 1
  } catch (error) {
    return await face.fail(error)
  } finally {
    signals.stop()
  }
}

function optionsFrom(settings: Settings): FaceOptions {
  return {
    json: settings.flag('json'),
    quiet: settings.flag('quiet'),
    verbose: settings.flag('verbose'),
    colour: settings.choice('color'),
  }
}

/** Just enough of the arguments to print an error about the rest. */
function scan(argv: readonly string[]): Readonly<Record<string, unknown>> {
  const isOn = (option: Option): boolean | undefined => (argv.includes(`--${option.name}`) ? true : undefined)
  const colour = argv.includes('--no-color') ? false : isOn({ name: 'color', type: 'boolean', description: '' })
  return { json: argv.includes('--json') || undefined, color: colour }
}

function changeDirectory(directory: string): void {
  try {
    process.chdir(directory)
  } catch (cause) {
    throw new UsageError(`--chdir: cannot work in ${directory}`, { cause })
  }
}

/** A reader that went away (`bbstate plan | head`) is no failure of ours. */
function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
