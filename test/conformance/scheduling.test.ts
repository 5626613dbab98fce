import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster, type World } from "./harness.ts"
import { pauseImage } from "./workloads.ts"

useCluster({ nodes: 2 })

const classes = "/apis/scheduling.k8s.io/v1/priorityclasses"
/** Something that nodes have because a test says so, and nobody else asks for. */
const fake = "scheduling.k8s.io/foo"

async function schedulableNodes(api: Api): Promise<Json[]> {
  const { items } = await api.get("/api/v1/nodes")
  return (items as Json[]).filter(({ spec }) => !spec.unschedulable && !spec.taints?.length)
}

async function offer(api: Api, node: string, amount: string | null): Promise<void> {
  const status = { capacity: { [fake]: amount }, allocatable: { [fake]: amount } }
  await api.patch(`/api/v1/nodes/${node}/status`, { status })
}

interface Wanted {
  readonly name: string
  readonly requests?: Json
  readonly node?: string
  readonly priorityClassName?: string
  readonly finalizers?: string[]
  readonly more?: Json
}

function podOf({ name, requests = {}, node, priorityClassName, finalizers, more }: Wanted): Json {
  const onNode = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }]
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: onNode } }
  const resources = { requests, ...(requests[fake] && { limits: { [fake]: requests[fake] } }) }
  return {
    metadata: { name, ...(finalizers && { finalizers }) },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: pauseImage, resources }],
      ...(node !== undefined && { affinity: { nodeAffinity } }),
      ...(priorityClassName && { priorityClassName }),
      ...more,
    },
  }
}

const podsOf = ({ namespace }: World) => `/api/v1/namespaces/${namespace}/pods`

async function makeRunning(world: World, wanted: Wanted): Promise<Json> {
  await world.api.create(podsOf(world), podOf(wanted))
  return eventually(async () => {
    const pod = await world.api.get(`${podsOf(world)}/${wanted.name}`)
    return pod["status"].phase === "Running" && pod
  }, `${wanted.name} runs`)
}

async function staysPending(world: World, wanted: Wanted): Promise<void> {
  await world.api.create(podsOf(world), podOf(wanted))
  const pod = await eventually(async () => {
    const found = await world.api.get(`${podsOf(world)}/${wanted.name}`)
    const scheduled = found["status"].conditions?.find(({ type }: Json) => type === "PodScheduled")
    return scheduled?.reason === "Unschedulable" && found
  }, `${wanted.name} cannot be scheduled`)
  expect(pod["spec"].nodeName).toBeUndefined()
  const { items } = await world.api.get(`/api/v1/namespaces/${world.namespace}/events`, {
    fieldSelector: `involvedObject.name=${wanted.name},reason=FailedScheduling`,
  })
  expect(items.length).toBeGreaterThan(0)
}

/** Priority classes of a test, taken away with it. */
async function withClasses(
  world: World,
  values: readonly number[],
  check: (names: string[]) => Promise<void>,
) {
  const names = values.map((value) => `${world.namespace}-p${value}`)
  for (const [index, name] of names.entries()) {
    await world.api.create(classes, { metadata: { name }, value: values[index] })
  }
  try {
    await check(names)
  } finally {
    for (const name of names) await world.api.delete(`${classes}/${name}`)
  }
}

/** A node full of the fake resource: pods of a low and of a middle priority have two each of its five. */
async function onFullNode(
  world: World,
  check: (full: { node: string; low: string; high: string }) => Promise<void>,
  more: Partial<Wanted> = {},
): Promise<void> {
  const [node] = await schedulableNodes(world.api)
  const { name } = node!["metadata"]
  await offer(world.api, name, "5")
  try {
    await withClasses(world, [1, 100, 1000], async ([low, middle, high]) => {
      const requests = { [fake]: "2" }
      await makeRunning(world, { name: "low", requests, node: name, priorityClassName: low!, ...more })
      await makeRunning(world, { name: "middle", requests, node: name, priorityClassName: middle! })
      await check({ node: name, low: low!, high: high! })
    })
  } finally {
    await offer(world.api, name, null)
  }
}

const isGone = async ({ api }: World, path: string) => (await api.send("GET", path)).status === 404

conformance(
  "[sig-scheduling] SchedulerPreemption validates basic preemption works [Conformance] [Serial]",
  (world) =>
    onFullNode(world, async ({ node, high }) => {
      await makeRunning(world, { name: "high", requests: { [fake]: "2" }, node, priorityClassName: high })
      expect(await isGone(world, `${podsOf(world)}/low`)).toBe(true)
      expect((await world.api.get(`${podsOf(world)}/middle`))["status"].phase).toBe("Running")
    }),
)

conformance(
  "[sig-scheduling] SchedulerPreemption validates lower priority pod preemption by critical pod [Conformance] [Serial]",
  (world) =>
    onFullNode(world, async ({ node }) => {
      const priorityClassName = "system-cluster-critical"
      await makeRunning(world, { name: "critical", requests: { [fake]: "2" }, node, priorityClassName })
      expect(await isGone(world, `${podsOf(world)}/low`)).toBe(true)
    }),
)

conformance(
  "[sig-scheduling] SchedulerPreemption validates pod disruption condition is added to the preempted pod [Conformance] [Serial]",
  (world) =>
    onFullNode(
      world,
      async ({ node, high }) => {
        const path = `${podsOf(world)}/low`
        await world.api.create(
          podsOf(world),
          podOf({ name: "high", requests: { [fake]: "2" }, node, priorityClassName: high }),
        )
        const victim = await eventually(async () => {
          const pod = await world.api.get(path)
          return pod["metadata"].deletionTimestamp && pod
        }, "the pod is preempted")
        expect(victim["status"].conditions).toContainEqual(
          expect.objectContaining({
            type: "DisruptionTarget",
            status: "True",
            reason: "PreemptionByScheduler",
          }),
        )
        await world.api.patch(path, { metadata: { finalizers: null } })
        await eventually(() => isGone(world, path), "it goes without its finalizer")
      },
      { finalizers: ["example.com/test-finalizer"] },
    ),
)

conformance(
  "[sig-scheduling] SchedulerPreemption PreemptionExecutionPath runs ReplicaSets to verify preemption running path [Conformance] [Serial]",
  async (world) => {
    const { api, namespace } = world
    const [node] = await schedulableNodes(api)
    const { name } = node!["metadata"]
    await offer(api, name, "1000")
    try {
      await withClasses(world, [1, 2, 3, 4], async (names) => {
        // 800 of 1000 are taken; 500 more want both pods of the lowest, and no other.
        const wanted = [
          { replicas: 2, amount: "200" },
          { replicas: 2, amount: "150" },
          { replicas: 1, amount: "100" },
          { replicas: 1, amount: "500" },
        ]
        const onNode = async (index: number) => {
          const { items } = await api.get(podsOf(world), { labelSelector: `set=set-${index}` })
          return (items as Json[]).filter(
            ({ spec, metadata }) => spec.nodeName && !metadata.deletionTimestamp,
          )
        }
        for (const [index, { replicas, amount }] of wanted.entries()) {
          const labels = { set: `set-${index}` }
          const pod = podOf({
            name: "",
            requests: { [fake]: amount },
            node: name,
            priorityClassName: names[index]!,
          })
          await api.create(`/apis/apps/v1/namespaces/${namespace}/replicasets`, {
            metadata: { name: `set-${index}` },
            spec: {
              replicas,
              selector: { matchLabels: labels },
              template: { metadata: { labels }, spec: { ...pod["spec"], terminationGracePeriodSeconds: 30 } },
            },
          })
          await eventually(async () => (await onNode(index)).length === replicas, `set ${index} is scheduled`)
        }
        const counts = await Promise.all([0, 1, 2, 3].map(async (index) => (await onNode(index)).length))
        expect(counts).toEqual([0, 2, 1, 1])
      })
    } finally {
      await offer(api, name, null)
    }
  },
)

conformance(
  "[sig-scheduling] SchedulerPreemption PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods [Conformance] [Serial]",
  (world) =>
    withClasses(world, [7, 8], async ([first]) => {
      const { api } = world
      const path = `${classes}/${first}`
      const listed = (await api.get(classes))["items"].map(({ metadata }: Json) => metadata.name)
      expect(listed).toContain(first)
      for (const change of [{ value: 9 }, { preemptionPolicy: "Never" }]) {
        const headers = { "content-type": "application/merge-patch+json" }
        expect(
          (await api.send("PATCH", path, { body: change, headers })).status,
          JSON.stringify(change),
        ).toBe(422)
      }
      const current = await api.get(path)
      expect((await api.send("PUT", path, { body: { ...current, value: 9 } })).status).toBe(422)
      expect((await api.patch(path, { description: "changed" }))["description"]).toBe("changed")
      expect((await api.update(path, { ...(await api.get(path)), globalDefault: false }))["value"]).toBe(7)
    }),
)

conformance(
  "[sig-scheduling] SchedulerPredicates validates resource limits of pods that are allowed to run [Conformance] [Serial]",
  async (world) => {
    const nodes = await schedulableNodes(world.api)
    await Promise.all(nodes.map(({ metadata }) => offer(world.api, metadata.name, "10")))
    try {
      for (const [index, { metadata }] of nodes.entries()) {
        await makeRunning(world, { name: `filler-${index}`, requests: { [fake]: "7" }, node: metadata.name })
      }
      await staysPending(world, { name: "additional-pod", requests: { [fake]: "5" } })
    } finally {
      await Promise.all(nodes.map(({ metadata }) => offer(world.api, metadata.name, null)))
    }
  },
)

conformance(
  "[sig-scheduling] SchedulerPredicates validates that NodeSelector is respected if not matching [Conformance] [Serial]",
  (world) => staysPending(world, { name: "restricted-pod", more: { nodeSelector: { label: "nonempty" } } }),
)

conformance(
  "[sig-scheduling] SchedulerPredicates validates that NodeSelector is respected if matching [Conformance] [Serial]",
  async (world) => {
    const node = (await schedulableNodes(world.api)).at(-1)!["metadata"].name
    const label = `conformance.coracle.dev/${world.namespace}`
    await world.api.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { [label]: "42" } } })
    try {
      const pod = await makeRunning(world, { name: "with-labels", more: { nodeSelector: { [label]: "42" } } })
      expect(pod["spec"].nodeName).toBe(node)
    } finally {
      await world.api.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { [label]: null } } })
    }
  },
)

conformance(
  "[sig-scheduling] SchedulerPredicates validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP [Conformance] [Serial]",
  async (world) => {
    const [node] = await schedulableNodes(world.api)
    const { name } = node!["metadata"]
    const onPort = (hostIP: string) => {
      const ports = [{ hostPort: 54_322, containerPort: 8080, protocol: "TCP", hostIP }]
      return { containers: [{ name: "main", image: pauseImage, ports }] }
    }
    await makeRunning(world, { name: "pod4", node: name, more: onPort("0.0.0.0") })
    await staysPending(world, { name: "pod5", node: name, more: onPort("127.0.0.1") })
  },
)
