import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import type { IncomingMessage } from "node:http"
import { get } from "node:https"
import { dirname, join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { createCommands } from "../../src/base/real/commands.ts"
import { realRandom } from "../../src/base/real/random.ts"
import { type Containerd, startContainerd } from "../../src/container-runtime/containerd/start-containerd.ts"
import { stopAllPods } from "../../src/container-runtime/stop-all-pods.ts"
import { cli, eventually, type Kubectl, run, TestCluster } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { pluginPrograms, whyNoPlugins, writePluginConfiguration } from "./network-plugins.ts"
import { realClients } from "./real-clients.ts"
import { startComponent } from "./start-component.ts"

const missing = whyNoPlugins()
const configuration = {
  cniVersion: "0.4.0",
  name: "e2e-alone",
  plugins: [{ type: "ptp", ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]] } }],
}

const web = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web" },
  spec: {
    nodeSelector: { e2e: "alone" },
    containers: [
      {
        name: "web",
        image: "e2e/busybox:1",
        imagePullPolicy: "Never",
        command: ["sleep", "3600"],
      },
    ],
  },
}

interface Pod {
  metadata: { name: string; uid: string }
  status: { phase: string; podIP: string; containerStatuses: { containerID: string; restartCount: number }[] }
}

// A container runtime that is there, network plugins that are there, a cluster elsewhere: the component alone makes a node.
describe.skipIf(missing)("coracle kubelet", () => {
  let cluster: TestCluster
  let kubectl: Kubectl
  let containerd: Containerd
  let kubelet: ChildProcess

  beforeAll(async () => {
    cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
    containerd = await startContainerd({
      directory: join(cluster.directory, "containerd"),
      cniConfigDirectory: writePluginConfiguration(cluster.directory, configuration),
      cniBinaryDirectory: pluginPrograms,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
      commands: createCommands(),
    })
    const output = join(cluster.directory, "image.tar")
    await containerd.loadImages(buildBusyboxImage("e2e/busybox:1", { output }))
  })
  afterAll(async () => {
    kubelet?.kill("SIGKILL")
    if (containerd) await stopAllPods(containerd.runtime, { graceSeconds: 0, clock: realClock })
    await containerd?.stop()
    await run("sh", [
      "-c",
      `grep ${cluster.directory} /proc/self/mounts | cut -d' ' -f2 | xargs -r umount -l`,
    ])
    await run("rm", ["-rf", "/var/lib/cni/networks/e2e-alone"])
    await run("sh", [
      "-c",
      "find /sys/fs/cgroup -depth -type d -path '*/coracle-e2e-alone*' -exec rmdir {} +",
    ])
    await cluster.destroy()
  })

  async function start(): Promise<void> {
    const words = [
      "--kubeconfig",
      join(cluster.directory, "data/kubeconfig"),
      "--container-runtime-endpoint",
      containerd.endpoint,
      "--root-dir",
      join(cluster.directory, "kubelet"),
      "--cgroup-root",
      "/coracle-e2e-alone",
      "--hostname-override",
      "alone",
      "--node-labels",
      "e2e=alone",
      "--address",
      "127.0.0.1",
      "--port",
      "38250",
      "--config",
      write("kubelet.yaml", "maxPods: 30\nevictionHard: {memory.available: 50Mi}"),
      "--config-dir",
      join(cluster.directory, "drop-ins"),
    ]
    write("drop-ins/10-pods.conf", "maxPods: 40")
    write("drop-ins/more/20-disk.conf", "evictionHard: {nodefs.available: 3%}")
    write("drop-ins/30-ignored.yaml", "maxPods: 50")
    kubelet = await startComponent("kubelet", ...words)
  }

  /** A file of the kubelet's configuration; its path. */
  function write(name: string, fields: string): string {
    const path = join(cluster.directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${fields}\n`)
    return path
  }

  const pod = () => kubectl.json<Pod>("get pod web")

  test("makes this machine a node, and pods of it real", async () => {
    await start()
    await kubectl.call("wait node/alone --for=condition=Ready --timeout=60s")
    await kubectl.call("apply -f -", JSON.stringify(web))
    await kubectl.call("wait pod/web --for=condition=Ready --timeout=60s")
    expect((await pod()).status.podIP).toMatch(/^10\.88\.0\./)
  })

  test("works as its files and flags say, and tells it", async () => {
    const { users } = await kubectl.json<{ users: { user: Record<string, string> }[] }>("config view --raw")
    const credentials = {
      cert: Buffer.from(users[0]!.user["client-certificate-data"]!, "base64"),
      key: Buffer.from(users[0]!.user["client-key-data"]!, "base64"),
    }
    // It shows a certificate of its own making.
    const ask = async (path: string) => {
      const url = `https://127.0.0.1:38250/${path}`
      const request = get(url, { ...credentials, rejectUnauthorized: false })
      const [response] = (await once(request, "response")) as [IncomingMessage]
      return text(response)
    }
    const { kubeletconfig } = JSON.parse(await ask("configz"))
    expect(kubeletconfig).toMatchObject({ maxPods: 40, port: 38_250 })
    expect(kubeletconfig.evictionHard).toEqual({ "memory.available": "50Mi", "nodefs.available": "3%" })
    const { status } = await kubectl.json<{ status: { capacity: { pods: string } } }>("get node alone")
    expect(status.capacity.pods).toBe("40")
    const flags = await ask("flagz")
    expect(flags).toContain("hostname-override=alone\n")
    expect(flags).toContain("node-labels=[e2e=alone]\n")
    expect(flags).toContain(`config-dir=${join(cluster.directory, "drop-ins")}\n`)
  })

  test("finds its pods again", async () => {
    const earlier = (await pod()).status
    kubelet.kill("SIGTERM")
    await new Promise((resolve) => kubelet.once("exit", resolve))
    await start()
    await kubectl.call("label pod web seen=again")
    const later = (await pod()).status
    expect(later.containerStatuses[0]!.containerID).toBe(earlier.containerStatuses[0]!.containerID)
    expect(later.containerStatuses[0]!.restartCount).toBe(0)
    await kubectl.call("delete pod web --grace-period=1 --timeout=60s")
    await eventually(async () => expect(await containerd.runtime.listPodSandboxes()).toEqual([]))
  })

  test("refuses what cannot be", async () => {
    const refused = await run(process.execPath, [
      cli,
      "kubelet",
      "--kubeconfig",
      join(cluster.directory, "data/kubeconfig"),
      "--container-runtime-endpoint",
      "unix:///nowhere.sock",
    ])
    expect(refused.stderr).toContain(
      "--container-runtime-endpoint unix:///nowhere.sock: there is no such socket",
    )
  })
})
