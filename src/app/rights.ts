/** Rights, before the first write: everything that a plan needs and the account cannot do, at once. */
import type { Finding } from '../model/errors.js'
import { refuse } from '../model/guard.js'
import type { Change, Plan } from '../model/plan.js'
import { type NeededPermission, type Registry, resourceOf } from '../model/resource.js'
import type { WritableServer } from './ports.js'

/**
 * Checks what the changes of a plan need; one request for each permission that one of them needs.
 * @throws PlanError `PLAN_UNSAFE` with one finding a change that would be refused.
 */
export async function checkRights(registry: Registry, plan: Plan, server: WritableServer): Promise<void> {
  const needed = plan.changes.map((change) => ({ change, permission: permissionFor(registry, change) }))
  const lacking = new Set<NeededPermission>()
  for (const permission of new Set(needed.map((one) => one.permission))) {
    if (!(await server.holds(permission))) lacking.add(permission)
  }
  const findings = needed
    .filter(({ permission }) => lacking.has(permission))
    .map(({ change, permission }): Finding => ({
      code: 'PLAN_UNSAFE',
      message: `${change.address} needs the global permission ${permission}, which ${server.identity.account} or its token has not`,
      address: change.address,
      ...(change.source === undefined ? {} : { source: change.source }),
      hint: 'Give the account the permission, and the application link the scope (bbstate doctor shows both); or leave the setting out.',
    }))
  if (findings.length > 0) throw refuse('Rights are missing, and nothing was written', findings)
}

function permissionFor(registry: Registry, change: Change): NeededPermission {
  const resource = resourceOf(registry, change.kind)
  if (resource === undefined) return 'ADMIN'
  return resource.needs?.({ before: change.before, after: change.after }) ?? resource.docs.permission
}
