/** Every step, in the order in which they are gone through. */
import { codeSettingSteps } from './code-setting-steps.js'
import { codeSteps } from './code-steps.js'
import { firstSteps } from './first-steps.js'
import { instanceSteps } from './instance-steps.js'
import { rankSteps } from './rank-steps.js'
import { serverSteps } from './server-steps.js'
import type { Step } from './steps.js'

export const allSteps: readonly Step[] = [
  ...firstSteps,
  ...rankSteps,
  ...instanceSteps,
  ...serverSteps,
  ...codeSteps,
  ...codeSettingSteps,
]
