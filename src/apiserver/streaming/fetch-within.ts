import type { Clock } from "../../base/clock.ts"
import type { Backends, BackendTarget } from "./backends.ts"

/** A GET, whole. Rejects after `timeoutMs`. */
export async function fetchWithin(
  { backends, clock }: { readonly backends: Backends; readonly clock: Clock },
  target: BackendTarget,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly body: string }> {
  const giveUp = new AbortController()
  const timer = clock.after(timeoutMs, () => giveUp.abort(new Error("context deadline exceeded")))
  try {
    const { status, chunks } = await backends.fetch(target, giveUp.signal)
    const decoder = new TextDecoder()
    let body = ""
    for await (const chunk of chunks) body += decoder.decode(chunk, { stream: true })
    return { status, body: body + decoder.decode() }
  } finally {
    timer.cancel()
  }
}
