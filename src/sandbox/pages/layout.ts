/** The frame of every page, and the headers that go with it. */
import type { Reply } from '../answers.js'
import { hidden, Html, html, type Part } from './html.js'
import type { View } from './view.js'

/** Where the pages lie, in the order of the menu. */
export const menu = [
  ['/', 'Overview'],
  ['/sandbox/settings', 'Settings'],
  ['/sandbox/people', 'People'],
  ['/sandbox/projects', 'Projects'],
  ['/sandbox/links', 'Links'],
  ['/sandbox/applications', 'Applications'],
  ['/sandbox/requests', 'Requests'],
  ['/sandbox/faults', 'Faults'],
] as const

/** Addresses of what every page loads. */
export const styleAddress = '/sandbox/style.css'
export const scriptAddress = '/sandbox/live.js'
export const iconAddress = '/sandbox/icon.svg'
export const eventsAddress = '/sandbox/events'

function head(base: string, title: string, more: Part = ''): Html {
  return html`<meta charset="utf-8" /><title>${title} - Bitbucket sandbox</title>
    <meta name="viewport" content="width=device-width, initial-scale=1" /><meta
      name="color-scheme"
      content="light dark"
    />
    <link rel="stylesheet" href="${base}${styleAddress}" /><link rel="icon" href="${base}${iconAddress}" />${more}`
}

const mark = new Html(
  '<svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M3 4h18l-2.600 16.200a1 1 0 0 1-1 .8H6.600a1 1 0 0 1-1-.8zm6.300 5 .9 6h3.600l.9-6z"/></svg>',
)

/** A page with menu. */
export function sitePage(view: View, page: { path: string; title: string; reloads?: true }, body: Html): string {
  const { at, session, refused } = view
  const links = menu.map(
    ([path, name]) => html`<a href="${at(path)}" ${path === page.path && new Html(' aria-current="page"')}>${name}</a>`,
  )
  const reload = html`<noscript><meta http-equiv="refresh" content="5" /></noscript>`
  const live = html`<script type="module" src="${at(scriptAddress)}"></script>`
  const who =
    session.user === undefined
      ? html`<a href="${at('/login')}?next=${encodeURIComponent(page.path)}">Log in</a>`
      : html`<span>${session.user}</span>
          <form class="inline" method="post" action="${at('/logout')}">
            ${hidden({ csrf: session.csrf })}<button class="plain small">Log out</button>
          </form>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(at(''), page.title, [page.reloads === true && reload, live])}
      </head>
      <body data-events="${at(eventsAddress)}">
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <div class="bar">
            <a class="brand" href="${at('/')}">${mark}Bitbucket sandbox</a>
            <span class="badge">${view.host.version}</span>
            <div class="who">${who}</div>
            <nav aria-label="Pages">${links}</nav>
          </div>
        </header>
        <main id="main">
          ${session.takeNotice()}${refused !== undefined && refused.form === undefined && problemNote(refused.problem)}${body}
        </main>
        <footer>A sandbox for trying and testing. Not a product of Atlassian, and no data leaves this machine.</footer>
      </body>
    </html>`.text
}

/** A page that stands alone: sign-in, consent, errors. */
export function barePage(base: string, title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(base, title)}
      </head>
      <body>
        <main class="narrow">
          <p class="brand">${mark}Bitbucket sandbox</p>
          <div class="panel">${body}</div>
        </main>
      </body>
    </html>`.text
}

/** Says why something was not done. */
export function problemNote(problem: string): Html {
  return html`<div class="note bad" role="alert"><p>${problem}</p></div>`
}

/**
 * A page as an answer.
 * @param target where a form of this page may lead beside here: browsers hold forms to the policy through redirects.
 */
export function pageReply(status: number, text: string, target = ''): Reply {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `form-action 'self' ${target}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    status,
    text,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // Not `no-referrer`: forms would then come with `Origin: null`, like those of a stranger.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'content-security-policy': policy.join('; '),
    },
  }
}

/** Sends the browser on, with GET. */
export function redirectReply(location: string, status = 303): Reply {
  return { status, text: '', headers: { location, 'cache-control': 'no-store' } }
}
