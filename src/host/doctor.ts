/** Looks at everything that a run needs, one check after the other, and says what to do about each. */
import { probeCapabilities } from '../bitbucket/capability.js'
import { registry } from '../bitbucket/registry.js'
import { askRights, scopesFor } from '../bitbucket/rights.js'
import { BbstateError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import type { NeededPermission } from '../model/resource.js'
import { compareVersions } from '../model/version.js'
import { type Connection, findConnection } from './connection.js'
import { checkWay } from './doctor-reach.js'
import { type Check, checkToken, describeProblem } from './doctor-token.js'
import { openServer } from './server.js'
import type { Settings } from './settings.js'
import type { World } from './world.js'

/** The first Bitbucket with incoming OAuth 2.0 links as they are documented. */
const oldest = '7.21'

/** Warnings of other commands that have a line of their own here. */
const ownLines: ReadonlySet<string> = new Set(['CLOCK_SKEW', 'AUTH_PLAIN'])

/** The checks of a run, in order; later ones are left out where an earlier one fails for good. */
export async function examine(world: World, settings: Settings, tell: Listener): Promise<readonly Check[]> {
  const checks: Check[] = []
  const listen: Listener = (event) => {
    if (event.type !== 'warning' || !ownLines.has(event.warning.code)) tell(event)
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
    if (!(await reach(world, connection, checks))) return checks
    const token = await checkToken(world, settings, listen)
    checks.push(...token)
    // Whoever is not signed in would be told the same twice.
    if (token.some(({ name, state }) => name === 'Token' && state === 'failed')) return checks
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

/** Whether there is a Bitbucket to ask more of. */
async function reach(world: World, connection: Connection, checks: Check[]): Promise<boolean> {
  try {
    const way = await checkWay(world, connection)
    checks.push(...way.checks)
    return way.isThere
  } catch (error) {
    if (!(error instanceof BbstateError)) throw error
    checks.push(describeProblem('Reach', error))
    return false
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
  const message = `${account} on Bitbucket ${version}`
  if (compareVersions(version, oldest) >= 0) return [server, { state: 'ok', message }]
  const advice = `bbstate is written for ${oldest} and later: what older ones answer is guesswork. Upgrade the server first.`
  return [server, { state: 'warning', message, advice }]
}

/** What the account may do, then one line a setting: whether this server has it, and what it needs. */
async function checkSettings(server: Server): Promise<readonly Check[]> {
  const reading = server.reading()
  const { account, version } = server.identity
  const found = await probeCapabilities(reading, registry, version)
  const holds = askRights(reading)
  const states = { supported: 'ok', unsupported: 'warning', forbidden: 'failed', failed: 'failed' } as const
  const lacking: NeededPermission[] = []
  const settings = await Promise.all(
    found.map(async ({ kind, state, permission, because }): Promise<Check> => {
      const needs = `needs ${permission}, scope ${scopesFor[permission]}`
      const isHeld = state === 'unsupported' || (state !== 'forbidden' && (await holds(permission)))
      if (!isHeld) lacking.push(permission)
      if (state !== 'supported') return { name: kind, state: states[state], message: `${because ?? ''}; ${needs}` }
      const message = `supported; ${needs}: ${isHeld ? 'held' : 'not held'}`
      return { name: kind, state: isHeld ? 'ok' : 'failed', message }
    }),
  )
  return [describeRights(account, lacking, found.length), ...settings]
}

function describeRights(account: string, lacking: readonly NeededPermission[], all: number): Check {
  if (lacking.length === 0) return { name: 'Rights', state: 'ok', message: 'what every setting needs is held' }
  const permissions = [...new Set(lacking)].sort()
  const message = `${account} lacks ${permissions.join(' and ')}, for ${lacking.length} of ${all} settings`
  const scopes = [...new Set(permissions.map((permission) => scopesFor[permission]))].join(', ')
  const advice = `Both are needed: the permission for ${account} (Administration → Global permissions), and the scope ${scopes} on the application link. After a change of the link: bbstate auth login.`
  return { name: 'Rights', state: 'failed', message, advice }
}
