/**
 * The validator of the configuration. The build puts generated code in place of this module: compiling the schema takes
 * longer than everything else that `validate` does.
 */
import { registry } from '../bitbucket/registry.js'
import { compileValidator, type Validate } from '../config/validator.js'

let compiled: Validate | undefined

/** The validator for every setting that this build knows. */
export function configurationValidator(): Validate {
  compiled ??= compileValidator(registry)
  return compiled
}
