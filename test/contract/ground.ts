/** What the examples of the definitions name must be there, and nothing may throttle the tests. */
import type { LiveRun } from '../live.js'

const ground = {
  instance: {
    groups: { 'platform-admins': {}, contractors: {} },
    rateLimit: { enabled: false },
    users: { 'build-bot': { displayName: 'Build Bot', emailAddress: 'build-bot@example.com' } },
  },
}

export async function prepareGround(live: LiveRun): Promise<void> {
  const plan = await live.plan(ground)
  await live.apply(plan)
  const api = live.client.writer()
  // Mirrors ask by themselves, and tokens are made by their owners.
  for (const name of ['sydney', 'tokyo']) {
    const mirror = {
      mirrorId: name,
      mirrorName: name,
      mirrorBaseUrl: `https://${name}.example.com`,
      mirrorType: 'SINGLE',
    }
    await api.send('POST', '/mirroring/latest/requests', { ...mirror, productVersion: '9.4.2' })
  }
  for (const name of ['ci', 'reports']) {
    await api.send('PUT', '/access-tokens/latest/users/build-bot', { name, permissions: ['REPO_READ'] })
  }
}
