/**
 * `bbstate demo`: the main job in one go, with the real commands, against a sandbox that ends with it.
 *
 * The demo plays the two people of the story, the administrator at the terminal and the one in the browser. Everything
 * in between is what `auth login`, `plan` and `apply` do anywhere.
 */
import { makeScratchDirectory, makeStoreKey } from '../../host/demo-files.js'
import { findPackaged } from '../../host/documents.js'
import { commands } from '../../host/options.js'
import { type Environment, Settings } from '../../host/settings.js'
import { visitAsBrowser } from '../../host/visit.js'
import { withEnvironment } from '../../host/world.js'
import { type Sandbox, startSandbox } from '../../sandbox/server.js'
import type { Call, Command } from '../call.js'
import { run as apply } from './apply.js'
import { run as login } from './auth-login.js'
import { run as plan } from './plan.js'

export const run: Command = async (call) => {
  const scratch = makeScratchDirectory()
  const redirectUri = 'http://localhost:34117/'
  const sandbox = await startSandbox({ port: 0, autoConsent: true, redirectUri })
  try {
    const file = findPackaged(`${example}/bbstate.yaml`)
    const step = stepper(call, environmentOf(call, sandbox, scratch.path), sandbox)
    const narrate = (text: string): void => call.face.print(`\n${text}\n`)
    narrate(`A local Bitbucket Data Center runs at ${sandbox.url}. Nothing outside this machine is touched.`)
    narrate('1. Sign in with OAuth 2.0: authorization code with PKCE, one consent.')
    await step('auth login', login, { 'redirect-uri': redirectUri, browser: true }, '')
    narrate('2. What would change? Only reads are sent.')
    await step('plan', plan, { file: [file] }, ` -f ${example}`)
    narrate('3. Apply it, and prove by reading again that the server kept it.')
    await step('apply', apply, { file: [file], 'auto-approve': true }, ` -f ${example} --auto-approve`)
    narrate('4. Plan again: nothing is left to change.')
    await step('plan', plan, { file: [file] }, ` -f ${example}`)
    const reads = sandbox.requests.filter(({ method }) => method === 'GET').length
    const writes = sandbox.requests.filter(({ method }) => method !== 'GET').length
    narrate(
      `The server saw ${reads} reads and ${writes} writes (sign-in included). It is gone now; nothing is left behind.`,
    )
    narrate('Next: bbstate sandbox keeps one running, and README.md leads to your own server.')
    return 0
  } finally {
    await sandbox.close()
    scratch.remove()
  }
}

const example = 'examples/quick-start'

function environmentOf({ world }: Call, sandbox: Sandbox, directory: string): Environment {
  return {
    PATH: world.environment['PATH'],
    TERM: world.environment['TERM'],
    NO_COLOR: world.environment['NO_COLOR'],
    BBSTATE_HOME: directory,
    BBSTATE_URL: sandbox.url,
    BBSTATE_CLIENT_ID: sandbox.clientId,
    BBSTATE_CLIENT_SECRET: sandbox.clientSecret,
  }
}

type Step = (name: string, command: Command, given: Record<string, unknown>, shown: string) => Promise<void>

function stepper(call: Call, environment: Environment, sandbox: Sandbox): Step {
  const storeKey = makeStoreKey()
  return async (name, command, given, shown) => {
    // The token is kept sealed like a real one; the key is taken out of the environment by whoever reads it.
    const own = { ...environment, BBSTATE_STORE_KEY: storeKey }
    const openBrowser = (url: string): Promise<void> => visitAsBrowser(url, sandbox.url)
    const world = { ...withEnvironment(call.world, own), openBrowser }
    call.face.print(`\n$ bbstate ${name}${shown}\n`)
    const words = commands.find((known) => known.name === name)
    const settings = new Settings(given, words?.options ?? [], own)
    await command({ ...call, world, settings, argument: undefined })
  }
}
