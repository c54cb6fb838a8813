/** The file that clients of a `--tls` sandbox must trust: the authority's certificate, never a key. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where it lies. */
export interface TrustFile {
  readonly path: string
  remove(): void
}

/** Writes it beside the kept state, or into a directory of its own that goes with the sandbox. */
export function writeTrustFile(authority: string, dataDir: string | undefined): TrustFile {
  const directory = dataDir ?? mkdtempSync(join(tmpdir(), 'bbstate-sandbox-'))
  const path = join(directory, 'ca.pem')
  writeFileSync(path, authority)
  return {
    path,
    remove: () => rmSync(dataDir === undefined ? directory : path, { recursive: true, force: true }),
  }
}
