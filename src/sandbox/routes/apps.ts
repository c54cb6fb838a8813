/** Settings of an app. The app does not exist: it stands for any app whose settings have an endpoint. */
import { absent, invalid, noContent, ok, type Reply } from '../answers.js'
import type { Context, Route } from '../router.js'

const path = '/acme-notifier/{version}/settings'

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
      if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid('An object is needed')
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
]
