/** What address patterns cover. */
import { matchesPattern } from './address.js'
import type { Pattern } from './desired.js'

/** Whether `policy.protect` names an address, or everything below one of its ancestors (`…/**`). */
export function isProtected(protect: readonly Pattern[], address: string): boolean {
  return protect.some(({ pattern }) => {
    const below = pattern.endsWith('/**') ? pattern.slice(0, -3) : undefined
    return below === undefined ? matchesPattern(pattern, address) : coversBelow(below, address)
  })
}

/** Whether an address lies below a pattern, or is matched by it. */
export function coversAddress(pattern: string, address: string): boolean {
  return matchesPattern(pattern, address) || coversBelow(pattern, address)
}

function coversBelow(pattern: string, address: string): boolean {
  for (let index = 1; index < address.length; index++) {
    const isBoundary = address[index] === '.' || address[index] === '['
    if (isBoundary && matchesPattern(pattern, address.slice(0, index))) return true
  }
  return false
}
