/** The frame of a page: everything in one file, and a policy that lets it load nothing and run nothing else. */
import type { Areas } from './areas.js'
import { html, type Markup, nothing } from './markup.js'
import { script } from './script.js'
import { style } from './style.js'

/** SHA-256 of a text as hexadecimal digits. */
export type Sha256 = (text: string) => string

/** What stands in a page. */
export interface Page {
  readonly title: string
  readonly body: readonly Markup[]
  /** Too long to be laid out whole. */
  readonly isLong: boolean
}

/** A whole page. */
export function writePage({ title, body, isLong }: Page, sha256: Sha256): string {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${base64(sha256(style))}'`,
    `script-src 'sha256-${base64(sha256(script))}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${{ markup: style }}
        </style>
      </head>
      <body>
        <main${isLong ? html` class="many"` : nothing}>${body}</main>
        <script>
          ${{ markup: script }}
        </script>
      </body>
    </html>`.markup
}

/** Search, filters and folds; hidden until the script shows them. */
export function writeTools(areas: Areas, actions: readonly (readonly [value: string, label: string])[]): Markup {
  const options = areas.names.map(
    ({ name, count }, index) => html`<option value="${index}">${name} (${count})</option>`,
  )
  const buttons = actions.map(
    ([value, label]) => html`<button type="button" value="${value}" aria-pressed="true">${label}</button>`,
  )
  return html`<div class="tools" id="tools" role="search" hidden>
    <input
      type="search"
      id="search"
      placeholder="Search  ( / )"
      aria-label="Search addresses and values"
      autocomplete="off"
      spellcheck="false"
    />
    <select id="area" aria-label="Area">
      <option value="">All areas</option>
      ${options}
    </select>
    ${buttons}<button type="button" id="open">Open all</button>
    <button type="button" id="close">Close all</button>
    <output id="count" aria-live="polite"></output>
  </div>`
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function base64(hexadecimal: string): string {
  const bits = [...hexadecimal].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
  const digits = (bits.match(/.{1,6}/gu) ?? []).map((six) => alphabet[Number.parseInt(six.padEnd(6, '0'), 2)])
  return digits.join('').padEnd(Math.ceil(digits.length / 4) * 4, '=')
}
