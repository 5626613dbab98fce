import type { NetworkPolicySpec } from "../../../src/api/networking/v1/network-policy.ts"
import { integer } from "../../../src/base/random.ts"
import { SeededRandom } from "../../../src/base/simulated/random.ts"

/** Policies that hold together for one round, by "namespace/name". */
export interface Round {
  readonly name: string
  readonly policies: Readonly<Record<string, NetworkPolicySpec>>
  /** Policies of the cluster's administrators, by "Kind/name". */
  readonly clusterWide?: Readonly<Record<string, object>>
}

/** Namespaces have the label `team` with their name, pods `pod` with theirs; `tier` is "front" for a and b, "back" for c. */
const pod = (name: string) => ({ podSelector: { matchLabels: { pod: name } } })
const team = (name: string) => ({ namespaceSelector: { matchLabels: { team: name } } })
const everyone = {}
const ingress = (podSelector: object, ...rules: object[]) =>
  ({ podSelector, policyTypes: ["Ingress"], ingress: rules }) as NetworkPolicySpec
const egress = (podSelector: object, ...rules: object[]) =>
  ({ podSelector, policyTypes: ["Egress"], egress: rules }) as NetworkPolicySpec
const tcp = (port: number | string, endPort?: number) => ({
  protocol: "TCP",
  port,
  ...(endPort !== undefined && { endPort }),
})
const udp = (port: number) => ({ protocol: "UDP", port })

/** Each feature once by itself, so that a failure names it. `addressOf` is for ipBlocks. */
export function plainRounds(addressOf: (pod: string) => string): Round[] {
  const one = (name: string, key: string, policy: NetworkPolicySpec): Round => ({
    name,
    policies: { [key]: policy },
  })
  const host = (name: string) => `${addressOf(name)}/32`
  return [
    { name: "no policy", policies: {} },
    one("ingress denied", "x/deny", ingress(everyone)),
    one("egress denied", "x/deny", egress(everyone)),
    one("both denied", "x/deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
    one("ingress from everybody", "x/open", ingress(everyone, {})),
    one("ingress from the same namespace", "x/own", ingress(everyone, { from: [{ podSelector: {} }] })),
    one("ingress from a pod", "x/from-b", ingress({ matchLabels: { pod: "a" } }, { from: [pod("b")] })),
    one("ingress from a namespace", "x/from-y", ingress(everyone, { from: [team("y")] })),
    one(
      "ingress from pods of a namespace",
      "x/b-of-y",
      ingress(everyone, { from: [{ ...team("y"), ...pod("b") }] }),
    ),
    one("ingress from a namespace or a pod", "x/y-or-b", ingress(everyone, { from: [team("y"), pod("b")] })),
    one(
      "ingress by expressions",
      "x/expressions",
      ingress(
        { matchExpressions: [{ key: "tier", operator: "In", values: ["front"] }] },
        {
          from: [
            {
              namespaceSelector: { matchExpressions: [{ key: "team", operator: "NotIn", values: ["z"] }] },
              podSelector: {
                matchExpressions: [
                  { key: "tier", operator: "Exists" },
                  { key: "pod", operator: "NotIn", values: ["c"] },
                ],
              },
            },
          ],
        },
      ),
    ),
    one("ingress to a port", "x/port", ingress(everyone, { ports: [tcp(80)] })),
    one("ingress to another protocol", "x/udp", ingress(everyone, { ports: [udp(80)] })),
    one("ingress to a range of ports", "x/range", ingress(everyone, { ports: [tcp(81, 90)] })),
    one("ingress to a named port", "x/named", ingress(everyone, { ports: [tcp("web")] })),
    one("egress to a named port", "x/named", egress(everyone, { ports: [tcp("web")] })),
    one(
      "ports of some peers",
      "x/ports",
      ingress(
        everyone,
        { from: [team("y")], ports: [tcp(80), udp(80)] },
        { from: [team("z")], ports: [tcp(81)] },
      ),
    ),
    one("ingress from a block", "y/block", ingress(everyone, { from: [{ ipBlock: { cidr: host("x/a") } }] })),
    one(
      "ingress from the machine",
      "y/machine",
      ingress(everyone, { from: [{ ipBlock: { cidr: host("machine") } }] }),
    ),
    one(
      "ingress from all but some",
      "y/except",
      ingress(everyone, {
        from: [{ ipBlock: { cidr: "0.0.0.0/0", except: [host("x/a"), host("machine")] } }],
      }),
    ),
    one("egress to a block", "y/block", egress(everyone, { to: [{ ipBlock: { cidr: host("machine") } }] })),
    one(
      "egress to all but some",
      "y/except",
      egress(everyone, { to: [{ ipBlock: { cidr: "10.0.0.0/8", except: [host("x/b"), host("machine")] } }] }),
    ),
    one(
      "egress to pods",
      "z/to-front",
      egress(everyone, { to: [{ namespaceSelector: {}, podSelector: { matchLabels: { tier: "front" } } }] }),
    ),
    {
      name: "policies add up",
      policies: {
        "x/deny": ingress(everyone),
        "x/from-y": ingress(pod("a").podSelector, { from: [team("y")] }),
        "x/port-of-z": ingress(everyone, { from: [team("z")], ports: [tcp(81)] }),
      },
    },
    {
      name: "both ends must agree",
      policies: {
        "x/out": egress(everyone, { to: [team("y")] }),
        "y/in": ingress(everyone, { from: [pod("a"), { ...team("x"), ...pod("b") }] }),
      },
    },
    {
      name: "egress alone does not isolate ingress",
      policies: {
        "x/out": egress(everyone, { to: [pod("c")], ports: [tcp(80)] }),
        "z/in": ingress(everyone, { from: [team("z")] }),
      },
    },
  ]
}

/** What administrators add to that: before the namespaces' own policies, and behind them. */
export function clusterWideRounds(addressOf: (pod: string) => string): Round[] {
  const of = (name: string) => ({ namespaces: { matchLabels: { team: name } } })
  const podsOf = (namespace: string, name: string) => ({
    pods: {
      namespaceSelector: { matchLabels: { team: namespace } },
      podSelector: { matchLabels: { pod: name } },
    },
  })
  const all = { namespaces: {} }
  const from = (action: string, peer: object, more = {}) => ({ action, from: [peer], ...more })
  const to = (action: string, peer: object, more = {}) => ({ action, to: [peer], ...more })
  const tcpPort = (number: number) => ({ tcp: { destinationPort: { number } } })
  const openX = { "x/open": ingress(everyone, {}) }
  const closedX = { "x/closed": ingress(everyone) }
  const admin = (priority: number, subject: object, rules: object) => ({
    tier: "Admin",
    priority,
    subject,
    ...rules,
  })
  const baseline = (subject: object, rules: object) => ({ tier: "Baseline", priority: 10, subject, ...rules })
  const one = (
    name: string,
    clusterWide: Record<string, object>,
    policies: Record<string, NetworkPolicySpec> = {},
  ): Round => ({ name, policies, clusterWide })
  return [
    one(
      "admin denies what a namespace allows",
      { "ClusterNetworkPolicy/deny": admin(5, of("x"), { ingress: [from("Deny", of("y"))] }) },
      openX,
    ),
    one(
      "admin accepts what a namespace denies",
      { "ClusterNetworkPolicy/accept": admin(5, of("x"), { ingress: [from("Accept", podsOf("y", "a"))] }) },
      closedX,
    ),
    one(
      "the first rule counts",
      {
        "ClusterNetworkPolicy/order": admin(5, all, {
          ingress: [from("Accept", podsOf("y", "b")), from("Deny", of("y")), from("Accept", all)],
        }),
      },
      closedX,
    ),
    one("the lower number counts", {
      "ClusterNetworkPolicy/a-late": admin(9, of("x"), { ingress: [from("Accept", all)] }),
      "ClusterNetworkPolicy/b-soon": admin(3, of("x"), { ingress: [from("Deny", of("z"))] }),
    }),
    one(
      "pass leaves it to the namespace",
      {
        "ClusterNetworkPolicy/a-pass": admin(1, of("x"), { ingress: [from("Pass", of("y"))] }),
        "ClusterNetworkPolicy/b-accept": admin(2, of("x"), { ingress: [from("Accept", all)] }),
      },
      closedX,
    ),
    one("pass leaves it to the baseline", {
      "ClusterNetworkPolicy/pass": admin(1, of("x"), { ingress: [from("Pass", of("y"))] }),
      "ClusterNetworkPolicy/base": baseline(of("x"), { ingress: [from("Deny", all)] }),
    }),
    one(
      "baseline holds where a namespace says nothing",
      { "ClusterNetworkPolicy/base": baseline(all, { ingress: [from("Deny", of("z"))] }) },
      { "x/port": ingress(pod("a").podSelector, { ports: [tcp(80)] }) },
    ),
    one("egress to networks", {
      "ClusterNetworkPolicy/out": admin(5, of("y"), {
        egress: [
          to("Accept", { networks: [`${addressOf("machine")}/32`] }, { protocols: [tcpPort(80)] }),
          to("Pass", all),
          to("Deny", { networks: ["0.0.0.0/0"] }),
        ],
      }),
    }),
    one("egress to a port", {
      "ClusterNetworkPolicy/port": admin(5, podsOf("z", "b"), {
        egress: [to("Deny", all, { protocols: [{ udp: { destinationPort: { number: 80 } } }, tcpPort(81)] })],
      }),
    }),
    one("a named port", {
      "ClusterNetworkPolicy/named": admin(5, all, {
        ingress: [from("Deny", of("x"), { protocols: [{ destinationNamedPort: "web" }] })],
      }),
    }),
    one("a range of ports", {
      "ClusterNetworkPolicy/range": admin(5, of("z"), {
        ingress: [
          from("Deny", all, { protocols: [{ tcp: { destinationPort: { range: { start: 81, end: 90 } } } }] }),
        ],
      }),
    }),
    one(
      "the older kinds",
      {
        "AdminNetworkPolicy/deny": {
          priority: 7,
          subject: of("x"),
          ingress: [
            from("Deny", of("y"), { ports: [{ portNumber: { protocol: "TCP", port: 80 } }] }),
            from("Allow", of("z")),
          ],
        },
        "BaselineAdminNetworkPolicy/default": {
          subject: all,
          ingress: [
            from("Deny", all, {
              ports: [{ portRange: { protocol: "TCP", start: 81, end: 82 } }, { namedPort: "admin" }],
            }),
          ],
        },
      },
      closedX,
    ),
  ]
}

/** Whatever else may be combined, the same in every run. */
export function generatedRounds(count: number, addressOf: (pod: string) => string): Round[] {
  const random = new SeededRandom("three nodes")
  const pick = <T>(choices: readonly T[]): T => choices[integer(random, choices.length)]!
  const several = <T>(make: () => T, least: number, most: number): T[] =>
    Array.from({ length: least + integer(random, most - least + 1) }, make)
  const pods = () =>
    pick<object>([
      {},
      { matchLabels: { pod: pick(["a", "b", "c"]) } },
      { matchLabels: { tier: "front" } },
      {
        matchExpressions: [
          { key: "pod", operator: pick(["In", "NotIn"]), values: several(() => pick(["a", "b"]), 1, 2) },
        ],
      },
      { matchExpressions: [{ key: "tier", operator: pick(["Exists", "DoesNotExist"]) }] },
    ])
  const namespaces = () =>
    pick<object>([
      {},
      { matchLabels: { team: pick(["x", "y", "z"]) } },
      { matchExpressions: [{ key: "team", operator: "NotIn", values: [pick(["x", "y"])] }] },
    ])
  const place = () => `${addressOf(pick(["x/a", "y/b", "z/c", "machine"]))}/${pick([32, 31, 24])}`
  const peer = () =>
    pick<() => object>([
      () => ({ podSelector: pods() }),
      () => ({ namespaceSelector: namespaces() }),
      () => ({ namespaceSelector: namespaces(), podSelector: pods() }),
      () => ({ ipBlock: { cidr: network(place()) } }),
      () => ({ ipBlock: { cidr: "10.0.0.0/8", except: several(() => network(place()), 1, 2) } }),
    ])()
  const port = () =>
    pick<object>([
      { protocol: "TCP" },
      { protocol: "UDP" },
      tcp(80),
      tcp(81),
      tcp(80, 81),
      tcp("web"),
      tcp("admin"),
      udp(80),
    ])
  const spec = () => ({
    podSelector: pods(),
    policyTypes: pick([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
    ingress: several(() => ({ from: several(peer, 0, 2), ports: several(port, 0, 2) }), 0, 2),
    egress: several(() => ({ to: several(peer, 0, 2), ports: several(port, 0, 2) }), 0, 2),
  })
  return Array.from({ length: count }, (_, round) => ({
    name: `generated ${round + 1}`,
    policies: Object.fromEntries(
      several(() => spec() as NetworkPolicySpec, 2, 5).map((each, index) => [
        `${pick(["x", "y", "z"])}/generated-${index}`,
        each,
      ]),
    ),
  }))
}

/** "10.244.0.0/24" of "10.244.0.7/24". */
function network(cidr: string): string {
  const [address = "", length] = cidr.split("/")
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(length))
  const base = value - (value % size)
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".")}/${length}`
}
