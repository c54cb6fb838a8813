/** Plans and reports by hand, small, large and hostile, for everything that renders them. */
import type { ApplyReport, Outcome } from '../src/model/outcome.js'
import { type Change, type Plan, summarise } from '../src/model/plan.js'

export const source = (line: number) => ({ file: 'bbstate.yaml', line, column: 3 })
const server = { url: 'https://bitbucket.example.com', version: '9.4.2', account: 'bbstate-bot' }
const digest = '0123456789abcdef'.repeat(4)

/** A change with what the test says about it. */
export function change(part: Partial<Change> & Pick<Change, 'address' | 'action'>): Change {
  return {
    kind: 'banner',
    at: {},
    identity: {},
    before: null,
    after: null,
    fields: [],
    precondition: digest,
    digest,
    ...part,
  }
}

/** A plan of these changes. */
export function planOf(changes: readonly Change[], part: Partial<Plan> = {}): Plan {
  return {
    formatVersion: 1,
    bbstate: '1.0.0',
    server,
    createdAt: '2026-11-23T12:00:00.000Z',
    changes,
    unmanaged: [],
    kept: [],
    warnings: [],
    summary: summarise(changes, 0, 0),
    requests: 9,
    digest,
    ...part,
  }
}

/** A report of these outcomes. */
export function reportOf(outcomes: readonly Outcome[], part: Partial<ApplyReport> = {}): ApplyReport {
  const count = (wanted: Outcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === wanted).length
  return {
    formatVersion: 1,
    server,
    digest,
    outcomes,
    summary: { done: count('done'), failed: count('failed'), skipped: count('skipped') },
    converged: true,
    remaining: [],
    requests: 4,
    ...part,
  }
}

/** A deletion, a change and a creation in each of so many groups, with texts of a usual length. */
export function largePlan(count: number, actions: readonly Change['action'][] = ['delete', 'update', 'create']): Plan {
  const changes = Array.from({ length: count }, (_, index): Change => {
    const action = actions[index % actions.length] ?? 'update'
    const name = `label-${index}`
    const before = { name, text: `text ${index} as it was before`, colour: 'red' }
    const after = { name, text: `text ${index} as it is from now on`, colour: 'red' }
    return change({
      address: `projects[P${index % 40}].repositories[repository-${index % 200}].labels[${name}]`,
      kind: 'labels',
      identity: { name },
      action,
      before: action === 'create' ? null : before,
      after: action === 'delete' ? null : after,
      fields:
        action === 'update'
          ? [{ path: 'text', before: before.text, after: after.text, source: source(index + 1) }]
          : [],
      source: source(index + 1),
    })
  })
  return planOf(changes)
}

/** What somebody may put into a name to deceive a reader, a browser, a terminal or a log. */
export const hostileTexts: readonly string[] = [
  '@everyone',
  '#1 and owner/repository#2 and GH-3',
  '![image](https://evil.example.com/x.png)',
  '[link](https://evil.example.com) https://evil.example.com www.evil.example.com a@evil.example.com',
  '<img src=x onerror=alert(1)><script>alert(1)</script><!--',
  '</code></pre></details></td></table>',
  '"><svg/onload=alert(1)>',
  '``` ` `````` ~~~~',
  '`leading and trailing`',
  ' | pipe | \\| backslash \\',
  '**bold** _em_ ~~del~~ $math$ :smile: &amp; &#64;all',
  'one\ntwo\r\n\n# three\n- four\n> five\n::error::six\n##[error]seven',
  '::error file=a::message',
  '##[error]message',
  'text ##vso[task.setvariable variable=a]b ##teamcity[x]',
  '\u001b[31mred\u0007\u009b2J\u007f',
  '\u202eright to left\u2066\u200b\u00ad\u{e0041}',
  'lone \ud800 surrogate',
  '山田 太郎 ❤️ é',
  '',
  ' ',
]

/** A plan that has every hostile text everywhere a text can be. */
export function hostilePlan(): Plan {
  const changes = hostileTexts.flatMap((text, index): readonly Change[] => {
    const address = `instance.groups[${JSON.stringify(text)}]`
    const common = { kind: 'groups', source: { file: text || 'a', line: 1, column: 1 }, identity: { name: text } }
    return [
      change({
        ...common,
        address,
        action: 'create',
        after: { name: text, [text]: text, list: [text], deep: { [text]: text } },
      }),
      change({ ...common, address, action: 'delete', before: { name: text, value: text, lines: `a\n${text}\nb` } }),
      change({
        ...common,
        address,
        action: index % 2 === 0 ? 'update' : 'replace',
        renamedFrom: `instance.groups[${text}]`,
        cause: { reason: 'goes-with', address: text },
        destination: { secrets: [text], target: { [text]: text } },
        fields: [
          { path: text, before: text, after: `${text}!` },
          { path: 'lines', before: `a\n${text}\nb\n`, after: `a\n${text}\nc\n` },
          { path: 'set', before: ['a', text], after: ['a', `${text}!`] },
        ],
      }),
    ]
  })
  const shift = { permission: 'ADMIN', through: hostileTexts.join(' '), people: hostileTexts }
  return planOf(changes, {
    server: { url: 'https://@all.example.com/<b>', version: '9<b>', account: '@account <b>' },
    loosened: hostileTexts.map((message) => ({ message, source: { file: message || 'a', line: 1, column: 1 } })),
    scope: { targets: hostileTexts, changedSince: { ref: '@ref <b>', commit: '<commit>' } },
    stand: { type: 'configuration', ref: '@ref [a](b)', commit: '<commit>' },
    irreversible: hostileTexts.map((text) => ({ address: text, message: text })),
    access: { losses: [shift, { permission: '<b>', through: '@group' }], gains: [shift] },
    unmanaged: hostileTexts,
    kept: hostileTexts,
    warnings: hostileTexts.map((text) => ({ code: text, message: text, source: { file: text, line: 1, column: 1 } })),
    digest: '@digest <b>',
  })
}

/** A report that has every hostile text everywhere a text can be. */
export function hostileReport(): ApplyReport {
  const finding = (text: string) => ({
    code: 'API_SERVER' as const,
    message: text,
    hint: text,
    address: text,
    source: { file: text, line: 1, column: 1 },
    requestId: text,
  })
  const results = ['done', 'failed', 'skipped'] as const
  const outcomes = hostileTexts.flatMap((text) =>
    results.map((outcome): Outcome => ({
      address: text,
      action: 'update',
      outcome,
      note: text,
      requestId: text,
      milliseconds: 1,
      ...(outcome === 'done' ? {} : { error: finding(text) }),
    })),
  )
  return reportOf(outcomes, {
    server: { url: 'https://@all.example.com/<b>', version: '9<b>', account: '@account <b>' },
    converged: false,
    remaining: hostileTexts.map(finding),
    audit: { commit: '<b>', actor: '@actor', approver: '[a](b)', runUrl: 'https://evil.example.com' },
    digest: '@digest <b>',
  })
}

/** What a reviewer may meet on an ordinary day: every sort of change, values of every form, all that comes first. */
export function reviewPlan(): Plan {
  const script = (lines: readonly string[]): string => `#!/bin/sh\nset -eu\n${lines.join('\n')}\nexit 0\n`
  const checks = Array.from({ length: 8 }, (_, index) => `check_rule ${index}`)
  const pruned = { reason: 'pruned', source: source(41) } as const
  const changes = [
    change({
      address: 'instance.groupPermissions[contractors]',
      kind: 'groupPermissions',
      action: 'delete',
      identity: { group: 'contractors' },
      before: { group: 'contractors', permission: 'LICENSED_USER' },
      cause: pruned,
    }),
    change({
      address: 'instance.groups[contractors]',
      kind: 'groups',
      action: 'delete',
      identity: { name: 'contractors' },
      before: { name: 'contractors' },
      cause: pruned,
    }),
    change({
      address: 'instance.groups[contractors].members[carol]',
      kind: 'members',
      action: 'delete',
      identity: { user: 'carol' },
      before: { user: 'carol' },
      cause: { reason: 'goes-with', address: 'instance.groups[contractors]' },
    }),
    change({
      address: 'instance.mailServer',
      kind: 'mailServer',
      action: 'update',
      before: { hostname: 'smtp.example.com', port: 25 },
      after: { hostname: 'relay.example.net', port: 587 },
      fields: [
        { path: 'hostname', before: 'smtp.example.com', after: 'relay.example.net', source: source(12) },
        { path: 'port', before: 25, after: 587, source: source(13) },
        { path: 'password', after: { secret: 'smtp-password' }, source: source(14) },
      ],
      destination: { secrets: ['smtp-password'], target: { hostname: 'relay.example.net', port: 587 } },
      source: source(11),
    }),
    change({
      address: 'instance.hookScripts[commit-policy]',
      kind: 'hookScripts',
      action: 'update',
      identity: { name: 'commit-policy' },
      fields: [
        {
          path: 'content',
          before: script(['check_author', ...checks, 'check_message old']),
          after: script(['check_author "$1"', 'check_size', ...checks, 'check_message new']),
          source: source(60),
        },
        { path: 'triggers', before: ['push', 'pull-request'], after: ['push', 'tag'], source: source(66) },
      ],
      source: source(58),
    }),
    change({
      address: 'projects[PLAT].repositories[api].webhooks["build server"]',
      kind: 'webhooks',
      action: 'replace',
      identity: { name: 'build server' },
      fields: [
        {
          path: 'url',
          before: 'https://old.example.com/hook',
          after: 'https://ci.example.com/hook?repository=api&token=none',
        },
      ],
      source: source(88),
    }),
    change({
      address: 'instance.groups[platform-admins].members[山田太郎]',
      kind: 'members',
      action: 'create',
      identity: { user: '山田太郎' },
      after: { user: '山田太郎' },
      source: source(17),
    }),
    change({
      address: 'instance.banner',
      kind: 'banner',
      action: 'create',
      after: { message: 'Maintenance on Saturday, 10:00 to 12:00 <UTC>', audience: 'ALL', enabled: true },
      source: source(3),
    }),
  ]
  return planOf(changes, {
    loosened: [{ message: 'policy.limits.deletes 50 → 500', source: source(40) }],
    scope: { targets: [], changedSince: { ref: 'main', commit: 'c0ffee123456789' } },
    access: {
      losses: [{ permission: 'LICENSED_USER', through: 'contractors', people: ['carol', 'dave', 'erin'] }],
      gains: [{ permission: 'SYS_ADMIN', through: 'platform-admins', people: ['山田太郎'] }],
    },
    warnings: [
      { code: 'HAZARD', message: 'instance.hookScripts[commit-policy]: pushes run it at once', source: source(58) },
    ],
    unmanaged: ['instance.groups[stash-users]', 'instance.groups[guests]'],
    kept: ['instance.groups[administrators]'],
    summary: { ...summarise(changes, 31, 2) },
    requests: 41,
  })
}
