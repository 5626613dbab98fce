import { expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { decodeEnvelope, decodeProtobuf, hasEnvelope } from "../../apimachinery/codec/protobuf.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { realClock } from "../../base/real/clock.ts"
import { createMemoryStore } from "../../etcd/memory/memory-store.ts"
import { startTestServer } from "../testing.ts"
import { createStorageCodec } from "./storage-codec.ts"
import { upgradeLegacy } from "./upgrade-legacy.ts"

/** What upstream's serializer writes for it, made with k8s.io/apimachinery v0.36.0. */
const upstreamsBytes =
  "6b3873000a0f0a0276311209436f6e6669674d617012770a550a047061676512001a0568656c6c6f22002a2436663665386236632d35643563" +
  "2d346138652d396135332d30653266356437633161313132003800420808a5ebdcca0610005a060a01611201315a060a0162120132" +
  "12090a05656d707479120012130a0a696e6465782e68746d6c120568656c6c6f1a002200"

test("protobuf in the store is upstream's, byte for byte", () => {
  const codec = createStorageCodec(ConfigMap, {
    fromForeign: (bytes) => decodeProtobuf(ConfigMap.schema, decodeEnvelope(bytes)) as unknown as KubeObject,
    mediaType: "application/vnd.kubernetes.protobuf",
  })
  const bytes = codec.encode({
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: {
      name: "page",
      namespace: "hello",
      uid: "6f6e8b6c-5d5c-4a8e-9a53-0e2f5d7c1a11",
      resourceVersion: "77",
      creationTimestamp: "2026-01-02T03:04:05Z",
      labels: { b: "2", a: "1" },
    },
    data: { "index.html": "hello", empty: "" },
  } as KubeObject)
  expect(Buffer.from(bytes).toString("hex")).toBe(upstreamsBytes)
  const others = Uint8Array.from(Buffer.from(upstreamsBytes, "hex"))
  expect(codec.decode(others).metadata.labels).toEqual({ a: "1", b: "2" })
  expect(codec.isCurrent(others)).toBe(true)
  expect(codec.isCurrent(new TextEncoder().encode('{"kind":"ConfigMap","apiVersion":"v1"}'))).toBe(false)
})

test.each(["application/json", "application/vnd.kubernetes.protobuf"] as const)(
  "what was written in one way is read by a server that writes %s",
  async (storageMediaType) => {
    const store = createMemoryStore({ clock: realClock })
    const other =
      storageMediaType === "application/json" ? "application/vnd.kubernetes.protobuf" : "application/json"
    const before = await startTestServer({ store, storageMediaType: other })
    const metadata = { namespace: "default", name: "a", labels: { x: "1" } }
    const made = await before.client.create(Pod, {
      metadata,
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "100m" } } }] },
    })
    await before.stop()

    const after = await startTestServer({ store, storageMediaType })
    expect(await after.client.get(Pod, metadata)).toEqual(made)
    const labelled = { ...made, metadata: { ...made.metadata, labels: { x: "2" } } }
    const updated = await after.client.update(Pod, labelled)
    expect(updated.metadata.labels).toEqual({ x: "2" })
    const [stored] = (await store.range({ key: "/registry/pods/default/a" })).kvs
    expect(hasEnvelope(stored!.value)).toBe(storageMediaType !== "application/json")
    await after.stop()
  },
)

test("a definition as real clusters store it becomes one of today", () => {
  const column = { name: "Size", type: "integer", JSONPath: ".spec.size" }
  const legacy = {
    apiVersion: "apiextensions.k8s.io/v1beta1",
    kind: "CustomResourceDefinition",
    metadata: { name: "boats.example.com" },
    spec: {
      group: "example.com",
      version: "v1",
      names: { plural: "boats", kind: "Boat" },
      scope: "Namespaced",
      validation: { openAPIV3Schema: { type: "object" } },
      subresources: { status: {} },
      additionalPrinterColumns: [column],
      versions: [{ name: "v1", served: true, storage: true }],
      conversion: {
        strategy: "Webhook",
        webhookClientConfig: { url: "u" },
        conversionReviewVersions: ["v1"],
      },
      preserveUnknownFields: false,
    },
    status: { storedVersions: ["v1"] },
  } as unknown as KubeObject
  expect(upgradeLegacy(legacy)).toEqual({
    ...legacy,
    apiVersion: "apiextensions.k8s.io/v1",
    spec: {
      group: "example.com",
      names: { plural: "boats", kind: "Boat" },
      scope: "Namespaced",
      preserveUnknownFields: false,
      conversion: {
        strategy: "Webhook",
        webhook: { clientConfig: { url: "u" }, conversionReviewVersions: ["v1"] },
      },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object" } },
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
        },
      ],
    },
  })
})
