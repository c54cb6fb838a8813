/** `bbstate explain [KIND]`: documentation of a setting, from its definition. */
import { registry } from '../../host/configuration.js'
import { UsageError } from '../../model/errors.js'
import { findNearest } from '../../model/nearest.js'
import { formatJson } from '../../report/json.js'
import type { Command } from '../call.js'

export const run: Command = async ({ face, argument }) => {
  const { explainSetting, listSettings } = await import('../../report/explain.js')
  if (argument === undefined) {
    face.print(face.options.json ? formatJson(registry.resources.map(({ kind }) => kind)) : listSettings(registry))
    return 0
  }
  const name = argument.split('.').at(-1)?.replace(/\[.*$/u, '') ?? argument
  const resource = registry.resources.find(({ kind, key }) => kind === name || key === name)
  if (resource === undefined) {
    const nearest = findNearest(
      name,
      registry.resources.map(({ kind }) => kind),
    )
    throw new UsageError(`There is no setting ${argument}`, {
      hint: nearest === undefined ? 'bbstate explain lists them all.' : `Did you mean ${nearest}?`,
    })
  }
  if (face.options.json) {
    const { kind, key, docs, schema, examples } = resource
    face.print(formatJson({ kind, key, docs, schema, examples }))
  } else face.print(explainSetting(registry, resource))
  return 0
}
