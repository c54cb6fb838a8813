/**
 * Writes what is derived from the registry: the JSON Schemas and the reference pages. With `--check` it writes nothing
 * and fails naming what is stale. It holds the registry of the moment it was bundled: `generate.ts` runs it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { registry } from '../bitbucket/registry.js'
import { makeConfigurationSchema } from '../config/configuration-schema.js'
import { driftSchema } from './drift-schema.js'
import { planSchema, reportSchema, undoSchema } from './plan-schema.js'
import { makeActionFiles } from './action.js'
import { snapshotSchema } from './snapshot-schema.js'
import { makeReference } from './reference.js'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Every derived file with its text. */
function deriveFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  files.set('schemas/bbstate.schema.json', json(makeConfigurationSchema(registry)))
  files.set('schemas/plan.schema.json', json(planSchema))
  files.set('schemas/report.schema.json', json(reportSchema))
  files.set('schemas/drift.schema.json', json(driftSchema))
  files.set('schemas/snapshot.schema.json', json(snapshotSchema))
  files.set('schemas/undo.schema.json', json(undoSchema))
  for (const [path, text] of makeReference(registry)) files.set(join('docs/reference', path), text)
  for (const [path, text] of makeActionFiles()) files.set(path, text)
  return files
}

function findStale(files: ReadonlyMap<string, string>): readonly string[] {
  const stale = [...files].filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
  return stale.map(([path]) => path)
}

/** Pages of settings that are gone. */
function findOrphans(files: ReadonlyMap<string, string>): readonly string[] {
  const directory = 'docs/reference/settings'
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((path) => !files.has(path))
}

const files = deriveFiles()
const stale = findStale(files)
const orphans = findOrphans(files)
if (process.argv.includes('--check')) {
  for (const path of [...stale, ...orphans]) console.error(`${path} is stale: run npm run generate`)
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0
} else {
  for (const path of orphans) rmSync(path)
  for (const path of stale) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, files.get(path) ?? '')
    console.log(path)
  }
}
