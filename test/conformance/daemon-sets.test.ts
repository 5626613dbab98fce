import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import {
  change,
  isGoing,
  isReady,
  listed,
  operateStatus,
  pauseImage,
  readyPods,
  resting,
} from "./workloads.ts"

useCluster({ nodes: 3 })

const labels = { "daemonset-name": "daemon-set" }
const labelSelector = "daemonset-name=daemon-set"

async function create(api: Api, namespace: string, template: Json = resting(labels), more: Json = {}) {
  const collection = `/apis/apps/v1/namespaces/${namespace}/daemonsets`
  await api.create(collection, {
    metadata: { name: "daemon-set", labels },
    spec: { selector: { matchLabels: labels }, template, ...more },
  })
  const revisions = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`
  return {
    path: `${collection}/daemon-set`,
    collection,
    revisions,
    pods: `/api/v1/namespaces/${namespace}/pods`,
  }
}

/** The nodes that daemons without tolerations of their own run on. */
async function schedulableNodes(api: Api): Promise<string[]> {
  const nodes = await listed(api, "/api/v1/nodes")
  const isOpen = ({ spec }: Json) =>
    !spec.unschedulable && !(spec.taints ?? []).some(({ effect }: Json) => effect !== "PreferNoSchedule")
  return nodes.filter((node) => isReady(node) && isOpen(node)).map(({ metadata }) => metadata.name)
}

/** A ready pod on each of these nodes, and nothing else. */
function runsOn(
  api: Api,
  pods: string,
  nodes: readonly string[],
  isRight: (pod: Json) => boolean = () => true,
) {
  return eventually(async () => {
    const found = await listed(api, pods, { labelSelector })
    const names = found.map(({ spec }) => spec.nodeName).sort()
    const settled = found.every((pod) => isReady(pod) && !isGoing(pod) && isRight(pod))
    return settled && JSON.stringify(names) === JSON.stringify([...nodes].sort()) && found
  }, `daemons run on ${nodes.length} nodes`)
}

conformance(
  "[sig-apps] Daemon set should run and stop simple daemon [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods } = await create(api, namespace)
    const nodes = await schedulableNodes(api)
    const [pod] = await runsOn(api, pods, nodes)
    await api.delete(`${pods}/${pod!["metadata"].name}`)
    await eventually(async () => {
      const uids = (await listed(api, pods)).map(({ metadata }) => metadata.uid)
      return !uids.includes(pod!["metadata"].uid)
    }, "the daemon is gone")
    await runsOn(api, pods, nodes)
  },
)

conformance(
  "[sig-apps] Daemon set should run and stop complex daemon [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const label = "daemonset-color"
    const { pods, path } = await create(
      api,
      namespace,
      resting(labels, { nodeSelector: { [label]: "blue" } }),
    )
    await eventually(async () => (await api.get(path))["status"].observedGeneration === 1, "the set was seen")
    expect(await listed(api, pods)).toEqual([])
    const [node] = await schedulableNodes(api)
    const paint = (color: string | null) =>
      api.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { [label]: color } } })
    try {
      await paint("blue")
      await runsOn(api, pods, [node!])
      await paint("green")
      await runsOn(api, pods, [])
      await api.patch(path, {
        spec: {
          template: { spec: { nodeSelector: { [label]: "green" } } },
          updateStrategy: { type: "RollingUpdate" },
        },
      })
      await runsOn(api, pods, [node!])
    } finally {
      await paint(null)
    }
  },
)

conformance(
  "[sig-apps] Daemon set should retry creating failed daemon pods [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods } = await create(api, namespace)
    const nodes = await schedulableNodes(api)
    const [pod] = await runsOn(api, pods, nodes)
    await change(api, `${pods}/${pod!["metadata"].name}/status`, ({ status }) => {
      status.phase = "Failed"
    })
    await eventually(async () => {
      const uids = (await listed(api, pods)).map(({ metadata }) => metadata.uid)
      return !uids.includes(pod!["metadata"].uid)
    }, "the failed daemon is gone")
    await runsOn(api, pods, nodes)
  },
)

conformance(
  "[sig-apps] Daemon set should update pod when spec was updated and update strategy is RollingUpdate [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods, path, revisions } = await create(api, namespace, resting(labels), {
      updateStrategy: { type: "RollingUpdate" },
    })
    const nodes = await schedulableNodes(api)
    const hash = "controller-revision-hash"
    const before = await runsOn(api, pods, nodes)
    await api.patch(path, { spec: { template: { metadata: { annotations: { version: "2" } } } } })
    const after = await runsOn(api, pods, nodes, ({ metadata }) => metadata.annotations?.version === "2")
    expect(after[0]!["metadata"].labels[hash]).not.toBe(before[0]!["metadata"].labels[hash])
    const numbers = (await listed(api, revisions, { labelSelector })).map(({ revision }) => revision)
    expect(numbers.sort()).toEqual([1, 2])
    const status = await eventually(async () => {
      const found = (await api.get(path))["status"]
      return found.updatedNumberScheduled === nodes.length && found
    }, "all are up to date")
    expect(status.numberAvailable).toBe(nodes.length)
  },
)

conformance(
  "[sig-apps] Daemon set should rollback without unnecessary restarts [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods, path } = await create(api, namespace)
    const nodes = await schedulableNodes(api)
    expect(nodes.length).toBeGreaterThan(1)
    const before = await runsOn(api, pods, nodes)
    const never = [{ conditionType: "example.com/never" }]
    await change(api, path, ({ spec }) => {
      spec.template.spec.readinessGates = never
    })
    const isNew = ({ spec }: Json) => spec.readinessGates !== undefined
    const spoiled = await eventually(async () => {
      const found = await listed(api, pods)
      const { status } = await api.get(path)
      const bad = found.filter((pod) => isNew(pod) && !isGoing(pod))
      return bad.length === 1 && status.numberUnavailable > 0 && found
    }, "the rollout is stuck at its first daemon")
    const good = spoiled.filter((pod) => !isNew(pod)).map(({ metadata }) => metadata.uid)
    expect(good).toHaveLength(nodes.length - 1)
    await change(api, path, ({ spec }) => {
      delete spec.template.spec.readinessGates
    })
    const after = (await runsOn(api, pods, nodes, (pod) => !isNew(pod))).map(({ metadata }) => metadata.uid)
    const kept = before.map(({ metadata }) => metadata.uid).filter((uid) => after.includes(uid))
    expect(kept.sort()).toEqual(good.sort())
  },
)

conformance(
  "[sig-apps] Daemon set should list and delete a collection of DaemonSets [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods, collection } = await create(api, namespace)
    await runsOn(api, pods, await schedulableNodes(api))
    const found = (await api.get("/apis/apps/v1/daemonsets", { labelSelector }))["items"]
    expect(found).toHaveLength(1)
    await api.delete(collection, { query: { labelSelector } })
    await eventually(async () => (await listed(api, collection)).length === 0, "it is gone")
    await readyPods(api, pods, 0)
  },
)

conformance(
  "[sig-apps] Daemon set should verify changes to a daemon set status [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods, path } = await create(api, namespace)
    await runsOn(api, pods, await schedulableNodes(api))
    await operateStatus(api, path)
  },
)

conformance(
  "[sig-apps] ControllerRevision should manage the lifecycle of a ControllerRevision [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const { pods, path, revisions } = await create(api, namespace)
    await runsOn(api, pods, await schedulableNodes(api))
    const daemonSet = await api.get(path)
    const counted = (count: number, query: Json = { labelSelector }) =>
      eventually(async () => {
        const found = await listed(api, revisions, query)
        return found.length === count && found
      }, `there are ${count} revisions`)
    const [first] = (await counted(1)) as [Json]
    const { name, ownerReferences } = first["metadata"]
    expect(ownerReferences).toMatchObject([{ kind: "DaemonSet", uid: daemonSet["metadata"].uid }])
    const patched = await api.patch(`${revisions}/${name}`, { metadata: { labels: { [name]: "patched" } } })
    expect(patched["metadata"].labels[name]).toBe("patched")

    await api.create(revisions, {
      metadata: {
        name: "daemon-set-of-ours",
        labels: { ...labels, "controller-revision-hash": "of-ours" },
        ownerReferences,
      },
      data: first["data"],
      revision: first["revision"] + 1,
    })
    await counted(2)
    await api.delete(`${revisions}/${name}`)
    const [left] = (await counted(1)) as [Json]
    const leftName = left["metadata"].name
    const updated = await change(api, `${revisions}/${leftName}`, ({ metadata }) => {
      metadata.labels[leftName] = "updated"
    })
    expect(updated["metadata"].labels[leftName]).toBe("updated")
    await api.patch(path, {
      spec: {
        template: { spec: { terminationGracePeriodSeconds: 3 } },
        updateStrategy: { type: "RollingUpdate" },
      },
    })
    await counted(2)
    await api.delete(revisions, { query: { labelSelector: `${leftName}=updated` } })
    const [last] = (await counted(1)) as [Json]
    expect(last["revision"]).toBe(3)
    expect(daemonSet["spec"].template.spec.containers[0].image).toBe(pauseImage)
  },
)
