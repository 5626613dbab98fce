import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type DraPluginFixture, startDraPlugin } from "../../../../test/fixtures/dra-plugin.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Client } from "../../../client/client.ts"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { kubeletPaths } from "../kubelet-paths.ts"
import { PluginWatcher } from "../plugins/plugin-watcher.ts"
import { ClaimManager } from "./claim-manager.ts"
import { DraPlugins } from "./dra-plugins.ts"

const driver = "dials.example.com"

// No containers: what drivers are asked, and what is remembered.
describe.skipIf(process.platform !== "linux")("the claims of a node", () => {
  let root: string
  let plugins: DraPlugins
  let manager: ClaimManager
  let plugin: DraPluginFixture
  let lost: string[]
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
      checkpointPath: kubeletPaths(root).claimState,
      log: silentLogger,
    })
    await started.start()
    return started
  }

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "coracle-claims-"))
    stop = new AbortController()
    lost = []
    plugins = new DraPlugins({ root, clock: realClock, lost: (name) => lost.push(name) })
    manager = await startManager()
    plugin = await startDraPlugin({ driver, kubeletDirectory: root, devices: {} })
    const watcher = {
      paths: kubeletPaths(root),
      handlers: { DRAPlugin: plugins },
      clock: realClock,
      log: silentLogger,
    }
    await new PluginWatcher(watcher).start(stop.signal)
    expect(await plugin.registered).toEqual({ pluginRegistered: true, error: "" })
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
})
