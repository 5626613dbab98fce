import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { Event } from "../api/core/v1/event.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import type { Draft } from "../apimachinery/meta.ts"
import { defaultProfile } from "./default-profile.ts"
import type { Extender } from "./extenders/extender.ts"
import type { Plugin } from "./framework.ts"
import { asking, startTestScheduler, type TestScheduler } from "./testing.ts"

let server: TestScheduler
let addNode: TestScheduler["addNode"]
let addPod: TestScheduler["addPod"]
let nodeOf: TestScheduler["nodeOf"]
let pendingBecause: TestScheduler["pendingBecause"]

beforeEach(async () => {
  server = await startTestScheduler()
  ;({ addNode, addPod, nodeOf, pendingBecause } = server)
})

afterEach(() => server.stop())

describe("the scheduler", () => {
  test("spreads pods by what is free and says so in an event", async () => {
    await addNode("one")
    await addNode("two")
    await addPod("a", asking("1"))
    await addPod("b", asking("1"))
    expect(new Set([await nodeOf("a"), await nodeOf("b")])).toEqual(new Set(["one", "two"]))
    await vi.waitFor(
      async () => {
        const { items } = await server.client.list(Event, { namespace: "default" })
        const scheduled = items.filter(({ reason }) => reason === "Scheduled").map(({ message }) => message)
        expect(scheduled).toContain(`Successfully assigned default/a to ${await nodeOf("a")}`)
      },
      { timeout: 10_000 },
    )
  })

  test("says what each node failed on, in upstream's words, and schedules when that changes", async () => {
    const small = await addNode("small")
    await addNode("tainted", { spec: { taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }] } })
    await addNode("cordoned", { spec: { unschedulable: true } })
    await addPod("big", asking("3"))
    expect(await pendingBecause("big")).toBe(
      "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. " +
        "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    )
    const grown = {
      ...small,
      status: { ...small.status, allocatable: { cpu: "4", memory: "4Gi", pods: "10" } },
    }
    await server.client.updateStatus(Node, grown)
    expect(await nodeOf("big")).toBe("small")
  })

  test("a pod without any node waits for the first", async () => {
    await addPod("first")
    expect(await pendingBecause("first")).toBe("no nodes available to schedule pods")
    await addNode("late")
    expect(await nodeOf("first")).toBe("late")
  })

  test("follows node selectors and affinity", async () => {
    await addNode("hdd")
    await addNode("ssd", { metadata: { labels: { disk: "ssd" } } })
    await addPod("selected", { nodeSelector: { disk: "ssd" } })
    const matchExpressions = [{ key: "disk", operator: "NotIn" as const, values: ["ssd"] }]
    await addPod("repelled", {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
        },
      },
    })
    expect(await nodeOf("selected")).toBe("ssd")
    expect(await nodeOf("repelled")).toBe("hdd")
  })

  test("one holder for a port of the host", async () => {
    await addNode("only")
    const spec = {
      containers: [{ name: "main", image: "app", ports: [{ containerPort: 80, hostPort: 80 }] }],
    }
    await addPod("holder", spec)
    await nodeOf("holder")
    await addPod("waiter", spec)
    expect(await pendingBecause("waiter")).toContain(
      "1 node(s) didn't have free ports for the requested pod ports.",
    )
    await server.client.delete(Pod, { namespace: "default", name: "holder" }, { gracePeriodSeconds: 0 })
    expect(await nodeOf("waiter")).toBe("only")
  })

  test("gated pods wait until their gates are gone", async () => {
    await addNode("only")
    await addPod("gated", { schedulingGates: [{ name: "example.com/wait" }] })
    await addPod("free")
    await nodeOf("free")
    const gated = await server.client.get(Pod, { namespace: "default", name: "gated" })
    expect(gated.spec.nodeName).toBeFalsy()
    await server.client.update(Pod, { ...gated, spec: { ...gated.spec, schedulingGates: [] } })
    expect(await nodeOf("gated")).toBe("only")
  })

  test("makes room for the more important", async () => {
    await addNode("only")
    await addPod("cheap", { ...asking("1500m"), terminationGracePeriodSeconds: 0 })
    await nodeOf("cheap")
    await addPod("dear", { ...asking("1500m"), priority: 1000 })
    expect(await nodeOf("dear")).toBe("only")
    await expect(server.client.get(Pod, { namespace: "default", name: "cheap" })).rejects.toThrow("not found")
  })

  test("keeps pods apart and together by their labels", async () => {
    for (const [name, zone] of [
      ["a1", "a"],
      ["a2", "a"],
      ["b1", "b"],
    ] as const) {
      await addNode(name, { metadata: { labels: { zone } } })
    }
    const term = (topologyKey: string) => ({ labelSelector: { matchLabels: { app: "db" } }, topologyKey })
    const labelled = (name: string, spec: Draft<Pod["spec"]>) =>
      server.client.create(Pod, {
        metadata: { name, namespace: "default", labels: { app: "db" } },
        spec: { containers: [{ name: "main", image: "app" }], ...spec },
      })
    const apart = {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("zone")] } },
    }
    await labelled("first", apart)
    await labelled("second", apart)
    const zones = [await nodeOf("first"), await nodeOf("second")].map((node) => node[0])
    expect(zones.sort()).toEqual(["a", "b"])
    await labelled("third", apart)
    expect(await pendingBecause("third")).toContain(
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    )
    // One that does not mind is minded by those that are there.
    await labelled("fourth", {})
    expect(await pendingBecause("fourth")).toContain(
      "3 node(s) didn't satisfy existing pods anti-affinity rules.",
    )
    await addPod("near", {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("kubernetes.io/hostname")] },
      },
    })
    expect([await nodeOf("first"), await nodeOf("second")]).toContain(await nodeOf("near"))
  })

  test("spreads over zones within the skew", async () => {
    for (const [name, zone] of [
      ["a1", "a"],
      ["b1", "b"],
    ] as const)
      await addNode(name, { metadata: { labels: { zone } } })
    await addNode("nowhere")
    const spread = (name: string, maxSkew = 1) =>
      server.client.create(Pod, {
        metadata: { name, namespace: "default", labels: { app: "web" } },
        spec: {
          containers: [{ name: "main", image: "app" }],
          topologySpreadConstraints: [
            {
              maxSkew,
              topologyKey: "zone",
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: { app: "web" } },
            },
          ],
        },
      })
    for (const name of ["w1", "w2", "w3", "w4"]) {
      await spread(name)
      await nodeOf(name)
    }
    const nodes = await Promise.all(["w1", "w2", "w3", "w4"].map(nodeOf))
    expect(nodes.sort()).toEqual(["a1", "a1", "b1", "b1"])
    await server.client.patch(
      Node,
      { name: "b1" },
      { type: "merge", body: { spec: { unschedulable: true } } },
    )
    await spread("w5")
    await nodeOf("w5")
    await spread("w6")
    expect(await pendingBecause("w6")).toContain(
      "0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, " +
        "1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) were unschedulable.",
    )
  })
})

describe("a pod that cannot be bound", () => {
  const binder = (isIgnorable: boolean): Extender => ({
    name: "binder",
    isIgnorable,
    filters: false,
    prioritizes: false,
    preempts: false,
    binds: true,
    weight: 1,
    ignoredResources: [],
    isInterestedIn: () => true,
    filter: (_pod, nodes) => Promise.resolve({ nodes, failed: new Map() }),
    prioritize: () => Promise.resolve(new Map()),
    processPreemption: (_pod, candidates) => Promise.resolve(candidates),
    bind: () => Promise.reject(new Error("not today")),
  })

  test("says that this is the scheduler's trouble, and the room it held is free again", async () => {
    const own = await startTestScheduler({ extenders: [binder(false)] })
    await own.addNode("one")
    await own.addPod("web", asking("2"))
    await vi.waitFor(async () => {
      const { status } = await own.client.get(Pod, { namespace: "default", name: "web" })
      expect(status.conditions).toMatchObject([
        { type: "PodScheduled", status: "False", reason: "SchedulerError", message: "not today" },
      ])
    }, 5000)
    expect(own.scheduler.metrics.text()).toContain(
      'scheduler_schedule_attempts_total{result="error",profile="default-scheduler"}',
    )
    expect(own.scheduler.metrics.text()).toContain(
      'scheduler_queue_incoming_pods_total{queue="backoff",event="ScheduleAttemptFailure"}',
    )
    await own.stop()
  })

  test("is bound without an extender that may be ignored", async () => {
    const own = await startTestScheduler({ extenders: [binder(true)] })
    await own.addNode("one")
    await own.addPod("web")
    expect(await own.nodeOf("web")).toBe("one")
    await own.stop()
  })
})

test("metrics tell of plugins and of who waits for what", async () => {
  await addNode("one")
  await addPod("fits")
  await nodeOf("fits")
  await addPod("big", asking("9"))
  await pendingBecause("big")
  const text = server.scheduler.metrics.text()
  const profile = 'profile="default-scheduler"'
  expect(text).toContain(`scheduler_unschedulable_pods{plugin="NodeResourcesFit",${profile}} 1`)
  expect(text).toContain('scheduler_pending_pods{queue="unschedulable"} 1')
  for (const point of ["PreFilter", "Filter", "PostFilter", "Reserve", "Bind"])
    expect(text).toContain(
      `scheduler_framework_extension_point_duration_seconds_count{extension_point="${point}"`,
    )
  expect(text).toContain(
    `scheduler_plugin_evaluation_total{plugin="NodeResourcesFit",extension_point="Filter",${profile}} 2`,
  )
  expect(text).toContain('scheduler_queue_incoming_pods_total{queue="active",event="UnschedulablePodAdd"} 2')
  expect(text).toContain('scheduler_pod_scheduling_sli_duration_seconds_count{attempts="1"} 1')
})

test("goes to nodes that say they can do what it needs", async () => {
  const restartPolicyRules = [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [7] } }]
  await addNode("old")
  const containers = [{ name: "main", image: "app", restartPolicy: "Never" as const, restartPolicyRules }]
  await addPod("web", { containers })
  expect(await pendingBecause("web")).toContain("1 node(s) didn't match Pod's required features.")
  const declaredFeatures = ["RestartAllContainersOnContainerExits"]
  const allocatable = { cpu: "2", memory: "4Gi", pods: "10" }
  await addNode("new", { status: { allocatable, declaredFeatures } })
  expect(await nodeOf("web")).toBe("new")
})

test("a container that asks for nothing counts as a little beside one that asks", async () => {
  // Else both nodes would be as good.
  await addNode("a")
  await addNode("b")
  const at = (name: string) => ({ nodeSelector: { "kubernetes.io/hostname": name } })
  const requests = { cpu: "500m", memory: "500Mi" }
  const asks = { name: "main", image: "app", resources: { requests } }
  const silent = Array.from({ length: 4 }, (_, index) => ({ name: `silent-${index}`, image: "app" }))
  await addPod("on-a", { ...at("a"), containers: [asks, ...silent] })
  await addPod("on-b", { ...at("b"), containers: [asks] })
  await Promise.all([nodeOf("on-a"), nodeOf("on-b")])
  for (const name of ["first", "second", "third"]) {
    await addPod(name, {
      containers: [{ name: "main", image: "app", resources: { requests: { cpu: "10m", memory: "10Mi" } } }],
    })
    expect(await nodeOf(name)).toBe("b")
  }
})

test("a plugin that fails stops no other pod, and the pod says so", async () => {
  const broken: Plugin = {
    name: "Broken",
    filter: ({ pod }) =>
      pod.metadata.name === "unlucky"
        ? {
            check() {
              throw new Error("node one: broken")
            },
          }
        : undefined,
  }
  const profile = defaultProfile()
  const own = await startTestScheduler({ profiles: [{ ...profile, filters: [...profile.filters, broken] }] })
  await own.addNode("one")
  await own.addPod("unlucky")
  await own.addPod("other")
  expect(await own.nodeOf("other")).toBe("one")
  await vi.waitFor(async () => {
    const { status } = await own.client.get(Pod, { namespace: "default", name: "unlucky" })
    expect(status.conditions).toMatchObject([{ reason: "SchedulerError", message: "node one: broken" }])
  }, 5000)
  await own.stop()
})
