import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type DraPluginFixture, startDraPlugin } from "../../../../test/fixtures/dra-plugin.ts"
import type { Container } from "../../../api/core/v1/container.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Client } from "../../../client/client.ts"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import { kubeletPaths } from "../kubelet-paths.ts"
import { PluginWatcher } from "../plugins/plugin-watcher.ts"
import { ClaimManager } from "./claim-manager.ts"
import { DeviceHealth } from "./device-health.ts"
import { DraPlugins } from "./dra-plugins.ts"

const driver = "dials.example.com"

// No containers: what drivers are asked, and what is remembered.
describe.skipIf(process.platform !== "linux")("the claims of a node", () => {
  let root: string
  let plugins: DraPlugins
  let manager: ClaimManager
  let plugin: DraPluginFixture
  let lost: string[]
  let changed: string[]
  let health: DeviceHealth
  let came: number
  let metrics: KubeletMetrics
  let stop: AbortController

  const claim = {
    metadata: { namespace: "default", name: "shared", uid: "c1" },
    status: {
      allocation: { devices: { results: [{ driver, request: "dial", pool: "p", device: "a" }] } },
      reservedFor: [{ uid: "one" }, { uid: "two" }],
    },
  }
  const pod = (uid: string) =>
    ({
      metadata: { name: uid, namespace: "default", uid },
      spec: { resourceClaims: [{ name: "dial", resourceClaimName: "shared" }] },
      status: {},
    }) as unknown as Pod
  const client = { get: async () => claim } as unknown as Pick<Client, "get">
  const startManager = async () => {
    const started = new ClaimManager({
      client,
      plugins,
      health,
      checkpointPath: kubeletPaths(root).claimState,
      metrics,
      clock: realClock,
      log: silentLogger,
    })
    await started.start()
    return started
  }

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "coracle-claims-"))
    stop = new AbortController()
    lost = []
    changed = []
    health = new DeviceHealth(realClock)
    came = 0
    metrics = new KubeletMetrics()
    plugins = new DraPlugins({
      root,
      clock: realClock,
      metrics,
      health,
      healthChanged: (name) => changed.push(name),
      registered: () => void came++,
      lost: (name) => lost.push(name),
    })
    manager = await startManager()
    plugin = await startDraPlugin({ driver, kubeletDirectory: root, devices: { dial: ["dials=a"] } })
    const watcher = {
      paths: kubeletPaths(root),
      handlers: { DRAPlugin: plugins },
      clock: realClock,
      log: silentLogger,
    }
    await new PluginWatcher(watcher).start(stop.signal)
    expect(await plugin.registered).toEqual({ pluginRegistered: true, error: "" })
    expect([came, lost]).toEqual([1, []])
  })
  afterEach(async () => {
    stop.abort()
    plugins.close()
    await plugin.stop()
    rmSync(root, { recursive: true })
  })

  it("are made ready once, and given back by the last pod", async () => {
    await Promise.all([manager.prepare(pod("one")), manager.prepare(pod("two"))])
    expect(plugin.calls).toEqual(["prepare shared"])
    await manager.release("one")
    expect(plugin.calls).toHaveLength(1)
    await manager.release("two")
    await manager.release("two")
    expect(plugin.calls).toEqual(["prepare shared", "unprepare shared"])
  })

  it("are remembered by a kubelet that starts anew", async () => {
    await manager.prepare(pod("one"))
    manager = await startManager()
    // What drivers do for a pod that runs they may be asked again.
    await manager.prepare(pod("one"))
    expect(plugin.calls).toEqual(["prepare shared", "prepare shared"])
    manager = await startManager()
    await manager.releaseOthers(new Set(["one"]))
    expect(plugin.calls).toHaveLength(2)
    await manager.releaseOthers(new Set())
    expect(plugin.calls.at(-1)).toBe("unprepare shared")
  })

  it("tell why they are not ready", async () => {
    plugin.errors.set("shared", "no dial is free")
    await expect(manager.prepare(pod("one"))).rejects.toThrow(
      "NodePrepareResources failed for ResourceClaim shared: no dial is free",
    )
    await expect(manager.release("one")).rejects.toThrow(
      "NodeUnprepareResources failed for ResourceClaim shared: no dial is free",
    )
    plugin.errors.clear()
    await manager.release("one")
    await expect(manager.prepare(pod("three"))).rejects.toThrow("pod three (three) is not allowed to use")
    await plugin.stop()
    await expect
      .poll(() => manager.prepare(pod("one")).catch((error: Error) => error.message), { timeout: 10_000 })
      .toBe(`DRA driver ${driver} is not registered`)
  })

  it("are counted, and what drivers are asked for them is timed", async () => {
    const counts = () => {
      const lines: string[] = []
      for (const metric of metrics.list()) metric.write(lines)
      return lines.filter((line) => /^dra_.*_count/.test(line)).sort()
    }
    expect([...manager.inUse()]).toEqual([["<any>", 0]])
    plugin.errors.set("shared", "no dial is free")
    await expect(manager.prepare(pod("one"))).rejects.toThrow("no dial is free")
    plugin.errors.clear()
    await manager.prepare(pod("one"))
    expect([...manager.inUse()]).toEqual([
      ["<any>", 1],
      [driver, 1],
    ])
    await manager.release("one")
    expect([...manager.inUse()]).toEqual([["<any>", 0]])
    const method = (name: string, count: number) =>
      `dra_grpc_operations_duration_seconds_count{driver_name="${driver}",method_name="/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin/${name}",grpc_status_code="OK"} ${count}`
    expect(counts()).toEqual([
      method("NodePrepareResources", 2),
      method("NodeUnprepareResources", 1),
      'dra_operations_duration_seconds_count{operation_name="PrepareResources",is_error="false"} 1',
      'dra_operations_duration_seconds_count{operation_name="PrepareResources",is_error="true"} 1',
      'dra_operations_duration_seconds_count{operation_name="UnprepareResources",is_error="false"} 1',
    ])
  })

  it("show how their devices are, as long as their driver tells", async () => {
    await manager.prepare(pod("one"))
    const container = { name: "main", resources: { claims: [{ name: "dial" }] } } as Container
    const status = () => manager.health(pod("one"), container)
    const one = (more: object) => [{ name: "claim:dial", resources: [{ resourceID: "dials=a", ...more }] }]
    await expect.poll(() => changed.length, { timeout: 10_000 }).toBeGreaterThan(0)
    plugin.show("UNHEALTHY", "too hot")
    await expect.poll(status, { timeout: 10_000 }).toEqual(one({ health: "Unhealthy", message: "too hot" }))
    plugin.show("HEALTHY", "")
    await expect.poll(status, { timeout: 10_000 }).toEqual(one({ health: "Healthy" }))
    expect(manager.podsOf(driver)).toEqual(["one"])
    await plugin.stop()
    await expect.poll(status, { timeout: 10_000 }).toEqual(one({ health: "Unknown" }))
  })
})
