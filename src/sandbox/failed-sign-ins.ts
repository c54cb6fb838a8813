/** Wrong passwords, counted by account wherever they are sent: after too many of them a person must answer a CAPTCHA. */
import type { SandboxState } from './state.js'

/** As Bitbucket has it, unless an administrator sets another number. */
const failuresBeforeChallenge = 5
const mostNames = 1000

/** Whether an account is closed to passwords until somebody answers the CAPTCHA. @param name lower-case, as everywhere here */
export function isChallenged({ failedSignIns }: SandboxState, name: string): boolean {
  return (failedSignIns[name] ?? 0) >= failuresBeforeChallenge
}

export function noteFailure({ failedSignIns }: SandboxState, name: string): void {
  failedSignIns[name] = (failedSignIns[name] ?? 0) + 1
  const [oldest, ...others] = Object.keys(failedSignIns)
  if (others.length >= mostNames && oldest !== undefined) delete failedSignIns[oldest]
}

export function forgetFailures({ failedSignIns }: SandboxState, name: string): void {
  if (failedSignIns[name] !== undefined) delete failedSignIns[name]
}
