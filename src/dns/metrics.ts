import { codes, types } from "./wire/constants.ts"
import type { TransportName } from "./forward/forwarder.ts"

const typeNames = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]))
const codeNames = new Map<number, string>([
  [codes.noError, "NOERROR"],
  [codes.serverFailure, "SERVFAIL"],
  [codes.nameError, "NXDOMAIN"],
])

/** Counts what the server does, under CoreDNS' names so that its dashboards work. */
export class DnsMetrics {
  readonly #queries = new Map<string, number>()
  readonly #answers = new Map<number, number>()
  #kept = 0
  #asked = 0

  countQuery(type: number, transport: TransportName): void {
    const labels = `proto="${transport}",type="${typeNames.get(type) ?? "other"}"`
    this.#queries.set(labels, (this.#queries.get(labels) ?? 0) + 1)
  }

  countAnswer(code: number): void {
    this.#answers.set(code, (this.#answers.get(code) ?? 0) + 1)
  }

  countForwarded(kept: boolean): void {
    if (kept) this.#kept++
    else this.#asked++
  }

  /** In Prometheus' text format. */
  text(): string {
    const lines = ["# TYPE coredns_dns_requests_total counter"]
    for (const [labels, count] of this.#queries) lines.push(`coredns_dns_requests_total{${labels}} ${count}`)
    lines.push("# TYPE coredns_dns_responses_total counter")
    for (const [code, count] of this.#answers)
      lines.push(
        `coredns_dns_responses_total{plugin="kubernetes",rcode="${codeNames.get(code) ?? code}"} ${count}`,
      )
    lines.push("# TYPE coredns_cache_hits_total counter", `coredns_cache_hits_total ${this.#kept}`)
    lines.push("# TYPE coredns_cache_misses_total counter", `coredns_cache_misses_total ${this.#asked}`)
    return `${lines.join("\n")}\n`
  }
}
