/**
 * Toy kinds and a toy server: every shape that the engine must carry, none of which the engine knows.
 *
 * shelves (map) → boxes (map) → labels (scalar map) under shelves AND boxes; keepers (names) under boxes;
 * rules (list with two naming properties, one an alternative) under shelves; light (singleton that can be reset) under
 * boxes; door (singleton that cannot be reset) at the top; people (directory) named by keepers.
 */
import { collection, directory, instance, singleton } from '../../src/bitbucket/kit.js'
import { ApiError } from '../../src/model/errors.js'
import type { Reader, Registry, Writer } from '../../src/model/resource.js'

const docs = { area: 'server', title: 'Toy', text: 'A toy.', rest: 'none', permission: 'ADMIN', endpoints: [] } as const
const path = (...parts: readonly string[]): string => `/${parts.map(encodeURIComponent).join('/')}`
const lower = (text: string): string => text.toLowerCase()

const people = directory({
  kind: 'people',
  docs,
  canonical: lower,
  names: async (api) => ((await api.list('/people')) ?? []).map(String),
})

const door = singleton({
  kind: 'door',
  parents: [instance],
  docs,
  schema: {
    type: 'object',
    description: 'Door',
    required: ['open'],
    properties: {
      open: { type: 'boolean', description: 'Open' },
      width: { type: 'integer', description: 'Width', default: 90 },
    },
  },
  examples: [
    { open: true, width: 90 },
    { open: false, width: 80 },
  ],
})({
  read: async (api) => asLive(await api.get('/door')),
  write: async (api, _at, { after }) => void (await api.send('PUT', '/door', after)),
})

export const shelves = collection({
  kind: 'shelves',
  parents: [instance],
  docs,
  identity: ['name'],
  schema: {
    type: 'object',
    description: 'Shelf',
    required: ['name'],
    properties: {
      name: { type: 'string', description: 'Name' },
      colour: { type: 'string', description: 'Colour', enum: ['red', 'blue'], default: 'red' },
      tags: { type: 'array', description: 'Tags', uniqueItems: true, items: { type: 'string', description: 'Tag' } },
    },
  },
  examples: [
    { name: 'a', colour: 'red' },
    { name: 'a', colour: 'blue', tags: ['x'] },
  ],
  canonical: { name: lower },
})({
  list: async (api) => (await api.list('/shelves'))?.map(asItem) ?? null,
  create: async (api, _at, { after }) => void (await api.send('PUT', path('shelves', after.name), after)),
  update: async (api, _at, { after }) => void (await api.send('PUT', path('shelves', after.name), after)),
  rename: async (api, _at, { before, after }) =>
    void (await api.send('POST', path('shelves', before.name, 'rename'), { name: after.name })),
  delete: async (api, _at, { value }) => void (await api.send('DELETE', path('shelves', value.name))),
})

export const boxes = collection({
  kind: 'boxes',
  parents: [shelves],
  docs,
  identity: ['name'],
  schema: {
    type: 'object',
    description: 'Box',
    required: ['name', 'size'],
    properties: { name: { type: 'string', description: 'Name' }, size: { type: 'integer', description: 'Size' } },
  },
  examples: [
    { name: 'b', size: 1 },
    { name: 'b', size: 2 },
  ],
})({
  list: async (api, at) => (await api.list(path('shelves', at.shelves, 'boxes')))?.map(asItem) ?? null,
  create: async (api, at, { after }) =>
    void (await api.send('PUT', path('shelves', at.shelves, 'boxes', after.name), after)),
  update: async (api, at, { after }) =>
    void (await api.send('PUT', path('shelves', at.shelves, 'boxes', after.name), after)),
  delete: async (api, at, { value }) =>
    void (await api.send('DELETE', path('shelves', at.shelves, 'boxes', value.name))),
})

const base = (at: { readonly shelves: string; readonly boxes?: string }): readonly string[] =>
  at.boxes === undefined ? ['shelves', at.shelves] : ['shelves', at.shelves, 'boxes', at.boxes]

const labels = collection({
  kind: 'labels',
  parents: [shelves, boxes],
  docs,
  identity: ['name'],
  schema: {
    type: 'object',
    description: 'Label',
    required: ['name', 'text'],
    properties: { name: { type: 'string', description: 'Name' }, text: { type: 'string', description: 'Text' } },
  },
  examples: [
    { name: 'l', text: 'x' },
    { name: 'l', text: 'y' },
  ],
})({
  list: async (api, at) => (await api.list(path(...base(at), 'labels')))?.map(asItem) ?? null,
  create: async (api, at, { after }) => void (await api.send('PUT', path(...base(at), 'labels', after.name), after)),
  // Without update: a label is replaced.
  delete: async (api, at, { value }) => void (await api.send('DELETE', path(...base(at), 'labels', value.name))),
})

const keepers = collection({
  kind: 'keepers',
  parents: [boxes],
  docs,
  identity: ['person'],
  schema: {
    type: 'object',
    description: 'Keeper',
    required: ['person'],
    properties: { person: { type: 'string', description: 'Person', 'x-ref': 'people' } },
  },
  examples: [{ person: 'ann' }, { person: 'ben' }],
  canonical: { person: lower },
})({
  list: async (api, at) => (await api.list(path(...base(at), 'keepers')))?.map(asItem) ?? null,
  create: async (api, at, { after }) => void (await api.send('PUT', path(...base(at), 'keepers', after.person), after)),
  createMany: async (api, at, changes) =>
    void (await api.send(
      'POST',
      path(...base(at), 'keepers'),
      changes.map(({ after }) => after),
    )),
  delete: async (api, at, { value }) => void (await api.send('DELETE', path(...base(at), 'keepers', value.person))),
})

const rules = collection({
  kind: 'rules',
  parents: [shelves],
  docs,
  identity: ['type', 'scope'],
  schema: {
    type: 'object',
    description: 'Rule',
    required: ['type', 'scope'],
    properties: {
      type: { type: 'string', description: 'Type', enum: ['keep', 'drop'] },
      scope: {
        type: 'object',
        description: 'Scope',
        exactlyOne: ['box', 'pattern'],
        properties: {
          box: { type: 'string', description: 'Box' },
          pattern: { type: 'string', description: 'Pattern' },
        },
      },
      shelf: { type: 'string', description: 'Another shelf', 'x-ref': 'shelves' },
    },
  },
  examples: [
    { type: 'keep', scope: { box: 'b' } },
    { type: 'keep', scope: { box: 'b' }, shelf: 'a' },
  ],
})({
  list: async (api, at) => (await api.list(path('shelves', at.shelves, 'rules')))?.map(asItem) ?? null,
  create: async (api, at, { after }) => void (await api.send('PUT', ruleIn(at, after), after)),
  update: async (api, at, { after }) => void (await api.send('PUT', ruleIn(at, after), after)),
  delete: async (api, at, { value }) => void (await api.send('DELETE', ruleIn(at, value))),
})

function ruleIn(at: { readonly shelves: string }, rule: { readonly type: string; readonly scope: object }): string {
  return path('shelves', at.shelves, 'rules', `${rule.type} ${JSON.stringify(rule.scope)}`)
}

const light = singleton({
  kind: 'light',
  parents: [boxes],
  docs,
  schema: {
    type: 'object',
    description: 'Light',
    properties: {
      level: { type: 'integer', description: 'Level' },
      warm: { type: 'boolean', description: 'Warm', default: false },
    },
  },
  examples: [
    { level: 1, warm: true },
    { level: 2, warm: false },
  ],
})({
  read: async (api, at) => asLive(await api.get(path(...base(at), 'light'))),
  write: async (api, at, { after }) => void (await api.send('PUT', path(...base(at), 'light'), after)),
  clear: async (api, at) => void (await api.send('DELETE', path(...base(at), 'light'))),
})

export const toys: Registry = {
  roots: [instance],
  resources: [door, shelves, boxes, labels, keepers, rules, light, people],
}

const asItem = (raw: unknown) => ({ value: structuredClone(raw) as never, raw })
const asLive = (raw: unknown) => (raw === null ? null : asItem(raw))

type Tree = Map<string, unknown>

/** A server that is a map of paths; a path with children goes with all of them. Counts what it is sent. */
export class ToyServer {
  readonly tree: Tree = new Map()
  readonly sent: string[] = []
  people: readonly string[] = ['ann', 'ben', 'cyd']
  /** Paths whose next write fails, with the error. */
  readonly failing = new Map<string, ApiError>()

  constructor() {
    this.tree.set('/door', { open: false, width: 100 })
  }

  reader(): Reader {
    const seen = new Map<string, Promise<unknown>>()
    const once = <T>(key: string, read: () => T): Promise<T> => {
      const known = seen.get(key) ?? Promise.resolve().then(read)
      seen.set(key, known)
      return known as Promise<T>
    }
    return {
      get: (at) => once(`GET ${at}`, () => this.#get(at)),
      list: (at) => once(`LIST ${at}`, () => this.#list(at)),
      text: async (at) => JSON.stringify(await once(`GET ${at}`, () => this.#get(at))),
      has: async () => true,
    }
  }

  writer(): Writer {
    return {
      ...this.reader(),
      send: async (method, at, body) => {
        this.sent.push(`${method} ${at}`)
        const failure = this.failing.get(at)
        if (failure !== undefined) throw failure
        if (method === 'PUT') this.#put(at, body)
        else if (method === 'DELETE') this.#delete(at)
        else if (at.endsWith('/rename')) this.#rename(at.slice(0, -'/rename'.length), body as { name: string })
        else for (const keeper of body as { person: string }[]) this.#put(`${at}${path(keeper.person)}`, keeper)
        return null
      },
      secretText: () => 'unguessable-text',
      sendForm: async () => {
        throw new Error('no toy takes a form')
      },
    }
  }

  #get(at: string): unknown {
    this.sent.push(`GET ${at}`)
    return structuredClone(this.tree.get(at) ?? null)
  }

  #list(at: string): readonly unknown[] | null {
    this.sent.push(`GET ${at}`)
    if (at === '/people') return this.people
    const parent = at.slice(0, at.lastIndexOf('/'))
    if (parent !== '' && !this.tree.has(parent)) return null
    const isChild = (key: string): boolean => key.startsWith(`${at}/`) && !key.slice(at.length + 1).includes('/')
    return [...this.tree].filter(([key]) => isChild(key)).map(([, value]) => structuredClone(value))
  }

  #put(at: string, body: unknown): void {
    const parent = at.split('/').slice(0, -2).join('/')
    const owner = at.endsWith('/light') ? at.slice(0, -'/light'.length) : parent
    if (owner !== '' && !this.tree.has(owner)) throw new ApiError('API_NOT_FOUND', `There is no ${owner}`)
    this.tree.set(at, structuredClone(body))
  }

  #delete(at: string): void {
    for (const key of [...this.tree.keys()]) if (key === at || key.startsWith(`${at}/`)) this.tree.delete(key)
  }

  #rename(at: string, { name }: { name: string }): void {
    const to = path('shelves', name)
    for (const [key, value] of [...this.tree]) {
      if (key !== at && !key.startsWith(`${at}/`)) continue
      this.tree.delete(key)
      this.tree.set(`${to}${key.slice(at.length)}`, key === at ? { ...(value as object), name } : value)
    }
  }
}
