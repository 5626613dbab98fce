import { createServer } from "node:http"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import { ipFamily } from "../../src/base/ip-address.ts"
import type { Client } from "../../src/client/client.ts"
import { linkAddress } from "../../src/network/node-link/create-node-link.ts"
import { eventually, hostState, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { get } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const image = "e2e/busybox:1"
const hostPort = 8099
const nodePort = 30080
const largeBytes = 300_000

const service = (name: string, spec: object) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})
const podSpec = (command: string, ports: object[] = []) => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image, imagePullPolicy: "Never", command: ["sh", "-c", command], ports }],
})
const server = `mkdir /www; hostname >/www/index.html; head -c ${largeBytes} /dev/zero >/www/large; exec httpd -f -p [::]:8080 -h /www`
const world = [
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: podSpec(server, [{ containerPort: 8080, hostPort }]),
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger", labels: { app: "stranger" } },
    spec: podSpec("sleep 3600"),
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "host" },
    spec: { ...podSpec("sleep 3600"), hostNetwork: true },
  },
  service("one", {}),
  service("prefer", {
    ipFamilyPolicy: "PreferDualStack",
    type: "NodePort",
    ports: [{ port: 80, targetPort: 8080, nodePort }],
  }),
  service("require", { ipFamilyPolicy: "RequireDualStack" }),
  service("headless", { ipFamilyPolicy: "PreferDualStack", clusterIP: "None" }),
]

const url = (address: string) => (address.includes(":") ? `[${address}]` : address)

describe.skipIf(missing).each([
  { families: ["IPv4", "IPv6"], backend: "vxlan", nodes: 2, mtu: 1450 },
  { families: ["IPv6", "IPv4"], backend: "host-gw", nodes: 3, mtu: 1500 },
])("$nodes nodes with $families by $backend", ({ families, backend, nodes, mtu }) => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let client: Client

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster([
      `--nodes=${nodes}`,
      `--ip-families=${families.join()}`,
      `--network-backend=${backend}`,
    ])
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, image)
    kubectl = cluster.kubectl(realClients.kubectl136())
    client = await cluster.client()
    const list = { apiVersion: "v1", kind: "List", items: world }
    await kubectl.call("apply -f -", JSON.stringify(list))
    await kubectl.call("rollout status daemonset/web --timeout=90s")
    await kubectl.call("wait pod/stranger pod/host --for=condition=Ready --timeout=90s")
  })
  afterAll(async () => {
    await cluster.destroy()
    expect(hostState()).toEqual(before)
  })

  const familiesOf = (addresses: readonly string[]) => addresses.map((each) => `IPv${ipFamily(each)}`)
  const webPods = async () =>
    (await client.list(Pod, { namespace: "default", labelSelector: "app=web" })).items
  const ipsOf = ({ status }: Pod) => status.podIPs!.map(({ ip }) => ip)
  const inPod = (pod: string, command: string) => kubectl.call(`exec ${pod} -- sh -c '${command}'`)
  const fetchAll = async (pod: string, addresses: readonly string[], path = "", port = 8080) => {
    const asks = addresses.map((address) => `timeout 5 wget -q -O - http://${url(address)}:${port}/${path}`)
    return (await inPod(pod, asks.join("; "))).trim().split("\n")
  }
  const clusterIPs = async (name: string) =>
    (await client.get(Service, { namespace: "default", name })).spec.clusterIPs!
  const nodeAddresses = ({ status }: Node) =>
    status.addresses!.flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []))

  test("nodes and pods have addresses of both families, in the cluster's order", async () => {
    for (const node of (await client.list(Node)).items) {
      expect(familiesOf(node.spec.podCIDRs!)).toEqual(families)
      expect(familiesOf(nodeAddresses(node))).toEqual(families)
    }
    for (const pod of await webPods()) {
      expect(familiesOf(ipsOf(pod))).toEqual(families)
      expect(pod.status.podIP).toBe(ipsOf(pod)[0])
      expect(familiesOf(pod.status.hostIPs!.map(({ ip }) => ip))).toEqual(families)
    }
    const host = await client.get(Pod, { namespace: "default", name: "host" })
    expect(familiesOf(ipsOf(host))).toEqual(families)
  })

  test("pods reach each other on every node by both, with packets of any size", async () => {
    const pods = await webPods()
    expect(pods).toHaveLength(nodes)
    for (const from of pods) {
      const { name } = from.metadata
      const expected = pods.flatMap((pod) => ipsOf(pod).map(() => pod.metadata.name))
      expect(await fetchAll(name, pods.flatMap(ipsOf)), `from ${name}`).toEqual(expected)
      const other = pods.find((pod) => pod !== from)!
      for (const address of ipsOf(other))
        expect(await inPod(name, `wget -q -O - http://${url(address)}:8080/large | wc -c`)).toBe(
          `${largeBytes}\n`,
        )
      expect((await inPod(name, "cat /sys/class/net/eth0/mtu")).trim()).toBe(String(mtu))
    }
  })

  test("Services have the families they ask for, and are reached by them", async () => {
    const names = (await webPods()).map(({ metadata }) => metadata.name)
    expect(familiesOf(await clusterIPs("one"))).toEqual(families.slice(0, 1))
    expect(familiesOf(await clusterIPs("require"))).toEqual(families)
    const addresses = await clusterIPs("prefer")
    expect(familiesOf(addresses)).toEqual(families)
    for (const answer of await fetchAll("stranger", addresses, "", 80)) expect(names).toContain(answer)
    for (const address of addresses) expect(names).toContain((await get(address, 80)).trim())
  })

  test("node ports and host ports are open on the addresses of each node", async () => {
    const pods = await webPods()
    for (const node of (await client.list(Node)).items)
      for (const address of nodeAddresses(node)) {
        const here = pods.find(({ spec }) => spec.nodeName === node.metadata.name)!
        expect((await get(address, hostPort)).trim(), address).toBe(here.metadata.name)
        expect((await get(address, nodePort)).trim(), address).toMatch(/^web-/)
      }
    await expect(get("::1", nodePort)).rejects.toThrow("ECONNREFUSED")
  })

  test("names have addresses of both families, asked by either", async () => {
    const servers = (await client.get(Service, { namespace: "kube-system", name: "kube-dns" })).spec
      .clusterIPs!
    expect(familiesOf(servers)).toEqual(families)
    const found = async (name: string, type: string, server: string) => {
      const output = await inPod(
        "stranger",
        `nslookup -type=${type} ${name}.default.svc.cluster.local ${server}`,
      )
      return Array.from(output.matchAll(/^Name:.*\nAddress: (\S+)$/gm), ([, address]) => address!).toSorted()
    }
    const all = (await webPods()).flatMap(ipsOf)
    for (const server of servers) {
      for (const [type, family] of [
        ["A", 4],
        ["AAAA", 6],
      ] as const) {
        const ofFamily = (addresses: readonly string[]) =>
          addresses.filter((address) => ipFamily(address) === family).toSorted()
        expect(await found("headless", type, server)).toEqual(ofFamily(all))
        expect(await found("prefer", type, server)).toEqual(ofFamily(await clusterIPs("prefer")))
      }
    }
  })

  test("outside the cluster pods are seen as their nodes", async () => {
    const seen = createServer((request, response) => response.end(`${request.socket.remoteAddress}\n`))
    const hosts = cluster.networks.nodes.map(linkAddress)
    await new Promise<void>((resolve) => seen.listen(0, "::", resolve))
    const { port } = seen.address() as { port: number }
    const stranger = await client.get(Pod, { namespace: "default", name: "stranger" })
    const answers = await fetchAll("stranger", hosts, "", port)
    expect(answers.map((answer) => answer.replace("::ffff:", ""))).toEqual(
      stranger.status.hostIPs!.map(({ ip }) => ip),
    )
    seen.close()
  })

  test("policies know blocks of both families apart", async () => {
    const [target, friend] = await webPods()
    const address = (pod: Pod, family: 4 | 6) => ipsOf(pod).find((each) => ipFamily(each) === family)!
    const cidr = `${address(friend!, 6)}/128`
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "sixes" },
      spec: { podSelector: { matchLabels: { app: "web" } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
    }
    await kubectl.call("apply -f -", JSON.stringify(policy))
    const name = target!.metadata.name
    const ask = (from: string, family: 4 | 6) =>
      kubectl.try(`exec ${from} -- timeout 2 wget -q -O - http://${url(address(target!, family))}:8080/`)
    await eventually(async () => expect((await ask("stranger", 6)).code).not.toBe(0))
    expect((await ask(friend!.metadata.name, 6)).stdout.trim()).toBe(name)
    expect((await ask(friend!.metadata.name, 4)).code).not.toBe(0)
    await kubectl.call("delete networkpolicy sixes")
    await eventually(async () => expect((await ask("stranger", 4)).stdout.trim()).toBe(name))
  })

  test("a node that comes is reached by all, one that goes leaves no route", async () => {
    await cluster.coracle("node", "add", "late")
    await cluster.loadImage(buildBusyboxImage, image)
    await kubectl.call("rollout status daemonset/web --timeout=90s")
    const late = (await webPods()).find(({ spec }) => spec.nodeName === "late")!
    await eventually(async () =>
      expect(await fetchAll("stranger", ipsOf(late))).toEqual(ipsOf(late).map(() => late.metadata.name)),
    )
    for (const address of ipsOf(late)) expect((await get(address, 8080)).trim()).toBe(late.metadata.name)
    const removed = await cluster.coracle("node", "remove", "late")
    expect(removed.stdout + removed.stderr).toBe("node late is removed\n")
    await eventually(() =>
      Promise.all(ipsOf(late).map((address) => expect(get(address, 8080)).rejects.toThrow())),
    )
  })
})
