/** Where `${var:name}` comes from: `--var`, else `--var-file`, else `BBSTATE_VAR_NAME`. */
import { UsageError } from '../model/errors.js'
import { variableVariable } from '../model/secret.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

const assignment = /^([a-z][a-z0-9-]{0,63})=(.*)$/su

/**
 * The variables of a run.
 * @throws UsageError for an option or a line that is not NAME=VALUE.
 */
export function readVariables(world: World, settings: Settings): (name: string) => string | undefined {
  const values = new Map<string, string>()
  for (const file of settings.list('var-file')) {
    const lines = world.readFile(file, '--var-file').split(/\r?\n/u)
    for (const [index, line] of lines.entries()) {
      if (line.trim() !== '' && !line.startsWith('#')) assign(values, line, `${file}:${index + 1}`)
    }
  }
  for (const text of settings.list('var')) assign(values, text, '--var')
  return (name) => values.get(name) ?? world.environment[variableVariable(name)]
}

function assign(values: Map<string, string>, text: string, where: string): void {
  const match = assignment.exec(text)
  if (match === null) {
    throw new UsageError(`${where}: not NAME=VALUE`, {
      hint: 'A name begins with a small letter and holds small letters, digits and hyphens.',
    })
  }
  values.set(match[1] ?? '', match[2] ?? '')
}
