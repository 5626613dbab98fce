import type { Node } from "../../api/core/v1/node.ts"
import type { Backends } from "../../apiserver/streaming/backends.ts"
import { fetchWithin } from "../../apiserver/streaming/fetch-within.ts"
import { kubeletOrigin } from "../../apiserver/streaming/pod-location.ts"
import type { Clock } from "../../base/clock.ts"

const timeoutMs = 10_000

/** What a node's kubelet says that it and its containers use, on the API server's own road to kubelets. */
export async function readResourceMetrics(
  road: { readonly backends: Backends; readonly clock: Clock },
  node: Node,
): Promise<string> {
  const target = { url: new URL(`${kubeletOrigin(node)}/metrics/resource`), isKubelet: true }
  const { status, body } = await fetchWithin(road, target, timeoutMs)
  if (status !== 200) throw new Error(`/metrics/resource answered ${status}: ${body.slice(0, 200)}`)
  return body
}
