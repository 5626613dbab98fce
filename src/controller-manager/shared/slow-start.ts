/**
 * Does something `count` times, first once, then 2, 4, 8 ... at the same time, and stops after a batch in which any
 * failed: a quota that refuses every pod is asked once, not five hundred times.
 *
 * Gives how many succeeded and how many failed, and the first error.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ readonly succeeded: number; readonly failed: number; readonly error?: unknown }> {
  let succeeded = 0
  for (let begun = 0, batch = 1; begun < count; begun += batch, batch *= 2) {
    const size = Math.min(batch, count - begun)
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => act(begun + index)))
    const failures = results.filter((result) => result.status === "rejected")
    succeeded += size - failures.length
    const [first] = failures
    if (first) return { succeeded, failed: failures.length, error: first.reason }
  }
  return { succeeded, failed: 0 }
}
