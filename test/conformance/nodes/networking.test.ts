import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import {
  ask,
  askUdp,
  serverPod,
  startClient,
  startServers,
  startUdpClient,
  untilAnswers,
} from "./net-servers.ts"
import { execIn, idle, outputOf, podOf, shell, startPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, scripting, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const app = { app: "server" }
const nodeNames = async ({ api }: NodesWorld): Promise<string[]> =>
  (await api.get("/api/v1/nodes"))["items"].map(({ metadata }: Json) => metadata.name)

/** One on each node. */
async function startEverywhere(world: NodesWorld): Promise<{ name: string; address: string }[]> {
  const nodes = await nodeNames(world)
  const pods = await Promise.all(
    nodes.map((nodeName, index) => startPod(world, serverPod(`netserver-${index}`, app, { nodeName }))),
  )
  return pods.map(({ metadata, status }) => ({ name: metadata.name, address: status["podIP"] }))
}

const granular = "[sig-network] Networking Granular Checks: Pods should function for"
for (const [from, spec, suffix] of [
  ["intra-pod", {}, "[Conformance] [NodeConformance]"],
  ["node-pod", { hostNetwork: true }, "[LinuxOnly] [Conformance] [NodeConformance]"],
] as const) {
  onRealNodes(`${granular} ${from} communication: http ${suffix}`, async (world) => {
    const [servers] = await Promise.all([startEverywhere(world), startClient(world, "client", spec)])
    for (const { name, address } of servers)
      await untilAnswers(
        () => ask(world, `http://${address}:8080/`),
        (answer) => answer === name,
        `${name} answers`,
      )
  })
  onRealNodes(`${granular} ${from} communication: udp ${suffix}`, async (world) => {
    const [servers] = await Promise.all([startEverywhere(world), startUdpClient(world, "udp-client", spec)])
    for (const { name, address } of servers)
      await untilAnswers(
        () => askUdp(world, address, 8081),
        (answer) => answer === name,
        `${name} answers`,
      )
  })
}

onRealNodes(
  "[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]",
  async (world) => {
    const { subsets } = await world.api.get("/api/v1/namespaces/default/endpoints/kubernetes")
    const [{ addresses, ports }] = subsets
    const { items } = await world.api.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
      labelSelector: "kubernetes.io/service-name=kubernetes",
    })
    const inSlices = items.flatMap(({ endpoints }: Json) =>
      endpoints.flatMap((each: Json) => each["addresses"]),
    )
    expect(inSlices.sort()).toEqual(addresses.map(({ ip }: Json) => ip).sort())
    expect(items[0].ports).toMatchObject([{ name: "https", port: ports[0].port }])
    await startUdpClient(world, "scripted")
    const connect = `require("node:net").connect(${ports[0].port}, "${addresses[0].ip}", () => { console.log("open"); process.exit() })`
    expect(await world.kubectl("exec", "scripted", "--", "node", "-e", connect)).toBe("open\n")
  },
)

onRealNodes("[sig-network] API Server should provide secure master service [Conformance]", async (world) => {
  const { spec } = await world.api.get("/api/v1/namespaces/default/services/kubernetes")
  expect(spec["ports"]).toMatchObject([{ name: "https", port: 443, protocol: "TCP" }])
  // And it is the API server that answers there.
  const program = `const { readFileSync } = require("node:fs")
    const ca = readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
    require("node:https").get({ host: "kubernetes.default.svc", path: "/version", ca }, (answer) => answer.pipe(process.stdout))`
  const output = await outputOf(
    world,
    podOf("asking", [{ name: "main", image: scripting, args: ["-e", program] }]),
  )
  expect(JSON.parse(output)).toHaveProperty("gitVersion")
})

onRealNodes(
  "[sig-network] HostPort validates that there is no conflict between pods with same hostPort but different hostIP and protocol [LinuxOnly] [Conformance]",
  async (world) => {
    const [nodeName] = await nodeNames(world)
    const { status } = await world.api.get(`/api/v1/nodes/${nodeName}`)
    const address = status["addresses"].find(({ type }: Json) => type === "InternalIP").address
    const hostPort = 54_323
    const withPort = async (name: string, hostIP: string, protocol: string) => {
      const pod = serverPod(name, app, { nodeSelector: { "kubernetes.io/hostname": nodeName } })
      pod["spec"].containers[0].ports = [
        { containerPort: protocol === "UDP" ? 8081 : 8080, hostPort, hostIP, protocol },
      ]
      await startPod(world, pod)
    }
    await withPort("pod1", "127.0.0.1", "TCP")
    await withPort("pod2", address, "TCP")
    await withPort("pod3", address, "UDP")
    const onHost = { hostNetwork: true, nodeName }
    await Promise.all([startClient(world, "client", onHost), startUdpClient(world, "udp-client", onHost)])
    const is = (name: string) => (answer: string) => answer === name
    await untilAnswers(
      () => ask(world, `http://127.0.0.1:${hostPort}/`),
      is("pod1"),
      "the loopback one answers",
    )
    await untilAnswers(() => ask(world, `http://${address}:${hostPort}/`), is("pod2"), "the other answers")
    await untilAnswers(() => askUdp(world, address, hostPort), is("pod3"), "the one for datagrams answers")
  },
)

const dns = "[sig-network] DNS should"
const lookup = (world: NodesWorld, name: string, type = "a", client = "client") =>
  execIn(world, client, `nslookup -type=${type} ${name} 2>&1 || true`)
const resolves = (world: NodesWorld, name: string, wanted: string, type = "a", client = "client") =>
  untilAnswers(
    () => lookup(world, name, type, client),
    (answer) => answer.split(/[\s=]+/).includes(wanted),
    `${name} is ${wanted}`,
  )
/** Through the search path of the pod, as programs look names up. */
const finds = (world: NodesWorld, name: string, wanted: string, client = "scripted") =>
  untilAnswers(
    () =>
      world.kubectl(
        "exec",
        client,
        "--",
        "node",
        "-p",
        `require("node:dns").promises.lookup("${name}").then(({ address }) => console.log(address), (error) => console.log(error.code)), ""`,
      ),
    (answer) => answer.trim() === wanted,
    `${name} is found at ${wanted}`,
  )
const makeService = ({ api, namespace }: NodesWorld, name: string, spec: Json) =>
  api.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: { ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }], ...spec },
  })

onRealNodes(`${dns} provide DNS for the cluster [Conformance]`, async (world) => {
  await Promise.all([startClient(world), startUdpClient(world, "scripted")])
  const { spec } = await world.api.get("/api/v1/namespaces/default/services/kubernetes")
  await resolves(world, "kubernetes.default.svc.cluster.local", spec["clusterIP"])
  for (const name of ["kubernetes.default", "kubernetes.default.svc"])
    await finds(world, name, spec["clusterIP"])
})

onRealNodes(`${dns} provide /etc/hosts entries for the cluster [Conformance]`, async (world) => {
  await makeService(world, "dns-test-service", { clusterIP: "None", selector: app })
  const spec = { hostname: "dns-querier", subdomain: "dns-test-service" }
  const pod = await startPod(world, podOf("querier", [shell(idle)], { labels: app, spec }))
  const hosts = await execIn(world, "querier", "cat /etc/hosts")
  const fqdn = `dns-querier.dns-test-service.${world.namespace}.svc.cluster.local`
  expect(hosts).toContain(`${pod["status"].podIP}\t${fqdn}\tdns-querier`)
  expect(await execIn(world, "querier", "hostname -f")).toBe(`${fqdn}\n`)
})

onRealNodes(`${dns} provide DNS for services [Conformance]`, async (world) => {
  const normal = await makeService(world, "normal", { selector: app })
  await makeService(world, "headless", { clusterIP: "None", selector: app })
  const [[server]] = await Promise.all([startServers(world, ["one"], app), startClient(world)])
  const zone = `${world.namespace}.svc.cluster.local`
  await resolves(world, `normal.${zone}`, normal["spec"].clusterIP)
  await resolves(world, `headless.${zone}`, server!["status"].podIP)
  await resolves(world, `_http._tcp.normal.${zone}`, `normal.${zone}`, "srv")
  await untilAnswers(
    () => lookup(world, `_http._tcp.headless.${zone}`, "srv"),
    (answer) => answer.includes(`.headless.${zone}`) && answer.includes(" 8080 "),
    "the port of the headless one",
  )
  const reverse = `${normal["spec"].clusterIP.split(".").reverse().join(".")}.in-addr.arpa`
  await resolves(world, reverse, `normal.${zone}`, "ptr")
})

onRealNodes(
  `${dns} resolve DNS of partial qualified names for services [LinuxOnly] [Conformance]`,
  async (world) => {
    const normal = await makeService(world, "normal", { selector: app })
    await makeService(world, "headless", { clusterIP: "None", selector: app })
    const [[server]] = await Promise.all([
      startServers(world, ["one"], app),
      startUdpClient(world, "scripted"),
    ])
    for (const suffix of ["", `.${world.namespace}`, `.${world.namespace}.svc`]) {
      await finds(world, `normal${suffix}`, normal["spec"].clusterIP)
      await finds(world, `headless${suffix}`, server!["status"].podIP)
    }
  },
)

for (const part of ["Hostname", "Subdomain"]) {
  onRealNodes(`${dns} provide DNS for pods for ${part} [Conformance]`, async (world) => {
    await makeService(world, "dns-subdomain", { clusterIP: "None", selector: app })
    const spec = { hostname: "dns-querier", subdomain: "dns-subdomain" }
    const [pod] = await Promise.all([startPod(world, serverPod("querier", app, spec)), startClient(world)])
    const zone = `dns-subdomain.${world.namespace}.svc.cluster.local`
    const name = part === "Hostname" ? `dns-querier.${zone}` : zone
    await resolves(world, name, pod["status"].podIP)
  })
}

onRealNodes(`${dns} provide DNS for ExternalName services [Conformance]`, async (world) => {
  const path = `/api/v1/namespaces/${world.namespace}/services/external`
  await makeService(world, "external", { type: "ExternalName", externalName: "foo.example.com" })
  await startClient(world)
  const name = `external.${world.namespace}.svc.cluster.local`
  await resolves(world, name, "foo.example.com", "cname")
  await world.api.patch(path, { spec: { externalName: "bar.example.com" } })
  await resolves(world, name, "bar.example.com", "cname")
  const { spec } = await world.api.patch(path, { spec: { type: "ClusterIP", externalName: null } })
  await resolves(world, name, spec["clusterIP"])
})

onRealNodes(`${dns} support configurable pod DNS nameservers [Conformance]`, async (world) => {
  const dnsConfig = { nameservers: ["1.1.1.1"], searches: ["resolv.conf.local"] }
  const pod = podOf("configured", [shell("cat /etc/resolv.conf")], { spec: { dnsPolicy: "None", dnsConfig } })
  expect((await outputOf(world, pod)).trim().split("\n").sort()).toEqual([
    "nameserver 1.1.1.1",
    "search resolv.conf.local",
  ])
})

/** Answers with what it was asked, as JSON: method, path, and whether a body came. */
const mirror = `require("node:http").createServer((request, response) => {
    response.setHeader("content-type", "application/json")
    response.end(request.method === "HEAD" ? "" : JSON.stringify({ method: request.method, path: request.url }))
  }).listen(8080)
  process.on("SIGTERM", () => process.exit(0))`
const methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
const proxyTitle = "[sig-network] Proxy version v1"

async function startMirror(world: NodesWorld): Promise<string[]> {
  await startPod(world, serverPod("mirror", app, {}, mirror))
  await makeService(world, "mirror", { selector: app })
  const base = `/api/v1/namespaces/${world.namespace}`
  const paths = [`${base}/pods/mirror:8080/proxy`, `${base}/services/mirror:http/proxy`]
  for (const path of paths)
    await eventually(async () => (await world.api.send("GET", `${path}/`)).status === 200, `${path} answers`)
  return paths
}

onRealNodes(
  `${proxyTitle} A set of valid responses are returned for both pod and service ProxyWithPath [Conformance]`,
  async (world) => {
    for (const path of await startMirror(world)) {
      for (const method of methods) {
        const { status, body } = await world.api.send(method, `${path}/some/path/with/${method}`)
        expect(status, `${method} ${path}`).toBe(200)
        if (method !== "HEAD") expect(body).toEqual({ method, path: `/some/path/with/${method}` })
      }
    }
  },
)
onRealNodes(
  `${proxyTitle} A set of valid responses are returned for both pod and service Proxy [Conformance]`,
  async (world) => {
    for (const path of await startMirror(world)) {
      for (const method of methods) {
        const { status, headers, body } = await world.api.send(method, path, { query: { method } })
        // Pages are read at the place that ends with a slash.
        if (method === "GET" || method === "HEAD") {
          expect(status, `${method} ${path}`).toBe(301)
          expect(headers["location"]).toContain(`${path}/?method=${method}`)
        } else expect(body, `${method} ${path}`).toEqual({ method, path: `/?method=${method}` })
      }
    }
  },
)
onRealNodes(`${proxyTitle} should proxy through a service and a pod [Conformance]`, async (world) => {
  await startMirror(world)
  const base = `/api/v1/namespaces/${world.namespace}`
  await world.api.create(`${base}/services`, {
    metadata: { name: "ports" },
    spec: {
      selector: app,
      ports: [
        { name: "portname1", port: 80, targetPort: 8080 },
        { name: "portname2", port: 81, targetPort: 8080 },
      ],
    },
  })
  await eventually(
    async () => (await world.api.send("GET", `${base}/services/ports:portname2/proxy/`)).status === 200,
    "the Service is there",
  )
  const places = [
    "pods/mirror:8080",
    "pods/http:mirror:8080",
    "services/ports:portname1",
    "services/ports:80",
    "services/http:ports:portname2",
    "services/http:ports:81",
  ]
  const asked = Array.from(
    { length: 60 },
    (_, index) => `${base}/${places[index % places.length]}/proxy/${index}`,
  )
  const answers = await Promise.all(asked.map((path) => world.api.send("GET", path)))
  for (const [index, { status, body }] of answers.entries()) {
    expect(status, asked[index]).toBe(200)
    expect(body["path"]).toBe(`/${index}`)
  }
})
