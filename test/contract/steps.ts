/** Requests to the sandbox, one after the other, with the status that each must have. */
import type { FormPart } from '../../src/model/resource.js'

export const api = '/rest/api/latest/admin'

/** One request; 'strange' bodies are wrong on purpose and not judged as requests. */
export interface Step {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** `{last}` stands for the id in the last answer that had one, `{key}` for that of the last access key. */
  readonly path: string
  readonly body?: unknown
  readonly status: number
  /** Default: the administrator. */
  readonly as?: 'alice' | 'bob' | 'carol' | 'trainee' | 'nobody'
  readonly isWrong?: true
  /** A form instead of a body; the documents describe none that could be judged. */
  readonly form?: readonly FormPart[]
  /** Only for sandboxes from this version on. */
  readonly since?: string
}

export const get = (path: string, status = 200, as?: Step['as']): Step => ({
  method: 'GET',
  path,
  status,
  ...(as === undefined ? {} : { as }),
})
export const put = (path: string, body: unknown, status = 200): Step => ({ method: 'PUT', path, body, status })
export const post = (path: string, body: unknown, status = 200): Step => ({ method: 'POST', path, body, status })
export const remove = (path: string, status = 204): Step => ({ method: 'DELETE', path, status })
export const wrong = (step: Step): Step => ({ ...step, isWrong: true })
export const by = (as: NonNullable<Step['as']>, step: Step): Step => ({ ...step, as })

export const patch = (path: string, body: unknown, status = 200): Step => ({ method: 'PATCH', path, body, status })
export const submit = (method: 'POST' | 'PUT', path: string, form: readonly FormPart[], status = 200): Step => ({
  method,
  path,
  form,
  status,
})
export const from = (since: string, step: Step): Step => ({ ...step, since })
