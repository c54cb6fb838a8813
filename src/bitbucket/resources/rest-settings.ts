import { isAbsent, unexpected } from '../answer.js'
import { collection, instance } from '../kit.js'
import { isObject, type Json, type JsonObject } from '../../model/schema.js'
import { judgeRestPath } from '../rest-path.js'

export default collection({
  kind: 'restSettings',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'server',
    title: 'Other settings',
    text: 'The way out for settings that bbstate does not know, those of apps above all: one JSON object behind one path below /rest. It is read and written only under --allow rest-settings=PATH, and refused for what another setting covers and for whatever issues or stores credentials. A subset compares the declared members alone and sends them together with what the server has; exact compares and sends the whole body. body: null resets the setting, where reset says that the endpoint has a DELETE.',
    rest: 'whatever the app documents',
    permission: 'ADMIN',
    endpoints: [],
    dangers: ['bbstate knows nothing of what is written here: it neither orders nor checks it.'],
  },
  schema: {
    type: 'object',
    description: 'A setting behind a path that bbstate does not know.',
    required: ['name', 'path'],
    properties: {
      name: { type: 'string', minLength: 1, description: 'A name of your choice.' },
      path: { type: 'string', minLength: 7, pattern: '^/rest/', description: 'The path, from /rest/ on.' },
      write: { type: 'string', enum: ['PUT', 'POST'], default: 'PUT', description: 'How it is written.' },
      reset: { type: 'string', enum: ['DELETE'], description: 'How it is reset, where it can be.' },
      compare: {
        type: 'string',
        enum: ['subset', 'exact'],
        default: 'subset',
        description: 'Whether the declared members count alone, or the whole.',
      },
      body: { type: 'json', description: 'What it shall be.' },
      secrets: {
        type: 'array',
        'x-key': 'pointer',
        description: 'Members that the server takes and never returns, by JSON pointer (RFC 6901).',
        items: {
          type: 'object',
          description: 'A member that holds a secret.',
          required: ['pointer', 'value'],
          properties: {
            pointer: {
              type: 'string',
              pattern: '^(/[^/]+)+$',
              description: 'Where it stands in the body: /auth/token.',
            },
            value: { type: 'string', secret: true, description: 'The secret.' },
          },
        },
      },
    },
  },
  examples: [
    { name: 'notifier', path: '/rest/acme-notifier/latest/settings', body: { channel: 'builds', enabled: true } },
    {
      name: 'notifier',
      path: '/rest/acme-notifier/latest/settings',
      reset: 'DELETE',
      body: { channel: 'releases' },
      secrets: [{ pointer: '/token', value: '${secret:notifier}' }],
    },
  ],
  replacesSecrets: ({ secrets = [] }) => secrets.length > 0,
  entrance({ path, body, reset, name }, coveredBy) {
    if (body === undefined) return { refused: `${name} says nothing: it has no body`, hint: 'Write a body, or null.' }
    if (body === null && reset === undefined) {
      return { refused: `${name} cannot be reset`, hint: 'Add reset: DELETE, if the endpoint has one.' }
    }
    const problem = judgeRestPath(path, coveredBy)
    if (problem !== undefined) return problem
    const reason = `${path} is not known to bbstate, and is read and written only where you allow it`
    return { allow: 'rest-settings', value: path, reason }
  },
})({
  async lookup(api, _at, wanted) {
    const path = below(wanted.path)
    const raw = await api.get(path)
    const pointers = pointersOf(wanted.secrets)
    for (const pointer of pointers) {
      if (valueAt(raw, pointer) !== undefined) {
        throw unexpected(path, pointer, 'kept from readers: a secret may not stand in what a GET returns', 'shown')
      }
    }
    const { secrets: _secrets, body: declared, ...rest } = wanted
    const body = isAbsent(raw) ? undefined : project(raw as Json, declared, wanted.compare)
    const secrets = pointers.map((pointer) => ({ pointer, value: '' }))
    const value = { ...rest, ...(body === undefined ? {} : { body }), ...(secrets.length === 0 ? {} : { secrets }) }
    return { value, raw }
  },
  async update(api, _at, { after, raw }) {
    const path = below(after.path)
    if (after.body === undefined) {
      await api.send('DELETE', path)
      return
    }
    const body = after.compare === 'exact' ? after.body : overlay(raw as Json | null, after.body)
    const whole = (after.secrets ?? []).reduce((sum, { pointer, value }) => put(sum, segmentsOf(pointer), value), body)
    await api.send(after.write ?? 'PUT', path, whole)
  },
})

function below(path: string): string {
  return path.slice('/rest'.length)
}

/** Secrets are a map where they are wanted, and a list where they are planned. */
function pointersOf(secrets: unknown): readonly string[] {
  if (Array.isArray(secrets)) return secrets.filter(isObject).map(({ pointer }) => String(pointer))
  return isObject(secrets) ? Object.keys(secrets) : []
}

function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(whole: unknown, pointer: string): unknown {
  let value = whole
  for (const segment of segmentsOf(pointer)) value = isObject(value) ? value[segment] : undefined
  return value ?? undefined
}

/** The live members that are declared; a declared null stands for one that is not there. */
function project(live: Json, declared: Json | undefined, compare: string | undefined): Json {
  if (compare === 'exact' || !isObject(live) || !isObject(declared)) return live
  const members = Object.entries(declared as JsonObject).flatMap(
    ([name, wanted]): readonly (readonly [string, Json])[] => {
      const found = (live as JsonObject)[name]
      if (found === undefined) return wanted === null ? [[name, null]] : []
      return [[name, project(found, wanted, compare)]]
    },
  )
  return Object.fromEntries(members)
}

/** What the server has, with the declared members in their place. */
function overlay(live: Json | null, declared: Json): Json {
  if (!isObject(live) || !isObject(declared)) return declared
  const members = Object.entries(declared as JsonObject).map(
    ([name, wanted]) => [name, overlay((live as JsonObject)[name] ?? null, wanted)] as const,
  )
  return { ...(live as JsonObject), ...Object.fromEntries(members) }
}

function put(whole: Json, [name, ...rest]: readonly string[], value: string): Json {
  if (name === undefined) return value
  const members = isObject(whole) ? (whole as JsonObject) : {}
  return { ...members, [name]: put(members[name] ?? {}, rest, value) }
}
