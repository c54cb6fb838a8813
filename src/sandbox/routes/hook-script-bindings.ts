/** Which hook scripts run where: P-15 and R-13 of the catalogue. The ids of triggers are published nowhere. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { HookScriptBinding } from '../code-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState } from '../state.js'
import { findHookScript, showHookScript } from './hook-scripts.js'
import { fieldsOf } from './settings.js'

function show(state: SandboxState, { scope, scriptId, triggerIds }: HookScriptBinding): readonly unknown[] {
  const script = findHookScript(state, scriptId)
  return script === undefined ? [] : [{ script: showHookScript(script), triggerIds, scope: showScope(scope) }]
}

/** Of a repository those of its project, too: not in the documents, but their answers name a scope. */
function list({ state, query, features }: Context, here: Here): Reply {
  const found = scopesAbove(here).flatMap((scope) =>
    state.code.hookScriptBindings.filter((binding) => binding.scope === scope),
  )
  return page(
    found.flatMap((binding) => show(state, binding)),
    query,
    features.pageLimit,
  )
}

function findBinding({ state, path }: Context, { scope }: Here): HookScriptBinding | undefined {
  return state.code.hookScriptBindings.find((one) => one.scope === scope && String(one.scriptId) === path['id'])
}

function put(context: Context, here: Here): Reply {
  const { state, path, body } = context
  const script = findHookScript(state, path['id'])
  if (script === undefined) return absent('No hook script with this id')
  const { triggerIds } = fieldsOf(body)
  const isList = Array.isArray(triggerIds) && triggerIds.every((id) => typeof id === 'string' && id !== '')
  if (!isList) return invalid('A list of triggers is needed', 'triggerIds')
  const binding = { scope: here.scope, scriptId: script.id, triggerIds: [...new Set<string>(triggerIds)] }
  const known = findBinding(context, here)
  if (known === undefined) state.code.hookScriptBindings.push(binding)
  else Object.assign(known, binding)
  return ok(show(state, binding)[0])
}

function remove(context: Context, here: Here): Reply {
  const { code } = context.state
  const bound = findBinding(context, here)
  if (bound === undefined) return absent('No hook script with this id runs here')
  code.hookScriptBindings = code.hookScriptBindings.filter((binding) => binding !== bound)
  return noContent()
}

function routesOf(base: string, { inspect, change }: Place): readonly Route[] {
  const all = `${base}/hook-scripts`
  return [
    { method: 'GET', path: all, needs: 'anyone', handle: inspect(list) },
    { method: 'PUT', path: `${all}/{id}`, needs: 'PERSON', handle: change(put) },
    { method: 'DELETE', path: `${all}/{id}`, needs: 'PERSON', handle: change(remove) },
  ]
}

export const hookScriptBindingRoutes: readonly Route[] = ofBoth('/api/{version}', routesOf)
