import { afterEach, beforeEach, expect, it } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createTokenSecretCleaner } from "./token-cleaner.ts"

const dayMs = 24 * 3600_000
let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([createTokenSecretCleaner(dayMs)])
})
afterEach(() => cluster.stop())

const keyOf = (name: string) => ({ namespace: "default", name })
const find = (name: string) => cluster.client.get(Secret, keyOf(name)).catch(ignoreNotFound)

async function createSecret(name: string): Promise<void> {
  await cluster.client.create(Secret, {
    metadata: { ...keyOf(name), annotations: { "kubernetes.io/service-account.name": "robot" } },
    type: "kubernetes.io/service-account-token",
  })
}

it("marks tokens that were made automatically and are not used, and deletes them later", async () => {
  const namespace = "kube-system"
  await cluster.client.create(Namespace, { metadata: { name: namespace } }).catch(ignoreAlreadyExists)
  const since = new Date(cluster.clock.now()).toISOString().slice(0, 10)
  const name = "kube-apiserver-legacy-service-account-token-tracking"
  await cluster.client.create(ConfigMap, { metadata: { namespace, name }, data: { since } })
  await cluster.client.create(ServiceAccount, {
    metadata: keyOf("robot"),
    secrets: [{ name: "automatic" }, { name: "mounted" }],
  })
  for (const each of ["automatic", "mounted", "wanted"]) await createSecret(each)
  await cluster.client.create(Pod, {
    metadata: keyOf("web"),
    spec: {
      containers: [{ name: "web", image: "web" }],
      volumes: [{ name: "token", secret: { secretName: "mounted" } }],
    },
  })
  await cluster.advance(3 * dayMs)
  expect((await find("automatic"))!.metadata.labels).toHaveProperty([
    "kubernetes.io/legacy-token-invalid-since",
  ])
  await cluster.advance(3 * dayMs)
  expect(await find("automatic")).toBeUndefined()
  for (const each of ["mounted", "wanted"]) expect((await find(each))!.metadata.labels).toBeUndefined()
  expect(cluster.errors).toEqual([])
})
