/** Projects and their repositories, as far as the sandbox has them. */
import type { Repository } from '../instance-state.js'
import { type Html, html } from './html.js'
import type { Page, View } from './view.js'

const path = '/sandbox/projects'
const shown = 50

export const projectsPage: Page = { path, title: 'Projects', show }

function show({ host, query, at }: View): Html {
  const text = (query.get('q') ?? '').trim().toLowerCase()
  const inside = new Map<string, Repository[]>()
  for (const repository of host.state.instance.repositories) {
    const found = inside.get(repository.project)
    if (found === undefined) inside.set(repository.project, [repository])
    else found.push(repository)
  }
  const isWanted = (...names: readonly string[]): boolean => names.some((name) => name.toLowerCase().includes(text))
  const projects = host.state.code.projects.flatMap((project) => {
    const all = inside.get(project.key) ?? []
    const found = all.filter(({ slug, name }) => isWanted(`${project.key}/${slug}`, name))
    return isWanted(project.key, project.name)
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
  const table = html`<table class="stack">
    <caption>
      ${projects.length > shown ? `The first ${shown} of ${projects.length} projects` : `${projects.length} projects`}
    </caption>
    <thead>
      <tr>
        <th>Key</th>
        <th>Name</th>
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
