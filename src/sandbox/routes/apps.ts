/**
 * Settings of an app, replaced whole, and its rules, which a POST adds to. The app does not exist: it stands for any app
 * whose settings have an endpoint.
 */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import type { Context, Route } from '../router.js'

const path = '/acme-notifier/{version}/settings'
const rules = '/acme-notifier/{version}/rules'

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The token is taken and never shown. */
function show({ state }: Context): Reply {
  const { app } = state.instance
  if (app === null) return absent('The app is not configured')
  const { token: _token, ...shown } = app
  return ok(shown)
}

export const appRoutes: readonly Route[] = [
  { method: 'GET', path, needs: 'ADMIN', handle: show },
  {
    method: 'PUT',
    path,
    needs: 'ADMIN',
    handle: (context) => {
      const { body, state } = context
      if (!isObject(body)) return invalid('An object is needed')
      state.instance.app = { ...body }
      return show(context)
    },
  },
  {
    method: 'DELETE',
    path,
    needs: 'ADMIN',
    handle: ({ state }) => {
      state.instance.app = null
      return noContent()
    },
  },
  { method: 'GET', path: rules, needs: 'ADMIN', handle: ({ state }) => ok(state.instance.appRules) },
  {
    method: 'POST',
    path: rules,
    needs: 'ADMIN',
    handle: ({ state: { instance }, body }) => {
      if (!isObject(body)) return invalid('An object is needed')
      // Member by member, the outermost ones; null takes one away.
      const merged = Object.entries({ ...instance.appRules, ...body }).filter(([, value]) => value !== null)
      instance.appRules = Object.fromEntries(merged)
      return ok(instance.appRules)
    },
  },
]
