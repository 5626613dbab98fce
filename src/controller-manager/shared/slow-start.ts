/**
 * Does something `count` times, first once, then 2, 4, 8 ... at the same time, and stops after a batch in which any
 * failed: a quota that refuses every pod is asked once, not five hundred times.
 *
 * Gives how many succeeded, and the first error.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ readonly succeeded: number; readonly error?: unknown }> {
  let succeeded = 0
  for (let begun = 0, batch = 1; begun < count; begun += batch, batch *= 2) {
    const size = Math.min(batch, count - begun)
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => act(begun + index)))
    const failed = results.find((result) => result.status === "rejected")
    succeeded += results.filter((result) => result.status === "fulfilled").length
    if (failed) return { succeeded, error: failed.reason }
  }
  return { succeeded }
}
