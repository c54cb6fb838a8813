// A Bitbucket Data Center for your own tests: npm i -D bbstate vitest, then npx vitest run
import { startSandbox } from 'bbstate/sandbox'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** @type {import('bbstate/sandbox').Sandbox} */
let bitbucket
beforeAll(async () => {
  bitbucket = await startSandbox({ port: 0, bitbucket: '9.4' })
})
afterAll(() => bitbucket.close())

/** What is tested, in your project: a client that keeps a banner up. */
async function announce(message) {
  const { accessToken } = bitbucket.issueTokens()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answer = await fetch(`${bitbucket.url}/rest/api/latest/admin/banner`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message, enabled: true, audience: 'ALL' }),
    })
    if (answer.status !== 503) return answer.status
  }
  return 503
}

test('the banner is up', async () => {
  expect(await announce('Maintenance on Sunday')).toBe(204)
  expect(bitbucket.state.banner).toMatchObject({ message: 'Maintenance on Sunday', enabled: true })
})

test('a server that restarts is asked again', async () => {
  bitbucket.forgetRequests()
  bitbucket.addFault({ kind: 'status', status: 503, method: 'PUT', path: '/admin/banner' })
  expect(await announce('Back soon')).toBe(204)
  expect(bitbucket.requests.map(({ status }) => status)).toEqual([503, 204])
})
