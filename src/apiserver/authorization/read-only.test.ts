import { expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { SelfSubjectAccessReview } from "../../api/authorization/v1/self-subject-access-review.ts"
import { createMemoryStore } from "../../etcd/memory/memory-store.ts"
import { realClock } from "../../base/real/clock.ts"
import { startTestServer } from "../testing.ts"
import type { Authorizer } from "./authorizer.ts"
import { readOnly } from "./read-only.ts"

const allowAll: Authorizer = {
  authorize: () => ({ decision: "allowed", reason: "" }),
  rulesFor: () => ({
    resourceRules: [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"] },
      { verbs: ["delete"], apiGroups: [""], resources: ["pods"] },
    ],
    nonResourceRules: [],
    incomplete: false,
  }),
}

test("what is there can be read, and nobody changes it", async () => {
  const store = createMemoryStore({ clock: realClock })
  const before = await startTestServer({ store })
  const metadata = { namespace: "default", name: "a" }
  await before.client.create(ConfigMap, { metadata, data: { x: "1" } })
  await before.stop()

  const authorizer = readOnly(allowAll, { exempt: "system:apiserver", reason: "this is a backup" })
  const { client, stop } = await startTestServer({ store, authorizer })
  const found = await client.get(ConfigMap, metadata)
  expect(found.data).toEqual({ x: "1" })
  for (const change of [
    client.create(ConfigMap, { metadata: { ...metadata, name: "b" } }),
    client.update(ConfigMap, { ...found, data: {} }),
    client.patch(ConfigMap, metadata, { type: "merge", body: { data: {} } }),
    client.delete(ConfigMap, metadata),
  ])
    await expect(change).rejects.toThrow(/configmaps.* is forbidden: .*: this is a backup/)
  // Asking what one may do is no change; the answer is true.
  for (const [verb, allowed] of [
    ["list", true],
    ["delete", false],
  ] as const) {
    const resourceAttributes = { namespace: "default", verb, resource: "configmaps" }
    const review = await client.create(SelfSubjectAccessReview, { spec: { resourceAttributes } })
    expect(review.status?.allowed).toBe(allowed)
  }
  await stop()
})

test("the rules that are told leave out what is denied", async () => {
  const authorizer = readOnly(allowAll, { exempt: "system:apiserver", reason: "" })
  const rules = await authorizer.rulesFor({ name: "x", groups: [], extra: {} }, "default")
  expect(rules.resourceRules).toEqual([
    { verbs: ["get", "list", "watch"], apiGroups: ["*"], resources: ["*"] },
    { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"] },
  ])
})
