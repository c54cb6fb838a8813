/** One step of a job: what it was given, what it runs for, and how it tells what it found. */
import { openRepository, type Repository } from '../host/github.js'
import { placeInWorkspace, temporaryFile, wholePath } from '../host/runner-files.js'
import type { World } from '../host/world.js'
import { BbstateError } from '../model/errors.js'
import type { Event, Listener } from '../model/event.js'
import type { Secret } from '../model/secret.js'
import { createTerminalReport, type TerminalReport } from '../report/terminal.js'
import type { Inputs, Output } from './inputs.js'
import type { Runner } from './runner.js'
import type { Trigger } from './trigger.js'

/** One step. */
export interface Step {
  readonly inputs: Inputs
  readonly world: World
  readonly runner: Runner
  readonly trigger: Trigger
  readonly report: TerminalReport
  readonly listen: Listener
  /** The working directory below the root of the repository. */
  readonly root: string
  /** Sets what is kept when the runner ends the process before the work is done. */
  readonly atLast: (keep: () => void) => void
  setOutput(name: Output, value: string | number | boolean): void
  /** The file that an input names, else one that the runner removes after the job. */
  file(given: string | undefined, name: string): string
  /** GitHub, with the token of the job; `undefined` where none is given. */
  repository(): Repository | undefined
  /**
   * Tells GitHub something. Where that is refused, the step says so and goes on: what it found stands in the summary.
   * @returns `undefined` where it was refused
   */
  tell<T>(what: string, work: (repository: Repository) => Promise<T>): Promise<T | undefined>
  close(): Promise<void>
}

/** What a step is made of. */
export interface StepParts {
  readonly inputs: Inputs
  readonly world: World
  readonly runner: Runner
  readonly trigger: Trigger
  /** `null`: none is given. */
  readonly token: Secret | null
  readonly atLast: Step['atLast']
}

export function createStep({ inputs, world, runner, trigger, token, atLast }: StepParts): Step {
  const report = createTerminalReport((world.environment['NO_COLOR'] ?? '') === '' ? 1 : 0)
  let opened: Repository | undefined
  const repository = (): Repository | undefined => {
    if (token === null) return undefined
    return (opened ??= openRepository(world, inputs.settings, token))
  }
  return {
    ...{ inputs, world, runner, trigger, report, repository, atLast },
    listen: listenerOf(runner, report),
    root: placeInWorkspace(world.environment),
    setOutput: (name, value) => runner.setOutput(name, String(value)),
    file: (given, name) => (given === undefined ? temporaryFile(world.environment, name) : wholePath(given)),
    async tell(what, work) {
      try {
        const open = repository()
        if (open === undefined) runner.annotate('notice', `No ${what}: github-token is empty`)
        return open === undefined ? undefined : await work(open)
      } catch (thrown) {
        if (!(thrown instanceof BbstateError)) throw thrown
        runner.annotate('warning', `No ${what}: ${thrown.message}. ${thrown.hint ?? ''}`.trim(), 'bbstate')
        return undefined
      }
    },
    close: async () => opened?.close(),
  }
}

/** Progress as plain lines; requests only in the debug log. */
export function listenerOf(runner: Runner, report: TerminalReport): Listener {
  return (event: Event) => {
    if (event.type === 'request') {
      if (runner.isDebug) runner.debug(report.request(event))
    } else if (event.type === 'warning') runner.annotate('warning', event.warning.message, 'bbstate')
    else if (event.type !== 'reading') {
      const line = report.progress(event)
      if (line !== undefined) runner.log(`${line}\n`)
    }
  }
}
