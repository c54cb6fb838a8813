/** Projects and their repositories, as far as the sandbox has them. */
import type { Repository } from '../instance-state.js'
import { type Html, html } from './html.js'
import { counted, isAsked, searchPanel, stackTable } from './table.js'
import type { Page, View } from './view.js'

const path = '/sandbox/projects'
const shown = 50

export const projectsPage: Page = { path, title: 'Projects', show }

function show(view: View): Html {
  const { host } = view
  const inside = new Map<string, Repository[]>()
  for (const repository of host.state.instance.repositories) {
    const found = inside.get(repository.project)
    if (found === undefined) inside.set(repository.project, [repository])
    else found.push(repository)
  }
  const projects = host.state.code.projects.flatMap((project) => {
    const all = inside.get(project.key) ?? []
    const found = all.filter(({ slug, name }) => isAsked(view, `${project.key}/${slug}`, name))
    return isAsked(view, project.key, project.name)
      ? { project, repositories: all }
      : found.length === 0
        ? []
        : { project, repositories: found }
  })
  const rows = projects.slice(0, shown).map(({ project, repositories }) => {
    const names = repositories.slice(0, shown).map(({ slug }) => slug)
    const more = repositories.length > shown ? ` and ${repositories.length - shown} more` : ''
    return html`<tr>
      <td><b>${project.key}</b> ${project.public === true && html`<span class="badge">public</span>`}</td>
      <td>${project.name}</td>
      <td class="number" data-label="Repositories">${repositories.length}</td>
      <td class="wide">${names.join(', ')}${more}</td>
    </tr>`
  })
  const columns = ['Key', 'Name', { number: 'Repositories' }, 'Which']
  const table = stackTable(columns, rows, counted(projects.length, shown, 'projects'))
  return html`<h1>Projects</h1>
    <p class="lead">The projects of this server and what is in them.</p>
    ${searchPanel(view, path, 'Key, slug or name')}
    <section class="panel" id="projects" data-live aria-label="Projects">
      ${rows.length === 0 ? html`<p class="empty">There is none.</p>` : table}
    </section>`
}
