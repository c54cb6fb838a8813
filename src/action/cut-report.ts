/**
 * The report of an apply that the runner ends before the server has answered: what was done, what was under way, and
 * what was not begun.
 */
import type { Event } from '../model/event.js'
import type { ApplyReport, Outcome } from '../model/outcome.js'
import type { Change, Plan } from '../model/plan.js'

/** Follows an apply by its events. */
export interface Following {
  listen(event: Event): void
  /** As far as it has come. */
  report(): ApplyReport
}

export function followApply(plan: Plan): Following {
  const begun = new Set<string>()
  const outcomes = new Map<string, Outcome>()
  const outcomeOf = ({ address, action }: Change): Outcome => {
    const known = outcomes.get(address)
    if (known !== undefined) return known
    const open = { address, action, milliseconds: 0 }
    if (!begun.has(address)) return { ...open, outcome: 'skipped' }
    const message = `${address} was under way when the runner ended the job: whether it was done is not known`
    return { ...open, outcome: 'failed', error: { code: 'INTERRUPTED', message, hint: 'Run again: plan tells.' } }
  }
  return {
    listen(event) {
      if (event.type === 'applying') begun.add(event.change.address)
      if (event.type === 'applied') outcomes.set(event.outcome.address, event.outcome)
    },
    report() {
      const all = plan.changes.map(outcomeOf)
      const count = (wanted: Outcome['outcome']): number => all.filter(({ outcome }) => outcome === wanted).length
      return {
        formatVersion: 1,
        server: plan.server,
        digest: plan.digest,
        outcomes: all,
        summary: { done: count('done'), failed: count('failed'), skipped: count('skipped') },
        converged: false,
        remaining: [],
        requests: plan.requests,
      }
    },
  }
}
