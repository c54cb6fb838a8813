/** The validator of the configuration as code: what the build puts in place of compiling the schema at run time. */
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { makeConfigurationSchema } from '../config/configuration-schema.js'
import { ajvOptions } from '../config/validator.js'
import type { Registry } from '../model/resource.js'

/** A module with the exports of `src/host/configuration-validator.ts`; its imports want a bundler. */
export function makeValidatorModule(registry: Registry): string {
  const ajv = new Ajv({ ...ajvOptions, code: { source: true, esm: true } })
  const code = standalone.default(ajv, ajv.compile(makeConfigurationSchema(registry)))
  return `${code}
export function configurationValidator() {
  return (document) => (validate(document) ? [] : validate.errors)
}
`
    .replace(/export default validate\d*;?/u, '')
    .replace(/export const validate = (\w+);?/u, 'const validate = $1;')
}
