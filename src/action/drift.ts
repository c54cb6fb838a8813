/** `command: drift`: one issue a server, opened where there is drift, kept current, closed when it is gone. */
import { writeDocument } from '../host/documents.js'
import { compareWithLive } from '../host/drift.js'
import type { Plan } from '../model/plan.js'
import { formatJson } from '../report/json.js'
import { renderMarkdown } from '../report/markdown.js'
import { countWords } from '../report/words.js'
import { markerOf, presentPlan, remarkOn, runUrl, setPlanOutputs } from './present.js'
import type { Step } from './step.js'

const longestIssue = 65_000

/** Answers the exit code: 2 where live differs. */
export async function runDrift(step: Step): Promise<number> {
  const { drift, plan } = await compareWithLive(step.world, step.inputs.settings, step.listen)
  const file = step.file(undefined, 'bbstate-drift.json')
  await writeDocument(file, step.runner.scrub(formatJson(drift)))
  step.setOutput('plan-file', file)
  setPlanOutputs(step, plan)
  step.setOutput('changes', drift.changes.length)
  step.setOutput('converged', !drift.drift)
  presentPlan(step, plan)
  remarkOn(step, plan)
  if (step.inputs.isOn('issue') && step.trigger.pullRequest === undefined)
    await keepIssue(step, plan, drift.changes.length)
  return drift.drift ? 2 : 0
}

async function keepIssue(step: Step, plan: Plan, count: number): Promise<void> {
  const marker = markerOf('drift', plan.server.url)
  const run = runUrl(step)
  const link = run === undefined ? '' : `Seen by [this run](${run}).\n\n`
  await step.tell('issue about drift', async (repository) => {
    const issue = await repository.findOwnIssue(marker)
    if (count === 0) {
      if (issue === null) return
      const body = `${marker}\nThe drift is gone: live matches the configuration again. ${link}`
      await repository.closeIssue(issue, body)
      step.runner.log(`The drift is gone; ${issue.url} is closed.\n`)
      return
    }
    const title = `Drift on ${new URL(plan.server.url).host}: ${countWords(count, 'change')}`
    const head = `${marker}\nLive settings differ from the configuration. Apply it to bring them back, or change it to what is live.\n\n`
    const rest = renderMarkdown(plan, { limit: longestIssue - head.length - link.length })
    const body = step.runner.scrub(head + rest)
    if (issue === null) step.runner.log(`Opened ${await repository.openIssue({ title, body: `${body}\n${link}` })}\n`)
    else {
      await repository.updateIssue(issue, { title, body: `${body}\n${link}` })
      step.runner.log(`Kept current: ${issue.url}\n`)
    }
  })
}
