/** The frame of every table, which a narrow screen shows row by row, and the form that narrows what is in one. */
import { type Html, html } from './html.js'
import type { View } from './view.js'

/** A heading; of a column of numbers to the right, like these. */
export type Column = string | { readonly number: string }

/** @param caption how many there are, where that is not plain to see */
export function stackTable(columns: readonly Column[], rows: readonly Html[], caption?: string): Html {
  const heads = columns.map((column) =>
    typeof column === 'string' ? html`<th>${column}</th>` : html`<th class="number">${column.number}</th>`,
  )
  const said =
    caption !== undefined &&
    html`<caption>
      ${caption}
    </caption>`
  return html`<table class="stack">
    ${said}
    <thead>
      <tr>
        ${heads}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

/** How many there are, and that not all of them are shown. */
export function counted(count: number, shown: number, what: string): string {
  return count > shown ? `The first ${shown} of ${count} ${what}; find the others by name.` : `${count} ${what}`
}

/** Asks for a word that rows must have. */
export function searchPanel({ at, query }: View, path: string, label: string, placeholder = ''): Html {
  return html`<div class="panel">
    <form class="line" method="get" action="${at(path)}" role="search">
      <label
        >${label}
        <input name="q" value="${query.get('q') ?? ''}" placeholder="${placeholder}" autocapitalize="none" /></label
      ><button class="plain">Find</button>
    </form>
  </div>`
}

/** Whether one of the names has the word that was asked for. */
export function isAsked({ query }: View, ...names: readonly string[]): boolean {
  const word = (query.get('q') ?? '').trim().toLowerCase()
  return names.some((name) => name.toLowerCase().includes(word))
}
