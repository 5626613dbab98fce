import { describe, expect, it } from "vitest"
import type { NetworkPolicy, NetworkPolicySpec } from "../../../api/networking/v1/network-policy.ts"
import type { AnyClusterPolicy } from "../cluster-wide/resources.ts"
import { isAllowed } from "./is-allowed.ts"
import type { PolicyWorld } from "./policy-world.ts"

const address = { "x/web": "10.0.0.1", "x/db": "10.0.0.2", "y/web": "10.0.0.3", outside: "192.0.2.1" }
type Place = keyof typeof address

function world(
  policies: Record<string, Partial<NetworkPolicySpec>>,
  clusterPolicies: readonly object[] = [],
): PolicyWorld {
  return {
    policies: Object.entries(policies).map(
      ([namespace, spec]) =>
        ({ metadata: { namespace, name: "p" }, spec: { podSelector: {}, ...spec } }) as NetworkPolicy,
    ),
    clusterPolicies: clusterPolicies as readonly AnyClusterPolicy[],
    namespaces: new Map(["x", "y"].map((name) => [name, { team: name }])),
    pods: (["x/web", "x/db", "y/web"] as const).map((key) => ({
      namespace: key[0]!,
      labels: { app: key.slice(2) },
      addresses: [address[key]],
      ports: [{ name: "http", protocol: "TCP", port: key === "x/db" ? 81 : 80 }],
      local: true,
    })),
  }
}

const allows = (where: PolicyWorld, from: Place, to: Place, port = 80) =>
  isAllowed(where, { from: address[from], to: address[to], protocol: "TCP", port })

describe("what policies mean", () => {
  it("everybody talks to everybody while nobody says otherwise", () => {
    expect(allows(world({}), "outside", "x/web")).toBe(true)
  })

  it("a pod that a policy selects hears those alone that it names; answers and other directions are not asked", () => {
    const closed = world({
      x: {
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }] }],
      },
    })
    expect(allows(closed, "x/web", "x/db")).toBe(true)
    // The same labels in another namespace are not meant.
    expect(allows(closed, "y/web", "x/db")).toBe(false)
    expect(allows(closed, "outside", "x/db")).toBe(false)
    expect(allows(closed, "x/db", "outside")).toBe(true)
    expect(allows(closed, "x/db", "x/db")).toBe(true)
  })

  it("a connection needs the leave of both its ends", () => {
    const open = { policyTypes: ["Ingress"], ingress: [{}] } as Partial<NetworkPolicySpec>
    const shut = { policyTypes: ["Egress"] } as Partial<NetworkPolicySpec>
    expect(allows(world({ x: open, y: shut }), "y/web", "x/web")).toBe(false)
    expect(allows(world({ x: open }), "y/web", "x/web")).toBe(true)
  })

  it("a port's name is what the pod that is connected to calls so", () => {
    const named = world({
      x: { policyTypes: ["Ingress"], ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }] },
    })
    expect(
      ["x/web", "x/db"].map((to) => [80, 81].map((port) => allows(named, "outside", to as Place, port))),
    ).toEqual([
      [true, false],
      [false, true],
    ])
  })

  it("the node that runs a pod may always connect to it, but no other node", () => {
    const shut = world({ x: { policyTypes: ["Ingress", "Egress"] } })
    const onNode = (nodeAddresses: string[]) => ({
      ...shut,
      pods: shut.pods.map((pod) => ({ ...pod, nodeAddresses })),
    })
    expect(allows(onNode([address.outside]), "outside", "x/web")).toBe(true)
    expect(allows(onNode([address.outside]), "x/web", "outside")).toBe(false)
    expect(allows(onNode(["192.0.2.2"]), "outside", "x/web")).toBe(false)
  })

  it("a block's exceptions are not in it", () => {
    const block = { cidr: "192.0.2.0/24", except: ["192.0.2.0/30"] }
    const blocked = world({ x: { policyTypes: ["Ingress"], ingress: [{ from: [{ ipBlock: block }] }] } })
    expect(allows(blocked, "outside", "x/web")).toBe(false)
  })
})

describe("what cluster-wide policies mean", () => {
  const everybody = { namespaces: {} }
  const x = { namespaces: { matchLabels: { team: "x" } } }
  const y = { namespaces: { matchLabels: { team: "y" } } }
  const policy = (tier: string, priority: number, ...ingress: object[]) => ({
    kind: "ClusterNetworkPolicy",
    metadata: { name: `${tier}-${priority}` },
    spec: { tier, priority, subject: x, ingress },
  })
  const rule = (action: string, peer: object) => ({ action, from: [peer] })
  const closed = { x: { policyTypes: ["Ingress"] } } as Record<string, Partial<NetworkPolicySpec>>

  it("the tier Admin comes before the namespace's own policies, Baseline after them", () => {
    expect(allows(world(closed, [policy("Admin", 1, rule("Accept", y))]), "y/web", "x/web")).toBe(true)
    expect(allows(world(closed, [policy("Baseline", 1, rule("Accept", y))]), "y/web", "x/web")).toBe(false)
    expect(allows(world({}, [policy("Baseline", 1, rule("Deny", y))]), "y/web", "x/web")).toBe(false)
  })

  it("the lower number decides, and Pass leaves the tier", () => {
    const late = policy("Admin", 9, rule("Accept", everybody))
    expect(allows(world({}, [late, policy("Admin", 3, rule("Deny", y))]), "y/web", "x/web")).toBe(false)
    const pass = policy("Admin", 3, rule("Pass", y))
    expect(allows(world(closed, [late, pass]), "y/web", "x/web")).toBe(false)
    expect(allows(world({}, [late, pass]), "y/web", "x/web")).toBe(true)
  })

  it("who is outside is in no namespace", () => {
    expect(allows(world({}, [policy("Admin", 1, rule("Deny", everybody))]), "outside", "x/web")).toBe(true)
  })
})
