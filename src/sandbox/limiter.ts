/** A token bucket per user, as Bitbucket keeps one on each node (catalogue 1.6), with the exceptions of I-10. */
import type { SandboxState } from './state.js'

/** Answers 0 where a request may pass, else the whole seconds to wait. */
export type Limiter = (user: string, now: number) => number

/** A limiter that follows the server's settings; one token a request. */
export function createLimiter(state: SandboxState): Limiter {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return (user, now) => {
    const own = state.rateLimitUsers[user]
    if (!state.rateLimit.enabled || own?.whitelisted === true) return 0
    const { capacity, fillRate } = own?.settings ?? state.rateLimit.defaultSettings
    const bucket = buckets.get(user) ?? { tokens: capacity, at: now }
    const tokens = Math.min(capacity, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * fillRate)
    const passes = tokens >= 1
    buckets.set(user, { tokens: passes ? tokens - 1 : tokens, at: now })
    return passes ? 0 : Math.max(1, Math.ceil((1 - tokens) / fillRate))
  }
}
