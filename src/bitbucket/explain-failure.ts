/** What a setting's documentation adds to a failure of its verbs: the permission that it needs, the version it came with. */
import { ApiError } from '../model/errors.js'
import type { Docs } from '../model/resource.js'

type Verb<A extends readonly unknown[], T> = (...given: A) => Promise<T>

/** The verb with failures explained; an absent verb stays absent. */
export function explaining<A extends readonly unknown[], T>(docs: Docs, verb: Verb<A, T>): Verb<A, T>
export function explaining<A extends readonly unknown[], T>(
  docs: Docs,
  verb: Verb<A, T> | undefined,
): Verb<A, T> | undefined
export function explaining<A extends readonly unknown[], T>(
  docs: Docs,
  verb: Verb<A, T> | undefined,
): Verb<A, T> | undefined {
  if (verb === undefined) return undefined
  return async (...given) => {
    try {
      return await verb(...given)
    } catch (error) {
      throw explainFailure(docs, error)
    }
  }
}

function explainFailure(docs: Docs, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error
  switch (error.code) {
    case 'API_FORBIDDEN':
      return retell(error, `${error.message}. "${docs.title}" needs the global permission ${docs.permission}`)
    case 'API_UNSUPPORTED':
      return retell(error, `This server does not offer "${docs.title}"${nameVersions(docs)}. ${error.message}`)
    default:
      return error
  }
}

/** The versions that have a setting, in words for the end of a sentence; empty where every supported one has it. */
export function nameVersions({ since, until }: Pick<Docs, 'since' | 'until'>): string {
  const from = since === undefined ? '' : `, which came with Bitbucket ${since}`
  const to = until === undefined ? '' : `${since === undefined ? ', which' : ' and'} is gone since ${until}`
  return from + to
}

function retell(error: ApiError, message: string): ApiError {
  const { code, hint, address, source, requestId, status, exceptions, fields } = error
  return new ApiError(code, message, {
    exceptions,
    fields,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(address === undefined ? {} : { address }),
    ...(source === undefined ? {} : { source }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(status === undefined ? {} : { status }),
  })
}
