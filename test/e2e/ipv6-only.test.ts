import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import { EndpointSlice } from "../../src/api/discovery/v1/endpoint-slice.ts"
import { ipFamily } from "../../src/base/ip-address.ts"
import type { Client } from "../../src/client/client.ts"
import { eventually, hostState, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { get } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const image = "e2e/busybox:1"
const nodePort = 30080

const podSpec = (command: string, more: object = {}) => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image, imagePullPolicy: "Never", command: ["sh", "-c", command], ...more }],
})
const service = (name: string, spec: object) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec },
})
const world = [
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: podSpec("mkdir /www; hostname >/www/index.html; exec httpd -f -p [::]:8080 -h /www", {
          readinessProbe: { httpGet: { port: 8080, path: "/" }, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 10 },
        }),
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger", labels: { app: "stranger" } },
    spec: podSpec("sleep 3600"),
  },
  service("web", { type: "NodePort", ports: [{ name: "http", port: 80, targetPort: 8080, nodePort }] }),
  service("headless", { clusterIP: "None" }),
]

// A cluster that has no IPv4 address of its own.
describe.skipIf(missing)("two nodes with IPv6 alone", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let client: Client

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster(["--nodes=2", "--ip-families=IPv6"])
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, image)
    kubectl = cluster.kubectl(realClients.kubectl136())
    client = await cluster.client()
    await kubectl.call("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "List", items: world }))
    await kubectl.call("rollout status daemonset/web --timeout=90s")
    await kubectl.call("wait pod/stranger --for=condition=Ready --timeout=90s")
  })
  afterAll(async () => {
    await cluster.destroy()
    expect(hostState()).toEqual(before)
  })

  const webPods = async () =>
    (await client.list(Pod, { namespace: "default", labelSelector: "app=web" })).items
  const clusterIP = async (name: string, namespace = "default") =>
    (await client.get(Service, { namespace, name })).spec.clusterIP!
  const inPod = (pod: string, command: string) => kubectl.call(`exec ${pod} -- sh -c '${command}'`)
  const fetch = async (pod: string, host: string, port: number) =>
    (await inPod(pod, `timeout 5 wget -q -O - http://${host}:${port}/`)).trim()
  const nodeAddresses = ({ status }: Node) =>
    status.addresses!.flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []))

  test("everything that has an address has one of IPv6, and no other", async () => {
    for (const node of (await client.list(Node)).items) {
      expect(node.spec.podCIDRs).toHaveLength(1)
      expect([node.spec.podCIDR!.split("/")[0]!, ...nodeAddresses(node)].map(ipFamily)).toEqual([6, 6])
    }
    for (const { status } of await webPods())
      expect(status.podIPs!.map(({ ip }) => ipFamily(ip))).toEqual([6])
    for (const { spec } of (await client.list(Service)).items) {
      expect(spec.ipFamilies).toEqual(["IPv6"])
      if (spec.clusterIP !== "None") expect(spec.clusterIPs!.map(ipFamily)).toEqual([6])
    }
    const kubernetes = await client.get(EndpointSlice, { namespace: "default", name: "kubernetes" })
    expect(kubernetes.addressType).toBe("IPv6")
    expect(kubernetes.endpoints.flatMap(({ addresses }) => addresses).map(ipFamily)).toEqual([6])
  })

  test("pods reach each other, Services and node ports", async () => {
    const pods = await webPods()
    const names = pods.map(({ metadata }) => metadata.name)
    for (const { metadata, status } of pods) {
      expect(await fetch("stranger", `[${status.podIP}]`, 8080)).toBe(metadata.name)
      expect((await get(status.podIP!, 8080)).trim()).toBe(metadata.name)
    }
    expect(names).toContain(await fetch("stranger", `[${await clusterIP("web")}]`, 80))
    expect(names).toContain(await fetch("stranger", "web", 80))
    for (const node of (await client.list(Node)).items)
      for (const address of nodeAddresses(node)) {
        expect(names).toContain(await fetch("stranger", `[${address}]`, nodePort))
        expect(names).toContain((await get(address, nodePort)).trim())
      }
  })

  test("names lead to addresses, and addresses to names", async () => {
    const ask = (name: string, type: string) => inPod("stranger", `nslookup -type=${type} ${name} || true`)
    const address = await clusterIP("web")
    expect(await ask("web.default.svc.cluster.local", "AAAA")).toContain(`Address: ${address}`)
    expect(await ask("web.default.svc.cluster.local", "A")).not.toMatch(
      /NXDOMAIN|Address: \d+\.\d+\.\d+\.\d+$/m,
    )
    expect(await inPod("stranger", `nslookup ${address}`)).toContain("name = web.default.svc.cluster.local")
    const [pod] = await webPods()
    const host = `${pod!.status.podIP!.replaceAll(":", "-")}.headless.default.svc.cluster.local`
    expect(await inPod("stranger", `nslookup ${pod!.status.podIP}`)).toContain(`name = ${host}`)
    expect(await ask(host, "AAAA")).toContain(`Address: ${pod!.status.podIP}`)
  })

  test("pods reach the API server by its Service", async () => {
    expect(await inPod("stranger", "echo | nc -w 10 kubernetes.default 443 >/dev/null && echo open")).toBe(
      "open\n",
    )
  })

  test("probes kept every pod as it is", async () => {
    for (const { status } of await webPods())
      expect(status.containerStatuses!.map(({ ready, restartCount }) => [ready, restartCount])).toEqual([
        [true, 0],
      ])
  })

  test("policies keep strangers out, and the node's probes in", async () => {
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "closed" },
      spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] },
    }
    await kubectl.call("apply -f -", JSON.stringify(policy))
    const [pod] = await webPods()
    const ask = () =>
      kubectl.try(`exec stranger -- timeout 2 wget -q -O - http://[${pod!.status.podIP}]:8080/`)
    await eventually(async () => expect((await ask()).code).not.toBe(0))
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(
      (await kubectl.call("get pods -l app=web --no-headers")).match(/1\/1\s+Running\s+0/g),
    ).toHaveLength(2)
    await kubectl.call("delete networkpolicy closed")
    await eventually(async () => expect((await ask()).stdout.trim()).toBe(pod!.metadata.name))
  })
})
