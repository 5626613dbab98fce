import { expect, it } from "vitest"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { startTestServer } from "../apiserver/testing.ts"
import type { Commands } from "../base/commands.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { createInformers } from "../client/informers.ts"
import { createProxy } from "./create-proxy.ts"
import { testService, testSlice } from "./testing.ts"

it("counts what it could not put in, and what it could not take away, by family", async () => {
  const server = await startTestServer()
  const stop = new AbortController()
  const commands: Commands = {
    async run(_program, _args, input = "") {
      if (/^delete chain /m.test(input)) throw new Error("busy")
      return ""
    },
  }
  const parts = { clock: realClock, log: silentLogger }
  const informers = createInformers({ ...parts, client: server.client, random: realRandom })
  const networks = { podNetworks: ["10.244.0.0/16", "fd00:244::/56"], serviceNetworks: ["10.96.0.0/16"] }
  const proxy = createProxy({
    ...parts,
    ...networks,
    informers,
    nodeName: "here",
    prefix: "cortest",
    commands,
  })
  const running = proxy.run(stop.signal)
  informers.start(stop.signal)
  await proxy.ready
  const figures = () =>
    proxy.status.metrics
      .text()
      .split("\n")
      .filter((line) => /nftables_\w+_failures_total\{/.test(line))
  const none = figures()
  expect(none).toHaveLength(4)
  expect(none.every((line) => line.endsWith(" 0"))).toBe(true)
  const bare = ({ metadata: { name, labels } }: Service | EndpointSlice) => ({
    metadata: { namespace: "default", name, ...(labels && { labels }) },
  })
  const service = testService("web", { clusterIP: "10.96.1.1" })
  const slice = testSlice("web", [{ address: "10.244.0.2" }, { address: "10.244.0.3" }])
  await server.client.create(Service, { ...service, ...bare(service) })
  await server.client.create(EndpointSlice, { ...slice, ...bare(slice) })
  await expect.poll(() => informers.cache.list(EndpointSlice).length).toBe(1)
  await proxy.settled()
  await server.client.delete(EndpointSlice, { namespace: "default", name: slice.metadata.name })
  const about = (kind: string, family: string) =>
    `kubeproxy_sync_proxy_rules_nftables_${kind}_failures_total{ip_family="${family}"}`
  await expect.poll(figures).toContain(`${about("cleanup", "IPv4")} 1`)
  expect(figures()).toContain(`${about("sync", "IPv4")} 1`)
  expect(figures()).toContain(`${about("cleanup", "IPv6")} 0`)
  stop.abort()
  await running
  await server.stop()
})
