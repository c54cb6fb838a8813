/** Documents that the run writes, and those that come with the package. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../model/errors.js'
import { recordFiles } from './record-file.js'

/**
 * Writes a document whole or not at all.
 * @throws UsageError naming the file where the disk refuses.
 */
export async function writeDocument(path: string, text: string): Promise<void> {
  try {
    // A pipe or a device is written to; only a file can be replaced in one step.
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined || stat.isFile()) await recordFiles.replace(resolve(path), text)
    else writeFileSync(path, text)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === undefined) throw cause
    throw new UsageError(`Cannot write ${path} (${code})`, {
      cause,
      hint: code === 'ENOSPC' ? 'The disk is full.' : 'Check the directory and its permissions.',
    })
  }
}

/** Writes a document in the last moment of a process, where nothing can be awaited any more. */
export function writeAtOnce(path: string, text: string): void {
  writeFileSync(path, text)
}

/** A file of the package, such as `schemas/plan.schema.json`. */
export function readPackaged(path: string): string {
  return readFileSync(findPackaged(path), 'utf8')
}

/** Where a file of the package lies; found from the sources and from the bundle. */
export function findPackaged(path: string): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'package.json')) && existsSync(join(directory, path))) return join(directory, path)
    if (directory === dirname(directory)) throw new UsageError(`The package lacks ${path}; install it again`)
  }
}

/**
 * Writes the files of an export into a directory and answers their paths. Never over a file that says something else:
 * it may hold what somebody wrote by hand. All are looked at before one is written.
 */
export async function writeExport(
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<readonly string[]> {
  const wanted = files.map(({ name, text }) => ({ path: join(directory, name), text }))
  const missing = wanted.filter(({ path, text }) => {
    if (!existsSync(path)) return true
    if (readFileSync(path, 'utf8') === text) return false
    throw new UsageError(`${path} exists and says something else`, {
      hint: 'Export into another directory and compare, or move the file away.',
    })
  })
  mkdirSync(directory, { recursive: true })
  for (const { path, text } of missing) await writeDocument(path, text)
  return wanted.map(({ path }) => path)
}
