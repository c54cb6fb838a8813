/**
 * A sandbox that keeps its state is killed in the middle of writes, again and again: what it acknowledged is there
 * afterwards. `SANDBOX_KILLS` makes it more often than the three times of CI.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from 'vitest'
import { makeHome, type Running, start } from '../e2e/program.js'

const home = makeHome()
const running: Running[] = []
afterEach(async () => {
  for (const process of running.splice(0)) {
    process.kill('SIGKILL')
    await process.ended
  }
})
afterAll(() => home.remove())

interface Started {
  readonly process: Running
  readonly url: string
  readonly authorization: string
}

async function startKeeping(directory: string): Promise<Started> {
  const process = start(['sandbox', '--port', '0', '--json', '--data', directory])
  running.push(process)
  const { url, password } = JSON.parse(await process.waitFor(/^\{.*\}$/mu)) as Record<'url' | 'password', string>
  return { process, url, authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` }
}

const groups = '/rest/api/latest/admin/groups'

/** Creates groups until the connection breaks, and notes the names that were acknowledged. */
async function write({ url, authorization }: Started, prefix: string, acknowledged: string[]): Promise<void> {
  for (let index = 0; ; index += 1) {
    const name = `${prefix}-${index}`
    try {
      const answer = await fetch(`${url}${groups}?name=${name}`, { method: 'POST', headers: { authorization } })
      if (answer.status === 200) acknowledged.push(name)
    } catch {
      return
    }
  }
}

async function readNames({ url, authorization }: Started): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (let from: number | null = 0; from !== null;) {
    const answer: Response = await fetch(`${url}${groups}?limit=1000&start=${from}`, { headers: { authorization } })
    const { values, nextPageStart } = (await answer.json()) as Page
    for (const { name } of values) names.add(name)
    from = nextPageStart
  }
  return names
}

interface Page {
  readonly values: readonly { readonly name: string }[]
  readonly nextPageStart: number | null
}

test('nothing that was acknowledged is lost by kill -9', async () => {
  const directory = join(home.path, 'kept')
  const kills = Number(process.env['SANDBOX_KILLS'] ?? 3)
  const acknowledged: string[] = []
  for (let round = 0; round < kills; round += 1) {
    const sandbox = await startKeeping(directory)
    const written: string[] = []
    const writers = ['a', 'b', 'c', 'd'].map((name) => write(sandbox, `r${round}-${name}`, written))
    // In the middle of the others' writes.
    while (written.length < 5 + 7 * (round % 5)) await setTimeout(1)
    sandbox.process.kill('SIGKILL')
    await Promise.all([sandbox.process.ended, ...writers])
    acknowledged.push(...written)
  }
  const names = await readNames(await startKeeping(directory))
  expect(acknowledged.filter((name) => !names.has(name))).toEqual([])
})

test('two sandboxes do not share one directory, and the second one says so', async () => {
  const directory = join(home.path, 'shared')
  const first = await startKeeping(directory)
  const second = start(['sandbox', '--port', '0', '--data', directory])
  const { code, stderr } = await second.ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/The sandbox of process \d+ keeps its state in .*shared\. Stop it, or give this one another/u)
  // Neither a crash of the holder nor the file that it leaves keeps the next one out.
  first.process.kill('SIGKILL')
  await first.process.ended
  writeFileSync(join(directory, 'sandbox.json.new'), '{"half of a sta')
  expect((await readNames(await startKeeping(directory))).has('stash-users')).toBe(true)
  expect(readdirSync(directory).sort()).toEqual(['sandbox.json', 'sandbox.lock'])
})
