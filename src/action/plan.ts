/** `command: plan` and `command: validate`. */
import { loadConfiguration } from '../host/configuration.js'
import { writeDocument } from '../host/documents.js'
import { planConfiguration } from '../host/planning.js'
import { canonicalBaseUrl } from '../model/base-url.js'
import { BbstateError } from '../model/errors.js'
import type { Plan } from '../model/plan.js'
import { formatJson } from '../report/json.js'
import { compareShown, readShownChanges, shownDifferenceText } from '../report/shown-changes.js'
import { countWords } from '../report/words.js'
import { hasCredentials } from './credentials.js'
import { checkPlan, commentOf, failureComment, markerOf, presentPlan, remarkOn, setPlanOutputs } from './present.js'
import type { Step } from './step.js'

/** Answers the exit code: 2 where changes are pending. */
export async function runPlan(step: Step): Promise<number> {
  const { inputs, world, trigger } = step
  const reason = reasonNotToPlan(step)
  if (reason !== undefined) return validate(step, reason)
  let plan: Plan
  try {
    plan = await planConfiguration(world, inputs.settings, step.listen)
  } catch (thrown) {
    if (thrown instanceof BbstateError) await tellFailure(step, thrown)
    throw thrown
  }
  await savePlan(step, plan)
  const lead = trigger.pullRequest === undefined ? await compareWithPullRequest(step, plan) : ''
  presentPlan(step, plan, lead)
  const remarks = remarkOn(step, plan)
  if (mayTell(step)) {
    await commentOn(step, plan)
    await checkPlan(step, plan, remarks)
  }
  return plan.changes.length > 0 ? 2 : 0
}

/** Writes the plan file, and the outputs. */
export async function savePlan(step: Step, plan: Plan): Promise<void> {
  const file = step.file(
    step.inputs.command === 'apply' ? undefined : step.inputs.settings.text('out'),
    'bbstate-plan.json',
  )
  await writeDocument(file, step.runner.scrub(formatJson(plan)))
  step.setOutput('plan-file', file)
  setPlanOutputs(step, plan)
}

/** `command: validate`. */
export function runValidate(step: Step): Promise<number> {
  return validate(step)
}

async function validate(step: Step, reason?: string): Promise<number> {
  const { desired } = await loadConfiguration(step.world, step.inputs.settings)
  const sentence = `The configuration is valid: ${countWords(desired.items.length, 'item')} declared.`
  step.runner.log(`${sentence}\n${reason === undefined ? '' : `${reason}\n`}`)
  step.runner.summarise(`### ${sentence}\n${reason === undefined ? '' : `\n${reason}\n`}`)
  if (reason !== undefined) step.runner.annotate('notice', reason, 'Not planned')
  return 0
}

/** A pull request has no credentials as a rule; without a snapshot there is then nothing to plan against. */
function reasonNotToPlan({ inputs, world, trigger }: Step): string | undefined {
  if (trigger.pullRequest === undefined || inputs.settings.text('against') !== undefined) return undefined
  const snapshot = inputs.settings.text('snapshot')
  if (snapshot !== undefined && world.hasFile(snapshot)) return undefined
  if (snapshot === undefined && hasCredentials(world, inputs.settings)) return undefined
  const found = snapshot === undefined ? 'No snapshot is named' : `There is no snapshot ${snapshot} yet`
  return `${found}, so this pull request is validated and not planned. A job on the default branch with command: snapshot makes one, and pull requests restore it; the guide on pipelines shows how.`
}

/** Whether the token of the job can write: that of a fork's pull request never can. */
function mayTell({ trigger, runner }: Step): boolean {
  if (trigger.pullRequest?.isFork !== true) return true
  runner.annotate(
    'notice',
    'This pull request comes from a fork: no comment and no check run. The plan is in the summary.',
  )
  return false
}

async function commentOn(step: Step, plan: Plan): Promise<void> {
  const { pullRequest } = step.trigger
  if (pullRequest === undefined || !step.inputs.isOn('comment')) return
  const { number } = pullRequest
  const url = await step.tell('comment', async (repository) => {
    const found = await repository.findOwnComment(number, markerOf('plan', plan.server.url))
    return repository.keepComment(number, found, commentOf(step, plan))
  })
  if (url !== undefined) step.runner.log(`Shown on ${url}\n`)
}

/** A comment that stands there shows what is no longer so. */
async function tellFailure(step: Step, error: BbstateError): Promise<void> {
  const { trigger, inputs } = step
  const url = inputs.settings.text('url')
  if (trigger.pullRequest === undefined || trigger.pullRequest.isFork || !inputs.isOn('comment')) return
  if (url === undefined) return
  const { number } = trigger.pullRequest
  const server = canonicalBaseUrl(url)
  await step.tell('comment', async (repository) => {
    const found = await repository.findOwnComment(number, markerOf('plan', server))
    if (found !== null) await repository.keepComment(number, found, failureComment(step, server, error))
  })
}

/** What is new and what is gone since the pull request that was merged showed its plan; as Markdown. */
export async function compareWithPullRequest(step: Step, plan: Plan): Promise<string> {
  if (step.trigger.event !== 'push') return ''
  const text = await step.tell('comparison with the pull request', async (repository) => {
    const number = await repository.findMergedPullRequest(step.trigger.commit)
    if (number === undefined)
      return 'This commit is not the merge of a pull request: nobody was shown this plan before.\n'
    const comment = await repository.findOwnComment(number, markerOf('plan', plan.server.url))
    const shown = comment === null ? null : readShownChanges(comment.body)
    if (shown === null) return `Pull request #${number} showed no plan of ${plan.server.url}.\n`
    const changes = plan.changes.map((each) => ({ ...each, address: step.runner.scrub(each.address) }))
    return shownDifferenceText(number, compareShown(shown, changes))
  })
  if (text !== undefined) step.runner.log(text)
  return text ?? ''
}
