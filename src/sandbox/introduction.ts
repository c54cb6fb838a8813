/** What `bbstate sandbox` says when it has started. */
import type { Sandbox } from './server.js'

/** URL, the administrator's account, how to sign in, and a configuration to begin with. */
export function describeSandbox(sandbox: Sandbox): string {
  const { url, version, username, password, clientId, clientSecret, redirectUri, caFile } = sandbox
  const trust = caFile === undefined ? '' : `\n  export BBSTATE_CA_FILE=${caFile}`
  return `A Bitbucket Data Center sandbox (answers like ${version}) runs at

  ${url}/

Open it in a browser to see its settings, people, links and every request, and to change them by hand.

Administrator   ${username}
Password        ${password}
Redirect URL    ${redirectUri}

Sign in from another terminal:

  export BBSTATE_URL=${url}
  export BBSTATE_CLIENT_ID=${clientId}
  export BBSTATE_CLIENT_SECRET=${clientSecret}${trust}
  bbstate auth login

A bbstate.yaml to begin with:

  instance:
    accessTokenPolicy: { maxExpiryDays: 100 }
    banner: { enabled: true, audience: ALL, message: Hello from bbstate }
    groups:
      platform-admins: { members: [alice, bob] }
    groupPermissions:
      platform-admins: ADMIN

then bbstate plan, bbstate apply. Ctrl-C ends the sandbox.
`
}
