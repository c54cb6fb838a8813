/** What `bbstate sandbox` says when it has started. */
import type { Sandbox } from './server.js'

/** URL, the administrator's account, how to sign in, and a configuration to begin with. */
export function describeSandbox(sandbox: Sandbox): string {
  const { url, version, username, password, clientId, clientSecret, redirectUri } = sandbox
  return `A Bitbucket Data Center sandbox (answers like ${version}) runs at

  ${url}

Administrator   ${username}
Password        ${password}
Redirect URL    ${redirectUri}

Sign in from another terminal:

  export BBSTATE_URL=${url}
  export BBSTATE_CLIENT_ID=${clientId}
  export BBSTATE_CLIENT_SECRET=${clientSecret}
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
