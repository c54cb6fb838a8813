/**
 * The bundled Action as the runner of GitHub runs it: inputs and files by variables, commands read from the log, masks
 * applied to what is shown. Written from "Workflow commands for GitHub Actions" and "Metadata syntax".
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { GithubApiServer } from '../github-api.js'

const bundle = resolve('dist/action')
if (!existsSync(join(bundle, 'main.js'))) throw new Error('dist/action is missing: npm run build')

/** A command in the log that is shown at the run, or at a line of a file. */
export interface Annotation {
  readonly level: string
  readonly message: string
  readonly properties: Readonly<Record<string, string>>
}

/** What a step left behind. */
export interface StepResult {
  readonly code: number | null
  /** As the page of the run shows it: masks applied. */
  readonly log: string
  /** What was written, without the commands that hide a value. */
  readonly written: string
  readonly masks: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  readonly summary: string
  readonly annotations: readonly Annotation[]
}

/** What started the run. */
export interface Cause {
  readonly event: string
  readonly ref: string
  readonly sha: string
  readonly payload: object
}

export interface StepOptions {
  readonly inputs: Readonly<Record<string, string>>
  readonly cause: Cause
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** State of the main step, for the post step. */
  readonly state?: Readonly<Record<string, string>>
  readonly script?: 'main.js' | 'post.js'
}

export interface RunningStep {
  readonly ended: Promise<StepResult>
  readonly kill: (signal: NodeJS.Signals) => void
}

/** A job's workspace and temporary directory. */
export interface Job {
  readonly workspace: string
  readonly temporary: string
  write(name: string, text: string): string
  start(options: StepOptions): RunningStep
  run(options: StepOptions): Promise<StepResult>
  remove(): void
}

export function makeJob(github: GithubApiServer): Job {
  const home = mkdtempSync(join(tmpdir(), 'bbstate-job-'))
  const workspace = join(home, 'workspace')
  const temporary = join(home, 'temporary')
  for (const directory of [workspace, temporary]) mkdirSync(directory)
  let step = 0
  const start = (options: StepOptions): RunningStep => {
    const own = join(home, `step-${++step}`)
    mkdirSync(own)
    return startStep(options, github, { workspace, temporary, own })
  }
  return {
    workspace,
    temporary,
    write: (name, text) => {
      const path = join(workspace, name)
      writeFileSync(path, text)
      return path
    },
    start,
    run: (options) => start(options).ended,
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

interface Places {
  readonly workspace: string
  readonly temporary: string
  readonly own: string
}

function startStep(options: StepOptions, github: GithubApiServer, { workspace, temporary, own }: Places): RunningStep {
  const { inputs, cause, environment = {}, state = {}, script = 'main.js' } = options
  const file = (name: string, text = ''): string => {
    const path = join(own, name)
    writeFileSync(path, text)
    return path
  }
  const [output, kept, summary] = ['output', 'state', 'summary'].map((name) => file(name)) as [string, string, string]
  const upper = (prefix: string, values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]))
  const defaults = { command: 'plan', comment: 'true', 'check-run': 'true', annotations: 'true', issue: 'true' }
  const given = Object.entries({ ...defaults, ...inputs }).map(([name, value]) => [name.toUpperCase(), value])
  const child = spawn(process.execPath, [join(bundle, script)], {
    cwd: workspace,
    env: {
      PATH: process.env['PATH'],
      HOME: own,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: cause.event,
      GITHUB_EVENT_PATH: file('event.json', JSON.stringify(cause.payload)),
      GITHUB_REF: cause.ref,
      GITHUB_SHA: cause.sha,
      GITHUB_REPOSITORY: github.repository,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_RUN_ID: '4711',
      GITHUB_API_URL: github.url,
      GITHUB_GRAPHQL_URL: github.graphqlUrl,
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: output,
      GITHUB_STATE: kept,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temporary,
      ...environment,
      ...upper('INPUT_', Object.fromEntries(given) as Record<string, string>),
      ...upper('STATE_', state),
    } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()))
  const ended = new Promise<StepResult>((done) => {
    child.on('close', (code) =>
      done({
        code,
        ...readLog(text),
        outputs: readFileCommands(output),
        state: readFileCommands(kept),
        summary: readFileSync(summary, 'utf8'),
      }),
    )
  })
  return { ended, kill: (signal) => child.kill(signal) }
}

/** The runner hides a value from the line after the one that names it. */
function readLog(text: string): Pick<StepResult, 'log' | 'written' | 'masks' | 'annotations'> {
  const masks: string[] = []
  const shown: string[] = []
  const written: string[] = []
  const annotations: Annotation[] = []
  for (const line of text.split('\n')) {
    const [, name = '', list = '', data = ''] = /^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$/u.exec(line) ?? []
    if (name === 'add-mask') {
      masks.push(unescapeData(data))
      continue
    }
    written.push(line)
    const hidden = [...masks]
      .sort((a, b) => b.length - a.length)
      .reduce((each, mask) => each.replaceAll(mask, '***'), line)
    shown.push(hidden)
    if (['error', 'warning', 'notice', 'debug'].includes(name)) {
      const pairs = list
        .split(',')
        .filter(Boolean)
        .map((pair) => pair.split('=') as [string, string])
      const properties = Object.fromEntries(pairs.map(([key, value]) => [key, unescapeProperty(value)]))
      annotations.push({ level: name, message: unescapeData(data), properties })
    } else if (name !== '') throw new Error(`The runner would take this for a command: ${line}`)
  }
  return { log: shown.join('\n'), written: written.join('\n'), masks, annotations }
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','))
}

function readFileCommands(path: string): Readonly<Record<string, string>> {
  const lines = readFileSync(path, 'utf8').split('\n')
  const values: Record<string, string> = {}
  for (let index = 0; index < lines.length; index++) {
    const [, name, delimiter] = /^([^=<]+)<<(.+)$/u.exec(lines[index] ?? '') ?? []
    if (name === undefined) continue
    const end = lines.indexOf(delimiter ?? '', index + 1)
    if (end === -1) throw new Error(`The value of ${name} has no end`)
    values[name] = lines.slice(index + 1, end).join('\n')
    index = end
  }
  return values
}
