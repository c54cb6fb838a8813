/** A plan against a snapshot is the plan against the server, as long as nothing moved; and no secret stands in one. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planSnapshot, snapshotRegistry } from '../../src/app/plan-snapshot.js'
import { parseSnapshot } from '../../src/app/snapshot-file.js'
import { takeSnapshot } from '../../src/app/take-snapshot.js'
import { registry } from '../../src/bitbucket/registry.js'
import { onlyFile } from '../../src/config/files.js'
import { loadDesired } from '../../src/config/load.js'
import { exampleDocument } from '../../src/generate/example.js'
import type { Plan } from '../../src/model/plan.js'
import type { Snapshot } from '../../src/model/snapshot.js'
import { type LiveRun, startLive, validate } from '../live.js'
import { prepareGround } from './ground.js'

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')
const moment = Date.UTC(2026, 0, 2, 12)
const clockAt = (now: number) => ({ now: () => now, elapsed: () => 0 })
const everything = { allow: { allows: () => true, allowsPath: () => true } }

function take(live: LiveRun, exclude: readonly string[] = []): Promise<Snapshot> {
  const { client, sandbox } = live
  const server = {
    identity: { url: sandbox.url, version: sandbox.version, account: sandbox.username },
    reading: () => client.reading(),
    requests: () => client.requests().sent,
    usesPassword: true,
  }
  return takeSnapshot({ registry, server, clock: clockAt(moment), version: '0', listen: () => undefined, exclude })
}

/** Plans with nothing that could reach a server. */
function plan(snapshot: Snapshot, document: unknown, hoursLater = 0): Promise<Plan> {
  const definitions = snapshotRegistry(registry, snapshot)
  const files = onlyFile('test.yaml', JSON.stringify(document))
  const desired = loadDesired(
    { paths: [], overlays: [], variables: () => undefined },
    { files, registry: definitions, validate, digest: sha256 },
  )
  const clock = clockAt(moment + hoursLater * 3_600_000)
  const common = { sha256, version: '0', listen: () => undefined, options: everything }
  return planSnapshot({ registry: definitions, desired, snapshot, clock, ...common })
}

let live: LiveRun
let snapshot: Snapshot
const answers: string[] = []
beforeAll(async () => {
  live = await startLive({}, ({ method }, { body }) => {
    if (method === 'GET') answers.push(body)
  })
  await prepareGround(live)
  await live.apply(
    await live.plan({
      instance: {
        mailServer: {
          hostname: 'smtp.example.com',
          senderAddress: 'git@example.com',
          username: 'git',
          password: '${secret:smtp}',
        },
        users: { erin: { displayName: 'Erin', emailAddress: 'erin@example.com', password: '${secret:erin}' } },
        groups: { 'platform-admins': { members: ['erin'] } },
        groupPermissions: { 'platform-admins': 'ADMIN' },
        license: { license: '${secret:license-1}' },
      },
    }),
  )
  answers.length = 0
  snapshot = await take(live)
})
afterAll(() => live.close())

const listed = registry.resources.flatMap((resource) => {
  if (resource.form === 'directory' || (resource.form === 'collection' && resource.list === undefined)) return []
  return [[resource.kind, resource] as const]
})

describe('a plan against a snapshot', () => {
  test.each(listed.filter(([kind]) => kind !== 'logging'))(
    'has the changes of the live plan: %s',
    async (kind, resource) => {
      let changes = 0
      for (const example of [0, 1]) {
        const document = exampleDocument(registry, resource, example)
        // What cannot be created must be there: users of the examples are.
        const expected = await live.plan(document)
        const found = await plan(snapshot, document)
        const { server: _server, createdAt: _created, requests: _requests, ...rest } = expected
        expect(found).toMatchObject({ ...rest, requests: 0, stand: { type: 'snapshot' } })
        changes += found.changes.length
      }
      // These are on the ground as the examples have them.
      if (!['accessTokens', 'groups', 'mirrors'].includes(kind)) expect(changes).toBeGreaterThan(0)
    },
  )

  test('sees what goes with a deletion, who loses what, and what prune deletes', async () => {
    const document = {
      instance: {
        users: { 'build-bot': null },
        groups: { 'platform-admins': null },
        groupPermissions: { 'stash-users': 'LICENSED_USER' },
      },
      policy: { prune: ['instance.groupPermissions'] },
    }
    const [expected, found] = [await live.plan(document), await plan(snapshot, document)]
    expect(expected.changes.length).toBeGreaterThan(5)
    expect(expected.access?.losses.length).toBeGreaterThan(0)
    expect({ ...found, createdAt: '', requests: 0, stand: 0 }).toEqual({
      ...expected,
      createdAt: '',
      requests: 0,
      stand: 0,
    })
  })

  test('finds names of nobody as the live plan does', async () => {
    const document = { instance: { groups: { 'platform-admins': { members: ['nobody-here'] } } } }
    const expected = await live.plan(document).catch((error: Error) => error.message)
    expect(expected).toContain('nobody-here')
    expect(await plan(snapshot, document).catch((error: Error) => error.message)).toBe(expected)
  })

  test('is refused as the live plan is, also for what only the server knows', async () => {
    const document = { instance: { groups: { 'stash-users': null } } }
    const expected = await live.plan(document).catch((error: Error) => error.message)
    expect(expected).toContain('read-only directory')
    expect(await plan(snapshot, document).catch((error: Error) => error.message)).toBe(expected)
  })

  test('leaves out and names what the snapshot lacks, and invents nothing', async () => {
    const document = { instance: { loggers: { 'com.example': 'DEBUG' }, defaultBranch: 'trunk' } }
    const { changes, warnings } = await plan(snapshot, document)
    expect(changes.map(({ address }) => address)).toEqual(['instance.defaultBranch'])
    expect(warnings).toMatchObject([{ code: 'SNAPSHOT_LACKS', address: 'instance.loggers["com.example"]' }])
    const without = await take(live, ['instance.users[*].accessTokens', 'instance.groups'])
    const found = await plan(without, {
      instance: {
        groups: { 'platform-admins': { members: ['alice'] } },
        users: {
          'build-bot': { accessTokens: ['ci'] },
          'new-one': { displayName: 'N', emailAddress: 'n@example.com' },
        },
      },
    })
    expect(found.changes.map(({ address }) => address)).toEqual(['instance.users[new-one]'])
    expect(found.warnings.map(({ address }) => address).sort()).toEqual([
      'instance.groups[platform-admins]',
      'instance.groups[platform-admins].members[alice]',
      'instance.users[build-bot].accessTokens[ci]',
    ])
    // What a plan must know and the snapshot does not is an error, not an empty answer.
    await expect(plan(without, { instance: { groupPermissions: { 'no-group': 'ADMIN' } } })).rejects.toThrow(
      'The snapshot does not hold groups: it was left out by --exclude',
    )
    const older = { ...snapshot, kinds: snapshot.kinds.filter((kind) => kind !== 'defaultBranch') }
    expect((await plan(older, { instance: { defaultBranch: 'trunk' } })).warnings[0]?.message).toContain(
      'does not know defaultBranch',
    )
  })

  test('warns of an old snapshot, and refuses one of another server', async () => {
    const codes = async (hours: number): Promise<readonly string[]> =>
      (await plan(snapshot, { instance: { defaultBranch: 'trunk' } }, hours)).warnings.map(({ code }) => code)
    expect(await codes(23)).toEqual([])
    expect(await codes(25)).toEqual(['SNAPSHOT_OLD'])
    await expect(plan(snapshot, { server: 'https://other.example.com' })).rejects.toMatchObject({
      code: 'PLAN_FORMAT',
    })
  })
})

describe('a snapshot', () => {
  test('is of the published form, of the same bytes each time, and read back as it was', async () => {
    const schema = JSON.parse(readFileSync('schemas/snapshot.schema.json', 'utf8')) as object
    const isValid = new Ajv({ strict: false }).compile(schema)
    expect(isValid(JSON.parse(JSON.stringify(snapshot))), JSON.stringify(isValid.errors)).toBe(true)
    expect(JSON.stringify(await take(live))).toBe(JSON.stringify(snapshot))
    expect(parseSnapshot(JSON.stringify(snapshot), 's.json')).toEqual(snapshot)
    expect(snapshot.lacking.map(({ kind }) => kind)).toEqual(['hookScripts', 'loggers', 'logging', 'restSettings'])
  })

  test('holds no secret, and of what no schema names nothing but switches', () => {
    const text = JSON.stringify(snapshot)
    const { password, clientSecret } = live.sandbox
    for (const canary of ['value-of-', password, clientSecret]) expect(text).not.toContain(canary)
    // The server does answer more than that: ids, links, directories.
    const answered = answers.join('\n')
    for (const unnamed of ['directoryName', 'selfUrl', '"id"', '"links"', '"slug"']) expect(text).not.toContain(unnamed)
    expect(answered).toContain('"id"')
    expect(answered).toContain('directoryName')
  })

  test.each([
    ['', 'is not whole JSON'],
    ['{"formatVersion":1,"changes":[]}', 'is not a snapshot of bbstate'],
    ['{"formatVersion":2,"kinds":[],"takenAt":""}', 'has format 2, which this version does not know'],
    ['{"formatVersion":1,"kinds":[],"takenAt":"yesterday","bbstate":"0"}', 'is damaged: server'],
  ])('is refused where it is damaged: %s', (text, message) => {
    expect(() => parseSnapshot(text, 's.json')).toThrow(message)
  })

  test('is refused where one part has another shape', () => {
    const broken = { ...snapshot, collections: [{ address: 'a', kind: 'groups', at: {}, items: [{ value: 'text' }] }] }
    expect(() => parseSnapshot(JSON.stringify(broken), 's.json')).toThrow('is damaged: collections')
  })
})
