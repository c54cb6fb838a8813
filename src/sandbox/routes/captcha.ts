/** Opens an account that too many wrong passwords have closed: I-18 of the catalogue. */
import { absentPrincipal, failure, invalid, noContent, type Reply } from '../answers.js'
import { reaches } from '../caller.js'
import { forgetFailures } from '../failed-sign-ins.js'
import type { Context, Route } from '../router.js'
import { levelOf } from '../state.js'
import { key } from './people.js'

function clear({ state, query, caller }: Context): Reply {
  const name = key(query.get('name'))
  if (name === '') return invalid('A name is needed', 'name')
  const user = state.users[name]
  if (user === undefined) return absentPrincipal('User', name)
  const level = levelOf(state, name)
  if (level !== undefined && !reaches(caller, level)) {
    return failure(403, 'AuthorisationException', `${user.name} has more rights than you`)
  }
  forgetFailures(state, name)
  return noContent()
}

export const captchaRoutes: readonly Route[] = [
  { method: 'DELETE', path: '/api/{version}/admin/users/captcha', needs: 'ADMIN', handle: clear },
]
