import { formatMetrics, type Metric, metricsType } from "../../base/metrics.ts"
import { type Page, type PageRequest, plainPage } from "../../base/real/serve-pages.ts"
import type { ProxyStatus } from "./proxy-status.ts"

/** Of a proxy. */
export type StatusPages = (request: Pick<PageRequest, "path">) => Page | undefined

/**
 * What load balancers outside ask (port 10256 elsewhere): `/healthz` is 200 while this node should get traffic, `/livez`
 * while the proxy works.
 */
export function healthPages(status: ProxyStatus): StatusPages {
  const page = (name: "healthz" | "livez", isGood: boolean, more: object): Page => {
    const code = isGood ? 200 : 503
    status.metrics.asked(name, code)
    const [updated, now] = [status.updatedAt, status.now].map((time) => new Date(time).toISOString())
    const health = { lastUpdated: updated, healthy: status.isAlive }
    // Who is well is up to date, says upstream, though nothing may have changed for long.
    const text = JSON.stringify({
      lastUpdated: isGood ? now : updated,
      currentTime: now,
      ...more,
      healthy: status.isAlive,
      status: Object.fromEntries(status.families.map((family) => [family, health])),
    })
    return { code, contentType: "application/json", text }
  }
  return ({ path }) => {
    if (path === "/healthz") return page("healthz", status.isHealthy, { nodeEligible: status.nodeEligible })
    return path === "/livez" ? page("livez", status.isAlive, {}) : undefined
  }
}

/** Where the pages for monitoring are. */
export const proxyPaths: readonly string[] = ["/metrics", "/proxyMode"]

/** What monitoring asks (port 10249 elsewhere); `more` is what is to be told beside. */
export function metricsPages(
  status: Pick<ProxyStatus, "metrics">,
  mode: string,
  more: readonly Metric[] = [],
): StatusPages {
  return ({ path }) => {
    switch (path) {
      case "/metrics":
        return { contentType: metricsType, text: status.metrics.text() + formatMetrics(more) }
      case "/proxyMode":
        return plainPage(mode)
      default:
        return undefined
    }
  }
}
