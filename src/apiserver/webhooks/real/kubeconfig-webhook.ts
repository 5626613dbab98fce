import { onAbort } from "../../../base/on-abort.ts"
import type { Clock } from "../../../base/clock.ts"
import { createHttpsTransport } from "../../../client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../../client/real/kubeconfig.ts"
import type { PostToWebhook } from "../post-to-webhook.ts"

/** A webhook whose address and credentials stand in a kubeconfig file. Throws when the file does not say enough. */
export async function kubeconfigWebhook(
  path: string,
  clock: Clock,
): Promise<{ readonly post: PostToWebhook; close(): void }> {
  const kubeconfig = await readKubeconfig(path)
  if (kubeconfig.clusters.length === 0) throw new Error(`${path} is missing or names no cluster`)
  const { connection } = resolveContext(kubeconfig)
  const transport = createHttpsTransport(connection, { clock })
  return {
    async post(body, timeoutMs, signal) {
      const limited = new AbortController()
      const forget = onAbort(signal, () => limited.abort(signal.reason))
      const timer = clock.after(timeoutMs, () => limited.abort(new Error("context deadline exceeded")))
      try {
        const answer = await transport.request({
          method: "POST",
          path: "",
          query: { timeout: `${timeoutMs / 1000}s` },
          body,
          signal: limited.signal,
        })
        return answer.body as object
      } catch (error) {
        throw limited.signal.aborted ? (limited.signal.reason as Error) : error
      } finally {
        timer.cancel()
        forget()
      }
    },
    close: () => transport.close(),
  }
}
