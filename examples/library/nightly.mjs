// bbstate as a library, against a sandbox: npm i bbstate, then node nightly.mjs
import { fileURLToPath } from 'node:url'
import { apply, BbstateError, drift, plan, validate } from 'bbstate'
import { startSandbox } from 'bbstate/sandbox'

const bitbucket = await startSandbox({ port: 0 })
const configuration = {
  files: [fileURLToPath(new URL('settings.yaml', import.meta.url))],
  variables: { branch: 'main' },
}
const server = {
  url: bitbucket.url,
  credentials: { accessToken: bitbucket.issueTokens().accessToken },
}
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

try {
  const { addresses } = await validate(configuration)
  console.log(`declared: ${addresses.join(', ')}`)

  const approved = await plan({ ...configuration, ...server, signal: stop.signal })
  for (const { action, address } of approved.changes) console.log(`${action} ${address}`)

  // Plans again, and writes only if the plan is still the approved one.
  const report = await apply(approved, {
    ...configuration,
    ...server,
    signal: stop.signal,
    listen: (event) => {
      if (event.type === 'applied') console.log(`${event.outcome.outcome} ${event.outcome.address}`)
    },
  })
  console.log(`converged: ${report.converged}`)

  // Somebody changes a setting by hand.
  bitbucket.state.banner.message = 'Party in the canteen'
  const found = await drift({ ...configuration, ...server })
  for (const { address, yaml } of found.accept) console.log(`drift of ${address}; live is:\n${yaml.trimEnd()}`)

  // The approved plan is not what would happen now.
  await apply(approved, { ...configuration, ...server })
} catch (error) {
  if (!(error instanceof BbstateError)) throw error
  console.log(`refused: ${error.code}: ${error.message}`)
} finally {
  await bitbucket.close()
}
