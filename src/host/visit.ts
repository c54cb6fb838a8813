/** Plays the browser for the demo: follows the sandbox's redirect to the listener of the sign-in. */
import { createTransport } from '../transport.js'

/** Visits a page of the sandbox and the loopback address that it redirects to, nothing else. */
export async function visitAsBrowser(page: string, sandboxUrl: string): Promise<void> {
  const location = await ask(page.slice(sandboxUrl.length), sandboxUrl)
  if (location === undefined) throw new Error('The sandbox did not redirect')
  const { origin, pathname, search } = new URL(location)
  await ask(`${pathname}${search}`, origin)
}

async function ask(path: string, baseUrl: string): Promise<string | undefined> {
  const transport = createTransport({ baseUrl, connections: 1 })
  try {
    return (await transport.request({ method: 'GET', path })).headers['location']
  } finally {
    await transport.close()
  }
}
