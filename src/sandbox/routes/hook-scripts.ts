/** Hook scripts: I-14 of the catalogue. There is no list; a script is found by its number, or where it runs. */
import { absent, failure, invalid, noContent, ok, type Reply } from '../answers.js'
import type { HookScript, InstanceState } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState } from '../state.js'

const base = '/api/{version}/hook-scripts'

export function showHookScript({ id, name, type, description, version }: HookScript): unknown {
  const pluginKey = 'com.atlassian.bitbucket.server.bitbucket-hook-scripts'
  const date = '2026-01-01T00:00:00.000Z'
  return { id, name, type, description, version, pluginKey, createdDate: date, updatedDate: date }
}

function refuseName({ hookScripts }: InstanceState, name: string, own?: HookScript): Reply | undefined {
  const isTaken = hookScripts.some((script) => script !== own && script.name === name)
  return isTaken ? failure(409, 'IntegrityException', `A hook script named ${name} exists`, 'name') : undefined
}

function post({ state: { instance }, form }: Context): Reply {
  const { name = '', type, description = '', content = '' } = form
  if (name === '') return invalid('A name is needed', 'name')
  if (content === '') return invalid('A content is needed', 'content')
  if (type !== 'PRE' && type !== 'POST') return invalid('PRE or POST', 'type')
  const refusal = refuseName(instance, name)
  if (refusal !== undefined) return refusal
  const script: HookScript = { id: instance.nextId++, name, type, description, content, version: 1 }
  instance.hookScripts.push(script)
  return ok(showHookScript(script))
}

export function findHookScript({ instance }: SandboxState, wanted: unknown): HookScript | undefined {
  return instance.hookScripts.find(({ id }) => String(id) === String(wanted))
}

function withScript(work: (context: Context, script: HookScript) => Reply): Route['handle'] {
  return (context) => {
    const found = findHookScript(context.state, context.path['id'])
    return found === undefined ? absent('No hook script with this id') : work(context, found)
  }
}

function put({ state: { instance }, form }: Context, script: HookScript): Reply {
  const { name, description, content } = form
  if (name === undefined && description === undefined && content === undefined) {
    return failure(422, null, 'At least one field is needed')
  }
  if (name === '') return invalid('A name is needed', 'name')
  if (content === '') return invalid('A content is needed', 'content')
  const refusal = refuseName(instance, name ?? script.name, script)
  if (refusal !== undefined) return refusal
  // The type stays: it is no field of a change, and what is none is not read.
  script.name = name ?? script.name
  script.description = description ?? script.description
  script.content = content ?? script.content
  script.version++
  return ok(showHookScript(script))
}

export const hookScriptRoutes: readonly Route[] = [
  { method: 'POST', path: base, needs: 'SYS_ADMIN', takesForm: true, handle: post },
  {
    method: 'GET',
    path: `${base}/{id}`,
    needs: 'SYS_ADMIN',
    handle: withScript((_context, one) => ok(showHookScript(one))),
  },
  { method: 'PUT', path: `${base}/{id}`, needs: 'SYS_ADMIN', takesForm: true, handle: withScript(put) },
  {
    method: 'DELETE',
    path: `${base}/{id}`,
    needs: 'SYS_ADMIN',
    handle: withScript(({ state: { instance, code } }, script) => {
      instance.hookScripts = instance.hookScripts.filter((one) => one !== script)
      code.hookScriptBindings = code.hookScriptBindings.filter(({ scriptId }) => scriptId !== script.id)
      return noContent()
    }),
  },
  {
    method: 'GET',
    path: `${base}/{id}/content`,
    needs: 'SYS_ADMIN',
    handle: withScript((_context, { content }) => ({
      status: 200,
      text: content,
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
    })),
  },
]
