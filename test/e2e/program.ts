/** The built program as a real process against a sandbox in this one. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import type { Sandbox } from '../../src/sandbox/server.js'

const program = resolve('dist/bbstate.js')
if (!existsSync(program)) throw new Error('dist/bbstate.js is missing: npm run build')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Both, for what must appear nowhere. */
  readonly all: string
}

export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Resolves once stderr or stdout matches. */
  waitFor(pattern: RegExp): Promise<string>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Starts the program with nothing of this process's environment but the path. */
export function start(args: readonly string[], environment: Environment = {}, cwd = '.'): Running {
  return startProcess(process.execPath, [program, ...args], environment, cwd)
}

/** Whether programs can be run in a terminal here: by `script` as Debian has it (util-linux). */
export const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')
if (!hasTerminal) console.info('Skipped: no script(1) of util-linux on this machine.')

/** Starts the program in a terminal of its own, with somebody who types. */
export function startInTerminal(
  args: readonly string[],
  environment: Environment,
): Running & { type(text: string): void } {
  const line = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  let type: (text: string) => void = () => undefined
  const running = startProcess(
    'script',
    ['-qefc', line, '/dev/null'],
    { TERM: 'xterm', ...environment },
    '.',
    (input) => {
      type = (text) => input.write(text)
    },
  )
  return { ...running, type: (text) => type(text) }
}

/** Runs a line of bash to its end, asynchronously: the sandbox lives in this process. */
export function runShell(line: string, environment: Environment): Promise<Ended> {
  return startProcess('bash', ['--norc', '-c', line], environment, '.').ended
}

function startProcess(
  command: string,
  args: readonly string[],
  environment: Environment,
  cwd: string,
  takeInput?: (input: Writable) => void,
): Running {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...environment } as NodeJS.ProcessEnv,
    stdio: [takeInput === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  if (child.stdout === null || child.stderr === null) throw new Error('A process without pipes')
  if (child.stdin !== null) takeInput?.(child.stdin)
  let stdout = ''
  let stderr = ''
  const watchers: (() => void)[] = []
  const note = (): void => {
    for (const watcher of watchers) watcher()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    note()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    note()
  })
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => {
      done({ code, signal, stdout, stderr, all: stdout + stderr })
      note()
    })
  })
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    waitFor: (pattern) =>
      new Promise((found, lost) => {
        const look = (): void => {
          const match = pattern.exec(stdout + stderr)
          if (match !== null) found(match[0])
        }
        watchers.push(look)
        look()
        void ended.then(({ all }) => lost(new Error(`The program ended without ${String(pattern)}:\n${all}`)))
      }),
  }
}

/** Runs the program to its end. */
export function run(args: readonly string[], environment: Environment = {}, cwd = '.'): Promise<Ended> {
  return start(args, environment, cwd).ended
}

/** A directory that is removed at the end of the test. */
export function makeHome(): { readonly path: string; write(name: string, text: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bbstate-e2e-'))
  return {
    path,
    write: (name, text) => {
      const file = join(path, name)
      writeFileSync(file, text)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** The environment of somebody who uses a sandbox. */
export function environmentFor(sandbox: Sandbox, home: string): Environment {
  return {
    BBSTATE_HOME: home,
    BBSTATE_URL: sandbox.url,
    BBSTATE_CLIENT_ID: sandbox.clientId,
    BBSTATE_CLIENT_SECRET: sandbox.clientSecret,
    BBSTATE_STORE_KEY: randomBytes(32).toString('base64'),
  }
}

/** Signs in: the test plays the browser, the sandbox consents by itself. */
export async function signIn(
  environment: Environment,
  redirectUri: string,
  ...more: readonly string[]
): Promise<Ended> {
  const login = start(['auth', 'login', '--no-browser', '--redirect-uri', redirectUri, ...more], environment)
  const page = await login.waitFor(/http:\/\/\S+authorize\S+/u)
  await fetch(page).catch(() => undefined)
  return login.ended
}
