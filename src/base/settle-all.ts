import { messageOf } from "./message-of.ts"

/** Waits for all of them, whatever becomes of the others; then throws one error with every reason if some have failed. */
export async function settleAll(work: Iterable<Promise<unknown>>): Promise<void> {
  const results = await Promise.allSettled(work)
  throwTogether(results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : [])))
}

/** One error that says what all of them say; nothing if there is none. */
export function throwTogether(errors: readonly unknown[]): void {
  if (errors.length === 0) return
  if (errors.length === 1) throw errors[0]
  throw new AggregateError(errors, [...new Set(errors.map(messageOf))].join("; "))
}
