/** The real engine, language and client against a sandbox in this process, over real HTTP. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyPlan } from '../src/app/apply.js'
import { exportConfiguration } from '../src/app/export.js'
import { makePlan, type PlanOptions } from '../src/app/plan.js'
import { type Client, createClient } from '../src/bitbucket/client.js'
import { registry } from '../src/bitbucket/registry.js'
import { onlyFile } from '../src/config/files.js'
import { loadDesired } from '../src/config/load.js'
import { compileValidator } from '../src/config/validator.js'
import type { Desired } from '../src/model/desired.js'
import type { ApplyReport } from '../src/model/outcome.js'
import type { Plan } from '../src/model/plan.js'
import { Scrubber, Secret } from '../src/model/secret.js'
import { basic } from '../src/oauth/static-credentials.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/server.js'
import { type Answer, createTransport, type Request, type Transport } from '../src/transport.js'

export const validate = compileValidator(registry)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const clock = { now: () => Date.now(), elapsed: () => performance.now() }
const listen = (): void => undefined

/** Desired state from a document as YAML would give it. */
export function desire(document: unknown): Desired {
  const files = onlyFile('test.yaml', JSON.stringify(document))
  return loadDesired({ paths: [], overlays: [], variables: () => undefined }, { files, registry, validate })
}

/** A sandbox with the engine at it. */
export interface LiveRun {
  readonly sandbox: Sandbox
  readonly client: Client
  plan(document: unknown, options?: PlanOptions): Promise<Plan>
  apply(plan: Plan): Promise<ApplyReport>
  export(): Promise<string>
  close(): Promise<void>
}

/** Sees every exchange of the client. */
export type Watch = (request: Request, answer: Answer) => void

export async function startLive(options: SandboxOptions = {}, watch: Watch = () => undefined): Promise<LiveRun> {
  const sandbox = await startSandbox({ port: 0, ...options })
  const client = createClient({
    transport: watched(createTransport({ baseUrl: sandbox.url, connections: 10 }), watch),
    credentials: basic(sandbox.username, new Secret(sandbox.password)),
    ports: {
      now: clock.elapsed,
      random: Math.random,
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
    writer: () => client.writer(),
    requests: () => client.requests().sent,
  }
  const common = { registry, server, clock, sha256, listen, version: '0' }
  return {
    sandbox,
    client,
    plan: (document, planOptions = { allow: { allows: () => true } }) =>
      makePlan({ ...common, desired: desire(document), options: planOptions }),
    apply: (plan) =>
      applyPlan({
        ...common,
        plan,
        secrets: (name) => new Secret(`value-of-${name}`),
        signal: new AbortController().signal,
        parallelism: 4,
      }),
    export: async () => {
      const { text } = await exportConfiguration({ ...common, include: [], omitsDefaults: false, validate })
      return text
    },
    close: async () => {
      await client.close()
      await sandbox.close()
    },
  }
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
