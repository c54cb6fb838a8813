/** Looks at everything that a run needs, one check after the other, and says what to do about each. */
import { probeCapabilities } from '../bitbucket/capability.js'
import { registry } from '../bitbucket/registry.js'
import { askRights, scopesFor } from '../bitbucket/rights.js'
import { BbstateError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { type Connection, findConnection } from './connection.js'
import { describeSkew, skewOf } from './clock-skew.js'
import { type Check, checkToken, describeProblem } from './doctor-token.js'
import { openServer } from './server.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** The checks of a run, in order; later ones are left out where an earlier one fails for good. */
export async function examine(world: World, settings: Settings, tell: Listener): Promise<readonly Check[]> {
  const checks: Check[] = []
  // The clocks have a line of their own here.
  const listen: Listener = (event) => {
    if (event.type !== 'warning' || event.warning.code !== 'CLOCK_SKEW') tell(event)
  }
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
      checks.push(describeProblem(name, error))
      return undefined
    }
  }
  const connection = await attempt('URL', () => checkUrl(world, settings))
  if (connection === undefined) return checks
  try {
    if ((await attempt('Reach', () => checkReach(world, connection, checks))) === undefined) return checks
    checks.push(...(await checkToken(world, settings, listen)))
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
async function checkReach(
  world: World,
  { transport, baseUrl }: Connection,
  checks: Check[],
): Promise<readonly [true, Omit<Check, 'name'>]> {
  const asked = world.clock.now()
  const answer = await transport.request({ method: 'GET', path: '/status' })
  const skew = skewOf(answer, asked, world.clock.now())
  checks.push(describeTls(baseUrl), describeClock(skew))
  const { status, body } = answer
  if (status !== 200 || !body.includes('"state"')) {
    const message = `/status answered ${status}, not as Bitbucket does`
    const advice = 'Check the URL and its context path, such as https://host/bitbucket.'
    return [true, { state: 'warning', message, advice }]
  }
  if (body.includes('RUNNING')) return [true, { state: 'ok', message: 'RUNNING' }]
  const advice = 'Wait until it has started, or ask its administrators.'
  return [true, { state: 'warning', message: `Bitbucket is not running: ${body.slice(0, 80)}`, advice }]
}

function describeTls(baseUrl: string): Check {
  if (baseUrl.startsWith('https:')) return { name: 'TLS', state: 'ok', message: 'https, its certificate is trusted' }
  const advice = 'Fine for a sandbox on this machine. Bitbucket itself offers OAuth 2.0 on https only.'
  return { name: 'TLS', state: 'ok', message: 'http on this machine, nothing is encrypted', advice }
}

function describeClock(skew: number | null): Check {
  if (skew === null) return { name: 'Clock', state: 'ok', message: 'the server does not tell its time' }
  if (Math.abs(skew) <= 60_000) return { name: 'Clock', state: 'ok', message: 'differs by less than a minute' }
  const advice = 'Set the clock of this machine, and let it be kept (NTP).'
  return { name: 'Clock', state: 'warning', message: describeSkew(skew), advice }
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
