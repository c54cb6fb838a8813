/** A sandbox of one test and somebody who is signed in to it with the built program. */
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js'
import { type Environment, environmentFor, signIn } from './program.js'

export interface SignedIn {
  readonly sandbox: Sandbox
  readonly environment: Environment
}

/** Signs in through a redirect to `port`, which no other test of the same time uses; the log of requests is empty then. */
export async function startSignedIn(port: number, home: string, options: SandboxOptions = {}): Promise<SignedIn> {
  const redirectUri = `http://localhost:${port}/`
  const sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri, ...options })
  const environment = environmentFor(sandbox, home)
  const { code, all } = await signIn(environment, redirectUri)
  if (code !== 0) throw new Error(all)
  sandbox.forgetRequests()
  return { sandbox, environment }
}
