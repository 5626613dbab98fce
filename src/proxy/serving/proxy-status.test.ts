import { describe, expect, it } from "vitest"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { ProxyStatus } from "./proxy-status.ts"
import { healthPages, metricsPages } from "./status-pages.ts"

const minuteMs = 60_000

function create() {
  const clock = new SimulatedClock()
  return { clock, status: new ProxyStatus(clock, [4]) }
}

describe("a proxy's status", () => {
  it("is good until a change has waited too long for the kernel", async () => {
    const { clock, status } = create()
    const code = (path: string) => healthPages(status)({ path })!.code
    expect(code("/healthz")).toBe(200)
    status.queued("service")
    await clock.advance(minuteMs - 1)
    expect(code("/healthz")).toBe(200)
    await clock.advance(1)
    expect([code("/healthz"), code("/livez")]).toEqual([503, 503])
    status.synced(clock.now(), [], false)
    expect([code("/healthz"), code("/livez")]).toEqual([200, 200])
  })

  it("sends load balancers away from a node that is about to go, though the proxy works", () => {
    const { status } = create()
    status.nodeEligible = false
    expect(healthPages(status)({ path: "/healthz" })!).toMatchObject({ code: 503 })
    expect(JSON.parse(healthPages(status)({ path: "/healthz" })!.text)).toMatchObject({ nodeEligible: false })
    expect(healthPages(status)({ path: "/livez" })!.code).toBe(200)
    expect(JSON.parse(healthPages(status)({ path: "/livez" })!.text)).toMatchObject({
      healthy: true,
      status: { IPv4: { healthy: true } },
    })
    const { text } = metricsPages(status, "nftables")({ path: "/metrics" })!
    expect(text).toContain('kubeproxy_proxy_healthz_total{code="503"} 2')
    expect(text).toContain('kubeproxy_proxy_livez_total{code="200"} 2')
  })

  it("does not forget what came while it was at work", async () => {
    const { clock, status } = create()
    const began = clock.now()
    await clock.advance(10)
    status.queued("endpoint")
    status.synced(began, [], false)
    await clock.advance(minuteMs)
    expect(status.isAlive).toBe(false)
  })

  it("tells figures under kube-proxy's names", async () => {
    const { clock, status } = create()
    await clock.advance(1000)
    status.queued("endpoint")
    const changed = clock.now()
    await clock.advance(300)
    status.synced(clock.now(), [changed], false)
    status.metrics.failed()
    const { text } = metricsPages(status, "nftables")({ path: "/metrics" })!
    expect(text).toContain(
      'kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.5"} 1',
    )
    expect(text).toContain("kubeproxy_sync_proxy_rules_endpoint_changes_total 1")
    expect(text).toContain("kubeproxy_sync_proxy_rules_service_changes_total 0")
    expect(text).toContain('kubeproxy_sync_proxy_rules_nftables_sync_failures_total{ip_family="IPv4"} 1')
    for (const line of [
      'kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
      "kubeproxy_sync_proxy_rules_endpoint_changes_pending 0",
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"}',
      'kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="59"} 1',
      'kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"} 0',
    ])
      expect(text).toContain(line)
    expect(metricsPages(status, "nftables")({ path: "/proxyMode" })!.text).toBe("nftables")
  })
})
