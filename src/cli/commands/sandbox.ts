/** `bbstate sandbox`: a local Bitbucket Data Center until it is stopped. */
import type { Settings } from '../../host/settings.js'
import { UsageError } from '../../model/errors.js'
import { findNearest } from '../../model/nearest.js'
import { readFaultFile } from '../../sandbox/fault-file.js'
import { describeSandbox } from '../../sandbox/introduction.js'
import { readOAuthOption } from '../../sandbox/oauth-rules.js'
import { type SandboxOptions, startSandbox } from '../../sandbox/server.js'
import type { Command } from '../call.js'

export const run: Command = async ({ settings, face, world }) => {
  const sandbox = await startSandbox(sandboxOptions(settings))
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

function sandboxOptions(settings: Settings): SandboxOptions {
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
    ...(estate === undefined ? {} : { estate: parseEstate(estate) }),
    ...(faults === undefined ? {} : { faults: asUsage(() => readFaultFile(faults)) }),
    oauth: asUsage(() => Object.fromEntries(settings.list('oauth').map(readOAuthOption))),
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
