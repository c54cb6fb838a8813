/**
 * `validate`, `plan`, `apply` and `drift` for programs: plain data in, plain data out, failures thrown.
 *
 * They are the command line's own use cases. Nothing is printed, nobody is asked, and nothing of the process's own
 * environment is read: what a run may see is handed in.
 */
import { applyPlan } from '../app/apply.js'
import type { Drift } from '../app/drift.js'
import { makePlan } from '../app/plan.js'
import { parseSavedDocument, requireDigest, requireIntact } from '../app/plan-file.js'
import { requireSamePlan } from '../app/same-plan.js'
import { PlanError, UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { findNearest } from '../model/nearest.js'
import type { ApplyReport } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { secretVariable } from '../model/secret.js'
import { identifyRun } from './audit.js'
import { loadConfiguration } from './configuration.js'
import { compareWithLive } from './drift.js'
import type {
  ApplyingOptions,
  ConfigurationOptions,
  DriftOptions,
  PlanningOptions,
  StoredSignIn,
} from './library-options.js'
import { commands } from './options.js'
import { planOptionsOf } from './plan-options.js'
import { planConfiguration } from './planning.js'
import { secretSource } from './secrets.js'
import { assertionOf, openWritableServer } from './server.js'
import { type Environment, type Given, Settings } from './settings.js'
import { version } from './version.js'
import { createWorld, type World } from './world.js'

/** What a valid configuration declares. */
export interface Validation {
  /** Addresses of everything declared, in the order of the files; a `null` is declared too. */
  readonly addresses: readonly string[]
}

/**
 * Checks a configuration without a server.
 * @throws ConfigError with every finding.
 */
export async function validate(options: ConfigurationOptions = {}): Promise<Validation> {
  const { world, settings } = openRun('validate', options)
  const { desired } = await loadConfiguration(world, settings)
  return { addresses: desired.items.map(({ address }) => address) }
}

/**
 * Plans. Sends GETs only.
 * @throws BbstateError: ConfigError, PlanError `PLAN_UNSAFE` where a guard refuses, AuthError, ApiError.
 */
export async function plan(options: PlanningOptions = {}): Promise<Plan> {
  const { world, settings, listen } = openRun('plan', options)
  return planConfiguration(world, settings, listen)
}

/**
 * Plans again and writes, where the fresh plan is the approved one: a plan, or the digest of one. Give the options that
 * the approved plan was made with.
 * @throws BbstateError: like `plan`; PlanError `PLAN_STALE` where something else would happen, before anything is
 * written; ApplyError with the whole report where a change failed or did not stick.
 */
export async function apply(approved: Plan | string, options: ApplyingOptions = {}): Promise<ApplyReport> {
  const { world, settings, listen } = openRun('apply', options)
  const { clock, sha256, version, signal } = world
  const expected = typeof approved === 'string' ? approved : readApproved(approved, world)
  const { registry, desired, options: loaded } = await loadConfiguration(world, settings)
  const server = await openWritableServer({ world, settings, listen, command: 'apply', ...assertionOf(desired) })
  try {
    const planning = { ...planOptionsOf(settings, registry), ...loaded }
    const common = { registry, server, listen, clock, sha256 }
    const fresh = await makePlan({ ...common, desired, version, options: planning })
    if (typeof expected === 'string') requireDigest(expected, fresh)
    else {
      const warnings = await requireSamePlan({ expected, plan: fresh, registry, server })
      for (const warning of warnings) listen({ type: 'warning', warning })
    }
    return await applyPlan({
      ...common,
      plan: fresh,
      secrets: secretSource(world, settings),
      signal,
      parallelism: settings.number('parallelism') ?? 10,
      failFast: settings.flag('fail-fast'),
      audit: identifyRun(world.environment).audit,
      ...(options.keepUndo === undefined ? {} : { keepUndo: options.keepUndo }),
    })
  } finally {
    await server.close()
  }
}

/** Compares the configuration with live settings; never writes. Refuses like `plan`, but for guards. */
export async function drift(options: DriftOptions = {}): Promise<Drift> {
  const { world, settings, listen } = openRun('drift', options)
  return (await compareWithLive(world, settings, listen)).drift
}

/** The plan as a saved one would be read: whatever a program hands in is looked at first. */
function readApproved(approved: Plan, { sha256 }: World): Plan {
  const name = 'The approved plan'
  const document = parseSavedDocument(JSON.stringify(approved), name)
  if (document.type !== 'plan') throw new PlanError('PLAN_FORMAT', `${name} is a report of an apply, not a plan`)
  requireIntact(document.plan, name, sha256)
  return document.plan
}

interface Run {
  readonly world: World
  readonly settings: Settings
  readonly listen: Listener
}

type GivenOptions = PlanningOptions & ApplyingOptions & DriftOptions

/** The option of the command line behind each one that a program gives. */
const optionNames = {
  files: 'file',
  overlays: 'overlay',
  variables: 'var',
  policy: 'policy',
  policyBase: 'policy-base',
  url: 'url',
  caFile: 'ca-file',
  cert: 'cert',
  key: 'key',
  proxy: 'proxy',
  parallelism: 'parallelism',
  maxRate: 'max-rate',
  timeout: 'timeout',
  allow: 'allow',
  targets: 'target',
  changedSince: 'changed-since',
  updateSecrets: 'update-secrets',
  snapshot: 'snapshot',
  against: 'against',
  secretsDir: 'secrets-dir',
  failFast: 'fail-fast',
  volatile: 'volatile',
} as const satisfies Partial<Record<keyof GivenOptions, string>>

const signInNames = {
  clientId: 'client-id',
  tokenStore: 'token-store',
  storeArguments: 'store-argument',
  storeVariables: 'store-variable',
  lockTimeout: 'lock-timeout',
} as const satisfies Partial<Record<keyof StoredSignIn, string>>

/** The variable behind each credential. */
const credentialVariables = {
  accessToken: 'BBSTATE_TOKEN',
  username: 'BBSTATE_USERNAME',
  password: 'BBSTATE_PASSWORD',
  clientSecret: 'BBSTATE_CLIENT_SECRET',
} as const

/** A run of a command with options as a program gives them. */
function openRun(command: string, given: GivenOptions): Run {
  const table = commands.find(({ name }) => name === command)?.options ?? []
  const { credentials, variables, secrets = {}, signal, listen = () => undefined, environment = {} } = given
  const offered = Object.entries(optionNames).filter(([, option]) => table.some(({ name }) => name === option))
  const ownNames = command === 'validate' ? ['environment'] : ['environment', 'listen', 'signal', 'credentials']
  requireNames(
    given,
    [...offered.map(([name]) => name), ...ownNames, ...(command === 'apply' ? ['secrets', 'keepUndo'] : [])],
    command,
  )
  const seen = {
    ...environment,
    ...(credentials === undefined ? {} : variablesOf(credentials)),
    ...Object.fromEntries(Object.entries(secrets).map(([name, value]) => [secretVariable(name), value])),
  }
  const assignments = variables && Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const values = {
    ...takeOptions({ ...given, variables: assignments }, optionNames),
    ...takeOptions({ ...credentials }, signInNames),
  }
  const world = createWorld(seen, signal ?? new AbortController().signal, version, false)
  return { world, settings: new Settings(values, table, seen), listen }
}

function takeOptions(values: Given, names: Readonly<Record<string, string>>): Given {
  return Object.fromEntries(Object.entries(names).map(([name, option]) => [option, values[name]]))
}

/** The credentials given, and none beside them: whatever the environment holds of the kind does not count. */
function variablesOf(credentials: object): Environment {
  requireNames(credentials, [...Object.keys(credentialVariables), ...Object.keys(signInNames)], 'credentials')
  const values: Given = { ...credentials }
  const entries = Object.entries(credentialVariables).map(([name, variable]) => {
    const value = values[name]
    if (name in values && (typeof value !== 'string' || value === '')) {
      throw new UsageError(`credentials.${name} is empty`, { hint: 'Give a value, or leave it out.' })
    }
    return [variable, value] as const
  })
  return Object.fromEntries(entries) as Environment
}

/** What is misspelled would be left out, and more would be planned than was meant. */
function requireNames(given: object, known: readonly string[], what: string): void {
  const stranger = Object.keys(given).find((name) => !known.includes(name))
  if (stranger === undefined) return
  const nearest = findNearest(stranger, known)
  throw new UsageError(`${what} takes no ${JSON.stringify(stranger)}`, {
    hint: nearest === undefined ? `It takes ${known.join(', ')}.` : `Did you mean ${nearest}?`,
  })
}
