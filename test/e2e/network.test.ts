import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { Client } from "../../src/client/client.ts"
import { linkAddress } from "../../src/network/node-link/create-node-link.ts"
import { eventually, hostState, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage, buildNodeImage } from "./images.ts"
import { get, underLoad } from "./load.ts"
import { createServices, deleteServices } from "./many-services.ts"
import { Names } from "./names/names.ts"
import { PolicyMatrix } from "./policy-matrix/matrix.ts"
import { clusterWideRounds, generatedRounds, plainRounds } from "./policy-matrix/rounds.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const image = "e2e/node:1"
const webManifest = readFileSync(new URL("web.yaml", import.meta.url), "utf8").replace(
  "replicas: 3",
  "replicas: 5",
)

// Packets between pods of three nodes: who may talk to whom, and how much of it there can be.
describe.skipIf(missing)("the network of three nodes", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let client: Client
  /** Of the pods of the Service shop/web. */
  let endpoints: string[]

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster(["--nodes", "3"])
    await cluster.up()
    await cluster.loadImage(buildNodeImage, image)
    kubectl = cluster.kubectl(realClients.kubectl136())
    client = await cluster.client()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    await kubectl.call("apply -f -", webManifest)
    await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    const pods = await client.list(Pod, { namespace: "shop", labelSelector: "app=web" })
    endpoints = pods.items.map(({ status }) => status.podIP!)
  })
  afterAll(async () => {
    await cluster.destroy()
    expect(hostState()).toEqual(before)
  })

  describe("Services", () => {
    const asked = 40

    test("come and go by the thousand while requests are answered", async () => {
      expect(endpoints).toHaveLength(5)
      const service = await client.get(Service, { namespace: "shop", name: "web" })
      const { nodePort } = service.spec.ports![0]!
      let addresses: string[] = []
      const { answered, failures } = await underLoad(nodePort!, async () => {
        addresses = await createServices(client, 1000, endpoints)
        // Each of the last ones is reached from the machine and, at once, through the node ports of all nodes.
        for (const address of addresses.slice(-asked)) await eventually(() => get(address, 80))
      })
      expect(failures).toEqual([])
      expect(answered).toBeGreaterThan(500)
      const all = await Promise.all(
        addresses.filter((_, index) => index % 25 === 0).map((each) => get(each, 80)),
      )
      expect(all.every((name) => name.startsWith("web-"))).toBe(true)
      const removal = await underLoad(nodePort!, () => deleteServices(client))
      expect(removal.failures).toEqual([])
      // What is no Service's address leads nowhere, as with kube-proxy.
      await expect(get(addresses[0]!, 80)).rejects.toThrow("timed out")
    }, 300_000)

    test("reach pods of other nodes through the overlay", async () => {
      const sent = () => vxlanPackets(cluster)
      const earlier = sent()
      const from = await client.list(Pod, { namespace: "shop", labelSelector: "app=web" })
      for (const { metadata } of from.items) {
        const ask = endpoints.map((address) => `wget -q -O - http://${address}:8080/`).join("; ")
        await kubectl.call(`-n shop exec ${metadata.name} -c server -- sh -c '${ask}'`)
      }
      const later = sent()
      // Every node has a pod, and every pod has asked all others.
      for (const [node, count] of Object.entries(earlier))
        expect(later[node]! - count, node).toBeGreaterThan(20)
      expect(Object.keys(earlier)).toHaveLength(3)
    })
  })

  describe("nodes", () => {
    const names = async () => (await client.list(Node)).items.map(({ metadata }) => metadata.name).toSorted()

    test("come while the cluster runs, with pods that all others reach", async () => {
      const added = await cluster.coracle("node", "add")
      expect(added.stdout + added.stderr).toBe("node node-4 is ready\n")
      expect(await names()).toEqual(["node-1", "node-2", "node-3", "node-4"])
      await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
      await kubectl.call("-n shop scale deployment web --replicas=10")
      await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
      const { items } = await client.list(Pod, { namespace: "shop", labelSelector: "app=web" })
      const onNew = items.filter(({ spec }) => spec.nodeName === "node-4")
      expect(onNew.length).toBeGreaterThan(0)
      const others = items.map(({ status }) => `wget -q -O - http://${status.podIP}:8080/`).join("; ")
      const answers = await kubectl.call(
        `-n shop exec ${onNew[0]!.metadata.name} -c server -- sh -c '${others}'`,
      )
      expect(answers.trim().split("\n").toSorted()).toEqual(
        items.map(({ metadata }) => metadata.name).toSorted(),
      )
    })

    test("go while the cluster runs, drained under load without a failed request", async () => {
      const service = await client.get(Service, { namespace: "shop", name: "web" })
      const { answered, failures } = await underLoad(service.spec.ports![0]!.nodePort!, async () => {
        await kubectl.call("drain node-4 --ignore-daemonsets --delete-emptydir-data --timeout=90s")
        const removed = await cluster.coracle("node", "remove", "node-4")
        expect(removed.stdout + removed.stderr).toBe("node node-4 is removed\n")
        await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
      })
      expect(failures).toEqual([])
      expect(answered).toBeGreaterThan(100)
      expect(await names()).toEqual(["node-1", "node-2", "node-3"])
      expect(cluster.state.nodes.map(({ name }) => name)).toEqual(["node-1", "node-2", "node-3"])
      const again = await cluster.coracle("node", "remove", "node-4")
      expect(again.stderr).toContain("node-4 is no node that this cluster has made")
    })
  })

  describe("names", () => {
    const nodes = ["node-1", "node-2", "node-3"]
    let names: Names
    const checkAll = () =>
      Promise.all(nodes.map(async (node) => expect(await names.wrongAnswers(node), node).toEqual([])))

    beforeAll(async () => {
      names = new Names(client, kubectl)
      await names.start(nodes, image)
    })

    test("of Services mean on every node what they should", () => eventually(checkAll))
    test("are answered again when the nodes' processes were killed", async () => {
      for (const node of nodes) process.kill(processOf(cluster, node), "SIGKILL")
      await eventually(checkAll)
    })
  })

  describe("network policies", () => {
    let matrix: PolicyMatrix
    const seen = { allowed: 0, denied: 0 }

    beforeAll(async () => {
      matrix = new PolicyMatrix({
        client,
        kubectl,
        image,
        machineAddress: linkAddress(cluster.networks.nodes[0]!),
      })
      await matrix.start()
    })
    afterAll(() => matrix.close())

    const checkAll = async (rounds: readonly Parameters<PolicyMatrix["check"]>[0][]) => {
      for (const round of rounds) {
        const { allowed, denied } = await matrix.check(round)
        seen.allowed += allowed
        seen.denied += denied
      }
    }

    test("hold for each of their features", () => checkAll(plainRounds(matrix.addressOf)))
    test("hold in any combination", () => checkAll(generatedRounds(20, matrix.addressOf)))
    test("of the whole cluster hold before and behind those of namespaces", async () => {
      await checkAll(clusterWideRounds(matrix.addressOf))
      await eventually(async () =>
        expect(await matrix.reportingNodes()).toEqual(["node-1", "node-2", "node-3"]),
      )
      await matrix.check({ name: "no policy", policies: {} })
    })
    test("never keep the node from its pods", async () => {
      expect(await matrix.restarts()).toBe(0)
      expect(seen.allowed).toBeGreaterThan(2000)
      expect(seen.denied).toBeGreaterThan(2000)
    })
  })
})

function processOf({ directory }: TestCluster, node: string): number {
  return Number(execFileSync("pgrep", ["-f", `node run --data-dir ${directory}.*--name ${node}`]))
}

/** Packets that each node has sent to others in VXLAN. */
function vxlanPackets(cluster: TestCluster): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { name } of cluster.state.nodes) {
    const inside = [
      "-t",
      String(processOf(cluster, name)),
      "-n",
      "ip",
      "-json",
      "-stats",
      "link",
      "show",
      "type",
      "vxlan",
    ]
    const [device] = JSON.parse(execFileSync("nsenter", inside, { encoding: "utf8" })) as [
      { stats64: { tx: { packets: number } } },
    ]
    counts[name] = device.stats64.tx.packets
  }
  return counts
}
