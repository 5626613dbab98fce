import type { IpFamily } from "../base/ip-address.ts"
import { Counter, formatMetrics } from "../base/metrics.ts"
import { codes, flags, types } from "./wire/constants.ts"
import type { TransportName } from "./forward/forwarder.ts"

const typeNames = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]))
const codeNames = new Map<number, string>([
  [codes.noError, "NOERROR"],
  [codes.formatError, "FORMERR"],
  [codes.serverFailure, "SERVFAIL"],
  [codes.nameError, "NXDOMAIN"],
  [codes.notImplemented, "NOTIMP"],
  [codes.refused, "REFUSED"],
  [codes.badVersion, "BADVERS"],
])

/** CoreDNS counts by the block of its configuration; that of Kubernetes has one, for everything. */
const block = ["dns://:53", "."] as const
/** CoreDNS' names of who answered: the cluster's zone, another server, or what that server had said before. */
export type AnsweredBy = "kubernetes" | "forward" | "cache"

/** Counts what the server does, under CoreDNS' names so that its dashboards work (https://coredns.io/plugins/metrics). */
export class DnsMetrics {
  readonly #queries = new Counter({
    name: "coredns_dns_requests_total",
    help: "Counter of DNS requests made per zone, protocol and family.",
    labels: ["server", "zone", "view", "proto", "family", "type"],
  })
  readonly #answers = new Counter({
    name: "coredns_dns_responses_total",
    help: "Counter of response status codes.",
    labels: ["server", "zone", "view", "rcode", "plugin"],
  })
  readonly #kept = new Counter({ name: "coredns_cache_hits_total", help: "The count of cache hits." })
  readonly #asked = new Counter({
    name: "coredns_cache_misses_total",
    help: "The count of cache misses. Deprecated, derive misses from cache hits/requests counters.",
  })

  constructor() {
    this.#kept.set(0)
    this.#asked.set(0)
  }

  countQuery(type: number, transport: TransportName, family: IpFamily): void {
    const [server, zone] = block
    const typeName = typeNames.get(type) ?? "other"
    this.#queries.add(1, server, zone, "", transport, family === 4 ? "1" : "2", typeName)
  }

  countAnswer(code: number, by: AnsweredBy): void {
    const [server, zone] = block
    this.#answers.add(1, server, zone, "", codeNames.get(code) ?? String(code), by)
  }

  /** The same of a message that another server wrote. */
  countMessage(message: Buffer, by: AnsweredBy): void {
    this.countAnswer(message.readUInt16BE(2) & flags.code, by)
  }

  countForwarded(kept: boolean): void {
    const counter = kept ? this.#kept : this.#asked
    counter.add(1)
  }

  /** In Prometheus' text format. */
  text(): string {
    return formatMetrics([this.#queries, this.#answers, this.#kept, this.#asked])
  }
}
