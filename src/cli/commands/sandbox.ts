/** `bbstate sandbox`: a local Bitbucket Data Center until it is stopped, or a recording of a real one to start from. */
import { writeDocument } from '../../host/documents.js'
import { ask } from '../../host/prompt.js'
import { openReader } from '../../host/server-reader.js'
import { UsageError } from '../../model/errors.js'
import { findNearest } from '../../model/nearest.js'
import { readFaultFile } from '../../sandbox/fault-file.js'
import { recordEstate, type RecordedEstate } from '../../sandbox/record.js'
import { isEstate } from '../../sandbox/recorded.js'
import { describeSandbox } from '../../sandbox/introduction.js'
import { readOAuthOption } from '../../sandbox/oauth-rules.js'
import { type SandboxOptions, startSandbox } from '../../sandbox/server.js'
import { randomText } from '../../sandbox/state.js'
import type { Call, Command } from '../call.js'

export const run: Command = async (call) => {
  const { settings, face, world } = call
  const from = settings.text('record-from')
  if (from !== undefined) return record(call, from)
  const sandbox = await startSandbox(sandboxOptions(call))
  if (face.options.json) {
    const { url, clientId, clientSecret, redirectUri, username, password, controlToken, caFile } = sandbox
    const line = { url, clientId, clientSecret, redirectUri, username, password, controlToken, caFile }
    face.print(`${JSON.stringify(line)}\n`)
  } else {
    face.print(describeSandbox(sandbox))
  }
  await new Promise<void>((resolve) => {
    if (world.signal.aborted) resolve()
    world.signal.addEventListener('abort', () => resolve())
  })
  await sandbox.close()
  return 0
}

function sandboxOptions({ settings, world }: Call): SandboxOptions {
  const rateLimit = settings.text('rate-limit')
  const estate = settings.text('estate')
  const faults = settings.text('faults')
  return {
    ...given('port', settings.number('port')),
    ...given('host', settings.text('host')),
    ...given('contextPath', settings.text('context-path')),
    ...given('dataDir', settings.text('data')),
    ...given('bitbucket', versionOf(settings.text('bitbucket'))),
    ...given('latencyMilliseconds', settings.number('latency')),
    ...given('pageLimit', settings.number('page-limit')),
    ...(rateLimit === undefined ? {} : { rateLimit: parseRate(rateLimit) }),
    ...(faults === undefined ? {} : { faults: asUsage(() => readFaultFile(faults)) }),
    oauth: asUsage(() => Object.fromEntries(settings.list('oauth').map(readOAuthOption))),
    ...(estate === undefined
      ? {}
      : estate.includes('=')
        ? { estate: parseEstate(estate) }
        : { recorded: readEstate(world, estate) }),
    ...given('control', settings.choice('control')),
    ...given('openPages', settings.choice('open-pages')),
    allowedHosts: settings.list('allow-host').map((name) => name.toLowerCase()),
    tls: settings.flag('tls'),
    autoConsent: settings.flag('auto-consent'),
  }
}

/** What the sandbox does not take is a mistake in the command. */
function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function readEstate(world: Call['world'], path: string): RecordedEstate {
  const text = world.readFile(path, '--estate')
  try {
    const document: unknown = JSON.parse(text)
    if (isEstate(document)) return document
  } catch {
    // Said below.
  }
  throw new UsageError(`--estate: ${path} is no estate that this version reads`, {
    hint: 'Record one with bbstate sandbox --record-from URL --out FILE.',
  })
}

/** GETs alone, after a yes, into a file that names nobody. */
async function record(call: Call, from: string): Promise<number> {
  const { settings, face, world } = call
  const out = settings.text('out')
  if (out === undefined) throw new UsageError('--record-from needs --out FILE')
  if (!(await mayRecord(call, from))) return 1
  const listen = await face.listener()
  const reader = await openReader(world, from, settings.text('token-file'), listen)
  try {
    const estate = await recordEstate((path) => reader.ask(path), {
      hidesNames: settings.flag('hide-names'),
      isShallow: settings.flag('shallow'),
      salt: randomText(32),
      onProgress: (done, total, what) => listen({ type: 'reading', done, total, what }),
    })
    await writeDocument(out, `${JSON.stringify(estate, null, 2)}\n`)
    const { users, groups, projects } = estate
    const counts = {
      out,
      users: users.length,
      groups: groups.length,
      projects: projects.length,
      requests: reader.requests,
    }
    const words = `${users.length} users, ${groups.length} groups and ${projects.length} projects in ${out}, by ${reader.requests} GETs. Look at it before you hand it on, then: bbstate sandbox --estate ${out}\n`
    face.print(face.options.json ? `${JSON.stringify(counts)}\n` : words)
    return 0
  } finally {
    await reader.close()
  }
}

async function mayRecord({ settings, face, world }: Call, from: string): Promise<boolean> {
  if (settings.flag('auto-approve')) return true
  if (!world.isInteractive || face.options.json) {
    throw new UsageError('Recording needs an approval, and nobody can be asked here', {
      hint: 'Run with --auto-approve.',
    })
  }
  const answer = await ask(
    `Read users, groups, permissions, settings, projects and repositories of ${from} (about 18 GETs a project and 16 a repository)? Nothing is written there. Only 'yes' will be accepted: `,
    world.signal,
  )
  if (answer.trim() === 'yes') return true
  face.note('Nothing was asked of the server.\n')
  return false
}

function given<K extends string, V>(name: K, value: V | undefined): { [k in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [k in K]?: V }
}

const versions = ['7.21', '8.19', '9.4', '10.2'] as const

function versionOf(text: string | undefined): (typeof versions)[number] | undefined {
  const version = versions.find((known) => known === text)
  if (text === undefined || version !== undefined) return version
  throw new UsageError(`--bitbucket ${text} is not known`, { hint: `Use one of ${versions.join(', ')}.` })
}

function parseRate(text: string): { capacity: number; fillRate: number } {
  const match = /^([1-9]\d*)\/([1-9]\d*)$/u.exec(text)
  if (match === null) throw new UsageError(`--rate-limit ${text} is not CAPACITY/RATE, such as 60/5`)
  return { capacity: Number(match[1]), fillRate: Number(match[2]) }
}

const estates = ['projects', 'repositories', 'groups', 'users', 'memberships', 'seed'] as const

function parseEstate(text: string): NonNullable<SandboxOptions['estate']> {
  const pairs = text.split(',').map((pair) => {
    const [name = '', count = ''] = pair.split('=')
    if (!estates.some((known) => known === name) || !/^\d+$/u.test(count)) throw unknownEstate(pair, name)
    return [name, Number(count)] as const
  })
  return Object.fromEntries(pairs)
}

function unknownEstate(pair: string, name: string): UsageError {
  const nearest = findNearest(name, estates)
  return new UsageError(`--estate: ${JSON.stringify(pair)} is not understood`, {
    hint:
      nearest === undefined
        ? 'Write projects=100,repositories=2000,groups=300,users=1000,memberships=3000.'
        : `Did you mean ${nearest}=COUNT?`,
  })
}
