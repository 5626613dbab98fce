import type { Transport } from "../../src/client/transport.ts"

/** Writes that reached the API server, by who wrote and what: "kubelet PATCH pods/status". */
export class WriteCounts {
  #counts = new Map<string, number>()

  /** The same transport under a writer's name. */
  of(writer: string, transport: Transport): Transport {
    return {
      ...transport,
      request: (request) => {
        if (request.method !== "GET") this.#add(`${writer} ${request.method} ${subjectOf(request.path)}`)
        return transport.request(request)
      },
    }
  }

  /** What was counted since the last time, the most frequent first. */
  take(): readonly (readonly [what: string, count: number])[] {
    const counts = Array.from(this.#counts).sort(([, a], [, b]) => b - a)
    this.#counts = new Map()
    return counts
  }

  #add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }
}

/** "/api/v1/namespaces/default/pods/web/status" is of pods/status. */
function subjectOf(path: string): string {
  const parts = path.replace(/^\/apis?\/(v1|[^/]+\/[^/]+)\//, "").split("/")
  const [resource, , subresource] = parts[0] === "namespaces" && parts.length > 2 ? parts.slice(2) : parts
  return subresource ? `${resource}/${subresource}` : resource!
}
