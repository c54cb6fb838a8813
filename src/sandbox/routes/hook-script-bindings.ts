/** Which hook scripts run where: P-15 and R-13 of the catalogue. The ids of triggers are published nowhere. */
import { absent, invalid, noContent, ok, page, type Reply } from '../answers.js'
import { type Here, ofBoth, type Place, scopesAbove, showScope } from '../both-scopes.js'
import type { HookScriptBinding } from '../code-state.js'
import type { HookScript } from '../instance-state.js'
import type { Context, Route } from '../router.js'
import type { SandboxState } from '../state.js'
import { showHookScript } from './hook-scripts.js'
import { fieldsOf } from './settings.js'

function scriptOf({ instance }: SandboxState, wanted: unknown): HookScript | undefined {
  return instance.hookScripts.find(({ id }) => String(id) === String(wanted))
}

function show(state: SandboxState, { scope, scriptId, triggerIds }: HookScriptBinding): readonly unknown[] {
  const script = scriptOf(state, scriptId)
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

function isOf({ scope }: Here, script: HookScript): (binding: HookScriptBinding) => boolean {
  return (binding) => binding.scope === scope && binding.scriptId === script.id
}

function put({ state, path, body }: Context, here: Here): Reply {
  const script = scriptOf(state, path['id'])
  if (script === undefined) return absent('No hook script with this id')
  const { triggerIds } = fieldsOf(body)
  const isList = Array.isArray(triggerIds) && triggerIds.every((id) => typeof id === 'string' && id !== '')
  if (!isList) return invalid('A list of triggers is needed', 'triggerIds')
  const binding = { scope: here.scope, scriptId: script.id, triggerIds: [...new Set<string>(triggerIds)] }
  const known = state.code.hookScriptBindings.find(isOf(here, script))
  if (known === undefined) state.code.hookScriptBindings.push(binding)
  else Object.assign(known, binding)
  return ok(show(state, binding)[0])
}

function remove({ state: { instance, code }, path }: Context, here: Here): Reply {
  const script = instance.hookScripts.find(({ id }) => String(id) === path['id'])
  const bound = script && code.hookScriptBindings.find(isOf(here, script))
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
