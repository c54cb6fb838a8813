/** A script of faults: a JSON file with a list of them. */
import { readFileSync } from 'node:fs'
import { checkFault, type Fault } from './faults.js'

/** @throws TypeError that says which fault of the file is wrong, and why */
export function readFaultFile(path: string): readonly Fault[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new TypeError(`${path} cannot be read as JSON`, { cause: error })
  }
  if (!Array.isArray(parsed)) throw new TypeError(`${path} must hold a list of faults`)
  return parsed.map((fault: unknown, index) => {
    try {
      return checkFault(fault)
    } catch (error) {
      throw new TypeError(`${path}: fault ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
}
