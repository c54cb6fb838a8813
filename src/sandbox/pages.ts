/** The pages of the sandbox: sign-in, consent, errors and the start page. Plain HTML, no script, light and dark. */

/** Text made safe for HTML, attribute values included. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/gu, (character) => entities[character] ?? character)
}

const style = `
:root { color-scheme: light dark; --blue: #0c66e4; --line: #8884; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid; place-items: start center; padding: 8vh 1rem; }
main { width: min(46rem, 100%); } main.narrow { width: min(26rem, 100%); }
h1 { font-size: 1.4rem; } small, .dim { opacity: .7; }
form { display: grid; gap: .8rem; } label { display: grid; gap: .2rem; }
input { font: inherit; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .4rem; background: Field; color: FieldText; }
button { font: inherit; padding: .55rem 1rem; border: 0; border-radius: .4rem; background: var(--blue); color: #fff; cursor: pointer; }
button.plain { background: none; color: inherit; border: 1px solid var(--line); }
.row { display: flex; gap: .6rem; } .error { color: #c9372c; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { white-space: nowrap; overflow-wrap: normal; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
`

function document(title: string, body: string, width = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><main class="${width}">${body}</main></body></html>`
}

function hidden(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('')
}

/** Asks for user name and password. `query` carries the authorize request through. */
export function signInPage(action: string, query: string, csrf: string, error?: string): string {
  const problem = error === undefined ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`
  return document(
    'Log in - Bitbucket sandbox',
    `<h1>Log in</h1><p class="dim">Bitbucket Data Center sandbox</p>${problem}
<form method="post" action="${escapeHtml(action)}">${hidden({ step: 'sign-in', query, csrf })}
<label>Username <input name="username" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<div class="row"><button>Log in</button></div></form>`,
    'narrow',
  )
}

const scopeTexts: Readonly<Record<string, string>> = {
  PUBLIC_REPOS: 'See and clone public projects and repositories',
  ACCOUNT_WRITE: 'Change your own account settings',
  REPO_READ: 'See, clone and fork what you can see; comment on pull requests',
  REPO_WRITE: 'Push and merge',
  REPO_ADMIN: 'Change settings and permissions of repositories',
  PROJECT_ADMIN: 'Change settings and permissions of projects, create repositories',
  ADMIN_WRITE: 'Most administration of the whole server',
  SYSTEM_ADMIN: 'Everything that you may, settings of the system included',
}

/** Asks for consent. */
export function consentPage(
  action: string,
  query: string,
  csrf: string,
  about: { readonly user: string; readonly redirectUri: string; readonly scopes: readonly string[] },
): string {
  const scopes = about.scopes
    .map((scope) => `<li><code>${escapeHtml(scope)}</code> <span class="dim">${scopeTexts[scope] ?? ''}</span></li>`)
    .join('')
  return document(
    'Allow access - Bitbucket sandbox',
    `<h1>Allow access to your account?</h1>
<p>An application at <code>${escapeHtml(new URL(about.redirectUri).host)}</code> wants to act as
<strong>${escapeHtml(about.user)}</strong> with these permissions:</p><ul>${scopes}</ul>
<form method="post" action="${escapeHtml(action)}">${hidden({ step: 'consent', query, csrf })}
<div class="row"><button name="consent" value="allow">Allow</button>
<button class="plain" name="consent" value="deny">Deny</button>
<button class="plain" name="consent" value="switch">Use another account</button></div></form>`,
    'narrow',
  )
}

/** Says what is wrong with a request. */
export function errorPage(message: string): string {
  return document(
    'Error - Bitbucket sandbox',
    `<h1>This request cannot be served</h1><p>${escapeHtml(message)}</p>`,
    'narrow',
  )
}

function links(url: string): string {
  const pages = ['/status', '/rest/api/latest/application-properties']
  const items = pages.map((path) => `<a href="${escapeHtml(url + path)}">${escapeHtml(path)}</a>`)
  return `<p>${items.join(' · ')}</p>`
}

/** One line of the request log. */
export interface LogLine {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly user?: string | undefined
}

/** What is set, and what was asked lately. */
export function startPage(
  url: string,
  version: string,
  settings: Readonly<Record<string, unknown>>,
  log: readonly LogLine[],
): string {
  const set = Object.entries(settings)
    .map(
      ([name, value]) =>
        `<tr><th>${escapeHtml(name)}</th><td><code>${escapeHtml(JSON.stringify(value))}</code></td></tr>`,
    )
    .join('')
  const lines = log
    .map(
      ({ method, path, status, user = '' }) =>
        `<tr><td>${method}</td><td><code>${escapeHtml(path)}</code></td><td>${status}</td><td>${escapeHtml(user)}</td></tr>`,
    )
    .join('')
  return document(
    'Bitbucket sandbox',
    `<h1>Bitbucket Data Center sandbox</h1><p class="dim">${escapeHtml(url)} · answers like version ${escapeHtml(version)}</p>
${links(url)}<h2>Settings</h2><table>${set}</table><h2>Last requests</h2>
<table><tr><th>Method</th><th>Path</th><th>Status</th><th>User</th></tr>${lines}</table>`,
  )
}
