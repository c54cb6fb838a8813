/** What a large estate costs: how long until it listens, as ratio to an empty sandbox, and the memory that it held. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'

const size = 'projects=100,repositories=2000,groups=300,users=1000,memberships=3000'
const rounds = 7

interface Cost {
  readonly milliseconds: number
  /** Absent where the system does not say (Linux does). */
  readonly megabytes: number | undefined
}

async function measure(...more: readonly string[]): Promise<Cost> {
  const began = performance.now()
  const child = spawn(process.execPath, ['dist/bbstate.js', 'sandbox', '--port', '0', '--json', ...more], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // Its first line says that it listens.
  await once(child.stdout, 'data')
  const milliseconds = performance.now() - began
  const megabytes = peakOf(child)
  child.kill('SIGTERM')
  await once(child, 'exit')
  return { milliseconds, megabytes }
}

function peakOf({ pid }: ChildProcess): number | undefined {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return undefined
  return Number(/^VmHWM:\s+(\d+) kB$/mu.exec(readFileSync(file, 'utf8'))?.[1]) / 1024
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

const empty: Cost[] = []
const full: Cost[] = []
for (let round = 0; round < rounds; round += 1) {
  empty.push(await measure())
  full.push(await measure('--estate', size))
}
const ratio = median(full.map((cost, round) => cost.milliseconds / (empty[round]?.milliseconds ?? 1)))
console.log(`an estate of ${size}: starts in ${ratio.toFixed(2)} of the time of an empty sandbox`)
const held = (costs: readonly Cost[]): string => {
  const known = costs.flatMap(({ megabytes }) => megabytes ?? [])
  return known.length === 0 ? 'unknown' : `${median(known).toFixed(0)} MB`
}
console.log(`  held at most: ${held(full)}; an empty sandbox: ${held(empty)}; at most 300 MB are wanted`)
