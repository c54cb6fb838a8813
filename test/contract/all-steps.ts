/** Every step, in the order in which they are gone through. */
import { branchSteps } from './branch-steps.js'
import { codeSettingSteps } from './code-setting-steps.js'
import { codeSteps } from './code-steps.js'
import { directorySteps } from './directory-steps.js'
import { firstSteps } from './first-steps.js'
import { instanceSteps } from './instance-steps.js'
import { rankSteps } from './rank-steps.js'
import { reviewSteps } from './review-steps.js'
import { serverSteps } from './server-steps.js'
import type { Step } from './steps.js'
import { webhookSteps } from './webhook-steps.js'

export const allSteps: readonly Step[] = [
  ...firstSteps,
  ...rankSteps,
  ...instanceSteps,
  ...serverSteps,
  ...codeSteps,
  ...codeSettingSteps,
  ...webhookSteps,
  ...branchSteps,
  ...directorySteps,
  ...reviewSteps,
]
