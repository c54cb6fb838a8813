/** A token bucket per user, as Bitbucket keeps one on each node (catalogue 1.6). */

/** Answers 0 where a request may pass, else the whole seconds to wait. */
export type Limiter = (user: string, now: number) => number

/** A limiter; one token a request. */
export function createLimiter({ capacity, fillRate }: { capacity: number; fillRate: number }): Limiter {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return (user, now) => {
    const bucket = buckets.get(user) ?? { tokens: capacity, at: now }
    const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * fillRate)
    const passes = tokens >= 1
    buckets.set(user, { tokens: passes ? tokens - 1 : tokens, at: now })
    return passes ? 0 : Math.max(1, Math.ceil((1 - tokens) / fillRate))
  }
}
