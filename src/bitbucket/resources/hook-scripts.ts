import { integerIn, optional, readObject, stringIn, unexpected, wordIn } from '../answer.js'
import { collection, instance } from '../kit.js'
import type { FormPart, Hazard } from '../../model/resource.js'

const path = '/api/latest/hook-scripts'
const types = ['PRE', 'POST'] as const

export default collection({
  kind: 'hookScripts',
  parents: [instance],
  identity: ['name'],
  docs: {
    area: 'repositories',
    title: 'Hook scripts',
    text: 'Scripts that run on the server for pushes and merges. The API cannot list them, so a script is found by the number that the server gave it: create it without id, then write the id that the report of the apply names. A script without id counts as new. The type of a script cannot be changed: write another script. A script without its number cannot be found, so null does not remove one: delete it with DELETE /rest/api/latest/hook-scripts/{id}. Where a script runs is set in its project or repository. Every change needs --allow hook-scripts.',
    rest: 'System Maintenance: Hook scripts, /api/latest/hook-scripts (POST), …/{scriptId} (GET, PUT), …/{scriptId}/content (GET)',
    permission: 'SYS_ADMIN',
    endpoints: ['/api/latest/hook-scripts', '/api/latest/hook-scripts/{}', '/api/latest/hook-scripts/{}/content'],
    dangers: [
      'A hook script is code that runs on the server with its rights.',
      'From 8.18 the server refuses them unless feature.hook.scripts=true stands in bitbucket.properties.',
    ],
  },
  schema: {
    type: 'object',
    description: 'A script that runs on the server.',
    required: ['name', 'type', 'content'],
    properties: {
      name: {
        type: 'string',
        minLength: 1,
        maxLength: 255,
        description: 'The name of the script, unique on the server.',
      },
      id: { type: 'integer', minimum: 1, description: 'The number that the server gave it.' },
      type: {
        type: 'string',
        enum: types,
        description: 'Whether it runs before a push is taken and can refuse it (PRE), or after (POST).',
      },
      description: { type: 'string', default: '', maxLength: 255, description: 'What it is for.' },
      content: { type: 'string', minLength: 1, description: 'The script itself.' },
    },
  },
  examples: [
    { name: 'no-big-files', type: 'PRE', description: 'Refuses big files', content: '#!/bin/sh\nexit 0\n' },
    { name: 'no-big-files', type: 'PRE', description: 'Refuses files over 5 MB', content: '#!/bin/sh\nexit 1\n' },
  ],
  canonical: { content: (text) => text.replaceAll('\r\n', '\n') },
  async hazards({ before, after }) {
    if (before !== null && after !== null && after.type !== before.type) return [retyped(before)]
    const script = after ?? before
    const isNew = before === null && after !== null
    const allow = 'hook-scripts'
    const hint = `Review it, then run with --allow ${allow}.`
    const runs = { message: `The hook script ${script?.name ?? ''} is code that runs on the server`, hint, allow }
    if (!isNew || after.id !== undefined) return [runs]
    const message = `${after.name} has no id, so it counts as new: the API cannot list hook scripts`
    return [runs, { message, hint: 'If the server has it already, write its id.', isWarning: true }]
  },
})({
  async lookup(api, _at, { name, id }) {
    if (id === undefined) return null
    const where = `${path}/${id}`
    const raw = await api.get(where)
    if (raw === null) return null
    const script = readObject(where, raw)
    if (stringIn(script, 'name') !== name) {
      throw unexpected(where, 'name', `${JSON.stringify(name)}, as the configuration has it`, script.fields['name'])
    }
    const content = (await api.text(`${where}/content`)) ?? ''
    const description = optional(script, 'description', stringIn)
    return { value: { name, id, type: wordIn(script, 'type', types), ...description, content }, raw }
  },
  async create(api, _at, { after }) {
    const made = readObject(path, await api.sendForm('POST', path, [...partsOf(after), part('type', after.type)]))
    const id = integerIn(made, 'id')
    const { id: _given, ...value } = after
    const live = { value: { ...value, id }, raw: made.fields }
    return { live, note: `The server gave ${after.name} the number ${id}: write id: ${id} next to it.` }
  },
  async update(api, _at, { after, raw }) {
    await api.sendForm('PUT', `${path}/${integerIn(readObject(path, raw), 'id')}`, partsOf(after))
  },
})

/**
 * The API does not change the type (I-14). Not replaced either: the new script has a number that no file names yet, so it
 * could not be found again.
 */
function retyped({ name, id, type }: { readonly name: string; readonly id?: number; readonly type: string }): Hazard {
  return {
    message: `The type of the hook script ${name} cannot be changed: it stays ${type} for good`,
    hint: `Write type: ${type} again, and the other script under a new name without id. To keep the name, delete the script first (DELETE /rest${path}/${id}), then write it without id.`,
  }
}

interface Script {
  readonly name: string
  readonly description?: string
  readonly content: string
}

function part(name: string, value: string): FormPart {
  return { name, value }
}

function partsOf({ name, description = '', content }: Script): readonly FormPart[] {
  return [part('name', name), part('description', description), { name: 'content', value: content, fileName: name }]
}
