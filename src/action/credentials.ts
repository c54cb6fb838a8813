/** Whether a step has credentials for Bitbucket, and whether what started it may have them. */
import type { Settings } from '../host/settings.js'
import type { World } from '../host/world.js'
import { PlanError } from '../model/errors.js'
import type { Trigger } from './trigger.js'

/** Variables that hold one. */
const variables = [
  ...['BBSTATE_CLIENT_SECRET', 'BBSTATE_TOKEN', 'BBSTATE_PASSWORD', 'BBSTATE_STORE_KEY', 'BBSTATE_STORE_KEY_FILE'],
  ...['BBSTATE_TOKEN_RECORD', 'BBSTATE_GITHUB_TOKEN', 'BBSTATE_VAULT_TOKEN', 'BBSTATE_VAULT_JWT'],
  ...['BBSTATE_VAULT_SECRET_ID', 'BBSTATE_ETCD_PASSWORD'],
]

/** Looks at names alone; nothing is read. */
export function hasCredentials({ environment }: Pick<World, 'environment'>, settings: Settings): boolean {
  return variables.some((name) => (environment[name] ?? '') !== '') || settings.text('client-secret-file') !== undefined
}

/** Events that run with the secrets of the repository on what anybody may have written. */
const unsafe = ['pull_request_target', 'workflow_run', 'issue_comment']

/** @throws PlanError `PLAN_UNSAFE` */
export function requireSafeEvent({ event }: Trigger, world: Pick<World, 'environment'>, settings: Settings): void {
  if (!unsafe.includes(event) || !hasCredentials(world, settings)) return
  throw new PlanError('PLAN_UNSAFE', `The Action takes no credentials on the event ${event}`, {
    hint: 'Such a run has the secrets of the repository, and what is checked out may be from anybody. Plan on pull_request against a snapshot, without credentials.',
  })
}
