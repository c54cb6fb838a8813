// Runs a TypeScript file of the project: node .config/run.mjs FILE ARGS…
// Node 20 cannot strip types, so esbuild bundles the file (packages stay outside) next to node_modules and imports it.
import { mkdirSync, rmSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const [file, ...args] = process.argv.slice(2)
const cache = resolve('node_modules/.cache/bbstate')
mkdirSync(cache, { recursive: true })
const outfile = resolve(cache, `${basename(file, '.ts')}.${process.pid}.mjs`)
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'error',
})
process.on('exit', () => rmSync(outfile, { force: true }))
process.argv = [process.argv[0], file, ...args]
await import(pathToFileURL(outfile).href)
