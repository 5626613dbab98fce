import { metricsType } from "../../base/metrics.ts"
import type { Page, Pages } from "../../base/real/serve-pages.ts"
import type { ProxyStatus } from "./proxy-status.ts"

/**
 * What load balancers outside ask (port 10256 elsewhere): `/healthz` is 200 while this node should get traffic, `/livez`
 * while the proxy works.
 */
export function healthPages(status: ProxyStatus): Pages {
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
  return (path) => {
    if (path === "/healthz") return page("healthz", status.isHealthy, { nodeEligible: status.nodeEligible })
    return path === "/livez" ? page("livez", status.isAlive, {}) : undefined
  }
}

/** Where those are. */
export const proxyPaths: readonly string[] = ["/healthz", "/metrics", "/proxyMode"]

/** What monitoring asks (port 10249 elsewhere). */
export function metricsPages(status: Pick<ProxyStatus, "metrics" | "isAlive">, mode: string): Pages {
  const plain = (text: string, code = 200): Page => ({ code, contentType: "text/plain; charset=utf-8", text })
  return (path) => {
    switch (path) {
      case "/metrics":
        return { contentType: metricsType, text: status.metrics.text() }
      case "/proxyMode":
        return plain(mode)
      case "/healthz":
        return status.isAlive ? plain("ok") : plain("not in step with the cluster", 503)
      default:
        return undefined
    }
  }
}
