import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"

/**
 * What events tell of a resize: what happened, and what the pod asks for.
 *
 * @example Pod resize started: {"containers":[{"name":"web","resources":{"requests":{"cpu":"2"}}}],"generation":3}
 */
export function resizeMessage({ metadata, spec }: Pod, what: string, error = ""): string {
  const list = (containers: readonly Container[] | undefined) =>
    containers?.map(({ name, resources }) => ({ name, resources: inOrder(resources) }))
  const summary = {
    ...(spec.initContainers?.length && { initContainers: list(spec.initContainers) }),
    containers: list(spec.containers),
    generation: metadata.generation ?? 0,
    ...(error && { error }),
  }
  return `Pod resize ${what}: ${JSON.stringify(summary)}`
}

/** As Go writes it: limits before requests, names in order. */
function inOrder({ limits, requests }: Container["resources"] = {}): object {
  const sorted = (amounts: object) =>
    Object.fromEntries(Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...(limits && { limits: sorted(limits) }), ...(requests && { requests: sorted(requests) }) }
}
