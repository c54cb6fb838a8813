#!/usr/bin/env node
/**
 * The entry of the command line. What needs no command is answered from static text, before anything is loaded.
 */
import { version } from '../host/version.js'

const [first, ...rest] = process.argv.slice(2)

if (rest.length === 0 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${version}\n`)
} else if (first === undefined || (rest.length === 0 && (first === '--help' || first === '-h' || first === 'help'))) {
  const { helpText } = await import('./help-text.js')
  process.stdout.write(await helpText())
  process.exitCode = first === undefined ? 1 : 0
} else {
  const { runCommandLine } = await import('./run.js')
  await runCommandLine(process.argv.slice(2))
}
