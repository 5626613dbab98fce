import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import {
  ask,
  askOften,
  askUdp,
  serverPod,
  startClient,
  startServers,
  startUdpClient,
  untilAnswers,
} from "./net-servers.ts"
import { isReady, podsPath, startPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const app = { app: "server" }
const servicesPath = ({ namespace }: NodesWorld) => `/api/v1/namespaces/${namespace}/services`
const http = [{ port: 80, targetPort: 8080 }]

function makeService(world: NodesWorld, name: string, spec: Json): Promise<Json> {
  return world.api.create(servicesPath(world), {
    metadata: { name },
    spec: { ports: http, selector: app, ...spec },
  })
}
function changeService(world: NodesWorld, name: string, spec: Json): Promise<Json> {
  return world.api.patch(`${servicesPath(world)}/${name}`, { spec })
}
async function nodeAddresses({ api }: NodesWorld): Promise<string[]> {
  const { items } = await api.get("/api/v1/nodes")
  return items.map(
    ({ status }: Json) => status.addresses.find(({ type }: Json) => type === "InternalIP").address,
  )
}
const title = "[sig-network] Services should"

/** By name, by cluster IP and, where there is one, by every node's port. */
async function isReached(world: NodesWorld, service: Json, names: string[]): Promise<void> {
  const { clusterIP, ports } = service["spec"]
  const { nodePort, port } = ports[0]
  const urls = [`http://${service["metadata"].name}:${port}/`, `http://${clusterIP}:${port}/`]
  if (nodePort) for (const address of await nodeAddresses(world)) urls.push(`http://${address}:${nodePort}/`)
  for (const url of urls)
    await untilAnswers(
      () => ask(world, url),
      (answer) => names.includes(answer),
      `${url} answers`,
    )
}

onRealNodes(`${title} be able to create a functioning NodePort service [Conformance]`, async (world) => {
  const service = await makeService(world, "node-port", { type: "NodePort" })
  await Promise.all([startServers(world, ["one", "two"], app), startClient(world)])
  await isReached(world, service, ["one", "two"])
})

for (const type of ["ClusterIP", "NodePort"]) {
  onRealNodes(
    `${title} be able to change the type from ExternalName to ${type} [Conformance]`,
    async (world) => {
      await makeService(world, "changing", {
        type: "ExternalName",
        externalName: "foo.example.com",
        selector: null,
      })
      await Promise.all([startServers(world, ["one"], app), startClient(world)])
      const service = await changeService(world, "changing", {
        type,
        externalName: null,
        selector: app,
        ports: http,
      })
      await isReached(world, service, ["one"])
    },
  )
  onRealNodes(
    `${title} be able to change the type from ${type} to ExternalName [Conformance]`,
    async (world) => {
      await makeService(world, "target", {})
      const before = await makeService(world, "changing", { type })
      await Promise.all([startServers(world, ["one"], app), startClient(world)])
      const externalName = `target.${world.namespace}.svc.cluster.local`
      const clearedPorts = before["spec"].ports.map(({ port, targetPort }: Json) => ({ port, targetPort }))
      const changed = await world.api.get(`${servicesPath(world)}/changing`)
      const { clusterIP: _, clusterIPs: __, ...spec } = changed["spec"]
      const after = await world.api.update(`${servicesPath(world)}/changing`, {
        ...changed,
        spec: { ...spec, type: "ExternalName", externalName, ports: clearedPorts },
      })
      expect(after["spec"].clusterIP).toBeUndefined()
      expect(after["spec"].ports[0].nodePort).toBeUndefined()
      await untilAnswers(
        () => ask(world, "http://changing/"),
        (answer) => answer === "one",
        "it leads to the other",
      )
    },
  )
}

async function sticks(world: NodesWorld, url: string): Promise<void> {
  await eventually(async () => (await askOften(world, url, 12)).size === 1, `${url} always leads to the same`)
}
async function spreads(world: NodesWorld, url: string): Promise<void> {
  await eventually(async () => (await askOften(world, url, 25)).size > 1, `${url} leads to several`)
}

for (const [type, kind] of [
  ["ClusterIP", "service with type clusterIP"],
  ["NodePort", "NodePort service"],
] as const) {
  const urlOf = async (world: NodesWorld, { spec }: Json) =>
    type === "NodePort"
      ? `http://${(await nodeAddresses(world))[0]}:${spec["ports"][0].nodePort}/`
      : `http://${spec["clusterIP"]}/`

  onRealNodes(`${title} have session affinity work for ${kind} [LinuxOnly] [Conformance]`, async (world) => {
    const service = await makeService(world, "sticky", { type, sessionAffinity: "ClientIP" })
    await Promise.all([startServers(world, ["one", "two", "three"], app), startClient(world)])
    await isReached(world, service, ["one", "two", "three"])
    await sticks(world, await urlOf(world, service))
  })
  onRealNodes(
    `${title} be able to switch session affinity for ${kind} [LinuxOnly] [Conformance]`,
    async (world) => {
      const service = await makeService(world, "sticky", { type })
      await Promise.all([startServers(world, ["one", "two", "three"], app), startClient(world)])
      const url = await urlOf(world, service)
      await spreads(world, url)
      await changeService(world, "sticky", { sessionAffinity: "ClientIP" })
      await sticks(world, url)
      await changeService(world, "sticky", { sessionAffinity: "None" })
      await spreads(world, url)
    },
  )
}

const endpointsOf = async (world: NodesWorld, name: string): Promise<string[]> => {
  const { body } = await world.api.send("GET", `/api/v1/namespaces/${world.namespace}/endpoints/${name}`)
  return (body["subsets"] ?? [])
    .flatMap(({ addresses, ports }: Json) =>
      (addresses ?? []).flatMap(({ targetRef }: Json) =>
        ports.map(({ port }: Json) => `${targetRef.name}:${port}`),
      ),
    )
    .sort()
}
const untilEndpoints = (world: NodesWorld, name: string, wanted: string[]) =>
  eventually(
    async () => (await endpointsOf(world, name)).join() === wanted.join(),
    `endpoints are ${wanted.join() || "none"}`,
  )

onRealNodes(`${title} serve a basic endpoint from pods [Conformance]`, async (world) => {
  const service = await makeService(world, "basic", {})
  await untilEndpoints(world, "basic", [])
  await Promise.all([startServers(world, ["one"], app), startClient(world)])
  await untilEndpoints(world, "basic", ["one:8080"])
  await isReached(world, service, ["one"])
  await startServers(world, ["two"], app)
  await untilEndpoints(world, "basic", ["one:8080", "two:8080"])
  await world.api.delete(`${podsPath(world)}/one`)
  await untilEndpoints(world, "basic", ["two:8080"])
  await isReached(world, service, ["two"])
  await world.api.delete(`${podsPath(world)}/two`)
  await untilEndpoints(world, "basic", [])
})

onRealNodes(`${title} serve multiport endpoints from pods [Conformance]`, async (world) => {
  const ports = [
    { name: "portname1", port: 80, targetPort: "portname1" },
    { name: "portname2", port: 81, targetPort: "portname2" },
  ]
  await makeService(world, "multi", { ports })
  const withPort = (name: string, portName: string, containerPort: number) => {
    const pod = serverPod(name, app)
    pod["spec"].containers[0].ports = [{ name: portName, containerPort }]
    return startPod(world, pod)
  }
  await Promise.all([startClient(world), withPort("one", "portname1", 8080)])
  await untilEndpoints(world, "multi", ["one:8080"])
  await withPort("two", "portname2", 8090)
  await untilEndpoints(world, "multi", ["one:8080", "two:8090"])
  await untilAnswers(
    () => ask(world, "http://multi:80/"),
    (answer) => answer === "one",
    "the first port answers",
  )
  await untilAnswers(
    () => ask(world, "http://multi:81/"),
    (answer) => answer === "two",
    "the second port answers",
  )
  await world.api.delete(`${podsPath(world)}/one`)
  await untilEndpoints(world, "multi", ["two:8090"])
})

onRealNodes(`${title} serve endpoints on same port and different protocols [Conformance]`, async (world) => {
  const tcp = { name: "tcp", port: 80, targetPort: 8080, protocol: "TCP" }
  const udp = { name: "udp", port: 80, targetPort: 8081, protocol: "UDP" }
  const { spec } = await makeService(world, "twofold", { ports: [tcp, udp] })
  await Promise.all([startServers(world, ["one"], app), startClient(world), startUdpClient(world)])
  const overTcp = () => ask(world, `http://${spec["clusterIP"]}/`)
  const overUdp = () => askUdp(world, spec["clusterIP"], 80)
  const is = (wanted: string) => (answer: string) => answer === wanted
  await untilAnswers(overTcp, is("one"), "TCP answers")
  await untilAnswers(overUdp, is("one"), "UDP answers")
  const only = async (port: Json) => {
    const service = await world.api.get(`${servicesPath(world)}/twofold`)
    await world.api.update(`${servicesPath(world)}/twofold`, {
      ...service,
      spec: { ...service["spec"], ports: [port] },
    })
  }
  await only(tcp)
  await untilAnswers(overUdp, is(""), "UDP answers no more")
  expect(await overTcp()).toBe("one")
  await only(udp)
  await untilAnswers(overTcp, is(""), "TCP answers no more")
  await untilAnswers(overUdp, is("one"), "UDP answers again")
})

const slicesPath = ({ namespace }: NodesWorld) =>
  `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
const slice = (name: string, service: string, addresses: string[], ports: Json[]): Json => ({
  metadata: {
    name,
    labels: { "kubernetes.io/service-name": service, "endpointslice.kubernetes.io/managed-by": "e2e" },
  },
  addressType: "IPv4",
  endpoints: addresses.map((address) => ({ addresses: [address] })),
  ports,
})

for (const [what, sameAddress] of [
  ["multiple ports", true],
  ["multiple endpoint IPs", false],
] as const) {
  onRealNodes(
    `[sig-network] EndpointSlice should support a Service with ${what} specified in multiple EndpointSlices [Conformance]`,
    async (world) => {
      const ports = [
        { name: "first", port: 80, targetPort: 8080, protocol: "TCP" },
        { name: "second", port: 81, targetPort: 8090, protocol: "TCP" },
      ]
      await makeService(world, "by-hand", { ports, selector: null })
      const [[one, two]] = await Promise.all([startServers(world, ["one", "two"], app), startClient(world)])
      const addresses = [one!["status"].podIP, sameAddress ? one!["status"].podIP : two!["status"].podIP]
      for (const [index, { name, targetPort, protocol }] of ports.entries())
        await world.api.create(
          slicesPath(world),
          slice(`by-hand-${index}`, "by-hand", [addresses[index]], [{ name, port: targetPort, protocol }]),
        )
      await untilAnswers(
        () => ask(world, "http://by-hand:80/"),
        (answer) => answer === "one",
        "the first port answers",
      )
      const second = sameAddress ? "one" : "two"
      await untilAnswers(
        () => ask(world, "http://by-hand:81/"),
        (answer) => answer === second,
        "the second answers",
      )
    },
  )
}

for (const kind of ["ReplicaSet", "ReplicationController"]) {
  onRealNodes(
    `[sig-apps] ${kind} should serve a basic image on each replica with a public image [Conformance]`,
    async (world) => {
      const { metadata, spec } = serverPod("basic", app)
      const template = { metadata: { labels: metadata.labels }, spec: { ...spec, restartPolicy: "Always" } }
      const isSet = kind === "ReplicaSet"
      const base = isSet ? "/apis/apps/v1" : "/api/v1"
      await world.api.create(`${base}/namespaces/${world.namespace}/${kind.toLowerCase()}s`, {
        metadata: { name: "basic" },
        spec: { replicas: 2, selector: isSet ? { matchLabels: app } : app, template },
      })
      const pods = await eventually(async () => {
        const { items } = await world.api.get(podsPath(world), { labelSelector: "app=server" })
        return items.length === 2 && items.every(isReady) && (items as Json[])
      }, "both replicas run")
      for (const { metadata: pod } of pods) {
        const { text } = await world.api.send("GET", `${podsPath(world)}/${pod.name}:8080/proxy/`)
        expect(text).toBe(pod.name)
      }
    },
  )
}
