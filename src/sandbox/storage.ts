/** Keeps the state in a directory: written whole or not at all, so that a kill never leaves half of it. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reviveState, type SandboxState } from './state.js'

const file = 'sandbox.json'

/** Whether a directory has a kept state. */
export function hasState(directory: string | undefined): boolean {
  return directory !== undefined && existsSync(join(directory, file))
}

/** The kept state; `undefined` where there is none yet. */
export function loadState(directory: string): SandboxState | undefined {
  const path = join(directory, file)
  if (!existsSync(path)) return undefined
  try {
    return reviveState(JSON.parse(readFileSync(path, 'utf8')) as SandboxState)
  } catch (error) {
    throw new Error(`${path} is not the state of a sandbox. Move it away to start afresh.`, { cause: error })
  }
}

/** Writes the state durably. */
export function saveState(directory: string, state: SandboxState): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, file)
  const temporary = `${path}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  try {
    // Unlike writeSync this goes on until all is written.
    writeFileSync(descriptor, JSON.stringify(state))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, path)
  const folder = openSync(directory, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
