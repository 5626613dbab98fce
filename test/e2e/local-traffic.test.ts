import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { Client } from "../../src/client/client.ts"
import { linkAddress } from "../../src/network/node-link/create-node-link.ts"
import { eventually, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { get } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const image = "e2e/busybox:1"
const server =
  "mkdir -p /www/cgi-bin; printf '#!/bin/sh\\nprintf \"Content-Type: text/plain\\r\\n\\r\\n$REMOTE_ADDR $(hostname)\\n\"\\n' >/www/cgi-bin/who; chmod +x /www/cgi-bin/who; exec httpd -f -p 8080 -h /www"

const podSpec = (command: string, more: object = {}) => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image, imagePullPolicy: "Never", command: ["sh", "-c", command] }],
  ...more,
})
const daemonSet = (name: string, more: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec("sleep 3600", more) },
  },
})
const world = [
  daemonSet("client"),
  daemonSet("host", { hostNetwork: true }),
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", labels: { app: "web" } },
    spec: podSpec(server, { nodeName: "node-1" }),
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: {
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      selector: { app: "web" },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  },
]

// What traffic from outside is told, and what of it is seen, where it has to stay on its node.
describe.skipIf(missing)("a Service with the external traffic policy Local on three nodes", () => {
  const cluster = new TestCluster(["--nodes", "3"])
  let kubectl: Kubectl
  let client: Client
  let service: Service
  /** By node. */
  let addresses: Record<string, string>

  beforeAll(async () => {
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, image)
    kubectl = cluster.kubectl(realClients.kubectl136())
    client = await cluster.client()
    await kubectl.call("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "List", items: world }))
    for (const name of ["client", "host"])
      await kubectl.call(`rollout status daemonset/${name} --timeout=90s`)
    await kubectl.call("wait pod/web --for=condition=Ready --timeout=90s")
    await kubectl.call("wait service/web --for=jsonpath={.status.loadBalancer.ingress} --timeout=30s")
    service = await client.get(Service, { namespace: "default", name: "web" })
    addresses = Object.fromEntries(
      (await client.list(Node)).items.map(({ metadata, status }) => [
        metadata.name,
        status.addresses!.find(({ type }) => type === "InternalIP")!.address,
      ]),
    )
  })
  afterAll(() => cluster.destroy())

  const podsOf = async (app: string) =>
    (await client.list(Pod, { namespace: "default", labelSelector: `app=${app}` })).items
  /** What the server says, or the first thing that `wget` says instead. */
  const ask = async (pod: string, url: string) => {
    const { stdout, stderr } = await kubectl.try(`exec ${pod} -- timeout 4 wget -q -O - http://${url}`)
    return stdout.trim().replace("[::ffff:", "").replace("]", "") || stderr.split("\n")[0]!
  }
  const silence = "command terminated with exit code 143"
  const who = (address: string) => `${address}:${service.spec.ports![0]!.nodePort}/cgi-bin/who`

  test("tells pods and processes of every node which node has endpoints", async () => {
    for (const app of ["client", "host"])
      for (const { metadata, spec } of await podsOf(app))
        for (const [node, address] of Object.entries(addresses)) {
          const answer = await ask(metadata.name, `${address}:${service.spec.healthCheckNodePort}/healthz`)
          const expected = node === "node-1" ? '"localEndpoints": 1' : "503 Service Unavailable"
          expect(answer, `${app} of ${spec.nodeName} asks ${node}`).toContain(expected)
        }
  })

  test("shows the address of a process of another node, whichever of both nodes' ports it asks", async () => {
    for (const { metadata, spec } of await podsOf("host")) {
      const own = addresses[spec.nodeName!]!
      expect(await ask(metadata.name, who(addresses["node-1"]!)), spec.nodeName).toBe(`${own} web`)
      // What a node asks of itself it may ask of all endpoints.
      expect(await ask(metadata.name, who(own)), spec.nodeName).toBe(`${own} web`)
    }
    const [host] = (await podsOf("host")).filter(({ spec }) => spec.nodeName === "node-2")
    expect(await ask(host!.metadata.name, who(addresses["node-3"]!))).toBe(silence)
  })

  test("shows pods' own addresses behind the load balancer's", async () => {
    const [{ ip }] = service.status.loadBalancer.ingress as [{ ip: string }]
    expect(ip).toBe(addresses["node-1"])
    for (const { metadata, status } of await podsOf("client"))
      expect(await ask(metadata.name, `${ip}/cgi-bin/who`)).toBe(`${status.podIP} web`)
  })

  test("shows clients outside, at the nodes with endpoints alone", async () => {
    const { nodePort } = service.spec.ports![0]!
    const answer = await get(addresses["node-1"]!, nodePort!, { path: "/cgi-bin/who" })
    expect(answer).toContain(linkAddress(cluster.networks.nodes[0]!))
    await expect(get(addresses["node-2"]!, nodePort!)).rejects.toThrow("timed out")
  })

  test("is open everywhere, without a health check, once its policy is Cluster", async () => {
    await kubectl.call(`patch service web -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`)
    const [pod] = (await podsOf("host")).filter(({ spec }) => spec.nodeName === "node-2")
    for (const address of Object.values(addresses)) {
      const { healthCheckNodePort: port } = service.spec
      await eventually(async () =>
        expect(await ask(pod!.metadata.name, `${address}:${port}/healthz`)).toContain("Connection refused"),
      )
      expect(await ask(pod!.metadata.name, who(address))).toMatch(/ web$/)
    }
  })
})
