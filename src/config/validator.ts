/** Holds documents against the schema. The build replaces compiling by code that was generated once. */
import { Ajv } from 'ajv'
import type { Registry } from '../model/resource.js'
import { makeConfigurationSchema } from './configuration-schema.js'

/** One violation, as ajv says it; spelled out, since the published types must not need ajv. */
export interface SchemaFinding {
  /** JSON pointer of the value. */
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string | undefined
  readonly parentSchema?: Readonly<Record<string, unknown>> | undefined
  readonly propertyName?: string | undefined
}

/** Checks a document; empty where it is valid. */
export type Validate = (document: unknown) => readonly SchemaFinding[]

/** Options that the generated code must share. */
export const ajvOptions = {
  allErrors: true,
  // Findings have words of their own; those of ajv would be a good part of the bundle.
  messages: false,
  strict: true,
  allowUnionTypes: true,
  verbose: true,
  strictRequired: false,
  // A function for each setting: what a configuration does not declare is never compiled.
  inlineRefs: false,
} as const

/** Compiles the schema of a registry, which takes about a hundred milliseconds. */
export function compileValidator(registry: Registry): Validate {
  const validate = new Ajv(ajvOptions).compile(makeConfigurationSchema(registry))
  return (document) => (validate(document) ? [] : (validate.errors ?? []))
}
