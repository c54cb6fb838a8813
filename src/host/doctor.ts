/** Looks at everything that a run needs, one check after the other, and says what to do about each. */
import { probeCapabilities } from '../bitbucket/capability.js'
import { registry } from '../bitbucket/registry.js'
import { askRights, scopesFor } from '../bitbucket/rights.js'
import { BbstateError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { type Connection, findConnection } from './connection.js'
import { openAuth } from './sign-in.js'
import { openServer } from './server.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** The result of one check. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly message: string
  /** What to do, where something is to be done. */
  readonly advice?: string
}

/** The checks of a run, in order; later ones are left out where an earlier one fails for good. */
export async function examine(world: World, settings: Settings, listen: Listener): Promise<readonly Check[]> {
  const checks: Check[] = []
  const attempt = async <T>(
    name: string,
    work: () => Promise<readonly [T, Omit<Check, 'name'>]>,
  ): Promise<T | undefined> => {
    try {
      const [value, check] = await work()
      checks.push({ name, ...check })
      return value
    } catch (error) {
      if (!(error instanceof BbstateError)) throw error
      const advice = error.hint === undefined ? {} : { advice: error.hint }
      checks.push({ name, state: 'failed', message: error.message, ...advice })
      return undefined
    }
  }
  const connection = await attempt('URL', () => checkUrl(world, settings))
  if (connection === undefined) return checks
  try {
    if ((await attempt('Reach', () => checkReach(world, connection))) === undefined) return checks
    await attempt('Token', () => checkToken(world, settings, listen))
    const server = await attempt('Sign-in', () => checkIdentity(world, settings, listen))
    if (server === undefined) return checks
    try {
      checks.push(...(await checkSettings(server)))
    } finally {
      await server.close()
    }
  } finally {
    await connection.transport.close()
  }
  return checks
}

async function checkUrl(world: World, settings: Settings): Promise<readonly [Connection, Omit<Check, 'name'>]> {
  const connection = await findConnection(world, settings)
  return [connection, { state: 'ok', message: connection.baseUrl }]
}

/** TCP, TLS, `/status`, and the clocks: tokens expire by the clock of this machine. */
async function checkReach(world: World, { transport }: Connection): Promise<readonly [true, Omit<Check, 'name'>]> {
  const { status, headers, body } = await transport.request({ method: 'GET', path: '/status' })
  const skew = Math.round((Date.parse(headers['date'] ?? '') - world.clock.now()) / 1000)
  if (status !== 200 || !body.includes('"state"')) {
    const message = `/status answered ${status}, not as Bitbucket does`
    return [
      true,
      { state: 'warning', message, advice: 'Check the URL and its context path, such as https://host/bitbucket.' },
    ]
  }
  if (!body.includes('RUNNING'))
    return [true, { state: 'warning', message: `Bitbucket is not running: ${body.slice(0, 80)}` }]
  if (Math.abs(skew) > 60) {
    const message = `The clocks of this machine and the server differ by ${skew} s`
    return [true, { state: 'warning', message, advice: 'Set the clock: tokens are refreshed by it.' }]
  }
  return [
    true,
    { state: 'ok', message: `RUNNING; clocks differ by ${Number.isNaN(skew) ? 'an unknown time' : `${skew} s`}` },
  ]
}

async function checkToken(
  world: World,
  settings: Settings,
  listen: Listener,
): Promise<readonly [true, Omit<Check, 'name'>]> {
  if (world.environment['BBSTATE_TOKEN'] || world.environment['BBSTATE_USERNAME']) {
    const advice = 'Sign in with OAuth 2.0 for administration that lasts: bbstate auth login.'
    return [
      true,
      { state: 'warning', message: 'Credentials from the environment are used, not a stored sign-in', advice },
    ]
  }
  // The key leaves the environment once it is read; the run after this check needs it again.
  const auth = await openAuth({ ...world, environment: { ...world.environment } }, settings, 'doctor', listen)
  try {
    const status = await auth.token.vault.read()
    if (status === null) {
      const advice = `bbstate auth login --url ${auth.connection.baseUrl}`
      return [true, { state: 'failed', message: 'Nobody is signed in here', advice }]
    }
    const days = Math.floor((status.refreshExpiresAbout - world.clock.now()) / 86_400_000)
    const message = `generation ${status.generation}, about ${days} days left, ${status.isSealed ? 'sealed' : 'in plain text'}`
    if (days >= 14) return [true, { state: 'ok', message }]
    return [true, { state: 'warning', message, advice: 'Let a weekly job run bbstate auth refresh.' }]
  } finally {
    await auth.close()
  }
}

type Server = Awaited<ReturnType<typeof openServer>>

async function checkIdentity(
  world: World,
  settings: Settings,
  listen: Listener,
): Promise<readonly [Server, Omit<Check, 'name'>]> {
  const server = await openServer({ world, settings, listen, command: 'doctor' })
  const { account, version } = server.identity
  return [server, { state: 'ok', message: `${account} on Bitbucket ${version}` }]
}

/** One line a setting: whether this server has it, what it needs, and whether the account with its token has that. */
async function checkSettings(server: Server): Promise<readonly Check[]> {
  const reading = server.reading()
  const found = await probeCapabilities(reading, registry, server.identity.version)
  const holds = askRights(reading)
  const states = { supported: 'ok', unsupported: 'warning', forbidden: 'failed', failed: 'failed' } as const
  return Promise.all(
    found.map(async ({ kind, state, permission, because }): Promise<Check> => {
      const needs = `needs ${permission}, scope ${scopesFor[permission]}`
      if (state !== 'supported') return { name: kind, state: states[state], message: `${because ?? ''}; ${needs}` }
      if (await holds(permission)) return { name: kind, state: 'ok', message: `supported; ${needs}: held` }
      const advice = 'Give the account the permission, and tick the scope on the application link.'
      return { name: kind, state: 'failed', message: `supported; ${needs}: not held`, advice }
    }),
  )
}
