/** A plan, a report or a failure where people look: log, summary, remarks at lines, comment, check run. */
import type { BbstateError, Finding } from '../model/errors.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { findingsOf } from '../report/json.js'
import { renderMarkdown, renderMarkdownError } from '../report/markdown.js'
import { type Remark, remarksOf } from '../report/remarks.js'
import { writeShownChanges } from '../report/shown-changes.js'
import { isComplete, reportSentence, sentenceOf } from '../report/words.js'
import { annotationsShown, type Level, longestSummary } from './runner.js'
import type { Step } from './step.js'

/** GitHub takes 65,536 characters in a comment, and as many less one in a check run. */
const longestComment = 65_000
const longestCheck = 65_000

const levels: Readonly<Record<Remark['weight'], Level>> = { low: 'notice', medium: 'warning', high: 'warning' }

/** Sets the outputs of a plan. */
export function setPlanOutputs(step: Step, plan: Plan): void {
  const { create, update, delete: deleted, replace } = plan.summary
  step.setOutput('changes', plan.changes.length)
  step.setOutput('creates', create + replace)
  step.setOutput('updates', update)
  step.setOutput('deletes', deleted + replace)
  step.setOutput('digest', plan.digest)
  step.setOutput('converged', plan.changes.length === 0)
}

/** Log, summary and remarks of a plan. @param lead Markdown that stands before it */
export function presentPlan(step: Step, plan: Plan, lead = ''): void {
  step.runner.log(step.report.plan(plan))
  const head = lead === '' ? '' : `${lead}\n`
  step.runner.summarise(head + renderMarkdown(plan, { limit: longestSummary - head.length }))
}

/** Remarks at lines: in the log as many as GitHub shows, the rest in the check run. */
export function remarkOn(step: Step, plan: Plan): readonly Remark[] {
  if (!step.inputs.isOn('annotations')) return []
  const remarks = remarksOf(plan, step.root)
  const shown = new Map<Level, number>()
  return remarks.filter(({ weight, title, message, path, line }) => {
    const level = levels[weight]
    const count = shown.get(level) ?? 0
    if (count === annotationsShown) return true
    shown.set(level, count + 1)
    step.runner.annotate(level, message, title, { file: path, line })
    return false
  })
}

/** By what the comment of a server is found. */
export function markerOf(what: 'plan' | 'drift', url: string): string {
  return `<!-- bbstate ${what} of ${url} -->`
}

/** The comment on a pull request. */
export function commentOf(step: Step, plan: Plan): string {
  const marker = markerOf('plan', plan.server.url)
  const shown = writeShownChanges(plan.changes.map((each) => ({ ...each, address: step.runner.scrub(each.address) })))
  const head = `${marker}\n${shown}\n${originLine(step)}\n\n`
  const room = longestComment - head.length
  const whole = renderMarkdown(plan, { limit: Infinity })
  if (whole.length <= room) return step.runner.scrub(head + whole)
  const where = '\nThere is more than a comment takes: see the summary of the run and the plan file that it keeps.\n'
  return step.runner.scrub(head + renderMarkdown(plan, { limit: room - where.length }) + where)
}

/** The comment where there is no plan: what was shown before is no longer true. */
export function failureComment(step: Step, url: string, error: BbstateError): string {
  const head = `${markerOf('plan', url)}\n${originLine(step)}\n\n`
  return step.runner.scrub(head + renderMarkdownError(error, { limit: longestComment - head.length }))
}

function originLine(step: Step): string {
  const commit = step.trigger.pullRequest?.head ?? step.trigger.commit
  const run = runUrl(step)
  return `bbstate for ${commit.slice(0, 10)}${run === undefined ? '' : `, [run](${run})`}`
}

/** The page of this run. */
export function runUrl({ world: { environment } }: Step): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = environment
  return server && repository && id ? `${server}/${repository}/actions/runs/${id}` : undefined
}

type Conclusion = 'success' | 'failure' | 'neutral' | 'action_required'

interface Check {
  readonly conclusion: Conclusion
  readonly title: string
  readonly summary: string
  readonly remarks?: readonly Remark[]
}

/** A check run on the commit that people look at. It informs; that it is green proves nothing. */
export async function check(
  step: Step,
  url: string,
  { conclusion, title, summary, remarks = [] }: Check,
): Promise<void> {
  if (!step.inputs.isOn('check-run')) return
  const notice = 'This check informs. Whoever may push a workflow can make one that looks the same.\n\n'
  await step.tell('check run', (repository) =>
    repository.createCheckRun({
      name: `bbstate ${step.inputs.command} (${new URL(url).host})`,
      commit: step.trigger.pullRequest?.head ?? step.trigger.commit,
      conclusion,
      title: step.runner.scrub(title),
      summary: step.runner.scrub(notice + summary),
      annotations: remarks.map(({ path, line, weight, title: head, message }) => ({
        ...{ path, line, title: step.runner.scrub(head), message: step.runner.scrub(message) },
        level: weight === 'low' ? 'notice' : 'warning',
      })),
    }),
  )
}

/** The check run of a plan: what it would do is for people to judge. */
export async function checkPlan(step: Step, plan: Plan, remarks: readonly Remark[]): Promise<void> {
  await check(step, plan.server.url, {
    conclusion: plan.changes.length === 0 ? 'success' : 'neutral',
    title: sentenceOf(plan),
    summary: renderMarkdown(plan, { limit: longestCheck - 500 }),
    remarks,
  })
}

/** The check run of an apply. */
export async function checkReport(step: Step, report: ApplyReport): Promise<void> {
  await check(step, report.server.url, {
    conclusion: isComplete(report) ? 'success' : 'failure',
    title: reportSentence(report),
    summary: renderMarkdown(report, { limit: longestCheck - 500 }),
  })
}

/** Log, summary and remarks of a failure. */
export function presentFailure(step: Pick<Step, 'runner' | 'report'>, error: BbstateError, root = ''): void {
  const { runner, report } = step
  runner.log(report.error(error))
  const several = findingsOf(error)
  const findings: readonly Finding[] = several.length > 0 ? several : [error.toFinding()]
  for (const { code, message, hint = '', source } of findings.slice(0, annotationsShown)) {
    const file = source === undefined ? undefined : `${root === '' ? '' : `${root}/`}${source.file}`
    const place = source === undefined || file === undefined ? undefined : { ...source, file }
    runner.annotate('error', `${message}\n${hint}`.trim(), code, place)
  }
  runner.summarise(renderMarkdownError(error, { limit: longestSummary }))
}
