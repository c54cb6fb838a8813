/** Files of the demo: a directory that goes with it, and the quick start in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readPackaged } from './documents.js'

/** A directory for the length of the demo. */
export function makeScratchDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bbstate-demo-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Copies an example of the package and answers the copy's path. */
export function copyExample(path: string, directory: string): string {
  const copy = join(directory, basename(path))
  writeFileSync(copy, readPackaged(path))
  return copy
}
