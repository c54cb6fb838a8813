/**
 * What of this build the server at hand can do.
 *
 * The version alone decides nothing: documents and servers disagree about when an endpoint came and whether it went
 * (catalogue 1.7), so each setting is asked for, and the version only explains a missing one.
 */
import { ApiError } from '../model/errors.js'
import type { Collection, Docs, NeededPermission, Reader, Registry, Singleton } from '../model/resource.js'
import { compareVersions } from '../model/version.js'
import { nameVersions } from './explain-failure.js'

/** Whether the signed-in account can use a setting on this server. */
export interface Capability {
  readonly kind: string
  readonly title: string
  readonly permission: NeededPermission
  /** `forbidden`: the server has it, but the account may not read it. `failed`: the server could not say. */
  readonly state: 'supported' | 'unsupported' | 'forbidden' | 'failed'
  /** Why not, in one sentence; absent where it is supported. */
  readonly because?: string
}

/** Asks for every setting of a registry, each with one GET. */
export function probeCapabilities(reader: Reader, registry: Registry, version: string): Promise<readonly Capability[]> {
  const probe = probing(reader)
  const settings = registry.resources.filter((resource) => resource.form !== 'directory')
  return Promise.all(settings.map((setting) => probeSetting(probe, setting, version)))
}

/** A reader for which every list is empty: whether the first page can be asked for is all that counts. */
function probing(reader: Reader): Reader {
  return {
    ...reader,
    list: async (path) => {
      if (await reader.has(path)) return []
      throw new ApiError('API_UNSUPPORTED', `This server has no endpoint ${path}`)
    },
  }
}

async function probeSetting(probe: Reader, setting: Singleton | Collection, version: string): Promise<Capability> {
  const about = { kind: setting.kind, title: setting.docs.title, permission: setting.docs.permission }
  try {
    // What lies below another item is asked for under a name that nobody has.
    const at = Object.fromEntries(setting.parents.map(({ kind }) => [kind, 'bbstate-probe']))
    if (setting.form === 'singleton') await setting.read(probe, at)
    else await setting.list?.(probe, at)
    return { ...about, state: 'supported' }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.code === 'API_UNSUPPORTED') {
      return { ...about, state: 'unsupported', because: explainMissing(setting.docs, version) }
    }
    return { ...about, state: error.code === 'API_FORBIDDEN' ? 'forbidden' : 'failed', because: error.message }
  }
}

function explainMissing(docs: Docs, version: string): string {
  const { since, until } = docs
  if (since !== undefined && compareVersions(version, since) < 0) {
    return `This server is ${version}, and the setting came with ${since}`
  }
  if (until !== undefined && compareVersions(version, until) >= 0) {
    return `This server is ${version}, and the setting is gone since ${until}`
  }
  return `The server has no such endpoint${nameVersions(docs)}; the app that provides it may be disabled`
}
