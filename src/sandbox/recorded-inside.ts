/** Puts what was recorded of the inside of a project or a repository there, with numbers of this server. */
import type { Scope } from './code-state.js'
import type { Inside } from './record-inside.js'
import type { SandboxState } from './state.js'

/** The same at every start. */
const createdDate = Date.UTC(2026, 0, 1)

export function placeInside({ code, instance }: SandboxState, scope: Scope, inside: Inside): void {
  const numbered = <T extends object>(all: readonly T[]) => all.map((one) => ({ id: instance.nextId++, scope, ...one }))
  code.grants[scope] = [...inside.grants]
  const dates = { createdDate, updatedDate: createdDate }
  code.webhooks.push(...numbered(inside.webhooks).map((webhook) => ({ ...webhook, ...dates })))
  for (const key of inside.accessKeys) {
    // Made-up keys are the same to the letter wherever the same one was.
    const twin = code.accessKeys.find(({ text }) => text === key.text)
    code.accessKeys.push({ id: twin?.id ?? instance.nextId++, scope, ...key })
  }
  for (const { keys, ...restriction } of numbered(inside.restrictions)) {
    const known = code.accessKeys.filter(({ text }) => keys.includes(text)).map(({ id }) => id)
    code.restrictions.push({ ...restriction, accessKeys: [...new Set(known)] })
  }
  code.reviewerConditions.push(...numbered(inside.reviewerConditions))
  code.reviewerGroups.push(...numbered(inside.reviewerGroups))
  code.hooks.push(...inside.hooks.map((hook) => ({ scope, ...hook })))
  code.defaultTasks.push(...numbered(inside.defaultTasks))
  for (const [name, value] of Object.entries(inside.settings)) code.settings[`${scope} ${name}`] = value
  code.requiredBuilds.push(...numbered(inside.requiredBuilds ?? []))
  code.labels.push(...(inside.labels ?? []).map((name) => ({ scope, name })))
}
