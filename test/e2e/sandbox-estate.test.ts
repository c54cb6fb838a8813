/** The largest server that the sandbox is made for, as the built program in a process of its own. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { type Running, start } from './program.js'

const size = 'projects=100,repositories=2000,groups=300,users=1000,memberships=3000'
const mostMegabytes = 300

/** Linux says of a process how much it ever held. */
const hasPeak = existsSync('/proc/self/status')
if (!hasPeak) console.info('Skipped: no /proc/PID/status on this machine.')

const running: Running[] = []
afterEach(async () => {
  for (const sandbox of running.splice(0)) {
    sandbox.kill('SIGTERM')
    await sandbox.ended
  }
})

interface Started {
  readonly pid: number
  /** Every entry of a list. */
  list(path: string): Promise<readonly unknown[]>
}

async function begin(estate: string): Promise<Started> {
  const sandbox = start(['sandbox', '--port', '0', '--json', '--estate', estate])
  running.push(sandbox)
  const { url, password } = JSON.parse(await sandbox.waitFor(/^\{.*\}$/mu)) as { url: string; password: string }
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  const list = async (path: string): Promise<readonly unknown[]> => {
    const values: unknown[] = []
    for (let start: number | null = 0; start !== null;) {
      const answer = await fetch(`${url}/rest/api/latest/${path}limit=1000&start=${start}`, {
        headers: { authorization },
      })
      const page = (await answer.json()) as { values: unknown[]; nextPageStart: number | null }
      values.push(...page.values)
      start = page.nextPageStart
    }
    return values
  }
  return { pid: sandbox.pid, list }
}

const lists = [
  'admin/users?',
  'admin/groups?',
  'admin/groups/more-members?context=group-001&',
  'admin/permissions/users?',
  'admin/permissions/groups?',
  'projects?',
  'repos?archived=ALL&',
]

/** How long each list is, and what all of them say. */
async function read({ list }: Started): Promise<{ readonly counts: readonly number[]; readonly digest: string }> {
  const hash = createHash('sha256')
  const counts: number[] = []
  for (const path of lists) {
    const values = await list(path)
    counts.push(values.length)
    hash.update(JSON.stringify(values))
  }
  return { counts, digest: hash.digest('hex') }
}

describe('an estate of full size', () => {
  test('is the same at two starts with one seed, and another with another one', async () => {
    const [first, again, other] = [await begin(size), await begin(size), await begin(`${size},seed=2`)]
    const read1 = await read(first)
    expect(await read(again)).toEqual(read1)
    expect((await read(other)).digest).not.toBe(read1.digest)
    // Beside those that every sandbox has.
    const [users = 0, groups = 0, members = 0, , , projects = 0, repositories = 0] = read1.counts
    expect([users, groups, projects, repositories]).toEqual([1009, 304, 102, 2004])
    expect(members).toBeGreaterThan(0)
  })

  test.skipIf(!hasPeak)(`takes less than ${mostMegabytes} MB, read whole`, async () => {
    const started = await begin(size)
    await read(started)
    const status = readFileSync(`/proc/${started.pid}/status`, 'utf8')
    const peak = Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1]) / 1024
    expect(peak).toBeGreaterThan(20)
    expect(peak).toBeLessThan(mostMegabytes)
  })
})
