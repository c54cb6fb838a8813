/** What the server says outside of its APIs: status, start page, and that there is nothing here. */
import type { Reply } from './answers.js'
import { startPage } from './pages.js'
import type { RequestRecord } from './request-log.js'
import type { SandboxState, ServerStatus } from './state.js'

/** Codes as the installation guide lists them for load balancers. */
export function answerStatus(status: ServerStatus): Reply {
  const code = status === 'ERROR' ? 500 : status === 'STARTING' || status === 'STOPPING' ? 503 : 200
  return { status: code, body: { state: status } }
}

/** The start page; without settings where others can look. */
export function answerStartPage(
  url: string,
  version: string,
  state: SandboxState | undefined,
  requests: readonly RequestRecord[],
): Reply {
  const html = startPage(url, version, state === undefined ? {} : showSettings(state), requests.slice(-30).reverse())
  return { status: 200, text: html, headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders } }
}

/** No tokens, links or passwords. */
function showSettings(state: SandboxState): Readonly<Record<string, unknown>> {
  const { mailServer, banner, accessTokenMaxExpiryDays, defaultBranch, rateLimit, rateLimitUsers } = state
  const { sshPolicy, policies, groups, userPermissions, groupPermissions } = state
  const settings = { accessTokenMaxExpiryDays, banner, defaultBranch, rateLimit, rateLimitUsers, sshPolicy, policies }
  const mail = mailServer && { ...mailServer, password: mailServer.password === undefined ? undefined : '(hidden)' }
  return { ...settings, mailServer: mail, groups, userPermissions, groupPermissions }
}

const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}

/** What the servlet container says outside of the context path. */
export const outsidePage: Reply = {
  status: 404,
  text: '<!doctype html><title>HTTP Status 404 – Not Found</title><h1>HTTP Status 404 – Not Found</h1>',
  headers: { 'content-type': 'text/html;charset=utf-8' },
}
