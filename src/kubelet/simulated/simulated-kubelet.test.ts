import { describe, expect, it } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Lease } from "../../api/coordination/v1/lease.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { RuntimeClass } from "../../api/node/v1/runtime-class.ts"
import { condition, eventsOf, get, podOf, prefix, startWorld } from "../testing/simulated-world.ts"

describe("a simulated node", () => {
  it("registers, is Ready, and shows that it lives", async () => {
    const { server, clock } = await startWorld()
    const node = await server.client.get(Node, { name: "node-1" })
    expect(node.status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      "MemoryPressure=False KubeletHasSufficientMemory",
      "DiskPressure=False KubeletHasNoDiskPressure",
      "PIDPressure=False KubeletHasSufficientPID",
      "Ready=True KubeletReady",
    ])
    expect(node.metadata.labels?.["kubernetes.io/hostname"]).toBe("node-1")
    expect(node.status.nodeInfo.containerRuntimeVersion).toBe("simulated://1")
    const lease = () => server.client.get(Lease, { namespace: "kube-node-lease", name: "node-1" })
    const before = (await lease()).spec.renewTime
    await clock.advance(10_000)
    expect((await lease()).spec.renewTime! > before!).toBe(true)
  })

  it("runs a pod and tells its story", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("web"))
    await world.clock.advance(100)
    const pod = await get(world, "web")
    expect(pod.status).toMatchObject({
      phase: "Running",
      podIP: "10.244.0.1",
      podIPs: [{ ip: "10.244.0.1" }],
      hostIP: "192.0.2.1",
      qosClass: "BestEffort",
      containerStatuses: [
        {
          name: "main",
          ready: true,
          started: true,
          restartCount: 0,
          image: "app:1",
          state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
        },
      ],
    })
    expect(pod.status.containerStatuses![0]!.containerID).toMatch(/^simulated:\/\/[0-9a-f]{64}$/)
    expect(pod.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      "PodReadyToStartContainers=True",
      "Initialized=True",
      "Ready=True",
      "ContainersReady=True",
      "PodScheduled=True",
    ])
    expect((await eventsOf(world, "web")).sort()).toEqual([
      "Created: Container created",
      expect.stringMatching(
        /^Pulled: Successfully pulled image "app:1" in 0s \(0s including waiting\). Image size: \d+ bytes.$/,
      ),
      'Pulling: Pulling image "app:1"',
      "Started: Container started",
    ])
  })

  it("deletes a pod gracefully, and forgets it", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("web", {}, { [`${prefix}stop-delay`]: "5s" }))
    await world.clock.advance(100)
    await world.server.client.delete(Pod, { namespace: "default", name: "web" })
    await world.clock.advance(4000)
    expect((await get(world, "web")).metadata.deletionTimestamp).toBeDefined()
    await world.clock.advance(2000)
    await expect(get(world, "web")).rejects.toThrow('pods "web" not found')
    await world.clock.advance(100)
    expect(await world.runtime.listPodSandboxes()).toEqual([])
    expect(world.kubelet.workers.list()).toEqual([])
    expect(await eventsOf(world, "web")).toContain("Killing: Stopping container main")
  })

  it.each([
    ["Failed", "the image never came", { image: "app:missing" }, {}],
    ["Failed", "the end was forced", {}, { "stop-delay": "1h" }],
    ["Succeeded", "the end was a good one", {}, {}],
  ])("leaves a deleted pod %s where %s, while somebody holds it", async (phase, _, container, behaviour) => {
    const world = await startWorld()
    const annotations = Object.fromEntries(
      Object.entries(behaviour).map(([name, value]) => [`${prefix}${name}`, value]),
    )
    const containers = [{ name: "main", image: "app:1", ...container }]
    const held = podOf("held", { containers, terminationGracePeriodSeconds: 5 }, annotations)
    held.metadata!.finalizers = ["example.com/held"]
    await world.server.client.create(Pod, held)
    await world.clock.advance(1000)
    await world.server.client.delete(Pod, { namespace: "default", name: "held" })
    await world.clock.advance(10_000)
    const { status } = await get(world, "held")
    expect(status.phase).toBe(phase)
    const { terminated } = status.containerStatuses![0]!.state
    expect(terminated?.exitCode).toBe(phase === "Succeeded" ? 0 : 137)
  })

  it("kills what does not end within its grace period", async () => {
    const world = await startWorld()
    await world.server.client.create(
      Pod,
      podOf("web", { terminationGracePeriodSeconds: 600 }, { [`${prefix}stop-delay`]: "1h" }),
    )
    await world.clock.advance(100)
    const key = { namespace: "default", name: "web" }
    await world.server.client.delete(Pod, key)
    await world.clock.advance(10_000)
    await world.server.client.delete(Pod, key, { gracePeriodSeconds: 5 })
    await world.clock.advance(6000)
    await expect(get(world, "web")).rejects.toThrow("not found")
  })

  it("restarts what ends, later and later", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("crash", {}, { [`${prefix}exit-code`]: "1" }))
    const restarts = async () => (await get(world, "crash")).status.containerStatuses![0]!.restartCount
    // Ends 1 s after each start: at 1, 2, 13, 34 s; starts again at 1, 12, 33, 74 s.
    await world.clock.advance(1500)
    expect(await restarts()).toBe(1)
    await world.clock.advance(1000)
    const [status] = (await get(world, "crash")).status.containerStatuses!
    expect(status).toMatchObject({
      ready: false,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    })
    expect(status!.state.waiting!.message).toMatch(
      /^back-off 10s restarting failed container=main pod=crash_default\([-0-9a-f]{36}\)$/,
    )
    expect((await get(world, "crash")).status.phase).toBe("Running")
    await world.clock.advance(9000)
    expect(await restarts()).toBe(1)
    await world.clock.advance(1000)
    expect(await restarts()).toBe(2)
    await world.clock.advance(20_000)
    expect(await restarts()).toBe(2)
    await world.clock.advance(1500)
    expect(await restarts()).toBe(3)
    // Of every container one dead attempt is kept.
    expect(await world.runtime.listContainers()).toHaveLength(2)
    expect((await eventsOf(world, "crash")).join("\n")).toMatch(
      /BackOff: Back-off restarting failed container main/,
    )
  })

  it.each([
    ["Never", "0", "Succeeded"],
    ["Never", "3", "Failed"],
    ["OnFailure", "0", "Succeeded"],
  ] as const)(
    "ends a pod with restartPolicy %s and exit code %s as %s",
    async (restartPolicy, exitCode, phase) => {
      const world = await startWorld()
      await world.server.client.create(
        Pod,
        podOf("job", { restartPolicy }, { [`${prefix}exit-code`]: exitCode }),
      )
      await world.clock.advance(2000)
      const pod = await get(world, "job")
      expect(pod.status.phase).toBe(phase)
      expect(pod.status.containerStatuses![0]!.state.terminated).toMatchObject({ exitCode: Number(exitCode) })
      expect(condition(pod, "Ready")).toMatchObject({
        status: "False",
        reason: phase === "Succeeded" ? "PodCompleted" : "PodFailed",
      })
      expect(await world.runtime.listPodSandboxes({ state: "SANDBOX_READY" })).toEqual([])
      expect(pod.status.podIP).toBe("10.244.0.1")
    },
  )

  it("starts init containers in order, and sidecars with them", async () => {
    const world = await startWorld()
    await world.server.client.create(
      Pod,
      podOf(
        "ordered",
        {
          restartPolicy: "Never",
          initContainers: [
            { name: "first", image: "app:1" },
            { name: "proxy", image: "app:1", restartPolicy: "Always" },
            { name: "second", image: "app:1" },
          ],
        },
        {
          [`${prefix}first.run-for`]: "2s",
          [`${prefix}second.run-for`]: "2s",
          [`${prefix}main.run-for`]: "2s",
        },
      ),
    )
    const running = async () =>
      (await world.runtime.listContainers({ state: "CONTAINER_RUNNING" }))
        .map(({ metadata }) => metadata.name)
        .sort()
    await world.clock.advance(1000)
    expect(await running()).toEqual(["first"])
    const pending = await get(world, "ordered")
    expect(pending.status.phase).toBe("Pending")
    expect(condition(pending, "Initialized")).toMatchObject({
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [first proxy second]",
    })
    expect(pending.status.containerStatuses![0]!.state.waiting?.reason).toBe("PodInitializing")
    await world.clock.advance(2000)
    expect(await running()).toEqual(["proxy", "second"])
    await world.clock.advance(2000)
    expect(await running()).toEqual(["main", "proxy"])
    expect((await get(world, "ordered")).status.phase).toBe("Running")
    await world.clock.advance(2000)
    expect(await running()).toEqual([])
    expect((await get(world, "ordered")).status.phase).toBe("Succeeded")
  })

  it("fails a pod whose init container fails for good", async () => {
    const world = await startWorld()
    await world.server.client.create(
      Pod,
      podOf(
        "broken",
        { restartPolicy: "Never", initContainers: [{ name: "first", image: "app:1" }] },
        { [`${prefix}first.exit-code`]: "7" },
      ),
    )
    await world.clock.advance(2000)
    expect((await get(world, "broken")).status.phase).toBe("Failed")
    expect((await world.runtime.listContainers()).map(({ metadata }) => metadata.name)).toEqual(["first"])
  })

  it("is ready when its probe says so, at once", async () => {
    const world = await startWorld()
    const readinessProbe = { httpGet: { port: 80 }, periodSeconds: 10 }
    await world.server.client.create(
      Pod,
      podOf(
        "slow",
        { containers: [{ name: "main", image: "app:1", readinessProbe }] },
        { [`${prefix}ready-after`]: "3s", [`${prefix}unready-after`]: "60s" },
      ),
    )
    const ready = async () => condition(await get(world, "slow"), "Ready")
    await world.clock.advance(2000)
    expect(await ready()).toMatchObject({
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [main]",
    })
    await world.clock.advance(1100)
    expect((await ready())?.status).toBe("True")
    await world.clock.advance(58_000)
    expect((await ready())?.status).toBe("False")
    expect(await eventsOf(world, "slow")).toContain(
      "Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 500",
    )
  })

  it("waits for an image that cannot be pulled, as upstream words it", async () => {
    const world = await startWorld()
    await world.server.client.create(
      Pod,
      podOf("nope", { containers: [{ name: "main", image: "app:missing" }] }),
    )
    await world.clock.advance(1000)
    const waiting = async () => (await get(world, "nope")).status.containerStatuses![0]!.state.waiting
    expect((await waiting())?.reason).toBe("ErrImagePull")
    await world.clock.advance(6000)
    expect((await waiting())?.reason).toBe("ImagePullBackOff")
    expect((await waiting())?.message).toMatch(
      /^Back-off pulling image "app:missing": ErrImagePull: rpc error/,
    )
    const events = await eventsOf(world, "nope")
    expect(events).toContain('BackOff: Back-off pulling image "app:missing"')
    expect(events).toContain("Failed: Error: ErrImagePull")
    expect(events).toContain("Failed: Error: ImagePullBackOff")
  })

  it("waits for a ConfigMap and goes on when it is there", async () => {
    const world = await startWorld()
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "a" } } }]
    await world.server.client.create(
      Pod,
      podOf("needy", { containers: [{ name: "main", image: "app:1", env }] }),
    )
    await world.clock.advance(1000)
    expect((await get(world, "needy")).status.containerStatuses![0]!.state.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message: 'configmap "settings" not found',
    })
    await world.server.client.create(ConfigMap, {
      metadata: { name: "settings", namespace: "default" },
      data: { a: "1" },
    })
    await world.clock.advance(11_000)
    expect((await get(world, "needy")).status.phase).toBe("Running")
  })

  it("shows why a volume is not there", async () => {
    const world = await startWorld()
    const volumes = [{ name: "config", configMap: { name: "absent" } }]
    await world.server.client.create(Pod, podOf("mounting", { volumes }))
    await world.clock.advance(1000)
    const pod = await get(world, "mounting")
    expect(pod.status.phase).toBe("Pending")
    expect(condition(pod, "PodReadyToStartContainers")?.status).toBe("False")
    expect(await eventsOf(world, "mounting")).toContain(
      'FailedMount: MountVolume.SetUp failed for volume "config" : configmap "absent" not found',
    )
  })

  it("says when a RuntimeClass is not there, and uses it when it is", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("classy", { runtimeClassName: "gvisor" }))
    await world.clock.advance(1000)
    expect(await eventsOf(world, "classy")).toContain(
      'FailedCreatePodSandBox: Failed to create pod sandbox: failed to get sandbox runtime: runtimeclass.node.k8s.io "gvisor" not found',
    )
    await world.server.client.create(RuntimeClass, { metadata: { name: "gvisor" }, handler: "runsc" })
    await world.clock.advance(5000)
    expect((await get(world, "classy")).status.phase).toBe("Running")
    expect((await world.runtime.listPodSandboxes())[0]!.runtimeHandler).toBe("runsc")
  })

  it("ends a pod at its deadline", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("late", { activeDeadlineSeconds: 20 }))
    await world.clock.advance(19_000)
    expect((await get(world, "late")).status.phase).toBe("Running")
    await world.clock.advance(2000)
    expect((await get(world, "late")).status).toMatchObject({
      phase: "Failed",
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    })
  })

  it("restarts a container whose image was changed", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("web"))
    await world.clock.advance(500)
    const pod = await get(world, "web")
    const [container] = pod.spec.containers
    await world.server.client.update(Pod, {
      ...pod,
      spec: { ...pod.spec, containers: [{ ...container!, image: "app:2" }] },
    })
    await world.clock.advance(500)
    expect((await get(world, "web")).status.containerStatuses![0]).toMatchObject({
      image: "app:2",
      restartCount: 1,
    })
    expect(await eventsOf(world, "web")).toContain(
      "Killing: Container main definition changed, will be restarted",
    )
  })

  it("lets an init container end its work as it was begun, whatever image it has now", async () => {
    const world = await startWorld()
    const initContainers = [{ name: "init", image: "app:1" }]
    const behaviour = { [`${prefix}init.run-for`]: "5s" }
    await world.server.client.create(Pod, podOf("web", { initContainers }, behaviour))
    await world.clock.advance(500)
    const pod = await get(world, "web")
    const changed = { ...pod.spec.initContainers![0]!, image: "app:2" }
    await world.server.client.update(Pod, { ...pod, spec: { ...pod.spec, initContainers: [changed] } })
    await world.clock.advance(10_000)
    const { status } = await get(world, "web")
    expect(status.phase).toBe("Running")
    expect(status.initContainerStatuses![0]).toMatchObject({ image: "app:1", restartCount: 0 })
    expect((await eventsOf(world, "web")).filter((text) => text.startsWith("Killing"))).toEqual([])
  })

  it("makes a new sandbox when the old one dies", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("web"))
    await world.clock.advance(500)
    const [sandbox] = await world.runtime.listPodSandboxes()
    await world.runtime.stopPodSandbox(sandbox!.id)
    await world.clock.advance(1000)
    const pod = await get(world, "web")
    expect(pod.status).toMatchObject({ podIP: "10.244.0.2", podIPs: [{ ip: "10.244.0.2" }] })
    expect(pod.status.containerStatuses![0]!.restartCount).toBe(1)
    expect(await eventsOf(world, "web")).toContain(
      "SandboxChanged: Pod sandbox changed, it will be killed and re-created.",
    )
  })

  it("takes over running pods after a restart of its own, and ends those that were deleted meanwhile", async () => {
    const world = await startWorld()
    const readinessProbe = { httpGet: { port: 80 } }
    const containers = [{ name: "main", image: "app:1", readinessProbe }]
    await world.server.client.create(Pod, podOf("kept", { containers }))
    await world.server.client.create(Pod, podOf("dropped"))
    await world.clock.advance(500)
    const before = await get(world, "kept")
    expect(condition(before, "Ready")?.status).toBe("True")
    await world.restartKubelet()
    const after = await get(world, "kept")
    expect(after.status).toEqual(before.status)
    await world.server.client.delete(
      Pod,
      { namespace: "default", name: "dropped" },
      { gracePeriodSeconds: 0 },
    )
    await world.clock.advance(3000)
    const sandboxes = await world.runtime.listPodSandboxes()
    expect(sandboxes.map(({ metadata }) => metadata.name)).toEqual(["kept"])
  })
})
