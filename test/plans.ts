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
