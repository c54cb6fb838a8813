/** Bounded parallel work. The transport bounds requests; this bounds the promises that wait for them. */

/** Maps in order of the input with at most `limit` at work; the first failure rejects once what is in flight ended. */
export async function mapBounded<T, R>(
  values: readonly T[],
  work: (value: T, index: number) => Promise<R>,
  limit = 64,
): Promise<readonly R[]> {
  const results = new Array<R>(values.length)
  let next = 0
  let failure: { error: unknown } | undefined
  const worker = async (): Promise<void> => {
    while (next < values.length && failure === undefined) {
      const index = next++
      try {
        results[index] = await work(values[index] as T, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, values.length) }, worker))
  if (failure !== undefined) throw failure.error
  return results
}
