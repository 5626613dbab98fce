import { afterEach, beforeEach, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { ReplicationController } from "../../api/core/v1/replication-controller.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { replicationControllerController } from "./replicationcontroller.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([replicationControllerController])
  simulateNodes(cluster)
})
afterEach(() => cluster.stop())

it("keeps a number of pods alive, and takes in an orphan that it selects", async () => {
  const key = { namespace: "default", name: "web" }
  const labels = { app: "web" }
  const spec = { containers: [{ name: "web", image: "web" }] }
  await cluster.client.create(Pod, { metadata: { ...key, name: "orphan", labels }, spec })
  await cluster.client.create(ReplicationController, {
    metadata: key,
    spec: { replicas: 3, selector: labels, template: { metadata: { labels }, spec } },
  })
  await cluster.advance(5000)
  const { items } = await cluster.client.list(Pod)
  expect(items).toHaveLength(3)
  expect(items.every(({ metadata }) => metadata.ownerReferences?.[0]?.kind === "ReplicationController")).toBe(
    true,
  )
  expect((await cluster.client.get(ReplicationController, key)).status).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  })
  await cluster.edit(ReplicationController, key, (controller) => (controller.spec.replicas = 0))
  await cluster.advance(5000)
  expect((await cluster.client.list(Pod)).items).toEqual([])
})
