/** What is set within projects and repositories is recorded, is the same in the copy, and names nobody there either. */
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type RecordedEstate, recordEstate } from '../../src/sandbox/record.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js'

const running: Sandbox[] = []
afterEach(async () => {
  for (const sandbox of running.splice(0)) await sandbox.close()
})

async function begin(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, ...options })
  running.push(sandbox)
  return sandbox
}

/** Whatever must not leave has one of these words in it. */
const canaries = ['canary', 'zaphod', 'beeblebrox']
const token = 'BBDC-CanaryT0kenCanaryT0ken'
const text = 'Ask Zaphod Beeblebrox'

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function call(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`admin:${sandbox.password}`).toString('base64')}`
  const answer = await fetch(`${sandbox.url}/rest${path}`, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answered = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true && answered !== ''
  return { status: answer.status, body: isJson ? JSON.parse(answered) : undefined }
}

function publicKey(): string {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const fields = [Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url')]
  const blob = Buffer.concat(fields.flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]))
  return `ssh-ed25519 ${blob.toString('base64')}`
}

const hook = 'com.atlassian.bitbucket.server.bitbucket-bundled-hooks:requiredApproversMergeHook'
const ref = (id: string, type = 'PATTERN') => ({ id, type: { id: type } })
const anyRef = ref('ANY_REF_MATCHER_ID', 'ANY_REF')

/** Fills a server with every setting that the recorder reads; each text has a canary. */
async function fill(sandbox: Sandbox): Promise<{ readonly keys: readonly string[] }> {
  const { state } = sandbox
  const name = 'Zaphod.Canary'
  const zaphod = {
    name,
    slug: 'zaphod.canary',
    displayName: 'Zaphod Beeblebrox',
    emailAddress: 'zaphod@canary.example',
  }
  state.users['zaphod.canary'] = { ...zaphod, id: 77, active: true, mutable: true }
  state.groups['team-zaphod'] = { name: 'team-zaphod', deletable: true, members: ['zaphod.canary', 'alice'] }
  state.code.projects.push({ id: 9, key: '~ZAPHOD.CANARY', name: 'Zaphod Beeblebrox', owner: 'zaphod.canary' })
  state.code.projects.push({ id: 10, key: 'BEEBLEBROX', name: 'Things of Zaphod', description: text })
  const repositories = [
    {
      id: 90,
      project: '~ZAPHOD.CANARY',
      slug: 'zaphod-notes',
      name: 'Zaphod notes',
      description: text,
      archived: true,
    },
    {
      id: 91,
      project: 'BEEBLEBROX',
      slug: 'legacy',
      name: 'Legacy',
      archived: true,
      isNotForkable: true,
      public: true,
    },
    { id: 92, project: 'BEEBLEBROX', slug: 'empty', name: 'Empty', isEmpty: true },
  ] as const
  state.instance.repositories.push(...repositories)
  const set = async (method: string, path: string, body?: unknown): Promise<void> => {
    const { status, body: said } = await call(sandbox, method, path, body)
    expect(`${method} ${path} ${status} ${status < 300 ? '' : JSON.stringify(said)}`).toMatch(/ 20\d $/u)
  }
  await set('POST', '/api/latest/projects/PLAT/permissions/PROJECT_WRITE/all?allow=false')
  await set('POST', '/api/latest/projects/PLAT/permissions/PROJECT_READ/all?allow=true')
  const keys = [publicKey(), publicKey()]
  for (const place of ['projects/PLAT', 'projects/PLAT/repos/api']) {
    const level = place.includes('repos') ? 'REPO' : 'PROJECT'
    const api = `/api/latest/${place}`
    await set('PUT', `${api}/permissions/users?name=zaphod.canary&permission=${level}_WRITE`)
    await set('PUT', `${api}/permissions/groups?name=team-zaphod&permission=${level}_ADMIN`)
    await set('POST', `${api}/webhooks`, {
      name: text,
      url: `https://user:canary-password@zaphod.example.com:8443/${token}?secret=canary#canary`,
      events: ['repo:refs_changed'],
      configuration: { secret: 'canary-secret', note: 'a canary', count: 3, on: true },
      credentials: { username: 'zaphod.canary', password: 'canary-password' },
    })
    for (const [index, key] of keys.entries()) {
      const label = `zaphod@canary.example ${index}`
      await set('POST', `/keys/latest/${place}/ssh`, { key: { text: key, label }, permission: `${level}_READ` })
    }
    const [firstKey] = state.code.accessKeys
    await set('POST', `/branch-permissions/latest/${place}/restrictions`, {
      type: 'no-deletes',
      matcher: ref('refs/heads/zaphod', 'BRANCH'),
      users: ['zaphod.canary'],
      groups: ['team-zaphod'],
      accessKeys: [firstKey?.id],
    })
    await set('POST', `/default-reviewers/latest/${place}/condition`, {
      sourceMatcher: ref('feature/zaphod/*'),
      targetMatcher: anyRef,
      reviewers: [{ id: 77 }],
      requiredApprovals: 1,
    })
    const group = { name: 'Friends of Zaphod', description: `${text}, ${token}`, users: [{ id: 77 }] }
    await set('POST', `${api}/settings/reviewer-groups`, group)
    const settings = { requiredCount: '2', apiToken: 'canary', 'of zaphod': ['a canary', 'WARN'] }
    await set('PUT', `${api}/settings/hooks/${hook}/enabled`, settings)
    await set('PUT', `${api}/settings/auto-decline`, { enabled: true, inactivityWeeks: 8 })
    const restrictionAction = level === 'PROJECT' ? { restrictionAction: 'NONE' } : {}
    await set('PUT', `${api}/settings/auto-merge`, { enabled: level === 'PROJECT', ...restrictionAction })
    const task = { description: `${text} ${level}`, sourceMatcher: ref('zaphod/*'), targetMatcher: anyRef }
    await set('POST', `/default-tasks/latest/${place}/tasks`, task)
    await set('PUT', `/branch-utils/latest/${place}/branchmodel/configuration`, {
      development: { refId: 'refs/heads/zaphod-develop' },
      production: { useDefault: true },
      types: [{ id: 'FEATURE', prefix: `zaphod/${level.toLowerCase()}/` }],
    })
    const mergeConfig = {
      defaultStrategy: { id: 'squash' },
      strategies: [{ id: 'squash' }, { id: 'no-ff' }],
      commitSummaries: level === 'PROJECT' ? 5 : 6,
      commitMessageTemplate: { title: text },
    }
    await set('POST', `${api}/settings/pull-requests${level === 'PROJECT' ? '/git' : ''}`, {
      mergeConfig,
      needsWork: true,
    })
  }
  await set('POST', '/required-builds/latest/projects/PLAT/repos/api/condition', {
    buildParentKeys: ['build', 'zaphod-build'],
    refMatcher: anyRef,
    exemptRefMatcher: ref('zaphod/*'),
    requiredForPullRequest: false,
    requiredForMergeQueue: true,
  })
  for (const label of ['zaphod-label', 'service'])
    await set('POST', '/api/latest/projects/PLAT/repos/api/labels', { name: label })
  await set('PUT', '/api/latest/projects/PLAT/repos/web/default-branch', { id: 'refs/heads/main' })
  await set('PUT', '/api/latest/admin/rate-limit/settings/users/zaphod.canary', { whitelisted: true })
  const limit = { settings: { capacity: 7, fillRate: 2 } }
  await set('PUT', '/api/latest/admin/rate-limit/settings/users/alice', limit)
  const { status } = await call(sandbox, 'GET', '/api/latest/secret-scanning/rules')
  if (status === 200) {
    await set('POST', '/api/latest/secret-scanning/rules', { name: text, lineRegex: 'key[a-z]', pathRegex: '.*[.]pem' })
    await set('POST', '/api/latest/secret-scanning/rules', { name: 'Zaphod', lineRegex: '[Zaphod-z]+|zaphod' })
    await set('POST', '/api/latest/secret-scanning/exempt', [{ projectKey: '~ZAPHOD.CANARY', slug: 'zaphod-notes' }])
  }
  return { keys }
}

async function record(sandbox: Sandbox, more: { hidesNames?: boolean; isShallow?: boolean } = {}) {
  const asked: string[] = []
  const estate = await recordEstate(
    async (path) => {
      asked.push(path)
      const { status, body } = await call(sandbox, 'GET', path.replace(/^\/rest/u, ''))
      if (!path.startsWith('/rest/api/latest/projects?')) return { status, body }
      // A server whose list of projects has no personal ones.
      const page = body as { values: { key: string }[] }
      return { status, body: { ...page, values: page.values.filter(({ key }) => !key.startsWith('~')) } }
    },
    { hidesNames: false, salt: 'a salt', ...more },
  )
  return { estate, asked }
}

/** The lists of a place that show its settings. */
function pathsOf(place: string): readonly string[] {
  const isRepository = place.includes('/repos/')
  const api = `/api/latest/${place}`
  return [
    api,
    ...['users', 'groups'].map((holder) => `${api}/permissions/${holder}`),
    `${api}/webhooks`,
    `/keys/latest/${place}/ssh`,
    `/branch-permissions/latest/${place}/restrictions`,
    `/default-reviewers/latest/${place}/conditions`,
    `${api}/settings/reviewer-groups`,
    `${api}/settings/hooks`,
    `${api}/settings/hooks/${hook}/settings`,
    `${api}/settings/auto-decline`,
    `${api}/settings/auto-merge`,
    `/default-tasks/latest/${place}/tasks`,
    `/branch-utils/latest/${place}/branchmodel/configuration`,
    ...(isRepository
      ? [`${api}/settings/pull-requests`, `${api}/labels`, `${api}/default-branch`]
      : [
          `${api}/settings/pull-requests/git`,
          `${api}/permissions/PROJECT_READ/all`,
          `${api}/permissions/PROJECT_WRITE/all`,
        ]),
    ...(isRepository ? [`/required-builds/latest/${place}/conditions`] : []),
  ]
}

/** What a recording makes of the words of this test, for whoever was given which name. */
function translate(estate: RecordedEstate, original: Sandbox) {
  const names = Object.values(original.state.users).map(({ name }) => name)
  const sorted = names.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  const people = new Map(sorted.map((name, index) => [name.toLowerCase(), estate.users[index]]))
  const zaphod = people.get('zaphod.canary')
  return {
    people,
    words: [
      [/Zaphod Beeblebrox/giu, zaphod?.displayName ?? ''],
      [/\bzaphod\b|beeblebrox/giu, zaphod?.name ?? ''],
    ] as const,
  }
}

/** What names somebody as a whole has another name as a whole. */
function maskWhole(said: string): string {
  return said
    .replaceAll(
      /^(?:team-zaphod|Friends of Zaphod|zaphod-build|zaphod-label)$|(?:group|reviewers|build|label)-[\da-f]{10}/gu,
      '*',
    )
    .replaceAll(/BBDC-CanaryT0kenCanaryT0ken|secret-[\da-f]{10}/gu, 'token')
    .replaceAll(/^(?:a )?canary$|text-[\da-f]{10}/gu, 'a text')
}

/** Numbers, dates and what must differ; of texts that are replaced as a whole only that they are there. */
const unequal = new Set([
  'id',
  'resourceId',
  'createdDate',
  'updatedDate',
  'hierarchyId',
  'emailAddress',
  'displayName',
])
const replaced = new Set(['url', 'text', 'fingerprint', 'label', 'configuration', 'credentials'])

function strip(value: unknown, say: (text: string) => string, name = ''): unknown {
  if (typeof value === 'string') return replaced.has(name) ? 'replaced' : say(value)
  if (Array.isArray(value)) return value.map((one) => strip(one, say, name))
  if (typeof value !== 'object' || value === null) return value
  if (replaced.has(name)) return Object.keys(value).sort()
  const kept = Object.entries(value).filter(
    ([key, inner]) => !unequal.has(key) || (key === 'id' && typeof inner === 'string'),
  )
  return Object.fromEntries(kept.map(([key, inner]) => [say(key), strip(inner, say, key)]))
}

async function settingsOf(sandbox: Sandbox, places: readonly string[], say: (text: string) => string) {
  const seen: unknown[] = []
  for (const place of places) {
    for (const path of pathsOf(place)) {
      const { status, body } = await call(sandbox, 'GET', path)
      seen.push([path.replace(place, ''), status, strip(body, say)])
    }
  }
  return seen
}

describe.each(['7.21', '8.19', '9.4', '10.2'] as const)('a recording of a %s', (bitbucket) => {
  test('has the settings of projects and repositories, and nobody in it', async () => {
    const original = await begin({ bitbucket })
    const { keys } = await fill(original)
    const { estate, asked } = await record(original)
    const text = JSON.stringify(estate)
    const secrets = [...canaries, token, ...keys.map((key) => key.split(' ')[1] ?? '')]
    expect(secrets.filter((word) => text.toLowerCase().includes(word.toLowerCase()))).toEqual([])
    const copy = await begin({ bitbucket, recorded: structuredClone(estate) })
    const { people, words } = translate(estate, original)
    const say = (said: string): string => {
      const person = people.get(said.toLowerCase())
      if (person !== undefined) return person.name
      return words.reduce((shown, [word, stand]) => shown.replaceAll(word, stand), said)
    }
    const places = [
      'projects/DATA',
      'projects/DATA/repos/warehouse',
      'projects/PLAT',
      'projects/PLAT/repos/api',
      'projects/PLAT/repos/web',
    ]
    const shown = await settingsOf(copy, places, maskWhole)
    expect(shown).toEqual(await settingsOf(original, places, (said) => say(maskWhole(said))))
    expect(JSON.stringify(shown)).toContain('"commitSummaries":6')
    const tail = (limit: unknown) => Object.values(limit as object).slice(-1)
    const limits = async (sandbox: Sandbox) => {
      const { body } = await call(sandbox, 'GET', '/api/latest/admin/rate-limit/settings/users')
      return (body as { values: object[] }).values.map(tail).sort()
    }
    expect(await limits(copy)).toEqual(await limits(original))
    expect(estate.projects.flatMap(({ owner }) => owner ?? [])).toEqual([people.get('zaphod.canary')?.name])
    const { scanningRules = [], exemptRepositories = [] } = estate
    expect([scanningRules.length, exemptRepositories.length]).toEqual(bitbucket === '7.21' ? [0, 0] : [2, 1])
    const [personal] = estate.projects.filter(({ owner }) => owner !== undefined)
    if (bitbucket !== '7.21') {
      expect(copy.state.instance.exemptRepositories.length).toBe(1)
      expect(exemptRepositories[0]).toEqual([personal?.key, personal?.repositories[0]?.slug])
    }
    const flags = estate.projects.flatMap(({ repositories }) => repositories.filter(({ isArchived }) => isArchived))
    expect(flags).toMatchObject([
      { slug: 'legacy', isForkable: false, isPublic: true },
      { isForkable: true, isPublic: false },
    ])
    const archived = copy.state.instance.repositories.find(({ slug }) => slug === 'legacy')
    expect(archived).toMatchObject({ archived: true, isNotForkable: true, public: true })
    expect(copy.state.instance.repositories.find(({ slug }) => slug === 'empty')?.isEmpty).toBe(true)
    const askedIn = (place: string): number => asked.filter((path) => path.includes(`/${place}/`)).length
    expect([askedIn('projects/DATA/repos/warehouse'), askedIn('projects/PLAT/repos/api')]).toEqual([16, 17])
    const inProject = askedIn('projects/DATA') - askedIn('projects/DATA/repos/warehouse')
    expect(inProject).toBeGreaterThan(13)
    expect(inProject).toBeLessThan(19)
    const inInstance = asked.filter((path) => !path.includes('/projects/')).length - estate.groups.length
    expect(inInstance).toBeLessThan(31)
    expect([...new Set(asked)].length).toBe(asked.length)
  })
})

test('a shallow recording asks nothing of repositories, and one that hides names has none', async () => {
  const original = await begin({})
  await fill(original)
  const { estate, asked } = await record(original, { isShallow: true, hidesNames: true })
  expect(asked.filter((path) => path.includes('/repos/') && path.includes('/projects/'))).toEqual([])
  expect(estate.projects.flatMap(({ repositories }) => repositories.flatMap(({ inside }) => inside ?? []))).toEqual([])
  const text = JSON.stringify(estate)
  expect([...canaries, 'PLAT', 'warehouse', 'team-'].filter((word) => text.includes(word))).toEqual([])
  const copy = await begin({ recorded: estate })
  expect(copy.state.instance.repositories.length).toBe(original.state.instance.repositories.length)
})

test('a server that fails is not recorded as one without the setting', async () => {
  const original = await begin({})
  original.addFault({ kind: 'status', status: 500, path: 'warehouse/settings/auto-decline', count: 1 })
  await expect(record(original)).rejects.toThrow('warehouse/settings/auto-decline answered 500')
})
