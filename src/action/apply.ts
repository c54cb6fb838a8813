/** `command: apply`: plans, holds the plan against the one that was approved, writes, and proves the result. */
import { requireDigest } from '../app/plan-file.js'
import type { WritableServer } from '../app/ports.js'
import { writeAtOnce, writeDocument } from '../host/documents.js'
import { planForWrite } from '../host/planning.js'
import { writeApproved } from '../host/writing.js'
import { PlanError, UsageError } from '../model/errors.js'
import { ApplyError, type ApplyReport, StoppedError } from '../model/outcome.js'
import type { Listener } from '../model/event.js'
import type { Plan } from '../model/plan.js'
import type { Registry } from '../model/resource.js'
import { formatJson } from '../report/json.js'
import { renderMarkdown } from '../report/markdown.js'
import { isComplete, reportSentence } from '../report/words.js'
import { followApply } from './cut-report.js'
import { compareWithPullRequest, savePlan } from './plan.js'
import { check, checkReport, presentPlan, remarkOn } from './present.js'
import { longestSummary } from './runner.js'
import type { Step } from './step.js'
import { requireApplicable, requireTip } from './trigger.js'

/** Answers the exit code. @throws BbstateError; a report that was begun is kept all the same. */
export async function runApply(step: Step): Promise<number> {
  const { inputs, world } = step
  const expected = inputs.text('expect') ?? inputs.settings.text('expect-digest')
  requireApproval(step, expected)
  await requireCurrent(step)
  return planForWrite(world, inputs.settings, step.listen, async ({ plan, registry, server }) => {
    await savePlan(step, plan)
    presentPlan(step, plan, await compareWithPullRequest(step, plan))
    remarkOn(step, plan)
    if (expected !== undefined) await requireExpected(step, expected, plan)
    return write(step, registry, plan, server)
  })
}

/** An expectation that came out empty, as an output of a job that did not run does, is none. */
function requireApproval({ inputs }: Step, expected: string | undefined): void {
  if (expected !== undefined || inputs.settings.flag('auto-approve')) return
  throw new UsageError('apply needs an approval, and the inputs hold none', {
    hint: 'Give expect with the digest of the plan that was shown, such as ${{ needs.plan.outputs.digest }}, or auto-approve: true.',
  })
}

/** Refuses what is not the tip of the default branch, before anything is read or refreshed. */
async function requireCurrent(step: Step): Promise<void> {
  const branch = requireApplicable(step.trigger)
  const repository = step.repository()
  if (repository === undefined) {
    throw new UsageError('apply must see the tip of the default branch, and github-token is empty', {
      hint: 'Leave the input github-token as it is, and give the job permissions: contents: read.',
    })
  }
  requireTip(step.trigger, branch, await repository.readTip(branch))
}

/** The outputs hold the new plan by now, so that a second round can ask again. */
async function requireExpected(step: Step, expected: string, plan: Plan): Promise<void> {
  try {
    requireDigest(expected, plan)
  } catch (thrown) {
    if (thrown instanceof PlanError) {
      const summary = renderMarkdown(plan, { limit: 60_000 })
      await check(step, plan.server.url, { conclusion: 'action_required', title: 'The plan has changed', summary })
    }
    throw thrown
  }
}

async function write(step: Step, registry: Registry, plan: Plan, server: WritableServer): Promise<number> {
  const { settings } = step.inputs
  const file = step.file(settings.text('report'), 'bbstate-report.json')
  const undoFile = settings.text('undo')
  step.setOutput('report-file', file)
  const keep = (path: string, document: unknown): Promise<void> =>
    writeDocument(path, step.runner.scrub(formatJson(document)))
  const following = followApply(plan)
  const listen: Listener = (event) => {
    following.listen(event)
    step.listen(event)
  }
  step.atLast(() => keepCut(step, file, following.report()))
  try {
    const report = await writeApproved(step.world, settings, {
      ...{ plan, registry, server, listen },
      keepReport: (kept) => keep(file, kept),
      ...(undoFile === undefined ? {} : { keepUndo: (undo) => keep(undoFile, undo) }),
    })
    await conclude(step, report)
    return 0
  } catch (thrown) {
    if (thrown instanceof ApplyError || thrown instanceof StoppedError) await conclude(step, thrown.report)
    throw thrown
  }
}

/** The last thing that a process does which the runner is about to end. */
function keepCut(step: Step, file: string, report: ApplyReport): void {
  writeAtOnce(file, step.runner.scrub(formatJson(report)))
  step.runner.summarise(renderMarkdown(report, { limit: longestSummary }))
}

/** Shows the report; the file of it is written already. */
async function conclude(step: Step, report: ApplyReport): Promise<void> {
  step.setOutput('converged', isComplete(report))
  step.runner.log(report.outcomes.length === 0 ? `${reportSentence(report)}\n` : step.report.applied(report))
  step.runner.summarise(renderMarkdown(report, { limit: longestSummary }))
  // Who stops a job leaves ten seconds: what must be safe comes first, and nothing is asked of GitHub then.
  if (!step.world.signal.aborted) await checkReport(step, report)
}
