/** One process that signs in, signs out or refreshes under a new key, and kills itself with -9 after a step. */
import process from 'node:process'
import { gatherTools } from '../../src/host/token.js'
import { Scrubber, Secret } from '../../src/model/secret.js'
import type { RotationTools } from '../../src/oauth/rotation-tools.js'
import { forgetSignIn, keepSignIn } from '../../src/oauth/sign-in.js'
import type { LeaseArea } from '../../src/oauth/store.js'
import { rotateUnderLease } from '../../src/oauth/use-lease.js'
import { createTransport, type Transport } from '../../src/transport.js'

export interface AuthTask {
  readonly work: 'login' | 'logout' | 'refresh'
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly home: string
  readonly key: readonly number[]
  readonly previous?: readonly number[]
  readonly grant?: { readonly code: string; readonly verifier: string }
  /** The step after which it dies; beyond the last one: it does not. */
  readonly dieAfter: number
}

const task = JSON.parse(process.argv[2] ?? '') as AuthTask
const steps: string[] = []

async function step<T>(name: string, done: Promise<T>): Promise<T> {
  const result = await done
  steps.push(name)
  if (steps.length === task.dieAfter) process.kill(process.pid, 'SIGKILL')
  return result
}

function armedTransport(plain: Transport): Transport {
  return {
    ...plain,
    request: (asked) =>
      asked.method === 'POST'
        ? step(`answer of ${asked.path.split('/').at(-1) ?? ''}`, plain.request(asked))
        : plain.request(asked),
  }
}

function armed(tools: RotationTools): RotationTools {
  const { store, stage, mark, lease } = tools
  const area: LeaseArea | undefined = lease && {
    ...lease,
    take: (timeout) => step('lease', lease.take(timeout)),
  }
  return {
    ...tools,
    ...(area === undefined ? {} : { lease: area }),
    store: {
      ...store,
      lock: async (timeout) => {
        const locked = await step('lock', store.lock(timeout))
        return {
          ...locked,
          compareAndSet: (expected, record) => step('write', locked.compareAndSet(expected, record)),
          overwrite: (record) => step('overwrite', locked.overwrite(record)),
          discard: () => step('discard', locked.discard()),
        }
      },
    },
    stage: {
      ...stage,
      write: (pair) => step('stage', stage.write(pair)),
      remove: () => step('unstage', stage.remove()),
    },
    mark: { ...mark, write: (lineage, generation) => step('mark', mark.write(lineage, generation)) },
  }
}

const transport = armedTransport(createTransport({ baseUrl: task.url, connections: 1 }))
const { key, previous } = task
const tools = armed(
  await gatherTools({
    transport,
    clientId: task.clientId,
    clientSecret: new Secret(task.clientSecret),
    directory: `${task.home}/tokens`,
    markDirectory: `${task.home}/marks`,
    keys: { current: Uint8Array.from(key), ...(previous && { previous: Uint8Array.from(previous) }) },
    scrubber: new Scrubber(),
    run: { holder: `bbstate auth ${task.work}`, host: 'this-host', ephemeral: false },
    lockTimeoutMilliseconds: 10_000,
  }),
)

async function work(): Promise<void> {
  if (task.work === 'logout') {
    await forgetSignIn(tools)
    return
  }
  if (task.work === 'refresh') {
    const stored = await tools.store.read()
    if (stored !== null) await rotateUnderLease(tools, stored.record)
    return
  }
  const { url: baseUrl, clientId, redirectUri, grant } = task
  if (grant === undefined) throw new Error('A sign-in needs a grant')
  const request = { baseUrl, clientId, redirectUri, scope: 'SYSTEM_ADMIN' }
  const secrets = { code: new Secret(grant.code), verifier: new Secret(grant.verifier) }
  await keepSignIn(tools, request, secrets, { allowsNamelessServer: false })
}

await work()
process.stdout.write(steps.join(', '))
await transport.close()
