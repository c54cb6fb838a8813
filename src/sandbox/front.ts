/** What the server says outside of its APIs and pages: its status, and that there is nothing here. */
import type { Reply } from './answers.js'
import type { ServerStatus } from './state.js'

/** Codes as the installation guide lists them for load balancers. */
export function answerStatus(status: ServerStatus): Reply {
  const code = status === 'ERROR' ? 500 : status === 'STARTING' || status === 'STOPPING' ? 503 : 200
  return { status: code, body: { state: status } }
}

/** What the servlet container says outside of the context path. */
export const outsidePage: Reply = {
  status: 404,
  text: '<!doctype html><title>HTTP Status 404 – Not Found</title><h1>HTTP Status 404 – Not Found</h1>',
  headers: { 'content-type': 'text/html;charset=utf-8' },
}
