/** The helper that `--token-store exec:PATH` names, as this machine runs it. */
import { realpathSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { AuthError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { HelperOptions } from '../oauth/stores/exec-protocol.js'
import { cleanEnvironment, runProgram } from './program.js'
import type { World } from './world.js'

/** A helper as options name it. */
export interface HelperWords {
  readonly path: string
  readonly args: readonly string[]
  /** Variables it gets beside the usual ones. */
  readonly variables: readonly string[]
}

/**
 * A helper that may be run.
 * @throws UsageError where the path is not absolute; AuthError `AUTH_STORE` where others could put another program there.
 */
export function prepareHelper(world: World, words: HelperWords, listen?: Listener): HelperOptions {
  const { path, args, variables } = words
  if (!isAbsolute(path)) {
    throw new UsageError('--token-store exec: needs an absolute path', {
      hint: 'Write --token-store exec:/usr/local/bin/helper, and its arguments with --store-argument.',
    })
  }
  const wrong = variables.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name) || /^BBSTATE_/iu.test(name))
  if (wrong !== undefined) {
    throw new UsageError(`--store-variable ${JSON.stringify(wrong)} cannot be handed to a helper`, {
      hint: 'Give the name of one variable. Those of bbstate itself hold its own secrets and stay here.',
    })
  }
  requireTrusted(path)
  return {
    path,
    args,
    environment: cleanEnvironment(world.environment, variables),
    run: runProgram,
    scrubber: world.scrubber,
    ...(listen === undefined
      ? {}
      : { tell: (message) => listen({ type: 'warning', warning: { code: 'STORE_HELPER', message } }) }),
  }
}

/** The program gets the token: nobody else may be able to put another one in its place. */
function requireTrusted(path: string): void {
  if (process.platform === 'win32') return
  const found = statSync(path, { throwIfNoEntry: false })
  // What is not there, the start itself tells.
  if (found === undefined) return
  const refuse = (what: string, hint: string): AuthError =>
    new AuthError('AUTH_STORE', `The token helper ${realpathSync(path)} ${what}`, { hint })
  if (!found.isFile()) throw refuse('is not a file', 'Name the program itself.')
  if ((found.mode & 0o002) !== 0)
    throw refuse('can be changed by every user', `Take that right away: chmod o-w ${path}`)
  if (found.uid !== 0 && found.uid !== process.getuid?.()) {
    throw refuse('belongs to another user', 'It must belong to root or to the user who runs bbstate.')
  }
}
