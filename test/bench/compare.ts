/**
 * 10,000 items planned from memory: prints how the time grows with twice and ten times the items (×2 and ×10 are linear), and
 * the ratio to JSON.parse of the same data, a floor that no comparison can beat.
 */
import { performance } from 'node:perf_hooks'
import { ToyServer } from '../contract/toys.js'
import { desire, plan, type Wish } from '../unit/app/desires.js'

function prepare(count: number): { server: ToyServer; wishes: readonly Wish[] } {
  const server = new ToyServer()
  server.tree.set('/shelves/a', { name: 'a', colour: 'red' })
  const wishes: Wish[] = [['shelves', {}, { name: 'a' }, {}]]
  for (let index = 0; index < count; index++) {
    const name = `label-${index}`
    server.tree.set(`/shelves/a/labels/${name}`, { name, text: `text ${index}` })
    wishes.push(['labels', { shelves: 'a' }, { name }, { text: index % 10 === 0 ? 'changed' : `text ${index}` }])
  }
  return { server, wishes }
}

/** A label that changes is replaced: without this a limit would refuse so many. */
const allow = { allows: () => true, allowsPath: () => true }

async function measure(count: number): Promise<{ plan: number; parse: number; changes: number }> {
  const { server, wishes } = prepare(count)
  const desired = desire(wishes)
  const text = JSON.stringify([...server.tree])
  const times: number[] = []
  const parses: number[] = []
  let changes = 0
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    changes = (await plan(server, desired, { allow })).changes.length
    times.push(performance.now() - start)
    const parse = performance.now()
    JSON.parse(text)
    parses.push(performance.now() - parse)
  }
  return { plan: Math.min(...times), parse: Math.min(...parses), changes }
}

const counts = [1_000, 2_000, 10_000, 20_000]
const results = new Map<number, Awaited<ReturnType<typeof measure>>>()
// The first run pays for the compiler.
await measure(1_000)
for (const count of counts) results.set(count, await measure(count))
console.log('items planned from memory (best of 5)')
for (const [count, { plan: time, parse, changes }] of results) {
  const growth = [2, 10].flatMap((factor) => {
    const before = results.get(count / factor)
    return before === undefined ? [] : [`×${factor} items: ×${(time / before.plan).toFixed(2)} time`]
  })
  const ratio = `${(time / parse).toFixed(1)} × JSON.parse of the data`
  console.log(`  ${String(count).padStart(6)}  ${changes} changes  ${[ratio, ...growth].join('  ')}`)
}
