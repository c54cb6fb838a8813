/** The real engine, language and client against a sandbox in this process, over real HTTP. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyPlan } from '../src/app/apply.js'
import type { ApplyInput } from '../src/app/apply-input.js'
import { exportConfiguration } from '../src/app/export.js'
import { makePlan, type PlanOptions } from '../src/app/plan.js'
import { makeUndoPlan } from '../src/app/undo.js'
import { type Client, createClient } from '../src/bitbucket/client.js'
import { askRights } from '../src/bitbucket/rights.js'
import { registry } from '../src/bitbucket/registry.js'
import { onlyFile } from '../src/config/files.js'
import { loadDesired } from '../src/config/load.js'
import { emptyPolicy } from '../src/config/policy.js'
import { compileValidator } from '../src/config/validator.js'
import type { Desired } from '../src/model/desired.js'
import type { ApplyReport } from '../src/model/outcome.js'
import type { Plan } from '../src/model/plan.js'
import type { Undo } from '../src/model/undo.js'
import { Scrubber, Secret } from '../src/model/secret.js'
import { basic } from '../src/oauth/static-credentials.js'
import { writeLicense } from '../src/sandbox/routes/license.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/server.js'
import { type Answer, createTransport, type Request, type Transport, type TransportOptions } from '../src/transport.js'

export const validate = compileValidator(registry)
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const clock = { now: () => Date.now(), elapsed: () => performance.now() }
const listen = (): void => undefined

/** Desired state from a document as YAML would give it. */
export function desire(document: unknown): Desired {
  const files = onlyFile('test.yaml', JSON.stringify(document))
  return loadDesired({ paths: [], overlays: [], variables: () => undefined }, { files, registry, validate, digest })
}

/** A sandbox with the engine at it. */
export interface LiveRun {
  readonly sandbox: Sandbox
  readonly client: Client
  plan(document: unknown, options?: PlanOptions): Promise<Plan>
  apply(plan: Plan, more?: Partial<ApplyInput>): Promise<ApplyReport>
  /** Plans an undo under an empty policy with everything allowed. */
  planUndo(undo: Undo): Promise<Plan>
  export(include?: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** Sees every exchange of the client. */
export type Watch = (request: Request, answer: Answer) => void

export async function startLive(
  options: SandboxOptions = {},
  watch: Watch = () => undefined,
  account?: string,
  way?: (sandbox: Sandbox) => Promise<Partial<TransportOptions>>,
): Promise<LiveRun> {
  const sandbox = await startSandbox({ port: 0, ...options })
  const reached = { baseUrl: sandbox.url, connections: 10, ...(await way?.(sandbox)) }
  const client = createClient({
    transport: watched(createTransport(reached), watch),
    credentials: basic(account ?? sandbox.username, new Secret(sandbox.password)),
    ports: {
      now: clock.elapsed,
      random: Math.random,
      secretText: () => 'unguessable-text',
      sleep: async (milliseconds) => {
        await sleep(milliseconds)
      },
    },
    listen,
    scrubber: new Scrubber(),
    version: '0',
  })
  const identity = { url: sandbox.url, ...(await client.identify()) }
  const server = {
    identity,
    reading: () => client.reading(),
    writer: (note?: (requestId: string) => void) => client.writer(note),
    requests: () => client.requests().sent,
    usesPassword: true,
    holds: askRights(client.fresh()),
  }
  const common = { registry, server, clock, sha256, listen, version: '0' }
  return {
    sandbox,
    client,
    plan: (document, planOptions = { allow: { allows: () => true, allowsPath: () => true } }) =>
      makePlan({ ...common, desired: desire(document), options: planOptions }),
    planUndo: (undo) =>
      makeUndoPlan({
        ...common,
        undo,
        file: 'undo.json',
        policy: emptyPolicy,
        options: { allow: { allows: () => true, allowsPath: () => true } },
      }),
    apply: (plan, more = {}) =>
      applyPlan({
        ...common,
        plan,
        secrets: (name) => new Secret(secretValue(name, sandbox)),
        signal: new AbortController().signal,
        parallelism: 4,
        ...more,
      }),
    export: async (include = []) => {
      const { text } = await exportConfiguration({ ...common, include, omitsDefaults: false, validate, digest })
      return text
    },
    close: async () => {
      await client.close()
      await sandbox.close()
    },
  }
}

/** A licence must be one that the server takes; `license-1` names SEN-1000001. */
function secretValue(name: string, { state }: Sandbox): string {
  const [, number] = /^license-(\d)$/u.exec(name) ?? []
  if (number === undefined) return `value-of-${name}`
  const { serverId } = state.instance
  const supportEntitlementNumber = `SEN-100000${number}`
  return writeLicense({
    serverId,
    supportEntitlementNumber,
    maximumNumberOfUsers: 2000,
    expiryDate: Date.UTC(2031, 0, 1),
  })
}

function watched(transport: Transport, watch: Watch): Transport {
  return {
    ...transport,
    request: async (request) => {
      const answer = await transport.request(request)
      watch(request, answer)
      return answer
    },
  }
}

/** `create instance.groups[a]`, one a change. */
export function lines(plan: Plan): readonly string[] {
  return plan.changes.map(({ action, address }) => `${action} ${address}`)
}
