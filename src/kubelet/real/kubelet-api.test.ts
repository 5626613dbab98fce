import { mkdirSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { issueTestCertificates } from "../../apiserver/serve/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { type KubeletServer, serveKubelet } from "../server/serve-kubelet.ts"
import { forever, reasonToSkip, type RealNode, shell, startRealNode } from "../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of the kubelet's API need ${why}`)

const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false

// What dashboards, alerts and people ask a kubelet, over its own port.
describe.skipIf(why)("the kubelet's API", { timeout: 30_000 }, () => {
  let node: RealNode
  let api: KubeletServer
  let pod: Pod
  const certificates = issueTestCertificates()
  const admin = certificates.client("kube-apiserver-kubelet-client", "system:masters")

  beforeAll(async () => {
    node = await startRealNode()
    const logs = join(node.directory, "log")
    mkdirSync(join(logs, "audit"), { recursive: true })
    writeFileSync(join(logs, "syslog"), "one\ntwo\n")
    writeFileSync(join(logs, "audit", "audit.log"), "three\n")
    writeFileSync(join(node.directory, "own.log"), "four\n")
    api = await serveKubelet({
      kubelets: () => [node.kubelet],
      host: "127.0.0.1",
      port: 0,
      serving: certificates.server,
      clientAuthorities: certificates.authority,
      log: silentLogger,
      nodeLogs: { directory: logs, services: { kubelet: join(node.directory, "own.log") } },
    })
    await node.create("asked", {
      containers: [
        shell("main", forever, {
          resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "100m", memory: "32Mi" } },
          readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
          volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
        }),
      ],
      volumes: [{ name: "scratch", emptyDir: {} }],
    })
    pod = await node.until("asked", isReady)
  }, 60_000)

  afterAll(async () => {
    await api?.close()
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  async function ask(
    path: string,
    { method = "GET", as = admin } = {},
  ): Promise<{ status: number; body: string }> {
    const url = new URL(path, `https://127.0.0.1:${api.port}`)
    const tls = { ca: certificates.authority, cert: as.certificate, key: as.key }
    return new Promise((resolve, reject) => {
      const asked = request(url, { ...tls, agent: false, method }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      asked.on("error", reject)
      asked.end()
    })
  }
  const read = async (path: string) => (await ask(path)).body

  it("tells of itself under the names that dashboards know", async () => {
    const metrics = await read("/metrics")
    for (const line of [
      'kubelet_node_name{node="node-1"} 1',
      "kubelet_running_pods 1",
      'kubelet_running_containers{container_state="running"} 1',
      'kubelet_runtime_operations_total{operation_type="run_podsandbox"} 1',
      'kubelet_runtime_operations_duration_seconds_count{operation_type="create_container"} 1',
      'kubelet_started_containers_total{container_type="container"} 1',
      "kubelet_pod_start_duration_seconds_count 1",
      "kubelet_pod_start_sli_duration_seconds_count 1",
      'storage_operation_duration_seconds_count{volume_plugin="kubernetes.io/empty-dir",operation_name="volume_mount",status="success",migrated="false"} 1',
      'kubelet_desired_pods{static=""} 1',
      'volume_manager_total_volumes{plugin_name="kubernetes.io/empty-dir",state="actual_state_of_world"} 1',
    ])
      expect(metrics).toContain(`${line}\n`)
    // It looks once a second: a pod may be ready before.
    await expect
      .poll(() => read("/metrics"), { timeout: 5000 })
      .toMatch(/^kubelet_pleg_relist_duration_seconds_count [1-9]/m)
    expect(metrics).toMatch(
      /^kubelet_pod_worker_duration_seconds_bucket\{operation_type="sync",le="0.005"\} \d/m,
    )
    expect(metrics).toMatch(/^rest_client_requests_total\{code="200",method="PATCH",host=""\} \d/m)
    expect(metrics).toMatch(/^process_resident_memory_bytes \d{7}/m)
  })

  it("tells of containers as cAdvisor does: the pod, its sandbox with the network, its containers with their image", async () => {
    const metrics = await read("/metrics/cadvisor")
    const group = `/kubepods/burstable/pod${pod.metadata.uid}`
    const id = pod.status.containerStatuses![0]!.containerID!.split("://")[1]
    expect(metrics).toMatch(
      new RegExp(
        `^container_cpu_usage_seconds_total\\{container="main",cpu="total",id="[^"]*${group}/${id}",image="[^"]*busybox:1",name="${id}",namespace="default",pod="asked"\\} [\\d.e-]+ \\d+$`,
        "m",
      ),
    )
    expect(metrics).toMatch(
      new RegExp(
        `^container_memory_working_set_bytes\\{container="",id="[^"]*${group}",image="",name="",.*\\} [1-9]`,
        "m",
      ),
    )
    expect(metrics).toMatch(/^container_cpu_cfs_periods_total\{container="main".*\} \d/m)
    expect(metrics).toMatch(/^container_spec_memory_limit_bytes\{container="main".*\} 33554432 /m)
    expect(metrics).toMatch(/^container_spec_cpu_quota\{container="main".*\} 10000 /m)
    expect(metrics).toMatch(/^container_memory_working_set_bytes\{container="",id="\/",/m)
    expect(metrics).toMatch(/^machine_cpu_cores [1-9]/m)
  })

  it("counts probes", async () => {
    expect(await read("/metrics/probes")).toMatch(
      /^prober_probe_duration_seconds_count\{container="main",namespace="\w+",pod="asked",probe_type="Readiness"\} [1-9]/m,
    )
    expect(await read("/metrics/probes")).toMatch(
      /^prober_probe_total\{container="main",namespace="default",pod="asked",pod_uid="[^"]+",probe_type="Readiness",result="successful"\} [1-9]/m,
    )
  })

  it("sums up what the node and its pods use", async () => {
    const { pods, node: own } = JSON.parse(await read("/stats/summary")) as Record<string, never[]>
    expect(own).toMatchObject({ nodeName: "node-1", rlimit: { maxpid: expect.any(Number) as number } })
    expect(pods).toMatchObject([
      {
        podRef: { name: "asked" },
        memory: { workingSetBytes: expect.any(Number) as number },
        process_stats: { process_count: expect.any(Number) as number },
        volume: [{ name: "scratch", usedBytes: expect.any(Number) as number }],
        containers: [{ name: "main", swap: { swapUsageBytes: 0 } }],
      },
    ])
    const brief = JSON.parse(await read("/stats/summary?only_cpu_and_memory=true")) as { pods: object[] }
    expect(Object.keys(brief.pods[0]!).sort()).toEqual(["containers", "cpu", "memory", "podRef", "startTime"])
  })

  it("lists pods as the API has them, and as the runtime has them", async () => {
    expect(JSON.parse(await read("/pods"))).toMatchObject({
      kind: "PodList",
      items: [{ metadata: { name: "asked" } }],
    })
    const { items } = JSON.parse(await read("/runningpods/")) as { items: object[] }
    expect(items).toMatchObject([{ metadata: { name: "asked" }, spec: { containers: [{ name: "main" }] } }])
  })

  it("says how it works, and that it does", async () => {
    expect(JSON.parse(await read("/configz"))).toMatchObject({
      kubeletconfig: {
        clusterDomain: "cluster.local",
        maxPods: 110,
        evictionHard: { "memory.available": "100Mi" },
      },
    })
    expect(await read("/healthz")).toBe("ok")
    expect(await read("/healthz?verbose")).toBe(
      "[+]ping ok\n[+]log ok\n[+]syncloop ok\n[+]device-plugin ok\nhealthz check passed\n",
    )
    expect(await ask("/healthz/nothing")).toMatchObject({ status: 404 })
  })

  it("shows the machine's logs, and nothing beside them", async () => {
    expect(await read("/logs/")).toContain('<a href="audit/">audit/</a>\n<a href="syslog">syslog</a>\n')
    expect(await read("/logs/syslog")).toBe("one\ntwo\n")
    expect(await ask("/logs/..%2fown.log")).toMatchObject({ status: 404 })
    expect(await read("/logs/?query=syslog")).toBe("one\ntwo\n")
    expect(await read("/logs/?query=audit")).toBe("three\n")
    expect(await read("/logs/?query=kubelet")).toBe("four\n")
    expect(await read("/logs/?query=nothing")).toBe("\nlog not found for nothing\n")
    expect(await read("/logs/?query=syslog&tailLines=1")).toBe(
      "\noptions present and query resolved to log files for [syslog]\ntry without specifying options\n",
    )
    expect(await ask("/logs/?query=")).toEqual({
      status: 400,
      body: 'query: Invalid value: [""]: may not be empty\n',
    })
  })

  it("says what the runtime says of checkpoints", async () => {
    const post = (path: string) => ask(path, { method: "POST" })
    expect(await post("/checkpoint/default/nobody/main")).toEqual({
      status: 404,
      body: "pod does not exist\n",
    })
    expect(await post("/checkpoint/default/asked/other")).toEqual({
      status: 404,
      body: "container other does not exist\n",
    })
    const { status, body } = await post("/checkpoint/default/asked/main")
    expect(status).toBe(500)
    expect(body).toMatch(
      /^checkpointing of default\/asked\/main failed \(rpc error: code = Unimplemented desc = .*CheckpointContainer/,
    )
  })

  it("lets in nobody whom it does not know", async () => {
    const stranger = issueTestCertificates().client("visitor", "system:masters")
    expect(await ask("/pods", { as: stranger })).toEqual({ status: 401, body: "Unauthorized\n" })
  })
})
