import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { ConfigMap } from "../../../src/api/core/v1/config-map.ts"
import { Namespace } from "../../../src/api/core/v1/namespace.ts"
import { Pod } from "../../../src/api/core/v1/pod.ts"
import { NetworkPolicy } from "../../../src/api/networking/v1/network-policy.ts"
import type { Client } from "../../../src/client/client.ts"
import {
  type AnyClusterPolicy,
  clusterPolicyResources,
} from "../../../src/network/policy/cluster-wide/resources.ts"
import { isAllowed } from "../../../src/network/policy/model/is-allowed.ts"
import type { Connection, PolicyWorld } from "../../../src/network/policy/model/policy-world.ts"
import { eventually, type Kubectl } from "../cluster.ts"
import { Prober, proberScript, servedPorts, type Target } from "./prober.ts"
import type { Round } from "./rounds.ts"

const namespaces = ["x", "y", "z"]
/** Each on a node of its own; what they call their ports differs. */
const pods = [
  { name: "a", tier: "front", node: "node-1", ports: { web: 80, admin: 81 } },
  { name: "b", tier: "front", node: "node-2", ports: { web: 80 } },
  { name: "c", tier: "back", node: "node-3", ports: { web: 81, admin: 80 } },
]
/** Nodes learn of policies each in its time. */
const settleMs = 100
/** What should get through may be late on a busy machine; for what should not, we do not wait that long. */
const timeoutMs = { allowed: 3000, denied: 300 }

export interface MatrixParts {
  readonly client: Client
  readonly kubectl: Kubectl
  /** An image that runs node. */
  readonly image: string
  /** The machine's address as pods see it: somebody outside the cluster. */
  readonly machineAddress: string
}

/** Three namespaces with three pods each, on three nodes, and everybody's connections to everybody. */
export class PolicyMatrix {
  readonly #parts: MatrixParts
  readonly #addresses = new Map<string, string>()
  readonly #probers = new Map<string, Prober>()

  constructor(parts: MatrixParts) {
    this.#parts = parts
  }

  /** The address of "x/a", or of "machine". */
  readonly addressOf = (name: string): string => this.#addresses.get(name)!

  async start(): Promise<void> {
    const { client, kubectl, machineAddress } = this.#parts
    for (const namespace of namespaces) {
      await client.create(Namespace, { metadata: { name: namespace, labels: { team: namespace } } })
      await client.create(ConfigMap, {
        metadata: { namespace, name: "prober" },
        data: { "prober.mjs": proberScript },
      })
      for (const pod of pods) await client.create(Pod, this.#podOf(namespace, pod))
    }
    for (const namespace of namespaces)
      await kubectl.call(`-n ${namespace} wait pod --all --for=condition=Ready --timeout=90s`)
    for (const { metadata, status } of await this.#listPods()) {
      const name = `${metadata.namespace}/${metadata.name}`
      this.#addresses.set(name, status.podIP!)
      this.#probers.set(
        name,
        new Prober(kubectl.start(`attach -q -i -n ${metadata.namespace} ${metadata.name}`)),
      )
    }
    this.#addresses.set("machine", machineAddress)
    const script = fileURLToPath(new URL("prober.mjs", import.meta.url))
    const onMachine = spawn(process.execPath, [script, machineAddress], {
      stdio: ["pipe", "pipe", "inherit"],
    })
    this.#probers.set("machine", new Prober(onMachine))
  }

  close(): void {
    for (const prober of this.#probers.values()) prober.close()
  }

  /** What the round allows gets through, and nothing else; tells how much of both there was. */
  async check(round: Round): Promise<{ allowed: number; denied: number }> {
    await this.#setPolicies(round)
    const world = await this.#world()
    const all = this.#everyConnection()
    const expected = all.map((each) => isAllowed(world, each))
    const through: boolean[] = []
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    await eventually(async () => {
      const surprising = all.flatMap((_, index) => (through[index] === expected[index] ? [] : [index]))
      const answers = await this.#probe(
        surprising.map((index) => all[index]!),
        surprising.map((index) => timeoutMs[expected[index] ? "allowed" : "denied"]),
      )
      for (const [at, index] of surprising.entries()) through[index] = answers[at]!
      const wrong = all.flatMap((each, index) =>
        through[index] === expected[index] ? [] : [this.#describe(each, expected[index]!)],
      )
      expect(wrong, round.name).toEqual([])
    }, 60_000)
    const allowed = through.filter(Boolean).length
    return { allowed, denied: all.length - allowed }
  }

  /** Probes are from the node, which is always let through. */
  async restarts(): Promise<number> {
    const statuses = (await this.#listPods()).flatMap(({ status }) => status.containerStatuses ?? [])
    expect(statuses.every(({ ready }) => ready)).toBe(true)
    return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0)
  }

  async #setPolicies({ policies, clusterWide = {} }: Round): Promise<void> {
    const { client } = this.#parts
    await Promise.all(clusterPolicyResources.map((kind) => client.deleteCollection(kind)))
    await Promise.all(
      Object.entries(clusterWide).map(([id, spec]) => {
        const [kind, name = ""] = id.split("/")
        const found = clusterPolicyResources.find((each) => each.kind === kind)!
        return client.create(found, { metadata: { name }, spec })
      }),
    )
    await Promise.all(namespaces.map((namespace) => client.deleteCollection(NetworkPolicy, { namespace })))
    await Promise.all(
      Object.entries(policies).map(([key, spec]) => {
        const [namespace = "", name = ""] = key.split("/")
        return client.create(NetworkPolicy, { metadata: { namespace, name }, spec })
      }),
    )
  }

  async #world(): Promise<PolicyWorld> {
    const { client } = this.#parts
    const spaces = (await client.list(Namespace)).items
    return {
      policies: (await client.list(NetworkPolicy)).items,
      clusterPolicies: await this.#listClusterPolicies(),
      namespaces: new Map(spaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
      pods: (await this.#listPods()).map(({ metadata, spec, status }) => ({
        namespace: metadata.namespace!,
        labels: metadata.labels!,
        addresses: [status.podIP!],
        ports: spec.containers[0]!.ports!.map(({ name, containerPort }) => ({
          name: name!,
          protocol: "TCP" as const,
          port: containerPort,
        })),
        local: true,
      })),
    }
  }

  /** Lists do not say the kind of what is in them. */
  async #listClusterPolicies(): Promise<AnyClusterPolicy[]> {
    const lists = await Promise.all(
      clusterPolicyResources.map(async (kind) => {
        const { items } = await this.#parts.client.list(kind)
        return items.map((item) => ({ ...item, kind: kind.kind }))
      }),
    )
    return lists.flat()
  }

  /** The nodes that say of every cluster-wide policy that it holds on them. */
  async reportingNodes(): Promise<string[]> {
    const policies = await this.#listClusterPolicies()
    const told = policies.map(({ status, metadata }) =>
      (status?.conditions ?? [])
        .filter((each) => each.status === "True" && each.observedGeneration === metadata.generation)
        .map(({ type }) => type.replace("Ready-In-Zone-", "")),
    )
    return (told[0] ?? []).filter((node) => told.every((each) => each.includes(node))).toSorted()
  }

  async #listPods(): Promise<Pod[]> {
    const lists = await Promise.all(
      namespaces.map((namespace) => this.#parts.client.list(Pod, { namespace })),
    )
    return lists.flatMap(({ items }) => items)
  }

  #everyConnection(): Connection[] {
    const addresses = Array.from(this.#addresses.values())
    return addresses.flatMap((from) =>
      addresses
        .filter((to) => to !== from)
        .flatMap((to) => servedPorts.map((port) => ({ from, to, ...port }))),
    )
  }

  /** Every prober its own, all at once; answers in the order of the connections. */
  async #probe(connections: readonly Connection[], timeouts: readonly number[]): Promise<boolean[]> {
    const answered: boolean[] = []
    await Promise.all(
      Array.from(this.#probers, async ([name, prober]) => {
        const own = connections.flatMap(({ from }, index) => (from === this.addressOf(name) ? [index] : []))
        const targets = own.map((index): Target => {
          const { to, protocol, port } = connections[index]!
          return { address: to, protocol: protocol as "TCP", port, timeoutMs: timeouts[index]! }
        })
        const answers = await prober.probe(targets)
        for (const [at, index] of own.entries()) answered[index] = answers[at]!
      }),
    )
    return answered
  }

  #describe({ from, to, protocol, port }: Connection, allowed: boolean): string {
    const nameOf = (address: string) => Array.from(this.#addresses).find(([, own]) => own === address)![0]
    return `${nameOf(from)} -> ${nameOf(to)} ${protocol} ${port} should ${allowed ? "" : "not "}get through`
  }

  #podOf(namespace: string, { name, tier, node, ports }: (typeof pods)[number]) {
    return {
      metadata: { namespace, name, labels: { pod: name, tier } },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": node },
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: "prober", configMap: { name: "prober" } }],
        containers: [
          {
            name: "prober",
            image: this.#parts.image,
            imagePullPolicy: "Never" as const,
            command: ["node", "/prober/prober.mjs"],
            stdin: true,
            ports: Object.entries(ports).map(([portName, containerPort]) => ({
              name: portName,
              containerPort,
              protocol: "TCP" as const,
            })),
            readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, timeoutSeconds: 2 },
            livenessProbe: {
              tcpSocket: { port: 81 },
              periodSeconds: 2,
              timeoutSeconds: 2,
              failureThreshold: 5,
            },
            volumeMounts: [{ name: "prober", mountPath: "/prober" }],
          },
        ],
      },
    }
  }
}
