/** The settings of the instance that have a form of their own; every other one is edited as JSON. */
import type { Features } from '../router.js'

/** One input. Dots in a name lead into nested objects. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'area' | 'number' | 'switch' | 'password' | readonly string[]
}

/** One setting, by the path of its REST resource behind `/rest`. */
export interface SettingForm {
  readonly path: string
  readonly title: string
  /** Without fields the JSON of the resource is edited. */
  readonly fields?: readonly Field[]
  /** Makes of what GET answers what the resource takes, where these differ. */
  readonly draft?: (body: unknown) => unknown
  /** Where the value is part of the address, as for the root logger. */
  readonly inPath?: true
}

const holders = ['SYS_ADMIN', 'ADMIN', 'PROJECT_ADMIN', 'REPO_ADMIN']
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR']
const permission: readonly Field[] = [{ name: 'permission', label: 'Who may', type: holders }]

function mailFields({ mailSpelling }: Features): readonly Field[] {
  const spell = (camel: string, kebab: string): string => (mailSpelling === 'kebab' ? kebab : camel)
  return [
    { name: 'hostname', label: 'Host name', type: 'text' },
    { name: 'port', label: 'Port', type: 'number' },
    { name: 'protocol', label: 'Protocol', type: ['SMTP', 'SMTPS'] },
    { name: spell('useStartTls', 'use-start-tls'), label: 'Use STARTTLS', type: 'switch' },
    { name: spell('requireStartTls', 'require-start-tls'), label: 'Require STARTTLS', type: 'switch' },
    { name: 'username', label: 'User name', type: 'text' },
    { name: 'password', label: 'Password (never shown; empty means none)', type: 'password' },
    { name: spell('senderAddress', 'sender-address'), label: 'Sender address', type: 'text' },
  ]
}

/** Before 9.4 GET shows `{asInt, present}` where PUT takes a number. */
function withoutOptionals(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOptionals)
  if (typeof value !== 'object' || value === null) return value
  if ('asInt' in value && 'present' in value) return value.present === true ? value.asInt : undefined
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutOptionals(inner)]))
}

interface MergeAnswer {
  readonly defaultStrategy?: { readonly id: string }
  readonly strategies?: readonly { readonly id: string; readonly enabled: boolean }[]
  readonly commitSummaries?: number
  readonly commitMessageTemplate?: unknown
}

/** GET answers with every strategy and without the envelope that POST wants. */
export function draftMergeConfig(body: unknown): unknown {
  const { defaultStrategy, strategies = [], commitSummaries, commitMessageTemplate: template } = body as MergeAnswer
  const enabled = strategies.filter((one) => one.enabled).map(({ id }) => ({ id }))
  const config = { defaultStrategy: { id: defaultStrategy?.id }, strategies: enabled, commitSummaries }
  return { mergeConfig: { ...config, ...(template === undefined ? {} : { commitMessageTemplate: template }) } }
}

/** In the order of the page. */
export function settingForms(features: Features): readonly SettingForm[] {
  return [
    {
      path: '/access-tokens/latest/admin',
      title: 'HTTP access tokens: expiry',
      fields: [{ name: 'maxExpiryDays', label: 'Days at most', type: 'number' }],
    },
    {
      path: '/api/latest/admin/banner',
      title: 'Announcement banner',
      fields: [
        { name: 'message', label: 'Message', type: 'area' },
        { name: 'audience', label: 'Shown to', type: ['ALL', 'AUTHENTICATED'] },
        { name: 'enabled', label: 'Enabled', type: 'switch' },
      ],
    },
    {
      path: '/api/latest/admin/default-branch',
      title: 'Default branch of new repositories',
      fields: [{ name: 'id', label: 'Branch', type: 'text' }],
    },
    {
      path: '/api/latest/admin/rate-limit/settings',
      title: 'Rate limiting',
      fields: [
        { name: 'enabled', label: 'Enabled', type: 'switch' },
        { name: 'defaultSettings.capacity', label: 'Requests at once', type: 'number' },
        { name: 'defaultSettings.fillRate', label: 'Requests a second', type: 'number' },
      ],
    },
    { path: '/policies/latest/admin/repos/archive', title: 'Archiving repositories', fields: permission },
    { path: '/policies/latest/admin/repos/delete', title: 'Deleting repositories', fields: permission },
    { path: '/api/latest/admin/mail-server', title: 'Mail server', fields: mailFields(features) },
    {
      path: '/api/latest/logs/settings',
      title: 'Logging',
      fields: [
        { name: 'debugLoggingEnabled', label: 'Debug logging', type: 'switch' },
        { name: 'profilingEnabled', label: 'Profiling', type: 'switch' },
      ],
    },
    {
      path: '/api/latest/logs/rootLogger',
      title: 'Root logger',
      fields: [{ name: 'logLevel', label: 'Level', type: levels }],
      inPath: true,
    },
    {
      path: '/api/latest/system-signing/configuration',
      title: 'System signing',
      fields: [{ name: 'enabled', label: 'Enabled', type: 'switch' }],
    },
    { path: '/ssh/latest/admin', title: 'SSH keys: types, lengths, expiry', draft: withoutOptionals },
    { path: '/basicauth/latest/config', title: 'Basic authentication' },
    { path: '/authconfig/latest/sso', title: 'Single sign-on' },
    { path: '/api/latest/admin/pull-requests/git', title: 'Merge strategies', draft: draftMergeConfig },
    {
      path: '/api/latest/admin/license',
      title: 'Licence',
      draft: (body) => ({ license: Reflect.get(Object(body), 'license') }),
    },
  ]
}

/** What a field shows of an answer. */
export function readField(body: unknown, { name }: Field): unknown {
  let value = body
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}

/** What the fields of a sent form make of a body; an empty input says nothing. */
export function bodyOf(fields: readonly Field[], form: URLSearchParams): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const { name, type } of fields) {
    const text = form.get(name) ?? ''
    const value = type === 'switch' ? text === 'on' : type === 'number' && text !== '' ? Number(text) : text
    if (value === '') continue
    const steps = name.split('.')
    const last = steps.pop() ?? name
    let target = body
    for (const step of steps) {
      const inner = (target[step] ?? {}) as Record<string, unknown>
      target[step] = inner
      target = inner
    }
    target[last] = value
  }
  return body
}
