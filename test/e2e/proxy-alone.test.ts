import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Node } from "../../src/api/core/v1/node.ts"
import { EndpointSlice } from "../../src/api/discovery/v1/endpoint-slice.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { Client } from "../../src/client/client.ts"
import { cli, eventually, hostState, run, TestCluster, whyNoContainers } from "./cluster.ts"
import { get } from "./load.ts"
import { startComponent } from "./start-component.ts"

const machineAddress = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address
const missing = whyNoContainers() ?? (machineAddress ? undefined : "the machine has no address")
const [healthPort, metricsPort] = [38_256, 38_249]

// A cluster whose nodes are simulated has nobody who makes its Services real on this machine: the component alone does.
describe.skipIf(missing)("coracle proxy", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let client: Client
  let proxy: ChildProcess
  let backend: Server
  let clusterIP: string
  let connection: string[]

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
    await cluster.up()
    client = await cluster.client()
    backend = createServer((_, response) => response.end("here"))
    await new Promise<void>((resolve) => backend.listen(0, machineAddress, resolve))
    const service = await client.create(Service, {
      metadata: { namespace: "default", name: "web" },
      spec: { ports: [{ port: 80, protocol: "TCP" }] },
    })
    clusterIP = service.spec.clusterIP!
    connection = ["--kubeconfig", join(cluster.directory, "data/kubeconfig")]
  })
  afterAll(async () => {
    proxy?.kill("SIGKILL")
    const { code, stderr } = await run(process.execPath, [cli, "proxy", ...connection, "--cleanup"])
    backend.close()
    await cluster.destroy()
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(hostState()).toEqual(before)
  })

  async function start(): Promise<void> {
    const ports = [
      "--healthz-bind-address",
      `127.0.0.1:${healthPort}`,
      "--metrics-bind-address",
      `127.0.0.1:${metricsPort}`,
    ]
    proxy = await startComponent("proxy", ...connection, ...ports)
  }

  test("makes the Services of the cluster reachable on this machine", async () => {
    await start()
    await expect(get(clusterIP, 80)).rejects.toThrow("ECONNREFUSED")
    await client.create(EndpointSlice, {
      metadata: {
        namespace: "default",
        name: "web-1",
        labels: { "kubernetes.io/service-name": "web" },
        annotations: { "endpoints.kubernetes.io/last-change-trigger-time": new Date().toISOString() },
      },
      addressType: "IPv4",
      ports: [{ port: (backend.address() as AddressInfo).port, protocol: "TCP" }],
      endpoints: [{ addresses: [machineAddress!], conditions: { ready: true } }],
    })
    await eventually(async () => expect(await get(clusterIP, 80)).toBe("here"))
  })

  test("says how it is, as kube-proxy does", async () => {
    expect(JSON.parse(await get("127.0.0.1", healthPort, { path: "/healthz" }))).toMatchObject({
      nodeEligible: true,
    })
    const metrics = await get("127.0.0.1", metricsPort, { path: "/metrics" })
    expect(metrics).toContain('kubeproxy_network_programming_duration_seconds_count{ip_family="IPv4"} 1')
    expect(await get("127.0.0.1", metricsPort, { path: "/proxyMode" })).toBe("nftables")
  })

  test("leaves its rules when it ends, so that connections go on until the next takes over", async () => {
    proxy.kill("SIGTERM")
    await new Promise((resolve) => proxy.once("exit", resolve))
    expect(await get(clusterIP, 80)).toBe("here")
    await start()
    expect(await get(clusterIP, 80)).toBe("here")
  })

  test("does as its configuration file says", async () => {
    proxy.kill("SIGTERM")
    await new Promise((resolve) => proxy.once("exit", resolve))
    const file = join(cluster.directory, "proxy.yaml")
    const write = (more: string) =>
      writeFileSync(
        file,
        `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: ${connection[1]}}
healthzBindAddress: 127.0.0.1:${healthPort}
metricsBindAddress: 127.0.0.1:${metricsPort}
${more}
`,
      )
    const service = await client.get(Service, { namespace: "default", name: "web" })
    const ports = [{ port: 80, protocol: "TCP" as const, targetPort: 80, nodePort: 30_099 }]
    await client.update(Service, { ...service, spec: { ...service.spec, type: "NodePort", ports } })
    write(`nodePortAddresses: [${machineAddress}/32]`)
    proxy = await startComponent("proxy", "--config", file)
    expect(await get(machineAddress!, 30_099)).toBe("here")
    await expect(get("127.0.0.1", 30_099)).rejects.toThrow("ECONNREFUSED")
    expect(await get("127.0.0.1", metricsPort, { path: "/proxyMode" })).toBe("nftables")
    proxy.kill("SIGTERM")
    await new Promise((resolve) => proxy.once("exit", resolve))
    // Without a word they are open at the addresses of the Node, as upstream's nftables has it.
    await client.create(Node, { metadata: { name: "itself" }, spec: {} })
    const addresses = [{ type: "InternalIP" as const, address: machineAddress! }]
    // Controllers write to a new Node, too.
    await eventually(async () => {
      const node = await client.get(Node, { name: "itself" })
      await client.updateStatus(Node, { ...node, status: { ...node.status, addresses } })
    })
    write("hostnameOverride: itself")
    proxy = await startComponent("proxy", "--config", file)
    expect(await get(machineAddress!, 30_099)).toBe("here")
    await expect(get("127.0.0.1", 30_099)).rejects.toThrow("ECONNREFUSED")
    write("mode: iptables")
    const refused = await run(process.execPath, [cli, "proxy", "--config", file])
    expect(refused.stderr).toContain('KubeProxyConfiguration.mode: Invalid value: "iptables"')
  })

  test("refuses what it does not do", async () => {
    const refused = await run(process.execPath, [cli, "proxy", ...connection, "--proxy-mode", "iptables"])
    expect(refused.stderr).toContain("--proxy-mode iptables: Services are made of nftables rules alone")
    const network = await run(process.execPath, [
      cli,
      "proxy",
      ...connection,
      "--cluster-cidr",
      "10.0.0.0/99",
    ])
    expect(network.stderr).toContain("10.0.0.0/99 is no network")
  })
})
