/** Projects and their repositories, as far as the sandbox has them. */
import type { Repository } from '../instance-state.js'
import { type Html, html } from './html.js'
import type { Page, View } from './view.js'

const path = '/sandbox/projects'
const shown = 50

export const projectsPage: Page = { path, title: 'Projects', show }

function show({ host, query, at }: View): Html {
  const text = (query.get('q') ?? '').trim().toLowerCase()
  const projects = new Map<string, Repository[]>()
  for (const repository of host.state.instance.repositories) {
    const { project, slug, name } = repository
    if (!`${project}/${slug} ${name}`.toLowerCase().includes(text)) continue
    projects.set(project, [...(projects.get(project) ?? []), repository])
  }
  const rows = [...projects].slice(0, shown).map(([key, repositories]) => {
    const names = repositories.slice(0, shown).map(({ slug }) => slug)
    const more = repositories.length > shown ? ` and ${repositories.length - shown} more` : ''
    return html`<tr>
      <td><b>${key}</b></td>
      <td class="number" data-label="Repositories">${repositories.length}</td>
      <td class="wide">${names.join(', ')}${more}</td>
    </tr>`
  })
  const table = html`<table class="stack">
    <caption>
      ${projects.size > shown ? `The first ${shown} of ${projects.size} projects` : `${projects.size} projects`}
    </caption>
    <thead>
      <tr>
        <th>Key</th>
        <th class="number">Repositories</th>
        <th>Which</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  return html`<h1>Projects</h1>
    <p class="lead">The projects of this server and what is in them.</p>
    <div class="panel">
      <form class="line" method="get" action="${at(path)}" role="search">
        <label>Key, slug or name <input name="q" value="${query.get('q') ?? ''}" autocapitalize="none" /></label
        ><button class="plain">Find</button>
      </form>
    </div>
    <section class="panel" id="projects" data-live aria-label="Projects">
      ${rows.length === 0 ? html`<p class="empty">There is none.</p>` : table}
    </section>`
}
