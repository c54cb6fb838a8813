/** All endpoints of the REST API. A new area is a file in `routes/` and a line here. */
import { ok } from './answers.js'
import { isAtLeast } from './options.js'
import type { Features, Route } from './router.js'
import { accessKeyRoutes } from './routes/access-keys.js'
import { accountRoutes } from './routes/accounts.js'
import { appRoutes } from './routes/apps.js'
import { authenticationRoutes } from './routes/authentication.js'
import { branchModelRoutes } from './routes/branch-model.js'
import { branchPermissionRoutes } from './routes/branch-permissions.js'
import { branchRoutes } from './routes/branches.js'
import { buildRoutes } from './routes/builds.js'
import { captchaRoutes } from './routes/captcha.js'
import { codeHookRoutes } from './routes/code-hooks.js'
import { codePermissionRoutes } from './routes/code-permissions.js'
import { codeTokenRoutes } from './routes/code-tokens.js'
import { commentRoutes } from './routes/comments.js'
import { dashboardRoutes } from './routes/dashboard.js'
import { defaultReviewerRoutes } from './routes/default-reviewers.js'
import { defaultTaskRoutes } from './routes/default-tasks.js'
import { directoryRoutes } from './routes/directory.js'
import { hookScriptBindingRoutes } from './routes/hook-script-bindings.js'
import { hookScriptRoutes } from './routes/hook-scripts.js'
import { identityProviderRoutes } from './routes/identity-providers.js'
import { insightRoutes } from './routes/insights.js'
import { keyRoutes } from './routes/keys.js'
import { labelRoutes } from './routes/labels.js'
import { licenseRoutes } from './routes/license.js'
import { limitRoutes } from './routes/limits.js'
import { logRoutes } from './routes/logs.js'
import { mailRoutes } from './routes/mail.js'
import { mergeRoutes } from './routes/merge.js'
import { meshRoutes } from './routes/mesh.js'
import { mirrorRoutes } from './routes/mirrors.js'
import { peopleRoutes } from './routes/people.js'
import { permissionSearchRoutes } from './routes/permission-search.js'
import { permissionRoutes } from './routes/permissions.js'
import { personalTokenRoutes } from './routes/personal-tokens.js'
import { projectRoutes } from './routes/projects.js'
import { pullRequestListRoutes } from './routes/pull-request-lists.js'
import { pullRequestSettingRoutes } from './routes/pull-request-settings.js'
import { pullRequestRoutes } from './routes/pull-requests.js'
import { relatedRepositoryRoutes } from './routes/related-repositories.js'
import { repositoryRoutes } from './routes/repositories.js'
import { requiredBuildRoutes } from './routes/required-builds.js'
import { restrictionRoutes } from './routes/restrictions.js'
import { reviewerGroupRoutes } from './routes/reviewer-groups.js'
import { reviewRoutes } from './routes/reviews.js'
import { scanningRoutes } from './routes/scanning.js'
import { settingsRoutes, sshRoutes } from './routes/settings.js'
import { signingRoutes } from './routes/signing.js'
import { webhookRoutes } from './routes/webhooks.js'

/**
 * The endpoints that a server has.
 *
 * @param version all three numbers, as the server names it.
 */
export function allRoutes(features: Features, version: string): readonly Route[] {
  const routes = [
    ...settingsRoutes,
    ...sshRoutes(features.sshMount),
    ...mailRoutes,
    ...limitRoutes,
    ...peopleRoutes,
    ...directoryRoutes,
    ...permissionRoutes,
    ...accountRoutes,
    ...captchaRoutes,
    ...keyRoutes,
    ...personalTokenRoutes,
    ...authenticationRoutes,
    ...identityProviderRoutes,
    ...licenseRoutes,
    ...mergeRoutes,
    ...logRoutes,
    ...hookScriptRoutes,
    ...hookScriptBindingRoutes,
    ...signingRoutes,
    ...projectRoutes,
    ...repositoryRoutes,
    ...relatedRepositoryRoutes,
    ...branchRoutes,
    ...insightRoutes,
    ...buildRoutes,
    ...pullRequestListRoutes,
    ...dashboardRoutes,
    ...reviewRoutes,
    ...pullRequestRoutes,
    ...commentRoutes,
    ...codePermissionRoutes,
    ...permissionSearchRoutes,
    ...codeHookRoutes,
    ...webhookRoutes,
    ...branchPermissionRoutes,
    ...pullRequestSettingRoutes,
    ...defaultReviewerRoutes,
    ...defaultTaskRoutes,
    ...requiredBuildRoutes,
    ...branchModelRoutes,
    ...reviewerGroupRoutes,
    ...accessKeyRoutes,
    ...codeTokenRoutes,
    ...labelRoutes,
    ...restrictionRoutes,
    ...scanningRoutes,
    ...meshRoutes,
    ...mirrorRoutes,
    ...appRoutes,
    applicationProperties(version),
    applicationLinks,
  ]
  return routes.filter((route) => isOffered(route, features.version))
}

/** Whether a version has an endpoint; whoever asks another one is told what of any path that leads nowhere. */
export function isOffered({ since = '0', until }: Pick<Route, 'since' | 'until'>, version: string): boolean {
  return isAtLeast(version, since) && (until === undefined || !isAtLeast(version, until))
}

function applicationProperties(version: string): Route {
  const [major = '', minor = '', patch = ''] = version.split('.')
  const buildNumber = `${major}${minor.padStart(3, '0')}${patch.padStart(3, '0')}`
  return {
    method: 'GET',
    path: '/api/{version}/application-properties',
    needs: 'anyone',
    handle: () => ok({ version, buildNumber, buildDate: '1729123200000', displayName: 'Bitbucket' }),
  }
}

/** Clients ask for it, without credentials, to find out by its 401 that OAuth 2.0 is there. */
const applicationLinks: Route = {
  method: 'GET',
  path: '/oauth2/{version}/client',
  needs: 'SYS_ADMIN',
  handle: ({ state }) =>
    ok(state.links.map(({ clientId, redirectUri, scopes }) => ({ clientId, redirects: [redirectUri], scopes }))),
}
