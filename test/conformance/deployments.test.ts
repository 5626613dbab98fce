import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import {
  change,
  gone,
  isGoing,
  listed,
  operateScale,
  operateStatus,
  pauseImage,
  readyPods,
  resting,
} from "./workloads.ts"

useCluster({ nodes: 3 })

const labels = { name: "sample-pod" }
const selector = { matchLabels: labels }
const revision = "deployment.kubernetes.io/revision"

function paths(namespace: string) {
  const apps = `/apis/apps/v1/namespaces/${namespace}`
  return {
    deployments: `${apps}/deployments`,
    replicaSets: `${apps}/replicasets`,
    pods: `/api/v1/namespaces/${namespace}/pods`,
  }
}

/** A ReplicaSet of earlier, which a Deployment with `selector` adopts. */
async function createOldReplicaSet(api: Api, namespace: string, annotations: Json = {}): Promise<Json> {
  const own = { ...labels, pod: "old" }
  const { replicaSets, pods } = paths(namespace)
  const made = await api.create(replicaSets, {
    metadata: { name: "old", labels: own, annotations },
    spec: { replicas: 1, selector: { matchLabels: own }, template: resting(own) },
  })
  await readyPods(api, pods, 1)
  return made
}

/** A template whose pods never become ready. */
const stuck = resting(labels, { readinessGates: [{ conditionType: "example.com/never" }] })

function complete(api: Api, path: string): Promise<Json> {
  return eventually(async () => {
    const deployment = await api.get(path)
    const { spec, status, metadata } = deployment
    return (
      status.observedGeneration >= metadata.generation &&
      [status.replicas, status.updatedReplicas, status.availableReplicas].every(
        (count) => count === spec.replicas,
      ) &&
      deployment
    )
  }, "the Deployment is complete")
}

async function newestReplicaSet(api: Api, namespace: string, template: Json): Promise<Json | undefined> {
  const sets = await listed(api, paths(namespace).replicaSets)
  const imageOf = (one: Json) => JSON.stringify(one["spec"].containers[0].image)
  const gates = (one: Json) => JSON.stringify(one["spec"].readinessGates ?? [])
  return sets.find(
    ({ spec }) => imageOf(spec.template) === imageOf(template) && gates(spec.template) === gates(template),
  )
}

conformance(
  "[sig-apps] Deployment RollingUpdateDeployment should delete old pods and create new ones [Conformance]",
  async ({ api, namespace }) => {
    const { deployments, replicaSets, pods } = paths(namespace)
    const old = await createOldReplicaSet(api, namespace, { [revision]: "3546343826724305832" })
    const { metadata } = await api.create(deployments, {
      metadata: { name: "rolling" },
      spec: { replicas: 1, selector, template: resting(labels) },
    })
    await complete(api, `${deployments}/rolling`)
    expect((await api.get(`${deployments}/rolling`))["metadata"].annotations[revision]).toBe(
      "3546343826724305833",
    )
    const sets = await listed(api, replicaSets)
    expect(sets.map((one) => one["metadata"].ownerReferences[0].uid)).toEqual([metadata.uid, metadata.uid])
    expect(sets.find((one) => one["metadata"].uid === old["metadata"].uid)!["spec"].replicas).toBe(0)
    const [pod] = await readyPods(api, pods, 1)
    expect(pod!["metadata"].labels.pod).toBeUndefined()
  },
)

conformance(
  "[sig-apps] Deployment RecreateDeployment should delete old pods and create new ones [Conformance]",
  async ({ api, namespace }) => {
    const { deployments, pods } = paths(namespace)
    const path = `${deployments}/recreate`
    await api.create(deployments, {
      metadata: { name: "recreate" },
      spec: { replicas: 1, selector, strategy: { type: "Recreate" }, template: resting(labels) },
    })
    await complete(api, path)
    const { metadata } = await api.get(pods)
    const watch = api.watch(pods, { resourceVersion: metadata.resourceVersion })
    await api.patch(path, { spec: { template: { metadata: { annotations: { new: "yes" } } } } })
    const running = new Set((await listed(api, pods)).map((pod) => pod["metadata"].uid))
    for await (const { type, object } of watch) {
      const isOld = object.metadata.annotations?.new === undefined
      if (type === "DELETED") running.delete(object.metadata.uid)
      if (!isOld) expect(running.size).toBe(0)
      if (!isOld) break
    }
    await complete(api, path)
  },
)

conformance(
  "[sig-apps] Deployment deployment should delete old replica sets [Conformance]",
  async ({ api, namespace }) => {
    const { deployments, replicaSets, pods } = paths(namespace)
    await createOldReplicaSet(api, namespace)
    const before = await api.get(pods)
    await api.create(deployments, {
      metadata: { name: "cleanup" },
      spec: { replicas: 1, revisionHistoryLimit: 0, selector, template: resting(labels) },
    })
    await complete(api, `${deployments}/cleanup`)
    await gone(api, `${replicaSets}/old`)
    expect(await listed(api, replicaSets)).toHaveLength(1)
    let created = 0
    const watch = api.watch(pods, {
      resourceVersion: before["metadata"].resourceVersion,
      timeoutSeconds: "1",
    })
    for await (const { type } of watch) if (type === "ADDED") created++
    expect(created).toBe(1)
  },
)

conformance(
  "[sig-apps] Deployment deployment should support rollover [Conformance]",
  async ({ api, namespace }) => {
    const { deployments, replicaSets } = paths(namespace)
    await createOldReplicaSet(api, namespace)
    const path = `${deployments}/rollover`
    await api.create(deployments, {
      metadata: { name: "rollover" },
      spec: {
        replicas: 1,
        minReadySeconds: 2,
        selector,
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: stuck,
      },
    })
    await eventually(async () => (await api.get(path))["status"].updatedReplicas === 1, "it is on its way")
    expect((await api.get(path))["metadata"].annotations[revision]).toBe("1")
    const middle = (await newestReplicaSet(api, namespace, stuck))!
    expect(middle["spec"].replicas).toBe(1)
    expect((await api.get(`${replicaSets}/old`))["spec"].replicas).toBe(1)

    await change(api, path, ({ spec }) => {
      spec.template = resting(labels)
    })
    await complete(api, path)
    expect((await api.get(path))["metadata"].annotations[revision]).toBe("2")
    for (const name of ["old", middle["metadata"].name]) {
      const { spec, status } = await api.get(`${replicaSets}/${name}`)
      expect([spec.replicas, status.replicas]).toEqual([0, 0])
    }
  },
)

conformance(
  "[sig-apps] Deployment deployment should support proportional scaling [Conformance]",
  async ({ api, namespace }) => {
    const { deployments, replicaSets } = paths(namespace)
    const path = `${deployments}/proportional`
    await api.create(deployments, {
      metadata: { name: "proportional" },
      spec: {
        replicas: 10,
        selector,
        strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
        template: resting(labels),
      },
    })
    await complete(api, path)
    const first = (await newestReplicaSet(api, namespace, resting(labels)))!
    const firstPath = `${replicaSets}/${first["metadata"].name}`
    await change(api, path, ({ spec }) => {
      spec.template = stuck
    })
    await eventually(async () => {
      const { spec, status } = await api.get(firstPath)
      return spec.replicas === 8 && status.availableReplicas === 8
    }, "the first ReplicaSet has 8 replicas")
    const second = await eventually(async () => {
      const found = await newestReplicaSet(api, namespace, stuck)
      return found?.["spec"].replicas === 5 && found
    }, "the second ReplicaSet has 5 replicas")
    expect(second["status"].availableReplicas).toBeUndefined()
    await api.patch(path, { spec: { replicas: 30 } })
    const secondPath = `${replicaSets}/${second["metadata"].name}`
    await eventually(async () => {
      const counts = [await api.get(firstPath), await api.get(secondPath)].map(({ spec }) => spec.replicas)
      return counts[0] === 20 && counts[1] === 13
    }, "the ReplicaSets have 20 and 13 replicas")
  },
)

conformance(
  "[sig-apps] Deployment Deployment should have a working scale subresource [Conformance]",
  async ({ api, namespace }) => {
    const { deployments } = paths(namespace)
    await api.create(deployments, {
      metadata: { name: "scaled" },
      spec: { replicas: 1, selector, template: resting(labels) },
    })
    await complete(api, `${deployments}/scaled`)
    await operateScale(api, `${deployments}/scaled`)
  },
)

conformance(
  "[sig-apps] Deployment should validate Deployment Status endpoints [Conformance]",
  async ({ api, namespace }) => {
    const { deployments } = paths(namespace)
    await api.create(deployments, {
      metadata: { name: "status" },
      spec: { replicas: 1, selector, template: resting(labels) },
    })
    await complete(api, `${deployments}/status`)
    await operateStatus(api, `${deployments}/status`)
  },
)

conformance(
  "[sig-apps] Deployment should run the lifecycle of a Deployment [Conformance]",
  async ({ api, namespace }) => {
    const { deployments } = paths(namespace)
    const path = `${deployments}/lifecycle`
    const mark = { "test-deployment-static": namespace }
    const selecting = { labelSelector: `test-deployment-static=${namespace}` }
    const { metadata } = await api.get(deployments)
    const seen: Json[] = []
    const watching = (async () => {
      const watch = api.watch(deployments, { ...selecting, resourceVersion: metadata.resourceVersion })
      for await (const event of watch) {
        seen.push(event)
        if (event["type"] === "DELETED") break
      }
    })()
    await api.create(deployments, {
      metadata: { name: "lifecycle", labels: mark },
      spec: { replicas: 1, selector, template: resting(labels) },
    })
    await complete(api, path)
    await api.patch(path, {
      metadata: { labels: { "test-deployment": "patched" } },
      spec: { replicas: 2, template: { spec: { terminationGracePeriodSeconds: 1 } } },
    })
    await complete(api, path)
    const found = (await api.get("/apis/apps/v1/deployments", selecting))["items"] as Json[]
    expect(found.map((one) => one["metadata"].labels["test-deployment"])).toEqual(["patched"])
    await change(api, path, ({ spec, metadata: { labels: own } }) => {
      own["test-deployment"] = "updated"
      spec.template.metadata.annotations = { image: pauseImage }
    })
    await complete(api, path)
    const patched = await api.patch(`${path}/status`, {
      metadata: { labels: { "test-deployment": "patched-status" } },
      status: { observedGeneration: 1 },
    })
    // Labels are not the status's to change.
    expect(patched["metadata"].labels["test-deployment"]).toBe("updated")
    expect(patched["status"].observedGeneration).toBe(1)
    await complete(api, path)
    await api.delete(deployments, { query: selecting })
    await gone(api, path)
    await watching
    const types = new Set(seen.map(({ type }) => type as string))
    expect([...types]).toEqual(["ADDED", "MODIFIED", "DELETED"])
    expect(seen.some(({ object }) => object.status.availableReplicas === 2 && !isGoing(object))).toBe(true)
  },
)
