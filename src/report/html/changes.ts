/** Changes, one a fold: the address and where it comes from, before and after side by side below. */
import type { Action, Change } from '../../model/plan.js'
import { type FieldView, viewFields } from '../fields.js'
import type { DiffLine } from '../line-diff.js'
import { groupDigits } from '../sentence.js'
import { countWords, inReadingOrder, originWords } from '../words.js'
import type { Areas } from './areas.js'
import { html, mark, type Markup, nothing } from './markup.js'

const titles: Readonly<Record<Action, string>> = {
  delete: 'Deleted',
  replace: 'Replaced',
  update: 'Changed',
  create: 'Added',
}

/** A longer list starts closed and is laid out only where it is looked at, so that its page opens at once. */
export const manyChanges = 40

/** All changes, deletions first, each action a section. */
export function writeChanges(changes: readonly Change[], areas: Areas): readonly Markup[] {
  const actions: readonly Action[] = ['delete', 'replace', 'update', 'create']
  const ordered = inReadingOrder(changes)
  const isOpen = changes.length <= manyChanges
  return actions.map((action) => {
    const own = ordered.filter((change) => change.action === action)
    if (own.length === 0) return nothing
    return html`<section class="group" data-group>
      <h2>${titles[action]} <span class="n">${groupDigits(own.length)}</span></h2>
      ${own.map((change) => writeChange(change, areas, isOpen))}
    </section>`
  })
}

function writeChange(change: Change, areas: Areas, isOpen: boolean): Markup {
  const { address, action, renamedFrom } = change
  const origin = originWords(change)
  const open = isOpen ? html`open` : nothing
  const from = origin.length === 0 ? nothing : html`<span class="o">${mark(origin)}</span>`
  const renamed = renamedFrom === undefined ? nothing : html`<p>Renamed from <code>${renamedFrom}</code></p>`
  const fields = writeFields(change)
  const bare = fields === nothing && renamed === nothing ? html` bare` : nothing
  return html`<details class="c ${action}${bare}" data-area="${areas.indexOf(address)}" data-action="${action}" ${open}>
    <summary><i></i><code>${address}</code>${from}</summary>
    ${renamed}${fields}
  </details>`
}

function writeFields(change: Change): Markup {
  const views = viewFields(change)
  if (views.length === 0) return nothing
  const { action } = change
  const heads = [
    ...(action === 'create' ? [] : [html`<th scope="col">Before</th>`]),
    ...(action === 'delete' ? [] : [html`<th scope="col">After</th>`]),
  ]
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Field</th>
        ${heads}
      </tr>
    </thead>
    <tbody>
      ${views.map((view) => writeField(view, heads.length === 1))}
    </tbody>
  </table>`
}

function writeField(view: FieldView, isWhole: boolean): Markup {
  const cells =
    view.form === 'text' ? writeText(view.lines, isWhole) : view.form === 'set' ? writeSet(view) : writeSides(view)
  return html`<tr>
    <th scope="row">${view.path === '' ? 'value' : view.path}</th>
    ${cells}
  </tr>`
}

function writeSides({ before, after }: { readonly before?: string; readonly after?: string }): Markup {
  const cell = (side: 'b' | 'a', text: string | undefined): Markup =>
    text === undefined ? nothing : html`<td class="${side}">${text}</td>`
  return html`${cell('b', before)}${cell('a', after)}`
}

function writeSet({ gone, added }: { readonly gone: readonly string[]; readonly added: readonly string[] }): Markup {
  const cell = (side: 'b' | 'a', entries: readonly string[]): Markup =>
    html`<td class="set ${side}">${entries.map((entry) => html`<div>${entry}</div>`)}</td>`
  return html`${cell('b', gone)}${cell('a', added)}`
}

/** A text by its lines: of one that comes or goes one column, of one that changes both. */
function writeText(lines: readonly DiffLine[], isWhole: boolean): Markup {
  if (!isWhole) return html`<td class="text" colspan="2">${pairLines(lines).map(writePair)}</td>`
  const side = lines.some(({ change }) => change === 'added') ? 'a' : 'b'
  const shown = lines.map((line) => (line.change === 'skipped' ? nothing : html`<div>${line.line}</div>`))
  return html`<td class="set ${side}">${shown}</td>`
}

type Pair = { readonly before?: string; readonly after?: string; readonly isKept?: true } | { readonly skipped: number }

/** What is removed beside what is added in its place. */
function pairLines(lines: readonly DiffLine[]): readonly Pair[] {
  const pairs: Pair[] = []
  let [gone, added]: [string[], string[]] = [[], []]
  const flush = (): void => {
    for (let index = 0; index < Math.max(gone.length, added.length); index++) {
      const [before, after] = [gone[index], added[index]]
      pairs.push({ ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) })
    }
    ;[gone, added] = [[], []]
  }
  for (const line of lines) {
    if (line.change === 'removed') gone.push(line.line)
    else if (line.change === 'added') added.push(line.line)
    else {
      flush()
      pairs.push(
        line.change === 'skipped' ? { skipped: line.count } : { before: line.line, after: line.line, isKept: true },
      )
    }
  }
  flush()
  return pairs
}

function writePair(pair: Pair): Markup {
  if ('skipped' in pair) return html`<div class="same">… ${countWords(pair.skipped, 'line')} the same</div>`
  const { before, after, isKept } = pair
  if (isKept === true) return html`<div class="kept"><span>${before ?? ''}</span><span>${after ?? ''}</span></div>`
  const side = (name: 'b' | 'a', line: string | undefined): Markup =>
    line === undefined ? html`<span></span>` : html`<span class="${name}">${line}</span>`
  return html`<div>${side('b', before)}${side('a', after)}</div>`
}
