/** The runner of GitHub Actions as a process of a step finds it: files that it reads afterwards, and its folders. */
import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { UsageError } from '../model/errors.js'
import type { Environment } from './settings.js'

/** Appends to a file that the runner names in a variable; nothing where it names none. */
export function appendToRunner(environment: Environment, variable: string, text: string): void {
  const path = environment[variable]
  if (path === undefined || path === '') return
  try {
    appendFileSync(path, text)
  } catch (cause) {
    throw new UsageError(`${variable}: the file of the runner cannot be written`, { cause })
  }
}

/** A line that no value can hold, to end a value of several lines. */
export function makeDelimiter(): string {
  return `bbstate_${randomUUID()}`
}

/** A file in the temporary directory of the job, which the runner empties after it. */
export function temporaryFile(environment: Environment, name: string): string {
  const directory = environment['RUNNER_TEMP']
  return join(directory === undefined || directory === '' ? mkdtempSync(join(tmpdir(), 'bbstate-')) : directory, name)
}

/** The whole path of a file that an input names. */
export function wholePath(path: string): string {
  return resolve(path)
}

/** The working directory below the root of the repository, with `/` between folders; empty: it is the root. */
export function placeInWorkspace(environment: Environment): string {
  const workspace = environment['GITHUB_WORKSPACE']
  if (workspace === undefined || workspace === '') return ''
  return relative(workspace, process.cwd()).replaceAll('\\', '/')
}
