import { Counter, formatMetrics, type Metric } from "../base/metrics.ts"
import { messageOf } from "../base/message-of.ts"

/** One thing that must be so for a component to be well. Throws to say that it is not, and why. */
export interface HealthCheck {
  /** As in `/readyz/etcd`. */
  readonly name: string
  check(): void | Promise<void>
}

const probes = ["healthz", "livez", "readyz"] as const
export type Probe = (typeof probes)[number]

export function isProbe(name: string): name is Probe {
  return (probes as readonly string[]).includes(name)
}

/** Always good: whoever answers is there. Also what a probe asks that nobody has given anything to ask. */
export const ping: HealthCheck = { name: "ping", check() {} }

/** A check that fails with `otherwise` unless something is so. */
export function must(name: string, isSo: () => boolean, otherwise: string): HealthCheck {
  return {
    name,
    check() {
      if (!isSo()) throw new Error(otherwise)
    },
  }
}

export interface ProbeAnswer {
  readonly code: number
  readonly text: string
}

export interface ProbeRequest {
  readonly probe: Probe
  /** One check alone; undefined: all of them. */
  readonly name: string | undefined
  readonly query: URLSearchParams
}

/**
 * What a component's probes found, and how often, for `/metrics/slis`
 * (https://kubernetes.io/docs/reference/instrumentation/slis/). One belongs to each component.
 */
export class HealthRecord {
  #last = lastResult()
  #all = allResults()
  readonly #more: Metric[] = []

  /** More to be told beside: when the process began. */
  add(...metrics: readonly Metric[]): void {
    this.#more.push(...metrics)
  }

  observe(name: string, probe: Probe, isWell: boolean): void {
    this.#last.set(Number(isWell), name, probe)
    this.#all.add(1, name, isWell ? "success" : "error", probe)
  }

  reset(): void {
    this.#last = lastResult()
    this.#all = allResults()
  }

  /** In Prometheus' text format. */
  text(): string {
    return formatMetrics([this.#last, this.#all, ...this.#more])
  }
}

function lastResult(): Counter {
  const help = "[STABLE] This metric records the result of a single healthcheck."
  return new Counter({ name: "kubernetes_healthcheck", help, labels: ["name", "type"] }, "gauge")
}

function allResults(): Counter {
  const help = "[STABLE] This metric records the results of all healthcheck."
  return new Counter({ name: "kubernetes_healthchecks_total", help, labels: ["name", "status", "type"] })
}

/**
 * `/readyz`, `/readyz?verbose&exclude=etcd`, `/readyz/etcd` (https://kubernetes.io/docs/reference/using-api/health-checks/).
 * As upstream, only checks that were asked for together are recorded. Undefined: there is no such check.
 */
export async function answerProbe(
  { probe, name, query }: ProbeRequest,
  checks: readonly HealthCheck[],
  record: HealthRecord,
): Promise<ProbeAnswer | undefined> {
  const asked = checks.length > 0 ? checks : [ping]
  if (name !== undefined) {
    const check = asked.find((each) => each.name === name)
    return check && answerOne(check)
  }
  const excluded = new Set(query.getAll("exclude"))
  const lines: string[] = []
  let failed = false
  for (const check of asked) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`)
      continue
    }
    const isWell = (await failureOf(check)) === undefined
    record.observe(check.name, probe, isWell)
    failed ||= !isWell
    // Why is for those alone who may ask for this check.
    lines.push(isWell ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`)
  }
  if (excluded.size > 0) {
    const names = [...excluded].sort().map((each) => JSON.stringify(each))
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(",")}`)
  }
  if (failed) return { code: 500, text: `${lines.join("\n")}\n${probe} check failed\n` }
  return { code: 200, text: query.has("verbose") ? `${lines.join("\n")}\n${probe} check passed\n` : "ok" }
}

async function answerOne(check: HealthCheck): Promise<ProbeAnswer> {
  const failure = await failureOf(check)
  return failure === undefined
    ? { code: 200, text: "ok" }
    : { code: 500, text: `internal server error: ${failure}\n` }
}

async function failureOf(health: HealthCheck): Promise<string | undefined> {
  try {
    await health.check()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
