/** What a plan asks for and the API cannot do, found before anything is written. */
import { sectionOf } from '../model/address.js'
import type { Desired } from '../model/desired.js'
import type { Draft } from '../model/draft.js'
import { ConfigError, type Finding } from '../model/errors.js'
import { findMissing } from '../model/propose.js'
import { isObject, propertiesOf, type Schema } from '../model/schema.js'
import { compareVersions } from '../model/version.js'
import type { Declared } from './read-declared.js'

/** @throws ConfigError for what is to be removed and cannot be. */
export function checkRemovals(desired: Desired, drafts: readonly Draft[]): void {
  const stuck = drafts.filter(({ action, resource }) => action === 'delete' && !isRemovable(resource))
  throwFindings(
    stuck.map(({ address, resource }) => ({
      code: 'CONFIG_SCHEMA',
      message: `${address} cannot be reset: the server offers no way to`,
      address,
      ...sourceOf(desired, address),
      hint: `Write the value that it shall have (bbstate explain ${resource.kind}).`,
    })),
  )
}

function isRemovable(resource: Draft['resource']): boolean {
  return resource.form === 'singleton' ? resource.clear !== undefined : resource.delete !== undefined
}

/** @throws ConfigError for what is to be created and cannot be, or lacks what a creation needs. */
export function checkCreations(desired: Desired, drafts: readonly Draft[]): void {
  throwFindings(
    drafts
      .filter(({ action, resource }) => isCreation(action) && resource.form === 'collection' && !resource.create)
      .map(({ address, resource }) => ({
        code: 'CONFIG_SCHEMA',
        message: `${address} is not on the server, and bbstate cannot create it`,
        address,
        ...sourceOf(desired, address),
        hint: `Take it out, or create it in Bitbucket (bbstate explain ${resource.kind} says why).`,
      })),
  )
  throwFindings(
    drafts
      .filter(({ action }) => action !== 'delete')
      .flatMap(({ address, resource, after }) =>
        findMissing(resource.schema, after).map((path): Finding => ({
          code: 'CONFIG_SCHEMA',
          message: `${address} needs ${path} to be created`,
          address,
          ...sourceOf(desired, address),
          hint: `Add it (bbstate explain ${resource.kind} shows an example).`,
        })),
      ),
  )
}

function isCreation(action: Draft['action']): boolean {
  return action === 'create' || action === 'replace'
}

function sourceOf(desired: Desired, address: string): Pick<Finding, 'source'> {
  const item = desired.items.find((declared) => declared.address === address)
  return item === undefined ? {} : { source: item.locate() }
}

function throwFindings(findings: readonly Finding[]): void {
  const [first, ...rest] = findings
  if (first !== undefined) throw new ConfigError([first, ...rest])
}

/**
 * Fields that this server does not keep: older versions drop them silently, so that sending them would change nothing
 * and say nothing.
 * @throws ConfigError naming the version that each needs.
 */
export function checkVersions({ items }: Desired, version: string): void {
  throwFindings(
    items.flatMap((item) =>
      fieldsSince(item.resource.schema, item.want)
        .filter(({ since }) => compareVersions(version, since) < 0)
        .map(({ path, since }): Finding => ({
          code: 'CONFIG_SCHEMA',
          message: `${path} of ${item.address} needs Bitbucket ${since}; this server is ${version} and would drop it silently`,
          address: item.address,
          source: item.locate(path),
          hint: 'Take it out for this server, or put it into an overlay for the servers that have it.',
        })),
    ),
  )
}

interface FieldSince {
  readonly path: string
  readonly since: string
}

function fieldsSince(schema: Schema, want: unknown): readonly FieldSince[] {
  if (!isObject(want)) return []
  return Object.entries(propertiesOf(schema)).flatMap(([property, field]) => {
    if (want[property] === undefined) return []
    const own = field['x-since'] === undefined ? [] : [{ path: property, since: field['x-since'] }]
    const below = fieldsSince(field, want[property]).map(({ path, since }) => ({ path: `${property}.${path}`, since }))
    return [...own, ...below]
  })
}

/**
 * Changes of what a directory does not let anybody change, and of what lies inside it. What prune leaves alone is not
 * among them.
 */
export function findReadOnly(desired: Desired, declared: Declared, drafts: readonly Draft[]): readonly Finding[] {
  return drafts.flatMap((draft) => {
    const { resource, live, address } = draft
    const own = resource.form === 'collection' && live !== null ? resource.isReadOnly?.(live) : undefined
    const reason = own ?? readOnlyOwner(desired, declared, draft)
    if (reason === undefined) return []
    const hint = 'Change it in that directory, and take it out of the configuration.'
    const message = `${address} cannot be changed: ${reason}`
    return [{ code: 'PLAN_UNSAFE', message, address, ...sourceOf(desired, address), hint }]
  })
}

function readOnlyOwner(desired: Desired, declared: Declared, draft: Draft): string | undefined {
  const section = draft.resource.form === 'collection' ? sectionOf(draft.address) : draft.address
  const address = section.slice(0, -(draft.resource.key.length + 1))
  const owner = desired.items.find((item) => item.address === address)
  const live = declared.live.get(address) ?? null
  if (owner?.resource.form !== 'collection' || live === null) return undefined
  const reason = owner.resource.isReadOnly?.(live)
  return reason === undefined ? undefined : `${address} cannot: ${reason}`
}
