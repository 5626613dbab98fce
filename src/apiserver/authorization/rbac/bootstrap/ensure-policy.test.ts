import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ClusterRoleBinding } from "../../../../api/rbac/v1/cluster-role-binding.ts"
import { ClusterRole } from "../../../../api/rbac/v1/cluster-role.ts"
import { Role } from "../../../../api/rbac/v1/role.ts"
import { startTestServer, type TestServer } from "../../../testing.ts"
import { defaultPolicy } from "./default-policy.ts"
import { ensurePolicy } from "./ensure-policy.ts"

let test: TestServer
beforeEach(async () => {
  test = await startTestServer()
  await ensurePolicy(test.client, defaultPolicy())
})
afterEach(() => test.stop())

const get = (name: string) => test.client.get(ClusterRole, { name })

describe("ensurePolicy", () => {
  it("makes the default roles and bindings, aggregated ones included", async () => {
    const { items } = await test.client.list(ClusterRole)
    expect(items.length).toBe(defaultPolicy().clusterRoles.length)
    expect((await get("view")).rules).toContainEqual({
      apiGroups: ["batch"],
      resources: ["cronjobs", "cronjobs/status", "jobs", "jobs/status"],
      verbs: ["get", "list", "watch"],
    })
    const edit = (await get("edit")).rules ?? []
    expect((await get("admin")).rules).toEqual(expect.arrayContaining(edit))
    await test.client.get(Role, { namespace: "kube-system", name: "system::leader-locking-kube-scheduler" })
  })

  it("changes nothing the second time", async () => {
    const before = await test.store.currentRevision()
    await ensurePolicy(test.client, defaultPolicy())
    expect(await test.store.currentRevision()).toBe(before)
  })

  it("gives back what was taken away and keeps what was added", async () => {
    const dns = await get("system:kube-dns")
    const added = { apiGroups: ["example.com"], resources: ["widgets"], verbs: ["get"] }
    await test.client.update(ClusterRole, { ...dns, rules: [added] })
    const binding = await test.client.get(ClusterRoleBinding, { name: "system:kube-dns" })
    const jane = { kind: "User", name: "jane", apiGroup: "rbac.authorization.k8s.io" }
    await test.client.update(ClusterRoleBinding, { ...binding, subjects: [jane] })
    await ensurePolicy(test.client, defaultPolicy())
    const { rules } = await get("system:kube-dns")
    expect(rules).toContainEqual(added)
    expect(rules).toContainEqual({ apiGroups: [""], resources: ["services"], verbs: ["watch"] })
    const { subjects } = await test.client.get(ClusterRoleBinding, { name: "system:kube-dns" })
    expect(subjects).toEqual([jane, { kind: "ServiceAccount", name: "kube-dns", namespace: "kube-system" }])
  })

  it("leaves alone what is protected", async () => {
    const dns = await get("system:kube-dns")
    const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" }
    await test.client.update(ClusterRole, { ...dns, metadata: { ...dns.metadata, annotations }, rules: [] })
    await ensurePolicy(test.client, defaultPolicy())
    expect((await get("system:kube-dns")).rules ?? []).toEqual([])
  })

  it("binds the right role again", async () => {
    const binding = await test.client.get(ClusterRoleBinding, { name: "system:discovery" })
    await test.client.delete(ClusterRoleBinding, { name: "system:discovery" })
    await test.client.create(ClusterRoleBinding, {
      ...binding,
      metadata: { name: "system:discovery" },
      roleRef: { ...binding.roleRef, name: "cluster-admin" },
    })
    await ensurePolicy(test.client, defaultPolicy())
    const { roleRef } = await test.client.get(ClusterRoleBinding, { name: "system:discovery" })
    expect(roleRef.name).toBe("system:discovery")
  })
})
