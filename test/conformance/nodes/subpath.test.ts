import { expect } from "vitest"
import type { Json } from "../harness.ts"
import { outputOf, podOf, shell } from "./pods.ts"
import { type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

// One file of a volume that is written atomically, mounted alone.

useRealNodes()

const make = ({ api, namespace }: NodesWorld, plural: string, data: Json) =>
  api.create(`/api/v1/namespaces/${namespace}/${plural}`, { metadata: { name: "source" }, ...data })

async function supports(
  world: NodesWorld,
  volume: Json,
  subPath: string,
  content: string,
  mountPath = "/probe",
) {
  const container = shell(`cat ${mountPath}`, {
    volumeMounts: [{ name: "volume", mountPath, subPath }],
  })
  const pod = podOf("reader", [container], { spec: { volumes: [{ name: "volume", ...volume }] } })
  expect(await outputOf(world, pod)).toBe(content)
}

const title = "[sig-storage] Subpath Atomic writer volumes should support subpaths with"
const configMap = { configMap: { name: "source" } }

onRealNodes(`${title} configmap pod [Conformance]`, async (world) => {
  await make(world, "configmaps", { data: { key: "of the map" } })
  await supports(world, configMap, "key", "of the map")
})
onRealNodes(`${title} configmap pod with mountPath of existing file [Conformance]`, async (world) => {
  await make(world, "configmaps", { data: { key: "of the map" } })
  await supports(world, configMap, "key", "of the map", "/etc/passwd")
})
onRealNodes(`${title} secret pod [Conformance]`, async (world) => {
  await make(world, "secrets", { stringData: { key: "of the secret" } })
  await supports(world, { secret: { secretName: "source" } }, "key", "of the secret")
})
const items = [{ path: "downward/podname", fieldRef: { fieldPath: "metadata.name" } }]
onRealNodes(`${title} downward pod [Conformance]`, (world) =>
  supports(world, { downwardAPI: { items } }, "downward/podname", "reader"),
)
onRealNodes(`${title} projected pod [Conformance]`, (world) =>
  supports(world, { projected: { sources: [{ downwardAPI: { items } }] } }, "downward/podname", "reader"),
)
