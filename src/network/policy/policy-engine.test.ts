import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Labels } from "../../apimachinery/labels.ts"
import type { NetworkPolicy, NetworkPolicySpec } from "../../api/networking/v1/network-policy.ts"
import { toClusterPolicy } from "./cluster-wide/cluster-policy.ts"
import type { AnyClusterPolicy } from "./cluster-wide/resources.ts"
import { isAllowed } from "./model/is-allowed.ts"
import type { Connection, PolicyWorld } from "./model/policy-world.ts"
import { PolicyEngine } from "./policy-engine.ts"
import type { PolicyPod } from "./policy-pod.ts"
import { fixedSets } from "./policy-table.ts"
import { SimulatedTable } from "./testing/simulated-table.ts"

/** The engine and the oracle side by side: every change goes to both, and they must agree on every connection. */
class World {
  readonly policies = new Map<string, NetworkPolicy>()
  readonly pods = new Map<string, PolicyPod>()
  readonly namespaces = new Map<string, Labels>()
  readonly clusterPolicies = new Map<string, AnyClusterPolicy>()
  readonly nodes = new Map<string, { labels: Labels; addresses: string[] }>()
  readonly #engine = new PolicyEngine("cortest", [4])
  #table = new SimulatedTable(fixedSets)

  setPod(key: string, pod: PolicyPod | undefined): void {
    if (pod) this.pods.set(key, pod)
    else this.pods.delete(key)
    this.#engine.setPod(key, pod)
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels) this.namespaces.set(name, labels)
    else this.namespaces.delete(name)
    this.#engine.setNamespace(name, labels)
  }

  setPolicy(key: string, spec: NetworkPolicySpec | undefined): void {
    const policy = spec && ({ metadata: { namespace: key.split("/")[0], name: key }, spec } as NetworkPolicy)
    if (policy) this.policies.set(key, policy)
    else this.policies.delete(key)
    this.#engine.setPolicy(key, policy)
  }

  setClusterPolicy(kind: string, name: string, spec: object | undefined): void {
    const policy = spec && ({ kind, metadata: { name }, spec } as unknown as AnyClusterPolicy)
    const id = `${kind}/${name}`
    if (policy) this.clusterPolicies.set(id, policy)
    else this.clusterPolicies.delete(id)
    this.#engine.setClusterPolicy(id, policy && toClusterPolicy(kind, policy))
  }

  setNode(name: string, node: { labels: Labels; addresses: string[] } | undefined): void {
    if (node) this.nodes.set(name, node)
    else this.nodes.delete(name)
    this.#engine.setNode(name, node)
  }

  apply(): void {
    this.#table.apply(this.#engine.takeChange())
  }

  /** As after a restart of the kernel's side. */
  applyAll(): void {
    this.#table = new SimulatedTable(fixedSets)
    const text = this.#engine.takeAll()
    this.#table.apply(text.slice(text.lastIndexOf("\n}\n") + 3))
  }

  get tableSize() {
    return this.#table.size
  }

  check(): void {
    const world = {
      policies: [...this.policies.values()],
      clusterPolicies: [...this.clusterPolicies.values()],
      nodes: [...this.nodes.values()],
      pods: [...this.pods.values()],
      namespaces: this.namespaces,
    }
    const addresses = [...world.pods.flatMap((pod) => pod.addresses), "192.0.2.7", "10.9.9.9"]
    for (const from of addresses)
      for (const to of addresses)
        for (const [protocol, port] of [
          ["TCP", 80],
          ["TCP", 81],
          ["UDP", 53],
        ] as const) {
          const connection = { from, to, protocol, port }
          // Ends on other nodes are judged there.
          const isLocal = (address: string) =>
            world.pods.some((pod) => pod.local && pod.addresses.includes(address))
          if (!isLocal(from) && !isLocal(to)) continue
          const expected = localEndsAllow(world, connection, isLocal)
          if (this.#table.accepts(connection) !== expected)
            expect({ ...connection, accepted: !expected }).toEqual({ ...connection, accepted: expected })
        }
  }
}

/** True when no end on this node has an objection: each direction judged alone. */
function localEndsAllow(
  world: PolicyWorld,
  connection: Connection,
  isLocal: (address: string) => boolean,
): boolean {
  const about = (direction: "Ingress" | "Egress") => ({
    ...world,
    policies: world.policies
      .filter(({ spec }) => spec.policyTypes?.includes(direction))
      .map((policy) => ({ ...policy, spec: { ...policy.spec, policyTypes: [direction] } })),
    clusterPolicies: (world.clusterPolicies ?? []).map((policy) => {
      const { ingress, egress, ...rest } = policy.spec
      const rules = direction === "Ingress" ? { ingress } : { egress }
      return { ...policy, spec: { ...rest, ...rules } } as AnyClusterPolicy
    }),
  })
  const leaves = !isLocal(connection.from) || isAllowed(about("Egress"), connection)
  const arrives = !isLocal(connection.to) || isAllowed(about("Ingress"), connection)
  return leaves && arrives
}

const labels = fc.record(
  { app: fc.constantFrom("web", "db"), tier: fc.constantFrom("a", "b") },
  { requiredKeys: [] },
)
const selector = fc.oneof(
  fc.constant({}),
  labels.map((matchLabels) => ({ matchLabels })),
  fc.constantFrom(
    { matchExpressions: [{ key: "app", operator: "In", values: ["web", "db"] }] },
    { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
    { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] },
  ),
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.constantFrom(
    { ipBlock: { cidr: "0.0.0.0/0" } },
    { ipBlock: { cidr: "10.0.0.0/8", except: ["10.9.0.0/16", "10.9.9.0/24"] } },
    { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.0/24"] } },
    { ipBlock: { cidr: "fd00::/8" } },
  ),
)
const port = fc.oneof(
  fc.constantFrom<object>(
    { protocol: "TCP" },
    { port: 80 },
    { port: 80, endPort: 90, protocol: "TCP" },
    { port: 81, protocol: "TCP" },
    { protocol: "UDP", port: 53 },
    { port: "http", protocol: "TCP" },
    { port: "dns", protocol: "UDP" },
  ),
)
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 3 })
const spec = fc
  .record({
    podSelector: selector,
    ingress: few(fc.record({ from: few(peer), ports: few(port) })),
    egress: few(fc.record({ to: few(peer), ports: few(port) })),
    policyTypes: fc.constantFrom(["Ingress"], ["Egress"], ["Ingress", "Egress"]),
  })
  .map((value) => value as unknown as NetworkPolicySpec)
const namespace = fc.constantFrom("one", "two")
const subject = fc.oneof(
  fc.record({ namespaces: selector }),
  fc.record({ pods: fc.record({ namespaceSelector: selector, podSelector: selector }) }),
)
const egressPeer = fc.oneof(
  subject,
  fc.record({ nodes: selector }),
  fc.constantFrom({ networks: ["10.244.0.4/31", "192.0.2.0/24"] }, { networks: ["0.0.0.0/0"] }),
)
const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 2 })
const adminPorts = few(
  fc.constantFrom<object>(
    { portNumber: { protocol: "TCP", port: 80 } },
    { portRange: { protocol: "TCP", start: 81, end: 90 } },
    { portNumber: { protocol: "UDP", port: 53 } },
    { namedPort: "http" },
  ),
)
const protocols = some(
  fc.constantFrom<object>(
    { tcp: { destinationPort: { number: 80 } } },
    { tcp: { destinationPort: { range: { start: 80, end: 81 } } } },
    { udp: {} },
    { destinationNamedPort: "dns" },
  ),
)
const allActions = ["Accept", "Deny", "Pass"]
const adminActions = ["Allow", "Deny", "Pass"]
const clusterRules = (actions: string[], ports: object) => ({
  ingress: few(fc.record({ action: fc.constantFrom(...actions), from: some(subject), ...ports })),
  egress: few(fc.record({ action: fc.constantFrom(...actions), to: some(egressPeer), ...ports })),
})
const priority = fc.nat(3)
const clusterPolicy = fc.oneof(
  fc.record({
    kind: fc.constant("AdminNetworkPolicy"),
    name: fc.constantFrom("a", "b"),
    spec: fc.option(fc.record({ priority, subject, ...clusterRules(adminActions, { ports: adminPorts }) })),
  }),
  fc.record({
    kind: fc.constant("BaselineAdminNetworkPolicy"),
    name: fc.constant("default"),
    spec: fc.option(fc.record({ subject, ...clusterRules(["Allow", "Deny"], { ports: adminPorts }) })),
  }),
  fc.record({
    kind: fc.constant("ClusterNetworkPolicy"),
    name: fc.constantFrom("a", "b"),
    spec: fc.option(
      fc.record({
        tier: fc.constantFrom("Admin", "Baseline"),
        priority,
        subject,
        ...clusterRules(allActions, { protocols }),
      }),
    ),
  }),
)
const ports = fc.constantFrom(
  [],
  [{ name: "http", protocol: "TCP" as const, port: 80 }],
  [
    { name: "http", protocol: "TCP" as const, port: 81 },
    { name: "dns", protocol: "UDP" as const, port: 53 },
  ],
)
const step = fc.oneof(
  fc.record({
    kind: fc.constant("pod" as const),
    index: fc.nat(5),
    pod: fc.option(fc.record({ namespace, labels, ports, local: fc.boolean() })),
  }),
  fc.record({ kind: fc.constant("policy" as const), namespace, index: fc.nat(2), spec: fc.option(spec) }),
  fc.record({ kind: fc.constant("namespace" as const), namespace, labels: fc.option(labels) }),
  fc.record({ kind: fc.constant("cluster policy" as const), policy: clusterPolicy }),
  fc.record({ kind: fc.constant("node" as const), labels: fc.option(labels) }),
  fc.record({ kind: fc.constant("restart" as const) }),
)

function take(world: World, action: typeof step extends fc.Arbitrary<infer T> ? T : never): void {
  switch (action.kind) {
    case "pod":
      return world.setPod(
        `pod-${action.index}`,
        action.pod ? { ...action.pod, addresses: [`10.244.0.${action.index + 2}`] } : undefined,
      )
    case "policy":
      return world.setPolicy(`${action.namespace}/policy-${action.index}`, action.spec ?? undefined)
    case "namespace":
      return world.setNamespace(action.namespace, action.labels ?? undefined)
    case "cluster policy":
      return world.setClusterPolicy(action.policy.kind, action.policy.name, action.policy.spec ?? undefined)
    case "node":
      return world.setNode(
        "node",
        action.labels ? { labels: action.labels, addresses: ["192.0.2.7"] } : undefined,
      )
    case "restart":
      return world.applyAll()
  }
}

describe("PolicyEngine", () => {
  it("agrees with the definition after any changes, by commands that the kernel takes", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
        const world = new World()
        for (const name of ["one", "two"]) world.setNamespace(name, { app: name === "one" ? "web" : "db" })
        for (const action of steps) {
          take(world, action)
          world.apply()
          world.check()
        }
      }),
      { numRuns: 300 },
    )
  })

  it("leaves nothing when policies and pods are gone", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
        const world = new World()
        for (const action of steps) take(world, action)
        world.apply()
        for (const key of world.policies.keys()) world.setPolicy(key, undefined)
        for (const { kind, metadata } of world.clusterPolicies.values())
          world.setClusterPolicy(kind, metadata.name, undefined)
        for (const key of world.pods.keys()) world.setPod(key, undefined)
        world.apply()
        expect(world.tableSize).toEqual({ sets: fixedSets.length, chains: 0, elements: 0 })
      }),
      { numRuns: 100 },
    )
  })

  it("changes a few elements when a pod comes, however many policies there are", () => {
    const engine = new PolicyEngine("cortest", [4])
    engine.setNamespace("one", {})
    for (let index = 0; index < 50; index++)
      engine.setPolicy(`one/policy-${index}`, {
        metadata: { namespace: "one", name: `policy-${index}` },
        spec: {
          podSelector: { matchLabels: { app: `app-${index}` } },
          policyTypes: ["Ingress"],
          ingress: [{ from: [{ podSelector: { matchLabels: { app: `app-${index + 1}` } } }] }],
        },
      } as unknown as NetworkPolicy)
    engine.takeChange()
    const pod = {
      namespace: "one",
      labels: { app: "app-7" },
      addresses: ["10.244.0.9"],
      ports: [],
      local: true,
    }
    engine.setPod("one/web", pod)
    const change = engine.takeChange().trim().split("\n")
    expect(change.filter((line) => line.startsWith("add element"))).toHaveLength(3)
    expect(change.length).toBeLessThan(8)
    engine.setPod("one/web", { ...pod })
    expect(engine.takeChange()).toBe("")
  })

  it("keeps the protection of a pod whose address another had before", () => {
    const world = new World()
    world.setNamespace("one", {})
    world.setPolicy("one/deny", {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
    } as unknown as NetworkPolicySpec)
    const pod = { namespace: "one", labels: {}, addresses: ["10.244.0.5"], ports: [], local: true }
    world.setPod("one/old", pod)
    world.setPod("one/new", pod)
    world.setPod("one/old", undefined)
    world.apply()
    world.check()
  })
})
