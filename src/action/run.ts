/**
 * Runs one step of a job. Its inputs, outputs, summary and remarks are the runner's; what it does, the command line does
 * too.
 */
import { version } from '../host/version.js'
import { findStagePath } from '../host/staged-pair.js'
import { watchSignals } from '../host/signals.js'
import { createWorld, type World } from '../host/world.js'
import { type BbstateError, UsageError } from '../model/errors.js'
import { Scrubber, Secret } from '../model/secret.js'
import { toBbstateError } from '../model/thrown.js'
import { createTerminalReport } from '../report/terminal.js'
import { requireSafeEvent } from './credentials.js'
import { type ActionCommand, type Inputs, readInputs, secretInputs, variableOfInput } from './inputs.js'
import { presentFailure } from './present.js'
import { maskIn, Runner } from './runner.js'
import { createStep, type Step } from './step.js'
import { readTrigger, type Trigger } from './trigger.js'

type Work = (step: Step) => Promise<number>

const works: Readonly<Record<ActionCommand, () => Promise<Work>>> = {
  validate: async () => (await import('./plan.js')).runValidate,
  plan: async () => (await import('./plan.js')).runPlan,
  apply: async () => (await import('./apply.js')).runApply,
  drift: async () => (await import('./drift.js')).runDrift,
  export: async () => (await import('./reading.js')).runExport,
  snapshot: async () => (await import('./reading.js')).runSnapshot,
  refresh: async () => (await import('./reading.js')).runRefresh,
}

/** Commands that may renew the token. */
const signedIn: readonly ActionCommand[] = ['plan', 'apply', 'drift', 'export', 'snapshot', 'refresh']

/** Of the 2.5 s between the runner's SIGTERM and the end that it makes itself. */
const lastMilliseconds = 1500

/** What a process of the Action begins with: every secret that it was given is masked already. */
export interface Beginning {
  readonly world: World
  readonly runner: Runner
  readonly stopWatching: () => void
  /** Sets what is kept when the runner ends the process. */
  readonly atLast: (keep: () => void) => void
}

/** Masks what is secret among the inputs, and joins the process to the runner. */
export function begin(): Beginning {
  const { env } = process
  const write = (text: string): boolean => process.stdout.write(text)
  const scrubber = new Scrubber(maskIn(env, write))
  for (const name of secretInputs) scrubber.add(env[variableOfInput(name)]?.trim() ?? '')
  const runner = new Runner(env, write, scrubber)
  let keepLast = (): void => undefined
  const last = (): void => {
    runner.setOutput('exit-code', '130')
    keepLast()
  }
  const grace = { milliseconds: lastMilliseconds, last }
  const signals = watchSignals((text) => runner.log(text), grace)
  const world = createWorld(env, signals.signal, version, false, scrubber)
  const atLast = (keep: () => void): void => {
    keepLast = keep
  }
  return { world, runner, stopWatching: signals.stop, atLast }
}

/** Runs the step and sets the exit code of the process: a runner takes everything but 0 for a failure. */
export async function run(): Promise<void> {
  const { stopWatching, ...beginning } = begin()
  const { runner } = beginning
  const { code, error } = await runStep(beginning)
  try {
    if (error !== undefined) presentFailure({ runner, report: createTerminalReport(0) }, error.error, error.root)
    runner.setOutput('exit-code', String(code))
  } finally {
    stopWatching()
    process.exitCode = code === 2 ? 0 : code
  }
}

interface Result {
  readonly code: number
  readonly error?: { readonly error: BbstateError; readonly root: string }
}

async function runStep({ world, runner, atLast }: Omit<Beginning, 'stopWatching'>): Promise<Result> {
  let step: Step | undefined
  try {
    const token = takeToken()
    const inputs = readInputs(process.env)
    changeDirectory(inputs.text('working-directory'))
    const trigger = readTrigger(world.environment, readPayload(world))
    requireSafeEvent(trigger, world, inputs.settings)
    step = createStep({ inputs, world, runner, trigger, token, atLast })
    await rememberStage(world, inputs, runner, trigger)
    const work = await works[inputs.command]()
    return { code: await work(step) }
  } catch (thrown) {
    const error = toBbstateError(thrown)
    if (runner.isDebug) runner.debug(error.stack ?? '')
    return { code: error.exitCode, error: { error, root: step?.root ?? '' } }
  } finally {
    await step?.close()
  }
}

function takeToken(): Secret | null {
  const text = process.env[variableOfInput('github-token')]?.trim() ?? ''
  return text === '' ? null : new Secret(text)
}

function readPayload(world: World): unknown {
  const path = world.environment['GITHUB_EVENT_PATH']
  if (path === undefined || path === '') return {}
  try {
    return JSON.parse(world.readFile(path, 'GITHUB_EVENT_PATH'))
  } catch (cause) {
    throw new UsageError('GITHUB_EVENT_PATH does not lead to the payload of an event', { cause })
  }
}

function changeDirectory(directory: string | undefined): void {
  if (directory === undefined) return
  try {
    process.chdir(directory)
  } catch (cause) {
    throw new UsageError(`working-directory: cannot work in ${directory}`, { cause })
  }
}

/** For the step that always runs after the job: where a pair would lie that this one cannot commit any more. */
async function rememberStage(world: World, inputs: Inputs, runner: Runner, { pullRequest }: Trigger): Promise<void> {
  if (!signedIn.includes(inputs.command) || pullRequest?.isFork === true) return
  // What is wrong with the connection is told by the command itself, and only if it needs one.
  const path = await findStagePath(world, inputs.settings).catch(() => undefined)
  if (path !== undefined) runner.saveState('stage', path)
}
