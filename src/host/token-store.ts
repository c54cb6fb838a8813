/**
 * Which store `--token-store` names, joined to this machine. The choice comes from options, variables or the user's own
 * profile, never from a reviewed file.
 */
import { join, resolve } from 'node:path'
import { UsageError } from '../model/errors.js'
import type { Listener } from '../model/event.js'
import { Secret } from '../model/secret.js'
import type { Run, TokenClock } from '../oauth/ports.js'
import type { GithubJob } from '../oauth/stores/github.js'
import { createTransport, type Transport } from '../transport.js'
import { type ClusterChoice, clusterMaker, parseCluster } from './cluster-store.js'
import type { HelperWords } from './exec-helper.js'
import { acquireLock } from './lock.js'
import type { Profile, StoreWords } from './profile.js'
import { prepareDirectory, recordFiles } from './record-file.js'
import { makeSealedBox } from './sealed-box.js'
import { type MakeStore, takeVariable } from './store-parts.js'
import type { Settings } from './settings.js'
import { tlsOptions } from './trust.js'
import type { World } from './world.js'

/** A store as an option names it. */
export type StoreChoice =
  | { readonly type: 'file'; readonly directory: string | undefined }
  | ({ readonly type: 'exec' } & HelperWords)
  | GithubChoice
  | ClusterChoice

interface GithubChoice {
  readonly type: 'github'
  readonly owner: string
  readonly repository: string
  readonly environment: string
  readonly secretName: string
}

/**
 * The store that the options name, else the profile, else the file store.
 * @throws UsageError
 */
export function chooseStore(settings: Settings, profile?: Profile): StoreChoice {
  return parseStore(nameStore(settings, profile))
}

/** The words of that store; they mean the same in every working directory. */
export function nameStore(settings: Settings, profile?: Profile): StoreWords {
  const given = settings.text('token-store')
  const { args, variables } = helperParts(settings, given === undefined ? profile : undefined)
  return {
    tokenStore: anchorStore(given ?? profile?.tokenStore ?? 'file'),
    storeArguments: args,
    storeVariables: variables,
  }
}

/**
 * The store that words name.
 * @throws UsageError
 */
export function parseStore({ tokenStore, storeArguments, storeVariables }: StoreWords): StoreChoice {
  const [kind, rest = ''] = tokenStore.split(/:(.*)/su)
  if (kind === 'file') return { type: 'file', directory: rest === '' ? undefined : resolve(rest) }
  if (kind === 'exec') return { type: 'exec', path: rest, args: storeArguments, variables: storeVariables }
  if (kind === 'github') return parseGithub(rest)
  if (kind === 'etcd' || kind === 'vault') return parseCluster(kind, rest)
  throw new UsageError(`--token-store ${kind} is not known`, {
    hint: 'Use file, file:DIRECTORY, etcd:URL, vault:URL, exec:PATH or github:OWNER/REPOSITORY/ENVIRONMENT.',
  })
}

function helperParts(settings: Settings, profile: Profile | undefined): Omit<HelperWords, 'path'> {
  const or = (values: readonly string[], others: readonly string[] = []): readonly string[] =>
    values.length > 0 ? values : others
  return {
    args: or(settings.list('store-argument'), profile?.storeArguments),
    variables: or(settings.list('store-variable'), profile?.storeVariables),
  }
}

function parseGithub(text: string): StoreChoice {
  // The name of an environment may hold slashes.
  const match = /^([\w.-]+)\/([\w.-]+)\/([^#]+)(?:#(.*))?$/su.exec(text)
  const [, owner, repository, environment, secretName = 'BBSTATE_TOKEN_RECORD'] = match ?? []
  if (owner === undefined || repository === undefined || environment === undefined) {
    throw new UsageError('--token-store github: needs an owner, a repository and an environment', {
      hint: 'Write --token-store github:acme/settings/production, or …/production#NAME for a secret of that name.',
    })
  }
  if (!/^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/iu.test(secretName)) {
    throw new UsageError(`${JSON.stringify(secretName)} cannot be the name of a GitHub secret`, {
      hint: 'It holds letters, digits and underscores, begins with no digit and not with GITHUB_.',
    })
  }
  return { type: 'github', owner, repository, environment, secretName: secretName.toUpperCase() }
}

/**
 * The maker of a store other than the file store, loaded only where it is named. Takes the secrets that the store needs
 * out of the environment.
 */
export function storeMaker(
  world: World,
  settings: Settings,
  choice: Exclude<StoreChoice, { type: 'file' }>,
  listen?: Listener,
): Promise<MakeStore> {
  switch (choice.type) {
    case 'exec':
      return execMaker(world, choice, listen)
    case 'github':
      return githubMaker(world, settings, choice, listen)
    case 'etcd':
    case 'vault':
      return clusterMaker(world, settings, choice)
  }
}

async function execMaker(world: World, words: HelperWords, listen: Listener | undefined): Promise<MakeStore> {
  const { createExecStore } = await import('../oauth/stores/exec.js')
  const { createHelper } = await import('../oauth/stores/exec-protocol.js')
  const { prepareHelper } = await import('./exec-helper.js')
  const helper = createHelper(prepareHelper(world, words, listen))
  return ({ name, makeSealer, ...parts }) => {
    const key = `bbstate-${name}`
    // Without the path: on another machine the same helper may lie elsewhere.
    return Promise.resolve(createExecStore({ ...parts, key, helper, sealer: makeSealer(`exec:${key}`) }))
  }
}

async function githubMaker(
  world: World,
  settings: Settings,
  choice: GithubChoice,
  listen: Listener | undefined,
): Promise<MakeStore> {
  const { createGithubStore, githubRecordVariable, githubWarning } = await import('../oauth/stores/github.js')
  const { createGithubSecrets } = await import('../github/secrets.js')
  const { owner, repository, environment, secretName } = choice
  listen?.({ type: 'warning', warning: { code: 'AUTH_WEAK_STORE', message: githubWarning } })
  const token = takeVariable(world, 'BBSTATE_GITHUB_TOKEN')
  const given = takeVariable(world, githubRecordVariable)
  const transport = githubTransport(world, settings)
  return async ({ name, makeSealer, crypto, clock, run, baseUrl, clientId }) =>
    createGithubStore({
      baseUrl,
      clientId,
      crypto,
      secretName,
      given,
      location: `the secret ${secretName} of the environment ${environment} of ${owner}/${repository}`,
      secrets: createGithubSecrets({
        ...choice,
        transport,
        token: token === null ? null : new Secret(token),
        makeSealedBox,
        clock,
      }),
      job: await prepareJob(world, name, run, clock),
      sealer: makeSealer(`github:${owner}/${repository}/${environment}#${secretName}`.toLowerCase()),
    })
}

function githubTransport(world: World, settings: Settings): Transport {
  const ca = settings.text('ca-file')
  const proxy = settings.text('proxy')
  return createTransport({
    baseUrl: world.environment['GITHUB_API_URL'] || 'https://api.github.com',
    connections: 1,
    ...tlsOptions({ ca: ca === undefined ? undefined : world.readFile(ca, '--ca-file') }, world.environment),
    ...(proxy === undefined ? {} : { proxy }),
  })
}

/** The runner empties this directory before and after every job. */
async function prepareJob(world: World, name: string, run: Run, clock: TokenClock): Promise<GithubJob | null> {
  const { GITHUB_ACTIONS: isJob, RUNNER_TEMP: temporary } = world.environment
  if (isJob !== 'true' || temporary === undefined || temporary === '') return null
  const directory = join(temporary, 'bbstate')
  await prepareDirectory(directory, { allowsNetwork: true })
  const path = join(directory, `${name}.json`)
  return { path, files: recordFiles, lock: (timeout) => acquireLock(`${path}.lock`, timeout, run, clock) }
}

/** The text of `--token-store` as a profile keeps it: it means the same in every working directory. */
export function anchorStore(text: string): string {
  return text.startsWith('file:') && text !== 'file:' ? `file:${resolve(text.slice('file:'.length))}` : text
}

/**
 * The helper that is to be checked.
 * @throws UsageError where the options name none.
 */
export function requireHelper(settings: Settings): HelperWords {
  const choice = chooseStore(settings)
  if (choice.type === 'exec') return choice
  throw new UsageError('No helper is named', { hint: 'Name it with --token-store exec:/absolute/path.' })
}
