import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts"
import { ClusterRoleBinding } from "../../api/rbac/v1/cluster-role-binding.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { createClient } from "../../client/create-client.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

const namespace = "claims"
const driver = "dials.example.com"
const group = "resource.k8s.io"
const account = "system:serviceaccount:claims:driver"
const key = { namespace, name: "dial" }
const nodeSelector = {
  nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In" as const, values: ["n1"] }] }],
}
const result = { driver, request: "dial", pool: "p", device: "a" }
const allocation = { devices: { results: [result] }, nodeSelector }

describe("the status of a claim", () => {
  let server: GuardedServer

  /** Whoever it is may write the status as a whole, and beside it what `more` says. */
  async function allow(user: string, more: { verbs: string[]; resources: string[] }[]): Promise<void> {
    const name = user.replaceAll(":", "-")
    const status = { verbs: ["get", "update", "patch"], resources: ["resourceclaims/status"] }
    const rules = [status, ...more].map((rule) => ({ ...rule, apiGroups: [group] }))
    await server.client.create(ClusterRole, { metadata: { name }, rules })
    await server.client.create(ClusterRoleBinding, {
      metadata: { name },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: user }],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    })
  }

  const clientAt = (user: string, node: string) =>
    createClient(
      server.server.transportFor({
        name: user,
        groups: ["system:authenticated"],
        extra: { "authentication.kubernetes.io/node-name": [node] },
      }),
    )
  const write = (client = server.client, status: object = {}) =>
    client.patch(ResourceClaim, key, { type: "merge", body: { status } }, { subresource: "status" }).then(
      () => "allowed",
      (error: Error) => error.message,
    )
  const telling = (type: string) => ({
    devices: [
      {
        driver,
        pool: "p",
        device: "a",
        conditions: [
          { type, status: "True", reason: "R", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
        ],
      },
    ],
  })

  beforeAll(async () => {
    server = await startGuardedServer()
    await server.client.create(Namespace, { metadata: { name: namespace } })
    await server.client.create(ResourceClaim, {
      metadata: key,
      spec: { devices: { requests: [{ name: "dial", exactly: { deviceClassName: "dials" } }] } },
    })
  })
  afterAll(() => server.stop())

  it("is given devices by who may bind them", async () => {
    await allow("meddler", [])
    expect(await write(server.clientOf("meddler"), { allocation })).toBe(
      `ResourceClaim.resource.k8s.io "dial" is invalid: status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="patch" permission: resourceclaims.resource.k8s.io is forbidden: User "meddler" cannot patch resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope`,
    )
    expect(await write(server.clientOf("system:kube-scheduler"), { allocation })).toBe("allowed")
  })

  it("tells of devices what their driver says, on their node", async () => {
    await allow(account, [{ verbs: ["associated-node:patch"], resources: ["resourceclaims/driver"] }])
    expect(await write(clientAt(account, "n2"), telling("Ready"))).toBe(
      `ResourceClaim.resource.k8s.io "dial" is invalid: status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:patch]" permission: resourceclaims.resource.k8s.io "${driver}" is forbidden: User "${account}" cannot arbitrary-node:patch resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "claims"`,
    )
    expect(await write(clientAt(account, "n1"), telling("Ready"))).toBe("allowed")
    expect(await write(server.clientOf("meddler"), { devices: [] })).toContain("cannot arbitrary-node:patch")
    // Who changes nothing of it needs nothing.
    expect(await write(server.clientOf("meddler"), telling("Ready"))).toBe("allowed")
  })

  it("tells it from anywhere where a driver may", async () => {
    await allow("central", [{ verbs: ["arbitrary-node:patch"], resources: ["resourceclaims/driver"] }])
    expect(await write(server.clientOf("central"), telling("Bright"))).toBe("allowed")
  })

  it("forgets what was told of devices when they are taken back", async () => {
    expect((await server.client.get(ResourceClaim, key)).status.devices).toHaveLength(1)
    expect(await write(server.clientOf("system:kube-scheduler"), { allocation: null })).toBe("allowed")
    expect((await server.client.get(ResourceClaim, key)).status).toEqual({})
  })
})
