/** Markdown, read by a real GFM parser: what would be shown, and that no name is anything but a name. */
import { marked, type Token } from 'marked'
import { describe, expect, test } from 'vitest'
import { PlanError } from '../../../src/model/errors.js'
import type { Plan } from '../../../src/model/plan.js'
import { renderMarkdown, renderMarkdownError } from '../../../src/report/markdown.js'
import { change, hostilePlan, hostileReport, hostileTexts, largePlan, planOf, reportOf, source } from '../../plans.js'

/** Every token of a text, flat. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  void marked.walkTokens(marked.lexer(text), (token) => {
    tokens.push(token)
  })
  return tokens
}

/** Fails where a parser finds anything that could come from a name: all names are code. */
function expectInert(text: string): void {
  const ours = /^(?:<details><summary>[\w ,]+<\/summary>|<\/details>)\s*$/u
  for (const token of tokensOf(text)) {
    expect(['link', 'image', 'del', 'em', 'table', 'blockquote', 'hr', 'def', 'escape', 'br'], token.raw).not.toContain(
      token.type,
    )
    if (token.type === 'html') expect(token.raw).toMatch(ours)
    if (token.type === 'text' && !('tokens' in token)) expect(token.raw).not.toMatch(/[@<>&$|]|#\d|evil|:\w+:|\/\//u)
    if (token.type === 'heading') expect(token.raw).toMatch(/^#{3,4} [A-Z]/u)
  }
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066\u200b]/u)
  expect(text).not.toMatch(/^\s*::|##\[|##vso\[|##teamcity\[/mu)
}

/** The texts of all code of a Markdown text. */
function codeOf(text: string): string {
  return tokensOf(text)
    .filter(({ type }) => type === 'code' || type === 'codespan')
    .map((token) => ('text' in token ? String(token.text) : ''))
    .join('\n')
}

const removal = change({
  address: 'instance.groupPermissions[contractors]',
  action: 'delete',
  before: { group: 'contractors', permission: 'LICENSED_USER' },
  identity: { group: 'contractors' },
  cause: { reason: 'pruned', source: source(41) },
})

describe('a plan in Markdown', () => {
  test('what must not be overlooked comes first, each change with its place', () => {
    const changes = [
      change({
        address: 'instance.groups[a]',
        action: 'create',
        after: { name: 'a' },
        identity: { name: 'a' },
        source: source(17),
      }),
      change({
        address: 'instance.accessTokenPolicy',
        action: 'update',
        fields: [{ path: 'maxExpiryDays', after: 100 }],
        source: source(9),
      }),
      removal,
    ]
    const text = renderMarkdown(
      planOf(changes, {
        loosened: [{ message: 'policy.limits.deletes 50 → 500', source: source(3) }],
        scope: { targets: ['instance.*'] },
        access: { losses: [{ permission: 'LICENSED_USER', through: 'contractors', people: ['carol'] }], gains: [] },
        warnings: [{ code: 'W', message: 'Mind this', source: source(3) }],
        unmanaged: ['instance.groups[x]'],
      }),
    )
    expect(text).toBe(`**This configuration loosens 1 guard:**

- \`policy.limits.deletes 50 → 500\` (\`bbstate.yaml:3\`)

### Plan: 1 to add, 1 to change, 1 to destroy.

\`https://bitbucket.example.com\` (\`9.4.2\`, signed in as \`bbstate-bot\`)

Only a part was planned: \`instance.*\`.

**Access is lost:**

- 1 loses \`LICENSED_USER\` through \`contractors\` (\`carol\`)

#### Deleted (1)

\`\`\`diff
- instance.groupPermissions[contractors]   pruned, policy bbstate.yaml:41
-     permission   LICENSED_USER
\`\`\`

#### Changed (1)

\`\`\`diff
! instance.accessTokenPolicy   bbstate.yaml:9
-     maxExpiryDays   not set
+     maxExpiryDays   100
\`\`\`

#### Added (1)

\`\`\`diff
+ instance.groups[a]   bbstate.yaml:17
\`\`\`

Not managed: 1 item (bbstate drift --unmanaged lists them).

**Warnings:**

- \`Mind this\` (\`bbstate.yaml:3\`)

Digest \`${'0123456789abcdef'.repeat(4)}\`
`)
  })

  test('a plan without a server sends nobody to a drift, which would ask one', () => {
    const stand = { type: 'configuration', ref: 'main', commit: 'c'.repeat(40) } as const
    const text = renderMarkdown(planOf([], { unmanaged: ['instance.groups[x]'], stand }))
    expect(text).toContain('Not managed: 1 item (the plan as JSON lists them).')
    expect(text).not.toContain('bbstate drift')
  })

  test('says so when there is nothing to do', () => {
    expect(renderMarkdown(planOf([]))).toMatch(/^### No changes\. Live matches the configuration\.\n/u)
  })

  test('says what it was made against and how old that is', () => {
    const against = (takenAt: string): string =>
      renderMarkdown(planOf([removal], { stand: { type: 'snapshot', takenAt, commit: 'abcdef0123456789' } }))
    expect(against('2026-11-23T09:00:00Z')).toContain(
      'snapshot from commit `abcdef012345` of `2026-11-23T09:00:00Z`, 3 hours old.',
    )
    expect(against('2026-11-13T09:00:00Z')).toContain('10 days old')
    expect(against('2027-11-13T09:00:00Z')).toContain('from the future')
    const stand = { type: 'configuration', ref: 'main', commit: 'abcdef0123456789' } as const
    expect(renderMarkdown(planOf([removal], { stand }))).toContain('configuration against `main` (`abcdef012345`)')
  })

  test('an undo says what it cannot bring back', () => {
    const irreversible = [{ address: 'instance.mailServer', message: 'the password was never readable' }]
    expect(renderMarkdown(planOf([removal], { irreversible }))).toContain(
      '- `instance.mailServer`: `the password was never readable`',
    )
  })

  test('many changes are closed, deletions never', () => {
    const text = renderMarkdown(largePlan(90))
    expect(text.match(/<details>/gu)).toHaveLength(2)
    expect(text.indexOf('#### Deleted (30)')).toBeLessThan(text.indexOf('<details>'))
  })
})

describe('below the limit', () => {
  const addressesOf = ({ changes }: Plan, action: string): readonly string[] =>
    changes.filter((each) => each.action === action).map(({ address }) => address)

  test('of a long plan all deletions stay, and what is missing is counted', () => {
    const plan = largePlan(900)
    const text = renderMarkdown(plan)
    expect(text.length).toBeLessThanOrEqual(60_000)
    expect(text.length).toBeGreaterThan(50_000)
    const shown = codeOf(text)
    for (const address of addressesOf(plan, 'delete')) expect(shown).toContain(`${address} `)
    expect(countsOf(text) + shownOf(text)).toBe(900)
  })

  test('deletions that are too long with their fields are named, then counted', () => {
    const named = largePlan(900, ['delete'])
    const text = renderMarkdown(named, { limit: 30_000 })
    expect(text.length).toBeLessThanOrEqual(30_000)
    for (let index = 0; index < 900; index++) expect(text).toMatch(new RegExp(`label-${index}\\b`, 'u'))
    const counted = renderMarkdown(largePlan(20_000, ['delete', 'create']))
    expect(counted.length).toBeLessThanOrEqual(60_000)
    expect(counted).toContain('#### Deleted (10,000)')
    const missing = countsOf(counted)
    const spans = (counted.match(/`label-\d+`/gu) ?? []).length
    expect(missing + spans + shownOf(counted)).toBe(20_000)
    expect(spans).toBeGreaterThan(1_000)
  })

  test.each([500, 2_000, 8_000, 30_000, 60_000])('never longer than %i, whatever stands in it', (limit) => {
    for (const plan of [hostilePlan(), largePlan(2_000), largePlan(300, ['update']), fences()]) {
      const text = renderMarkdown(plan, { limit })
      expect(text.length).toBeLessThanOrEqual(limit)
      expectInert(text)
    }
    const outcomes = largePlan(2_000).changes.map(({ address, action }) => ({
      address,
      action,
      outcome: 'failed' as const,
      milliseconds: 1,
    }))
    expect(renderMarkdown(reportOf(outcomes), { limit }).length).toBeLessThanOrEqual(limit)
    expect(renderMarkdown(hostileReport(), { limit }).length).toBeLessThanOrEqual(limit)
  })

  test('losses of access stay where the rest has no room', () => {
    const losses = Array.from({ length: 40 }, (_, index) => ({
      permission: 'ADMIN',
      through: `group-${index}`,
      people: ['ann', 'bob'],
    }))
    const text = renderMarkdown({ ...largePlan(20_000), access: { losses, gains: [] } }, { limit: 20_000 })
    expect(text.match(/2 lose `ADMIN` through `group-\d+`/gu)).toHaveLength(40)
  })

  /** Values of backticks, which make every fence long. */
  function fences(): Plan {
    const ticks = '`'.repeat(400)
    return planOf(
      Array.from({ length: 50 }, (_, index) =>
        change({ address: `instance.groups["${index}${ticks}"]`, action: 'delete', before: { text: ticks } }),
      ),
    )
  }

  function countsOf(text: string): number {
    return [...text.matchAll(/Not shown for want of room: ([\d,]+) change/gu)].reduce(
      (sum, [, count]) => sum + Number(count?.replaceAll(',', '')),
      0,
    )
  }

  function shownOf(text: string): number {
    return (text.match(/^[-+!] projects/gmu) ?? []).length
  }
})

describe('hostile names', () => {
  test('are code in a plan, whole and nothing else', () => {
    const text = renderMarkdown(hostilePlan(), { limit: 1_000_000 })
    expectInert(text)
    expect(codeOf(text)).toContain('![image](https://evil.example.com/x.png)')
    expect(codeOf(text)).toContain('``` ` `````` ~~~~')
    expect(codeOf(text)).toContain('山田 太郎 ❤️ é')
  })

  test('are code in a report', () => {
    expectInert(renderMarkdown(hostileReport(), { limit: 1_000_000 }))
  })

  test('are code in an error', () => {
    const findings = hostileTexts.map((text) => ({
      code: 'PLAN_UNSAFE' as const,
      message: text,
      hint: text,
      address: text,
    }))
    expectInert(renderMarkdownError(new PlanError('PLAN_UNSAFE', hostileTexts.join(' '), { findings })))
    expectInert(renderMarkdownError(new PlanError('PLAN_UNSAFE', '@all <b>', { hint: '[a](b)', requestId: '@x' })))
  })
})

describe('a report in Markdown', () => {
  test('failures first, then what was skipped, what was done closed', () => {
    const text = renderMarkdown(
      reportOf(
        [
          { address: 'instance.banner', action: 'create', outcome: 'done', milliseconds: 3 },
          {
            address: 'instance.groups[x]',
            action: 'delete',
            outcome: 'failed',
            error: { code: 'API_FORBIDDEN', message: 'Not allowed', requestId: '@1A2B3C', hint: 'Ask for ADMIN.' },
            milliseconds: 3,
          },
          { address: 'instance.groups[y]', action: 'update', outcome: 'skipped', milliseconds: 0 },
        ],
        {
          converged: false,
          audit: { commit: 'abc', actor: 'ann', approver: 'bob', runUrl: 'https://ci.example.com/1' },
        },
      ),
    )
    expect(text).toMatch(/^### Applied in part: 1 done, 1 failed, 1 skipped\.\n/u)
    expect(text).toContain('commit `abc`, started by `ann`, approved by `bob`, run `https://ci.example.com/1`')
    expect(text).toContain(
      '- delete `instance.groups[x]` · `Not allowed` (`API_FORBIDDEN`) · request `@1A2B3C` · → `Ask for ADMIN.`',
    )
    expect(text.indexOf('#### Failed (1)')).toBeLessThan(text.indexOf('#### Skipped (1)'))
    expect(text).toContain('<details><summary>1 change done</summary>')
  })

  test('says what the server did not keep', () => {
    const remaining = [{ code: 'APPLY_NOT_CONVERGED' as const, message: 'instance.banner.message is still a' }]
    const text = renderMarkdown(reportOf([], { converged: false, remaining }))
    expect(text).toContain('the server did not keep 1 value')
    expect(text).toContain('- `instance.banner.message is still a` (`APPLY_NOT_CONVERGED`)')
  })
})
