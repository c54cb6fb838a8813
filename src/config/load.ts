/**
 * YAML files → desired state.
 *
 * Steps: parse, put variables in, validate, take apart into addressed items, unite, merge overlays, check across files.
 * Every finding of every step is reported at once, as far as the step before left something to look at.
 */
import { formatName, itemAddress } from '../model/address.js'
import type { Desired, Policy } from '../model/desired.js'
import { ConfigError, type Finding } from '../model/errors.js'
import type { Digest, Registry } from '../model/resource.js'
import { secretsIn } from '../model/secret-reference.js'
import { isObject } from '../model/schema.js'
import { secretScopeVariable, secretVariable } from '../model/secret.js'
import type { ConfigurationFile, ConfigurationFiles } from './files.js'
import { explainViolations, limitFindings, takeOut, violatedPointers } from './findings.js'
import { flatten, type Written } from './flatten.js'
import { emptyPolicy, locating, readPolicy, unitePolicies } from './policy.js'
import { type Positions, pointerTo } from './positions.js'
import { misplacedSecret, resolveReferences, substitute, type Variables } from './references.js'
import { unite } from './unite.js'
import type { SchemaFinding, Validate } from './validator.js'
import { parseFile } from './yaml.js'

/** What to load. */
export interface ConfigurationInput {
  /** `-f`; empty for the default place. */
  readonly paths: readonly string[]
  readonly overlays: readonly string[]
  readonly variables: Variables
}

/** What loading needs. */
export interface ConfigurationPorts {
  readonly files: ConfigurationFiles
  readonly registry: Registry
  readonly validate: Validate
  readonly digest: Digest
}

interface Loaded extends Written {
  readonly policy: Policy
  readonly server: Desired['server']
}

/**
 * Loads a configuration.
 * @throws ConfigError with every finding: `CONFIG_FILE`, `CONFIG_SYNTAX`, `CONFIG_SCHEMA`, `CONFIG_DUPLICATE`,
 * `CONFIG_REFERENCE`, `CONFIG_SECRET`.
 */
export function loadDesired(input: ConfigurationInput, ports: ConfigurationPorts): Desired {
  const load = (file: ConfigurationFile): Loaded => loadFile(file, input.variables, ports)
  const files = ports.files.expand(input.paths).map(load)
  const overlays = input.overlays.map((path) => load(ports.files.read(path)))
  const all = [...files, ...overlays]
  const united = unite(files, overlays)
  const { items, collections } = united
  const server = uniteServer(all)
  const findings = [
    ...all.flatMap((one) => one.findings),
    ...united.findings,
    ...server.findings,
    ...findExcluded(items),
    ...findRenamesAmiss(items),
    ...findSharedVariables(items),
  ]
  const [first, ...rest] = limitFindings(findings)
  if (first !== undefined) throw new ConfigError([first, ...rest])
  return {
    items,
    collections,
    policy: unitePolicies(all.map(({ policy }) => policy)),
    ...(server.server === undefined ? {} : { server: server.server }),
  }
}

const nothing: Omit<Loaded, 'findings'> = {
  items: [],
  collections: [],
  policy: emptyPolicy,
  server: undefined,
}

/** What was found wrong is taken out, so that the rest of the file is still looked at. */
function loadFile(file: ConfigurationFile, variables: Variables, ports: ConfigurationPorts): Loaded {
  const { registry, validate, digest } = ports
  const parsed = parseFile(file)
  if (!('data' in parsed)) return { ...nothing, findings: parsed }
  const { positions } = parsed
  const { data, failed, findings } = substitute(parsed, variables)
  const unknown = new Set([...parsed.failed, ...failed])
  const substituted = takeOut(data, [...unknown])
  // What was taken out is missed where it is required, and leaves a hole in a list.
  const violated = validate(substituted).filter((violation) => !unknown.has(pointerOf(violation)))
  const violations =
    violated.length === 0
      ? []
      : explainViolations(violated, { registry, document: substituted, positions: positions() })
  const document = takeOut(substituted, violatedPointers(violated))
  const written = flatten(registry, document, positions, digest)
  const frame = readFrame(registry, document, positions)
  const { policy, findings: policyFindings } = readPolicy(registry, frame.document, positions)
  return {
    items: written.items,
    collections: written.collections,
    findings: [
      ...parsed.findings,
      ...findings,
      ...violations,
      ...written.findings,
      ...frame.findings,
      ...policyFindings,
    ],
    policy,
    server: serverOf(frame.document, positions),
  }
}

function pointerOf({ instancePath, keyword, params }: SchemaFinding): string {
  return keyword === 'required' ? pointerTo(instancePath, String(params['missingProperty'])) : instancePath
}

/** What a document holds beside the sections of settings, with its references read. */
function readFrame(
  registry: Registry,
  document: unknown,
  positions: () => Positions,
): { document: unknown; findings: readonly Finding[] } {
  const sections = new Set(registry.roots.map(({ path }) => path))
  const entries = Object.entries(isObject(document) ? document : {}).filter(([key]) => !sections.has(key))
  const { value, misplaced } = resolveReferences(undefined, Object.fromEntries(entries))
  const findings = misplaced.map((pointer) => ({ ...misplacedSecret, source: positions().locateValue(pointer) }))
  return { document: value, findings }
}

function serverOf(document: unknown, positions: () => Positions): Desired['server'] {
  const url = isObject(document) ? document['server'] : undefined
  return typeof url === 'string' ? locating({ url }, positions, '/server') : undefined
}

function uniteServer(files: readonly Loaded[]): { server: Desired['server']; findings: readonly Finding[] } {
  const [first, ...rest] = files.flatMap(({ server }) => server ?? [])
  const other = rest.find(({ url }) => url !== first?.url)
  if (first === undefined || other === undefined) return { server: first, findings: [] }
  const message = `server: names another address than ${first.source.file}:${first.source.line}`
  return { server: first, findings: [{ code: 'CONFIG_DUPLICATE', message, source: other.source }] }
}

function findExcluded(items: Desired['items']): readonly Finding[] {
  const kinds = new Set(items.map(({ resource }) => resource.kind))
  return items.flatMap((item) =>
    item.resource.excludes
      .filter((kind) => kinds.has(kind))
      .map((kind) => ({
        code: 'CONFIG_SCHEMA',
        message: `${item.resource.kind} and ${kind} write the same setting`,
        address: item.address,
        source: item.locate(),
        hint: 'Declare one of them.',
      })),
  )
}

/** A rename leads from a name that is free afterwards, and to one item. */
function findRenamesAmiss(items: Desired['items']): readonly Finding[] {
  const declared = new Map(items.map((item) => [item.address, item]))
  const renamed = new Map<string, Desired['items'][number]>()
  return items.flatMap((item): readonly Finding[] => {
    if (item.renamedFrom === undefined) return []
    const earlier = itemAddress(item.section, formatName(item.renamedFrom))
    const other = renamed.get(earlier) ?? declared.get(earlier)
    renamed.set(earlier, item)
    if (other === undefined || other.want === null) return []
    const { file, line, column } = other.locate()
    const message =
      other === item
        ? `${item.address} cannot be renamed from its own name`
        : `${item.address} is renamed from ${earlier}, which is claimed at ${file}:${line}:${column} too`
    const hint = 'Take renamedFrom out once the rename has been applied.'
    return [{ code: 'CONFIG_DUPLICATE', message, address: item.address, source: item.locate(), hint }]
  })
}

/** `scope-smtp` would come from the variable that limits `smtp`. */
function findSharedVariables(items: Desired['items']): readonly Finding[] {
  const claimed = new Map<string, string>()
  return items.flatMap((item) =>
    secretsIn(item.resource.schema, item.want).flatMap((name): readonly Finding[] => {
      const variables = [secretVariable(name), secretScopeVariable(name)]
      const shared = variables.find((variable) => (claimed.get(variable) ?? name) !== name)
      for (const variable of variables) if (!claimed.has(variable)) claimed.set(variable, name)
      if (shared === undefined) return []
      const message = `The secrets ${claimed.get(shared) ?? ''} and ${name} would both use ${shared}`
      return [{ code: 'CONFIG_SECRET', message, address: item.address, source: item.locate(), hint: 'Rename one.' }]
    }),
  )
}
