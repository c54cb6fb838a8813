/** Start-up as ratios to `node -e 0`, the floor of any program on Node; medians of many runs taken in turn. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'

const rounds = Number(process.env['BBSTATE_BENCH_ROUNDS'] ?? 21)
const { NODE_EXTRA_CA_CERTS: _unset, ...environment } = process.env

let arrived = (): void => undefined
const server = createServer((_request, response) => {
  arrived()
  response.writeHead(503).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

/** What the Action reads; everything else ignores it. */
const ofTheRunner = {
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_SHA: 'c0ffee',
  INPUT_COMMAND: 'validate',
  INPUT_FILE: 'examples/quick-start',
  INPUT_ANNOTATIONS: 'true',
}

/** Milliseconds to the end of the process, or to its first request. */
function measure(args: readonly string[], until: 'end' | 'request'): Promise<number> {
  const begin = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...environment, ...ofTheRunner, BBSTATE_USERNAME: 'u', BBSTATE_PASSWORD: 'p' },
    stdio: 'ignore',
  })
  return new Promise((resolve) => {
    const done = (): void => resolve(performance.now() - begin)
    const ended = new Promise<void>((end) => child.once('exit', () => end()))
    if (until === 'end') void ended.then(done)
    arrived = () => {
      done()
      child.kill('SIGKILL')
    }
  })
}

type Case = readonly [name: string, goal: number, until: 'end' | 'request', args: readonly string[]]
const cases: readonly Case[] = [
  ['node -e 0', 1, 'end', ['-e', '0']],
  ['--version', 1.3, 'end', ['dist/bbstate.js', '--version']],
  ['--help', 2.8, 'end', ['dist/bbstate.js', '--help']],
  ['validate (quick start)', 4, 'end', ['dist/bbstate.js', 'validate', '-f', 'examples/quick-start']],
  ['the Action: validate', 5, 'end', ['dist/action/main.js']],
  [
    'plan up to its first request',
    5,
    'request',
    ['dist/bbstate.js', 'plan', '-f', 'examples/quick-start', '--url', url],
  ],
]
const times = cases.map((): number[] => [])
for (let round = 0; round < rounds; round++) {
  for (const [index, [, , until, args]] of cases.entries()) times[index]?.push(await measure(args, until))
}
server.close()
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const floor = median(times[0] ?? [])
console.log(`start-up, medians of ${rounds} (NODE_EXTRA_CA_CERTS unset)`)
for (const [index, [name, goal]] of cases.entries()) {
  const ratio = median(times[index] ?? []) / floor
  console.log(`  ${name.padEnd(28)} ${ratio.toFixed(2)} × node -e 0   (goal ${goal})`)
}
