import { afterEach, beforeEach, expect, it } from "vitest"
import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { clusterRoleAggregationController } from "./clusterrole-aggregation.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([clusterRoleAggregationController])
})
afterEach(() => cluster.stop())

it("allows what the selected roles allow, in the order of their names", async () => {
  const labels = { part: "of-it" }
  const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] })
  await cluster.client.create(ClusterRole, {
    metadata: { name: "all" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    rules: [],
  })
  await cluster.client.create(ClusterRole, {
    metadata: { name: "b", labels },
    rules: [rule("pods"), rule("nodes")],
  })
  await cluster.client.create(ClusterRole, {
    metadata: { name: "a", labels },
    rules: [rule("secrets"), rule("pods")],
  })
  await cluster.client.create(ClusterRole, { metadata: { name: "other" }, rules: [rule("leases")] })
  await cluster.advance(100)
  const resources = async () =>
    (await cluster.client.get(ClusterRole, { name: "all" })).rules?.map(({ resources: some }) => some?.[0])
  expect(await resources()).toEqual(["secrets", "pods", "nodes"])
  await cluster.client.delete(ClusterRole, { name: "a" })
  await cluster.advance(100)
  expect(await resources()).toEqual(["pods", "nodes"])
  expect(cluster.errors).toEqual([])
})
