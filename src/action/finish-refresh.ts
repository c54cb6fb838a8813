/** Finishes a refresh that was cut off between the server's answer and the commit. */
import { commitStagedPair } from '../host/staged-pair.js'
import type { World } from '../host/world.js'
import { toBbstateError } from '../model/thrown.js'
import { createTerminalReport } from '../report/terminal.js'
import { readInputs } from './inputs.js'
import { presentFailure } from './present.js'
import type { Runner } from './runner.js'
import { listenerOf } from './step.js'

/** Answers the exit code. */
export async function finishRefresh(world: World, runner: Runner, stage: string): Promise<number> {
  const report = createTerminalReport(0)
  try {
    const { settings, text } = readInputs(process.env)
    const directory = text('working-directory')
    if (directory !== undefined) process.chdir(directory)
    const status = await commitStagedPair(world, settings, stage, listenerOf(runner, report))
    if (status !== null) {
      const sentence = `The refresh that this job had begun is finished: generation ${status.generation} is stored.`
      runner.annotate('notice', sentence, 'bbstate')
    }
    return 0
  } catch (thrown) {
    const error = toBbstateError(thrown)
    presentFailure({ runner, report }, error)
    return error.exitCode
  }
}
