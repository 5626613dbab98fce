import { describe, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { formatMetrics } from "../../base/metrics.ts"
import { AdmissionError, type PodResources } from "../node-host.ts"
import type { NamespaceOptions } from "../../container-runtime/cri.ts"
import { condition, eventsOf, get, podOf, prefix, startWorld } from "../testing/simulated-world.ts"

describe("what a simulated node has room for, and changes", () => {
  it("defers a resize for which there is no room until there is", async () => {
    const world = await startWorld()
    // Simulated nodes of one process count together.
    const podsMet = () =>
      Number(
        /^kubelet_containers_per_pod_count_count (\d+)$/m.exec(
          formatMetrics(world.kubelet.services.metrics.list()),
        )?.[1] ?? 0,
      )
    const podsBefore = podsMet()
    const pod = (cpu: string) => ({
      containers: [{ name: "main", image: "app:1", resources: { requests: { cpu } } }],
    })
    await world.server.client.create(Pod, podOf("big", pod("2")))
    await world.server.client.create(Pod, podOf("small", pod("1")))
    await world.clock.advance(500)
    const body = { spec: { containers: [{ name: "main", resources: { requests: { cpu: "3" } } }] } }
    const key = { namespace: "default", name: "small" }
    await world.server.client.patch(Pod, key, { type: "strategic", body }, { subresource: "resize" })
    await world.clock.advance(500)
    const pending = await get(world, "small")
    expect(condition(pending, "PodResizePending")).toMatchObject({
      status: "True",
      reason: "Deferred",
      message: "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
    })
    expect(pending.status.containerStatuses![0]!.resources).toEqual({ requests: { cpu: "1" } })
    expect(pending.status.containerStatuses![0]!.allocatedResources).toEqual({ cpu: "1" })
    await world.server.client.delete(Pod, { namespace: "default", name: "big" })
    await world.clock.advance(2000)
    const resized = await get(world, "small")
    expect(resized.status.containerStatuses![0]!.resources).toEqual({ requests: { cpu: "3" } })
    expect(condition(resized, "PodResizePending")).toBeUndefined()
    const counted = formatMetrics(world.kubelet.services.metrics.list())
    for (const line of [
      'kubelet_container_requested_resizes_total{resource="cpu",requirement="requests",operation="increase"} 1',
      'kubelet_pod_deferred_accepted_resizes_total{retry_trigger="pods_removed"} 1',
      'kubelet_pod_resize_duration_milliseconds_count{success="true"} 1',
    ])
      expect(counted).toContain(`${line}\n`)
    expect(podsMet() - podsBefore).toBe(2)
    const told = (await eventsOf(world, "small")).filter((text) => text.includes("Resize"))
    const containers = '"containers":[{"name":"main","resources":{"requests":{"cpu":"3"}}}],"generation":2'
    const why = "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000"
    expect(told.sort()).toEqual([
      `ResizeCompleted: Pod resize completed: {${containers}}`,
      `ResizeDeferred: Pod resize Deferred: {${containers},"error":"${why}"}`,
      `ResizeStarted: Pod resize started: {${containers}}`,
    ])
  })

  it("gives an init container that is at work what changed, and leaves one that is done as it was", async () => {
    const world = await startWorld()
    const asking = (name: string, cpu: string) => ({
      name,
      image: "app:1",
      resources: { requests: { cpu } },
    })
    const initContainers = [asking("done", "100m"), asking("working", "100m")]
    const behaviour = { [`${prefix}done.run-for`]: "1s", [`${prefix}working.run-for`]: "1h" }
    await world.server.client.create(Pod, podOf("web", { initContainers }, behaviour))
    await world.clock.advance(5000)
    const body = { spec: { initContainers: [asking("done", "200m"), asking("working", "300m")] } }
    const key = { namespace: "default", name: "web" }
    await world.server.client.patch(Pod, key, { type: "strategic", body }, { subresource: "resize" })
    await world.clock.advance(1000)
    const pod = await get(world, "web")
    const [done, working] = pod.status.initContainerStatuses!
    expect(working).toMatchObject({ resources: { requests: { cpu: "300m" } }, restartCount: 0 })
    expect(done).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 0 } } })
    expect(condition(pod, "PodResizeInProgress")).toBeUndefined()
    expect(condition(pod, "PodResizePending")).toBeUndefined()
  })

  it("begins anew with all containers when one ends in a way that asks for it", async () => {
    const world = await startWorld()
    const ruled = {
      name: "a",
      image: "app:1",
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [7] } }],
    }
    const spec = {
      restartPolicy: "Never",
      initContainers: [
        { name: "prepare", image: "app:1" },
        { name: "beside", image: "app:1", restartPolicy: "Always" },
      ],
      containers: [ruled, { name: "b", image: "app:1" }],
    } as unknown as Parameters<typeof podOf>[1]
    const annotations = {
      [`${prefix}prepare.run-for`]: "1s",
      [`${prefix}a.run-for`]: "5s",
      [`${prefix}a.exit-code`]: "7 3",
    }
    await world.server.client.create(Pod, podOf("anew", spec, annotations))
    await world.clock.advance(3000)
    const before = await get(world, "anew")
    expect(condition(before, "AllContainersRestarting")).toMatchObject({ status: "False" })
    await world.clock.advance(7000)
    const after = await get(world, "anew")
    const { initContainerStatuses = [], containerStatuses = [] } = after.status
    expect(
      [...initContainerStatuses, ...containerStatuses].map(({ name, restartCount, lastState }) => [
        name,
        restartCount,
        lastState.terminated?.reason,
      ]),
    ).toEqual(["prepare", "beside", "a", "b"].map((name) => [name, 1, "RestartingAllContainers"]))
    expect(containerStatuses[1]!.state.running).toBeDefined()
    expect(after.status.phase).toBe("Running")
    expect(after.status.podIP).toBe(before.status.podIP)
    // The second time it ends with a code for which there is no rule.
    await world.clock.advance(6000)
    const [a] = (await get(world, "anew")).status.containerStatuses!
    expect(a).toMatchObject({ restartCount: 1, state: { terminated: { exitCode: 3 } } })
  })

  it("begins anew with all containers when a sidecar ends in a way that asks for it", async () => {
    const world = await startWorld()
    const restartPolicyRules = [
      { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } },
    ]
    const spec = {
      restartPolicy: "Never",
      initContainers: [
        { name: "init", image: "app:1" },
        { name: "beside", image: "app:1", restartPolicy: "Always" },
        { name: "source", image: "app:1", restartPolicy: "Always", restartPolicyRules },
      ],
      containers: [{ name: "main", image: "app:1" }],
    } as unknown as Parameters<typeof podOf>[1]
    const annotations = {
      [`${prefix}init.run-for`]: "10ms",
      [`${prefix}source.run-for`]: "30s",
      [`${prefix}source.exit-code`]: "42 0",
    }
    await world.server.client.create(Pod, podOf("anew", spec, annotations))
    await world.clock.advance(40_000)
    const { initContainerStatuses = [], containerStatuses = [] } = (await get(world, "anew")).status
    expect((await get(world, "anew")).status.phase).toBe("Running")
    expect(
      [...initContainerStatuses, ...containerStatuses].map(({ name, restartCount, lastState }) => [
        name,
        restartCount,
        lastState.terminated?.reason,
      ]),
    ).toEqual(["init", "beside", "source", "main"].map((name) => [name, 1, "RestartingAllContainers"]))
  })

  it("gives running containers what changed of their pod as a whole", async () => {
    const world = await startWorld()
    const resources = (cpu: string) => ({ requests: { cpu, memory: "64Mi" }, limits: { cpu: "2" } })
    const restarting = [{ resourceName: "cpu", restartPolicy: "RestartContainer" }]
    const spec = {
      resources: resources("1"),
      containers: [
        { name: "a", image: "app:1" },
        { name: "b", image: "app:1", resizePolicy: restarting },
      ],
    } as unknown as Parameters<typeof podOf>[1]
    await world.server.client.create(Pod, podOf("whole", spec))
    await world.clock.advance(500)
    const resize = async (change: object) => {
      const key = { namespace: "default", name: "whole" }
      const body = { spec: { resources: change } }
      await world.server.client.patch(Pod, key, { type: "strategic", body }, { subresource: "resize" })
      await world.clock.advance(3000)
      return get(world, "whole")
    }
    // Requests of the pod mean nothing to its containers, limits mean those of who has none.
    const more = await resize({ requests: { cpu: "1500m" } })
    expect(more.status.resources).toEqual(more.spec.resources)
    expect(more.status.allocatedResources).toEqual({ cpu: "1500m", memory: "64Mi" })
    expect(more.status.containerStatuses!.map(({ restartCount }) => restartCount)).toEqual([0, 0])
    const limited = await resize({ limits: { cpu: "3" } })
    expect(limited.status.resources).toEqual(limited.spec.resources)
    expect(limited.status.containerStatuses!.map(({ restartCount }) => restartCount)).toEqual([0, 1])
    // The node has four processors.
    const tooMuch = await resize({ requests: { cpu: "5" }, limits: { cpu: "5" } })
    expect(condition(tooMuch, "PodResizePending")).toMatchObject({ reason: "Infeasible" })
    expect(tooMuch.status.resources).toEqual(limited.spec.resources)
    expect(tooMuch.status.allocatedResources).toEqual({ cpu: "1500m", memory: "64Mi" })
  })

  it("makes room for a critical pod", async () => {
    const world = await startWorld()
    const asking = (cpu: string) => ({
      containers: [{ name: "main", image: "app:1", resources: { requests: { cpu } } }],
    })
    await world.server.client.create(Pod, podOf("plain", asking("3")))
    await world.clock.advance(500)
    const critical = podOf("critical", { ...asking("2"), priority: 2_000_000_000 })
    await world.server.client.create(Pod, {
      ...critical,
      metadata: { ...critical.metadata, namespace: "kube-system" },
    })
    await world.clock.advance(3000)
    expect((await get(world, "plain")).status).toMatchObject({
      phase: "Failed",
      reason: "Preempting",
      message: "Preempted in order to admit critical pod",
    })
    const kept = await world.server.client.get(Pod, { namespace: "kube-system", name: "critical" })
    expect(kept.status.phase).toBe("Running")
  })

  it("does not run as the machine's users who asked for users of its own", async () => {
    const world = await startWorld()
    await world.server.client.create(Pod, podOf("alone", { hostUsers: false }))
    await world.clock.advance(500)
    expect((await get(world, "alone")).status.phase).toBe("Pending")
    expect(await eventsOf(world, "alone")).toContain(
      "FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces",
    )
  })

  it("gives a pod users of its own where the runtime has them, and gives them back", async () => {
    const world = await startWorld({
      handlers: [{ name: "", recursiveReadOnlyMounts: true, userNamespaces: true }],
    })
    const asked: NamespaceOptions[] = []
    const note = (context: { namespaceOptions?: NamespaceOptions } | undefined) =>
      asked.push(context!.namespaceOptions!)
    const { runtime } = world
    const [run, create] = [runtime.runPodSandbox.bind(runtime), runtime.createContainer.bind(runtime)]
    runtime.runPodSandbox = (config, ...rest) => {
      note(config.linux?.securityContext)
      return run(config, ...rest)
    }
    runtime.createContainer = (sandboxId, config) => {
      note(config.linux?.securityContext)
      return create(sandboxId, config)
    }
    for (const [name, hostUsers] of Object.entries({ own: false, other: false, machine: true }))
      await world.server.client.create(Pod, podOf(name, { hostUsers }))
    await world.clock.advance(1000)
    const mappings = asked.map(({ userNamespace }) => userNamespace?.uids[0])
    expect(mappings.filter((each) => each === undefined)).toHaveLength(2)
    const given = mappings.filter((each) => each !== undefined)
    expect(given).toHaveLength(4)
    for (const each of given) expect(each).toMatchObject({ containerId: 0, length: 65_536 })
    // Sandbox and container of a pod have the same ones, and no two pods do.
    expect(given.map(({ hostId }) => hostId / 65_536).sort()).toEqual([1, 1, 2, 2])
    expect((await get(world, "own")).status.phase).toBe("Running")
    const { users } = world.kubelet.services.host
    const own = await get(world, "own")
    const before = await users!.ensure(own.metadata.uid)
    await world.server.client.delete(Pod, { namespace: "default", name: "own" })
    await world.clock.advance(35_000)
    expect(await users!.ensure(own.metadata.uid)).not.toEqual(before)
  })

  it("fails a pod whose devices cannot be had", async () => {
    const world = await startWorld()
    const freed: string[] = []
    const resources: PodResources = {
      async allocate() {
        throw new AdmissionError("UnexpectedAdmissionError", "Pod was rejected: no such device")
      },
      free: async (uid) => void freed.push(uid),
      containerResources: () => ({}),
    }
    Object.assign(world.kubelet.services.host, { resources })
    const { metadata } = await world.server.client.create(Pod, podOf("one"))
    await world.clock.advance(2000)
    expect((await get(world, "one")).status).toMatchObject({
      phase: "Failed",
      reason: "UnexpectedAdmissionError",
      message: "Pod was rejected: no such device",
    })
    expect(freed).toEqual([metadata.uid])
    expect(await eventsOf(world, "one")).toContain(
      "UnexpectedAdmissionError: Pod was rejected: no such device",
    )
  })

  it("turns away a pod for which it has no room", async () => {
    const world = await startWorld()
    const resources = { requests: { cpu: "3" } }
    const containers = [{ name: "main", image: "app:1", resources }]
    await world.server.client.create(Pod, podOf("one", { containers }))
    await world.clock.advance(500)
    await world.server.client.create(Pod, podOf("two", { containers }))
    await world.clock.advance(500)
    expect((await get(world, "two")).status).toMatchObject({
      phase: "Failed",
      reason: "OutOfcpu",
      message:
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000",
    })
    await world.server.client.delete(Pod, { namespace: "default", name: "two" })
    await world.clock.advance(500)
    await expect(get(world, "two")).rejects.toThrow("not found")
  })

  it("begins anew with a pod that comes back under its UID while it still ends", async () => {
    const world = await startWorld()
    const { workers, services } = world.kubelet
    const restarts = () => services.metrics.restartedPods.at("").value
    await world.server.client.create(Pod, podOf("phoenix"))
    await world.clock.advance(500)
    const pod = await get(world, "phoenix")
    const { uid } = pod.metadata
    const containerOf = () => workers.find(uid)?.state.runtime.containers[0]?.id
    const first = containerOf()
    expect(first).toBeDefined()
    const before = restarts()
    workers.remove(uid)
    workers.set(pod)
    await world.clock.advance(60_000)
    expect(workers.find(uid)?.state.stage.kind).toBe("syncing")
    expect(containerOf()).toBeDefined()
    expect(containerOf()).not.toBe(first)
    expect(restarts() - before).toBe(1)
    workers.remove(uid)
    workers.set(pod)
    workers.remove(uid)
    await world.clock.advance(60_000)
    expect(workers.find(uid)).toBeUndefined()
  })

  it("counts images that are mounted as volumes", async () => {
    const world = await startWorld()
    const { imageVolumes, imageVolumeMounts } = world.kubelet.services.metrics
    const counts = () => [imageVolumes.at().value, imageVolumeMounts.at().value]
    const before = counts()
    const volumes = ["one", "two", "unused"].map((name) => ({ name, image: { reference: `${name}:1` } }))
    const volumeMounts = ["one", "two"].map((name) => ({ name, mountPath: `/${name}` }))
    await world.server.client.create(
      Pod,
      podOf("mounting", { volumes, containers: [{ name: "main", image: "app:1", volumeMounts }] }),
    )
    await world.clock.advance(1000)
    expect((await get(world, "mounting")).status.phase).toBe("Running")
    expect(counts().map((count, index) => count - before[index]!)).toEqual([2, 2])
  })

  it("tells how long pods took to start without what is not its doing", async () => {
    const world = await startWorld()
    const { podStartOwnDuration, podStartTotalDuration, ensuredImages } = world.kubelet.services.metrics
    const figures = () =>
      [podStartOwnDuration, podStartTotalDuration].map((each) => {
        const { sum, count } = each.at()
        return { sum, count }
      })
    const pulls = () => ensuredImages.at("ifnotpresent", "false", "true").value
    const [own, total] = figures()
    const before = pulls()
    await world.server.client.create(
      Pod,
      podOf(
        "slow",
        {
          initContainers: [{ name: "first", image: "init:1" }],
          containers: [{ name: "main", image: "app:1" }],
        },
        { [`${prefix}first.run-for`]: "20s" },
      ),
    )
    await world.clock.advance(40_000)
    expect((await get(world, "slow")).status.phase).toBe("Running")
    const [ownAfter, totalAfter] = figures()
    expect([ownAfter!.count - own!.count, totalAfter!.count - total!.count]).toEqual([1, 1])
    const [ownSum, totalSum] = [ownAfter!.sum - own!.sum, totalAfter!.sum - total!.sum]
    expect(totalSum - ownSum).toBeGreaterThanOrEqual(20)
    expect(ownSum).toBeGreaterThan(0)
    expect(pulls() - before).toBe(2)
  })
})
