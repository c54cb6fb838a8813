import { describe, expect, test } from 'vitest'
import { ConfigError, PlanError } from '../../../src/model/errors.js'
import { ApplyError, type ApplyReport } from '../../../src/model/outcome.js'
import type { Change, Plan } from '../../../src/model/plan.js'
import { formatJsonError } from '../../../src/report/json.js'
import { createTerminalReport } from '../../../src/report/terminal.js'

const plain = createTerminalReport(0)
const source = (line: number) => ({ file: 'bbstate.yaml', line, column: 3 })
const server = { url: 'https://bitbucket.example.com', version: '9.4.2', account: 'bbstate-bot' }
const change = (part: Partial<Change> & Pick<Change, 'address' | 'action'>): Change => ({
  kind: 'banner',
  at: {},
  identity: {},
  before: null,
  after: null,
  fields: [],
  precondition: 'p',
  digest: 'd',
  ...part,
})
const plan = (changes: readonly Change[], part: Partial<Plan> = {}): Plan => ({
  formatVersion: 1,
  bbstate: '1.0.0',
  server,
  createdAt: '2026-11-23T12:00:00.000Z',
  changes,
  unmanaged: [],
  kept: [],
  warnings: [],
  summary: { create: 1, update: 1, delete: 1, replace: 0, unchanged: 0, unmanaged: 0 },
  requests: 9,
  digest: 'd',
  ...part,
})

describe('a plan in the terminal', () => {
  test('deletions first, aligned, with where each change comes from', () => {
    const changes = [
      change({
        address: 'instance.accessTokenPolicy',
        action: 'update',
        before: null,
        after: { maxExpiryDays: 100 },
        fields: [{ path: 'maxExpiryDays', after: 100 }],
        source: source(9),
      }),
      change({
        address: 'instance.groups[platform-admins].members[bob]',
        action: 'create',
        after: { user: 'bob' },
        identity: { user: 'bob' },
        source: source(17),
      }),
      change({
        address: 'instance.groupPermissions[contractors]',
        action: 'delete',
        before: { group: 'contractors', permission: 'LICENSED_USER' },
        identity: { group: 'contractors' },
        cause: { reason: 'pruned', source: source(41) },
      }),
    ]
    const text = plain.plan(
      plan(changes, {
        unmanaged: ['instance.groups[x]'],
        warnings: [{ code: 'W', message: 'Mind this', source: source(3) }],
      }),
    )
    expect(text)
      .toBe(`bbstate will make these changes on https://bitbucket.example.com (9.4.2, signed in as bbstate-bot):

  - instance.groupPermissions[contractors]          pruned, policy bbstate.yaml:41
        permission   LICENSED_USER
  ~ instance.accessTokenPolicy                      bbstate.yaml:9
        maxExpiryDays   not set → 100
  + instance.groups[platform-admins].members[bob]   bbstate.yaml:17

Not managed: 1 item (bbstate drift --unmanaged lists them).
Warning: Mind this (bbstate.yaml:3)

Plan: 1 to add, 1 to change, 1 to destroy.
`)
  })

  test('a plan without a server sends nobody to a drift, which would ask one', () => {
    const stand = { type: 'configuration', ref: 'main', commit: 'c'.repeat(40) } as const
    const text = plain.plan(plan([], { unmanaged: ['instance.groups[x]'], stand }))
    expect(text).toContain('Not managed: 1 item (the plan as JSON lists them).')
    expect(text).not.toContain('bbstate drift')
  })

  test('says so when there is nothing to do', () => {
    expect(plain.plan(plan([]))).toBe('No changes. Live matches the configuration.\n')
  })

  test('where a secret goes stands before everything else', () => {
    const moved = change({
      address: 'instance.mailServer',
      action: 'update',
      after: { hostname: 'evil.example.com' },
      fields: [{ path: 'hostname', before: 'smtp.example.com', after: 'evil.example.com' }],
      destination: { secrets: ['smtp-password'], target: { hostname: 'evil.example.com' } },
    })
    expect(plain.plan(plan([moved])).split('\n')[2]).toBe(
      '  ! instance.mailServer: secret smtp-password goes to hostname evil.example.com',
    )
  })

  test('a set shows what it gains and loses; a rename shows the earlier address', () => {
    const renamed = change({
      address: 'instance.shelves[new]',
      action: 'update',
      renamedFrom: 'instance.shelves[old]',
      after: {},
      fields: [{ path: 'tags', before: ['a', 'b'], after: ['b', 'c'] }],
    })
    const text = plain.plan(plan([renamed]))
    expect(text).toContain('renamed from instance.shelves[old]')
    expect(text).toContain('tags   - a  + c')
  })

  test('names cannot deceive the terminal', () => {
    const text = plain.plan(
      plan([change({ address: 'instance.groups["\u001b[31mred"]', action: 'create', after: {} })]),
    )
    expect(text).not.toContain('\u001b')
  })

  test('colour changes nothing of the text', () => {
    const made = plan([change({ address: 'instance.banner', action: 'delete', before: { message: 'x' } })])
    const coloured = createTerminalReport(1).plan(made)
    expect(coloured).toContain('\u001b[31m')
    expect(coloured.replaceAll(/\u001b\[\d+m/gu, '')).toBe(plain.plan(made))
  })
})

describe('errors', () => {
  test('every finding has its code, place and remedy', () => {
    const error = new ConfigError([
      { code: 'CONFIG_SCHEMA', message: 'Unknown key baner', source: source(4), hint: 'Did you mean banner?' },
      { code: 'CONFIG_SECRET', message: 'A literal password', source: source(8) },
    ])
    expect(plain.error(error)).toBe(`Error: 2 findings in the configuration

Error: Unknown key baner [CONFIG_SCHEMA]
  at bbstate.yaml:4:3
  → Did you mean banner?

Error: A literal password [CONFIG_SECRET]
  at bbstate.yaml:8:3
`)
  })

  test('a failed apply shows what failed, with the request id of the server', () => {
    const report: ApplyReport = {
      formatVersion: 1,
      server,
      digest: 'd',
      outcomes: [
        { address: 'instance.banner', action: 'create', outcome: 'done', milliseconds: 3 },
        {
          address: 'instance.groups[x]',
          action: 'create',
          outcome: 'failed',
          error: { code: 'API_FORBIDDEN', message: 'Not allowed', requestId: '@1A2B3C' },
          milliseconds: 3,
        },
      ],
      summary: { done: 1, failed: 1, skipped: 0 },
      converged: false,
      remaining: [],
      requests: 4,
    }
    const text = plain.error(new ApplyError('APPLY_PARTIAL', 'Applied in part', report, { hint: 'Apply again.' }))
    expect(text).toContain(
      '  + instance.groups[x]: failed\n      Not allowed [API_FORBIDDEN]\n        request id @1A2B3C\n',
    )
    expect(text).toContain('→ Apply again.')
  })

  test('as JSON they carry the same', () => {
    const error = new PlanError('PLAN_UNSAFE', 'Refused', {
      hint: 'Allow it',
      findings: [{ code: 'PLAN_UNSAFE', message: 'Refused' }],
    })
    expect(JSON.parse(formatJsonError(error))).toEqual({
      error: {
        code: 'PLAN_UNSAFE',
        message: 'Refused',
        hint: 'Allow it',
        findings: [{ code: 'PLAN_UNSAFE', message: 'Refused' }],
      },
    })
  })
})
