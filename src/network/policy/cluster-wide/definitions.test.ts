import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CustomResourceDefinition } from "../../../api/apiextensions/v1/custom-resource-definition.ts"
import { startTestServer, type TestServer } from "../../../apiserver/testing.ts"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { toClusterPolicy } from "./cluster-policy.ts"
import { ensureClusterPolicyDefinitions } from "./definitions.ts"
import { PolicyReporter } from "./policy-reporter.ts"
import {
  AdminNetworkPolicy,
  type AnyClusterPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
} from "./resources.ts"

const everybody = { namespaces: {} }
const x = { namespaces: { matchLabels: { team: "x" } } }
const rule = { action: "Deny", from: [everybody] }

describe("the definitions of cluster-wide policies", () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startTestServer()
    await ensureClusterPolicyDefinitions(server.client)
    // A second start finds them.
    await ensureClusterPolicyDefinitions(server.client)
  })
  afterAll(() => server.stop())

  const create = (kind: typeof ClusterNetworkPolicy, name: string, spec: object) =>
    server.client.create(kind, { metadata: { name }, spec })
  const createCluster = (name: string, spec: object) => create(ClusterNetworkPolicy, name, spec)
  const createAdmin = (name: string, spec: object) =>
    create(AdminNetworkPolicy as unknown as typeof ClusterNetworkPolicy, name, spec)

  it("are served at once", async () => {
    await expect
      .poll(async () => {
        const { items } = await server.client.list(CustomResourceDefinition)
        return items.map(
          ({ status }) => status.conditions?.find(({ type }) => type === "Established")?.status,
        )
      })
      .toEqual(["True", "True", "True"])
  })

  it("take what the API describes", async () => {
    await createCluster("all", {
      tier: "Admin",
      priority: 1000,
      subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: "web" } } } },
      ingress: [
        {
          name: "web",
          action: "Accept",
          from: [x],
          protocols: [{ tcp: { destinationPort: { number: 80 } } }],
        },
      ],
      egress: [
        {
          action: "Pass",
          to: [{ nodes: {} }, { networks: ["10.0.0.0/8", "fd00::/8"] }],
          protocols: [{ udp: { destinationPort: { range: { start: 1, end: 2 } } } }],
        },
        { action: "Deny", to: [everybody], protocols: [{ destinationNamedPort: "web" }] },
      ],
    })
    await createAdmin("all", {
      priority: 0,
      subject: x,
      ingress: [{ action: "Allow", from: [x], ports: [{ portNumber: { port: 80 } }] }],
    })
    const { spec } = await server.client.get(AdminNetworkPolicy, { name: "all" })
    expect(spec.ingress![0]!.ports).toEqual([{ portNumber: { protocol: "TCP", port: 80 } }])
  })

  it.each<[string, object, RegExp]>([
    ["a priority beyond 1000", { tier: "Admin", priority: 1001, subject: x }, /spec.priority.*1000/],
    ["no priority", { tier: "Admin", subject: x }, /spec.priority.*[Rr]equired/],
    ["another tier", { tier: "Middle", priority: 1, subject: x }, /spec.tier.*supported values/],
    ["no subject", { tier: "Admin", priority: 1, subject: {} }, /spec.subject/],
    [
      "two subjects",
      { tier: "Admin", priority: 1, subject: { ...x, pods: { podSelector: {} } } },
      /spec.subject/,
    ],
    [
      "no peer",
      { tier: "Admin", priority: 1, subject: x, ingress: [{ action: "Deny", from: [] }] },
      /spec.ingress\[0\].from/,
    ],
    [
      "nodes as a source",
      { tier: "Admin", priority: 1, subject: x, ingress: [{ action: "Deny", from: [{ nodes: {} }] }] },
      /spec.ingress\[0\].from\[0\]/,
    ],
    [
      "a name of domains",
      {
        tier: "Admin",
        priority: 1,
        subject: x,
        egress: [{ action: "Accept", to: [{ domainNames: ["example.com"] }] }],
      },
      /spec.egress\[0\].to\[0\]/,
    ],
    [
      "what is no CIDR",
      {
        tier: "Admin",
        priority: 1,
        subject: x,
        egress: [{ action: "Deny", to: [{ networks: ["10.0.0.0/99"] }] }],
      },
      /Invalid CIDR/,
    ],
    [
      "named ports of networks",
      {
        tier: "Admin",
        priority: 1,
        subject: x,
        egress: [
          {
            action: "Deny",
            to: [{ networks: ["10.0.0.0/8"] }],
            protocols: [{ destinationNamedPort: "web" }],
          },
        ],
      },
      /networks\/nodes peer cannot be set with namedPorts/,
    ],
    [
      "a range that ends before it starts",
      {
        tier: "Admin",
        priority: 1,
        subject: x,
        ingress: [{ ...rule, protocols: [{ tcp: { destinationPort: { range: { start: 9, end: 9 } } } }] }],
      },
      /Start port must be less than End port/,
    ],
  ])("refuse %s", async (_, spec, message) => {
    await expect(createCluster("bad", spec)).rejects.toThrow(message)
  })

  it("know one baseline policy, called default", async () => {
    const kind = BaselineAdminNetworkPolicy as unknown as typeof ClusterNetworkPolicy
    await expect(create(kind, "other", { subject: x, ingress: [rule] })).rejects.toThrow(/name="default"/)
    await create(kind, "default", { subject: x, ingress: [rule] })
    await expect(
      server.client.update(kind, {
        ...(await server.client.get(kind, { name: "default" })),
        spec: { subject: x, ingress: [{ action: "Pass", from: [everybody] }] },
      } as unknown as ClusterNetworkPolicy),
    ).rejects.toThrow(/spec.ingress\[0\].action/)
  })

  it("have a place for every node to say that a policy holds there", async () => {
    const policy = await createCluster("told", { tier: "Baseline", priority: 1, subject: x, ingress: [rule] })
    const report = async (nodeName: string, current: AnyClusterPolicy) => {
      const reporter = new PolicyReporter({
        client: server.client,
        nodeName,
        clock: realClock,
        log: silentLogger,
      })
      reporter.set("ClusterNetworkPolicy/told", { policy: current, isWhole: true })
      await reporter.report()
      return server.client.get(ClusterNetworkPolicy, { name: "told" })
    }
    await report("one", policy)
    const told = await report("two", policy)
    expect(told.status!.conditions!.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ["Ready-In-Zone-one", "True", "Enforced"],
      ["Ready-In-Zone-two", "True", "Enforced"],
    ])
    // After a restart there is nothing new to tell.
    const again = await report("one", told)
    expect(again.metadata.resourceVersion).toBe(told.metadata.resourceVersion)
  })
})

describe("what is unknown", () => {
  const policy = (action: string, peer: object) =>
    toClusterPolicy("ClusterNetworkPolicy", {
      metadata: { name: "p" },
      spec: { tier: "Admin", priority: 1, subject: x, ingress: [{ action, from: [peer] }] },
    } as unknown as AnyClusterPolicy)

  it("accepts nothing, and denies everything", () => {
    expect(policy("Accept", { planets: {} })).toMatchObject({ isWhole: false, rules: { ingress: [] } })
    for (const action of ["Deny", "Pass"])
      expect(policy(action, { planets: {} })).toMatchObject({
        isWhole: false,
        rules: { ingress: [{ action: "Deny", peers: [], ports: [] }] },
      })
    expect(policy("Deny", x)).toMatchObject({ isWhole: true })
  })
})
