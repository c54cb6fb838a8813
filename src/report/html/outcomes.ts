/** What became of each change, failures first. */
import type { Outcome } from '../../model/outcome.js'
import { groupDigits } from '../sentence.js'
import { sourceWords } from '../words.js'
import type { Areas } from './areas.js'
import { html, type Markup, nothing } from './markup.js'

const titles = { failed: 'Failed', skipped: 'Skipped', done: 'Done' }

/** All outcomes, each result a section. */
export function writeOutcomes(outcomes: readonly Outcome[], areas: Areas): readonly Markup[] {
  return (['failed', 'skipped', 'done'] as const).map((wanted) => {
    const own = outcomes.filter(({ outcome }) => outcome === wanted)
    if (own.length === 0) return nothing
    return html`<section class="group" data-group>
      <h2>${titles[wanted]} <span class="n">${groupDigits(own.length)}</span></h2>
      ${own.map((outcome) => writeOutcome(outcome, areas))}
    </section>`
  })
}

function writeOutcome({ address, action, outcome, error, requestId, milliseconds }: Outcome, areas: Areas): Markup {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['What', error?.message],
    ['Code', error?.code],
    ['Place', error?.source === undefined ? undefined : sourceWords(error.source)],
    ['What to do', error?.hint],
    ['Request id', error?.requestId ?? requestId],
    ['Took', `${groupDigits(milliseconds)} ms`],
  ]
  const shown = facts.flatMap(([name, text]) =>
    text === undefined
      ? []
      : [
          html`<dt>${name}</dt>
            <dd>${text}</dd>`,
        ],
  )
  const open = outcome === 'failed' ? html`open` : nothing
  return html`<details class="c ${action}" data-area="${areas.indexOf(address)}" data-action="${outcome}" ${open}>
    <summary><i></i><code>${address}</code><span class="o">${outcome}</span></summary>
    <dl>${shown}</dl>
  </details>`
}
