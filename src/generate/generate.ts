/**
 * Writes everything that is derived: `npm run generate`. With `--check` it writes nothing and fails naming what is stale.
 *
 * The registry comes first and alone, from the names of the files: it imports every setting, so whatever is bundled with
 * a registry that names too few or too many of them would derive from yesterday's settings, or not bundle at all.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { makeRegistryModule } from './registry.js'

const path = 'src/bitbucket/registry.ts'
const text = makeRegistryModule(readdirSync('src/bitbucket/resources'))
const isStale = readFileSync(path, 'utf8') !== text
const args = process.argv.slice(2)

if (isStale && args.includes('--check')) {
  console.error(`${path} is stale, and so is what is derived from it: run npm run generate`)
  process.exitCode = 1
} else {
  if (isStale) {
    writeFileSync(path, text)
    console.log(path)
  }
  const derive = ['.config/run.mjs', 'src/generate/derive.ts', ...args]
  process.exitCode = spawnSync(process.execPath, derive, { stdio: 'inherit' }).status ?? 1
}
