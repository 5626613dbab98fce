import { afterEach, beforeEach, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { podGroupProtectionController } from "./podgroup-protection.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([podGroupProtectionController])
})
afterEach(() => cluster.stop())

const namespace = "default"
const name = "workers"
const find = () => cluster.client.get(PodGroup, { namespace, name }).catch(ignoreNotFound)

async function createGroup(): Promise<void> {
  await cluster.client.create(PodGroup, {
    metadata: { namespace, name, finalizers: ["scheduling.k8s.io/podgroup-protection"] },
    spec: { schedulingPolicy: { gang: { minCount: 1 } } },
  })
}

it("a group that is deleted stays until the last of its pods has ended", async () => {
  await createGroup()
  const pod = await cluster.client.create(Pod, {
    metadata: { namespace, name: "worker" },
    spec: { containers: [{ name: "c", image: "c" }], schedulingGroup: { podGroupName: name } },
  })
  await cluster.client.delete(PodGroup, { namespace, name })
  await cluster.advance(2000)
  expect((await find())?.metadata.deletionTimestamp).toBeDefined()
  await cluster.client.updateStatus(Pod, { ...pod, status: { phase: "Succeeded" } })
  await cluster.advance(2000)
  expect(await find()).toBeUndefined()
})

it("a group of nobody goes at once", async () => {
  await createGroup()
  await cluster.client.delete(PodGroup, { namespace, name })
  await cluster.advance(2000)
  expect(await find()).toBeUndefined()
})
