/** What the demo leaves nothing of: a directory for its token, and the key that seals it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for the length of the demo. */
export function makeScratchDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bbstate-demo-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A key that seals the demo's token. */
export function makeStoreKey(): string {
  return randomBytes(32).toString('base64')
}
