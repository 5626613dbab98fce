import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { builtInResources } from "../../api/index.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { createRootCaPublisher } from "../root-ca-publisher/root-ca-publisher.ts"
import { serviceAccountController } from "../serviceaccount/serviceaccount.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createNamespaceController } from "./namespace.ts"

const servable = builtInResources.filter(({ verbs }) => verbs.includes("list"))

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([
    createNamespaceController({ discover: async () => ({ resources: servable, stale: [] }) }),
    serviceAccountController,
    createRootCaPublisher({ rootCertificateAuthority: "PEM" }),
  ])
})
afterEach(() => cluster.stop())

const namespace = "shop"
const exists = () =>
  cluster.client.get(Namespace, { name: namespace }).then(
    () => true,
    (error: unknown) => !isStatusError(error, "NotFound"),
  )

async function create() {
  await cluster.client.create(Namespace, { metadata: { name: namespace } })
  await cluster.advance(10)
}

describe("every namespace", () => {
  it("gets its default ServiceAccount, again when it is deleted", async () => {
    await create()
    const key = { namespace, name: "default" }
    const { uid } = (await cluster.client.get(ServiceAccount, key)).metadata
    await cluster.client.delete(ServiceAccount, key)
    await cluster.advance(10)
    expect((await cluster.client.get(ServiceAccount, key)).metadata.uid).not.toBe(uid)
  })

  it("gets the cluster's certificate authority, and again when somebody changes it", async () => {
    await create()
    const key = { namespace, name: "kube-root-ca.crt" }
    expect((await cluster.client.get(ConfigMap, key)).data).toEqual({ "ca.crt": "PEM" })
    await cluster.edit(ConfigMap, key, (configMap) => (configMap.data = { "ca.crt": "other" }))
    await cluster.advance(10)
    const { data, metadata } = await cluster.client.get(ConfigMap, key)
    expect(data).toEqual({ "ca.crt": "PEM" })
    expect(metadata.annotations?.["kubernetes.io/description"]).toContain("verify the kube-apiserver")
  })
})

describe("a namespace that is deleted", () => {
  it("goes with all that is in it", async () => {
    await create()
    await cluster.client.create(Secret, { metadata: { namespace, name: "a" } })
    await cluster.client.delete(Namespace, { name: namespace })
    await cluster.advance(100)
    expect([await exists(), cluster.errors]).toEqual([false, []])
    expect((await cluster.client.list(Secret, { namespace })).items).toEqual([])
    expect((await cluster.client.list(ConfigMap, { namespace })).items).toEqual([])
    expect(cluster.errors).toEqual([])
  })

  it("keeps what pods rely on until the pods have ended", async () => {
    simulateNodes(cluster, { goneAfterMs: 5000 })
    await create()
    await cluster.client.create(Secret, { metadata: { namespace, name: "a" } })
    await cluster.client.create(Pod, {
      metadata: { namespace, name: "web" },
      spec: { containers: [{ name: "web", image: "web" }] },
    })
    await cluster.advance(2000)
    await cluster.client.delete(Namespace, { name: namespace })
    await cluster.advance(3000)
    expect((await cluster.client.list(Secret, { namespace })).items).toHaveLength(1)
    const { status } = await cluster.client.get(Namespace, { name: namespace })
    expect(status.phase).toBe("Terminating")
    expect(status.conditions?.find(({ type }) => type === "NamespaceContentRemaining")).toMatchObject({
      status: "True",
      reason: "SomeResourcesRemain",
      message: "Some resources are remaining: pods. has 1 resource instances",
    })
    await cluster.advance(3000)
    expect([await exists(), cluster.errors]).toEqual([false, []])
  })

  it("waits for finalizers and says for which", async () => {
    await create()
    const held = { namespace, name: "held", finalizers: ["example.com/hold"] }
    await cluster.client.create(ConfigMap, { metadata: held })
    await cluster.client.delete(Namespace, { name: namespace })
    await cluster.advance(10_000)
    const { status } = await cluster.client.get(Namespace, { name: namespace })
    const texts = status.conditions?.map(({ type, status: is, message }) => `${type} ${is}: ${message}`)
    expect(texts).toEqual([
      "NamespaceDeletionDiscoveryFailure False: All resources successfully discovered",
      "NamespaceDeletionGroupVersionParsingFailure False: All legacy kube types successfully parsed",
      "NamespaceDeletionContentFailure False: All content successfully deleted, may be waiting on finalization",
      "NamespaceContentRemaining True: Some resources are remaining: configmaps. has 1 resource instances",
      "NamespaceFinalizersRemaining True: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    ])
    await cluster.edit(ConfigMap, held, ({ metadata }) => (metadata.finalizers = []))
    await cluster.advance(10_000)
    expect([await exists(), cluster.errors]).toEqual([false, []])
  })
})
