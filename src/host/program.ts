/**
 * Runs a program of the user's own: a helper that keeps the token, or the system's keychain.
 *
 * No shell, an environment of named variables alone, one text in, one text out, both bounded in time and length. It runs
 * in a process group of its own: Ctrl-C at the terminal does not cut it off in the middle of a write, and what it has
 * started ends with it when its time is up.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { ProgramRequest, ProgramResult, RunProgram } from '../oauth/stores/exec-protocol.js'
import type { Environment } from './settings.js'

/** What every program gets, as far as it is set; Windows starts none without its own two. */
const usualVariables = ['PATH', 'HOME', 'LANG']
const windowsVariables = ['SystemRoot', 'USERPROFILE']

/** The usual variables and the named ones, as far as they are set. */
export function cleanEnvironment(environment: Environment, named: readonly string[]): Record<string, string> {
  const system = process.platform === 'win32' ? windowsVariables : []
  const names = [...usualVariables, ...system, ...named]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Longest stderr that is kept: the beginning of it says what is wrong. */
const errorLimitBytes = 16 * 1024

/** Runs a program to its end, or to its limits. Never rejects: how it ended is part of the result. */
export const runProgram: RunProgram = async (request) => {
  try {
    return await watch(start(request), request)
  } catch (thrown) {
    // What the system tells at once: arguments too long, or with a null byte in them.
    return { type: 'unstarted', reason: (thrown as NodeJS.ErrnoException).code ?? 'unknown error' }
  }
}

function start(request: ProgramRequest): ChildProcessWithoutNullStreams {
  return spawn(request.path, [...request.args], {
    env: { ...request.environment },
    // The root: a helper that trusts its working directory would trust a checkout.
    cwd: process.platform === 'win32' ? undefined : '/',
    stdio: 'pipe',
    shell: false,
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
}

function watch(child: ChildProcessWithoutNullStreams, request: ProgramRequest): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const output: Buffer[] = []
    const errors: Buffer[] = []
    let length = 0
    let errorLength = 0
    let cut: 'time' | 'output' | undefined
    const end = (reason: 'time' | 'output'): void => {
      cut ??= reason
      killGroup(child.pid)
    }
    const timer = setTimeout(() => end('time'), request.timeoutMilliseconds)
    const finish = (how: { exitCode: number | null } | { startError: string }): void => {
      clearTimeout(timer)
      const stderr = Buffer.concat(errors).toString('utf8')
      if ('startError' in how) resolve({ type: 'unstarted', reason: how.startError })
      else if (cut !== undefined) resolve({ type: 'cut', limit: cut, stderr })
      else resolve({ type: 'ended', exitCode: how.exitCode, stdout: Buffer.concat(output).toString('utf8'), stderr })
    }
    child.stdout.on('data', (piece: Buffer) => {
      length += piece.length
      if (length > request.outputLimitBytes) end('output')
      else output.push(piece)
    })
    child.stderr.on('data', (piece: Buffer) => {
      if (errorLength < errorLimitBytes) errors.push(piece.subarray(0, errorLimitBytes - errorLength))
      errorLength += piece.length
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) finish({ startError: error.code ?? 'unknown error' })
    })
    // What it left running may hold its pipes open for ever; what it had to say itself has arrived by then.
    child.on('exit', () =>
      setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => pipe.destroy()), 500).unref(),
    )
    child.on('close', (exitCode) => finish({ exitCode }))
    // A program that ends without reading its input has its own reason, which its exit code tells.
    child.stdin.on('error', () => undefined)
    child.stdin.end(request.input)
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended by itself meanwhile.
  }
}
