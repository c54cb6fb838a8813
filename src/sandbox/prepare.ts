/** The state that a sandbox starts with: kept from last time or made anew, and what the options change of it. */
import { addEstate } from './estate.js'
import type { SandboxOptions } from './options.js'
import { placeEstate } from './recorded.js'
import { makeState, type SandboxState } from './state.js'
import { loadState } from './storage.js'

export function prepareState({
  dataDir,
  estate,
  recorded,
  scopes,
  redirectUri,
  rateLimit,
}: SandboxOptions): SandboxState {
  const kept = dataDir === undefined ? undefined : loadState(dataDir)
  const state = kept ?? makeState(redirectUri ?? 'http://localhost:34106/')
  if (kept === undefined && estate !== undefined) addEstate(state, estate)
  if (kept === undefined && recorded !== undefined) placeEstate(state, recorded)
  const [link] = state.links
  if (link !== undefined && scopes !== undefined) link.scopes = [...scopes]
  if (link !== undefined && redirectUri !== undefined) link.redirectUri = redirectUri
  if (rateLimit !== undefined) state.rateLimit = { enabled: true, defaultSettings: { ...rateLimit } }
  return state
}
