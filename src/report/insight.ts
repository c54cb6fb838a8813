/** A plan or the report of an apply as Code Insights of Bitbucket shows it: a title, a few figures, remarks at lines. */
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { remarksOf } from './remarks.js'
import {
  accessWords,
  isComplete,
  loosenedWords,
  looseningWords,
  plain,
  sentenceOf,
  reportSentence,
  scopeWords,
  serverWords,
  standWords,
} from './words.js'

/** What Code Insights takes, in its own words. */
export interface Insight {
  readonly title: string
  readonly details: string
  readonly result: 'PASS' | 'FAIL'
  readonly data: readonly {
    readonly title: string
    readonly type: 'NUMBER' | 'TEXT'
    readonly value: number | string
  }[]
  readonly annotations: readonly {
    readonly path: string
    readonly line: number
    readonly severity: 'LOW' | 'MEDIUM' | 'HIGH'
    readonly message: string
  }[]
}

const longestDetails = 2000
const longestMessage = 2000

/** A plan. It passes: what it would do is for people to judge. @param root as of `remarksOf` */
export function describePlan(plan: Plan, root = ''): Insight {
  const { summary, access, loosened = [], stand, scope } = plan
  const details = [
    ...(loosened.length === 0 ? [] : [loosenedWords(loosened), ...loosened.map((each) => plain(looseningWords(each)))]),
    sentenceOf(plan),
    ...(access === undefined ? [] : [plain(accessWords(access))]),
    plain(serverWords(plan)),
    ...(stand === undefined ? [] : [plain(standWords(stand, plan.createdAt))]),
    ...(scope === undefined ? [] : [plain(scopeWords(scope))]),
  ]
  return {
    title: 'bbstate plan',
    details: cut(details.join('\n'), longestDetails),
    result: 'PASS',
    data: [
      { title: 'To add', type: 'NUMBER', value: summary.create + summary.replace },
      { title: 'To change', type: 'NUMBER', value: summary.update },
      { title: 'To destroy', type: 'NUMBER', value: summary.delete + summary.replace },
      { title: 'Losses of access', type: 'NUMBER', value: access?.losses.length ?? 0 },
      { title: 'Digest', type: 'TEXT', value: plan.digest.slice(0, 16) },
    ],
    annotations: remarksOf(plan, root).map(({ path, line, weight, title, message }) => ({
      ...{ path, line, severity: severities[weight] },
      message: cut(`${title}: ${message}`, longestMessage),
    })),
  }
}

const severities = { low: 'LOW', medium: 'MEDIUM', high: 'HIGH' } as const

/** The report of an apply. It fails where something was not done or not kept. */
export function describeReport(report: ApplyReport): Insight {
  const { done, failed, skipped } = report.summary
  return {
    title: 'bbstate apply',
    details: cut([reportSentence(report), plain(serverWords(report))].join('\n'), longestDetails),
    result: isComplete(report) ? 'PASS' : 'FAIL',
    data: [
      { title: 'Done', type: 'NUMBER', value: done },
      { title: 'Failed', type: 'NUMBER', value: failed },
      { title: 'Skipped', type: 'NUMBER', value: skipped },
      { title: 'Digest', type: 'TEXT', value: report.digest.slice(0, 16) },
    ],
    annotations: [],
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/u, '')}…`
}
