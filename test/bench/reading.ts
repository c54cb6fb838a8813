/**
 * Reading an estate of 300 groups: the whole reading of a plan against bare undici sending the same requests at the same
 * parallelism, with and without latency; and the peak memory.
 */
import { performance } from 'node:perf_hooks'
import { Pool } from 'undici'
import { readDeclared } from '../../src/app/read-declared.js'
import { startLiveState } from '../../src/app/live-state.js'
import { desire, startLive } from '../live.js'

async function measure(latencyMilliseconds: number): Promise<void> {
  const live = await startLive({ estate: { groups: 300, users: 1000, memberships: 3000 }, latencyMilliseconds })
  const { sandbox, client } = live
  const names = Object.values(sandbox.state.groups).map(({ name }) => name)
  const desired = desire({ instance: { groups: Object.fromEntries(names.map((name) => [name, { members: [] }])) } })
  const authorization = `Basic ${Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64')}`
  const read = async (): Promise<void> => {
    await readDeclared(desired, startLiveState(client.reading()), () => undefined)
  }
  sandbox.forgetRequests()
  await read()
  const paths = sandbox.requests.map(({ path }) => path)
  const pool = new Pool(sandbox.url, { connections: 10, pipelining: 1 })
  const bare = async (): Promise<void> => {
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < paths.length) {
        const path = paths[next++] ?? ''
        const { body } = await pool.request({
          method: 'GET',
          path,
          headers: { authorization, accept: 'application/json' },
        })
        await body.json()
      }
    }
    await Promise.all(Array.from({ length: 10 }, worker))
  }
  const best = async (work: () => Promise<void>): Promise<number> => {
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 5; round++) {
      const begin = performance.now()
      await work()
      least = Math.min(least, performance.now() - begin)
    }
    return least
  }
  await bare()
  const ratio = (await best(read)) / (await best(bare))
  const goal = latencyMilliseconds > 0 ? 1.2 : 1.5
  const label = `latency ${latencyMilliseconds} ms`.padEnd(16)
  console.log(`  ${label} ${paths.length} requests, ${ratio.toFixed(2)} × bare undici   (goal ${goal})`)
  await pool.close()
  await live.close()
}

console.log('reading groups=300,users=1000,memberships=3000 at parallelism 10, server in the same process (best of 5)')
await measure(20)
await measure(0)
console.log(`  peak memory      ${Math.round(process.resourceUsage().maxRSS / 1024)} MB, server included`)
