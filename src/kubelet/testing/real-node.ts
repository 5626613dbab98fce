import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { buildBusyboxImage } from "../../../test/e2e/images.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Event } from "../../api/core/v1/event.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { ignoreAlreadyExists, isStatusError } from "../../apimachinery/status-error.ts"
import { type Logger, silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { createCommands } from "../../base/real/commands.ts"
import { realRandom } from "../../base/real/random.ts"
import { type Containerd, startContainerd } from "../../container-runtime/containerd/start-containerd.ts"
import { stopAllPods } from "../../container-runtime/stop-all-pods.ts"
import type { ProviderPlaces } from "../real/images/read-providers.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { usualConfiguration } from "../configuration/usual-configuration.ts"
import { createRealKubelet, type RealKubelet } from "../real/create-real-kubelet.ts"

export const testImage = "coracle-test/busybox:1"

/** Whether files can be seen as disks here. */
export const hasLoopDevices = existsSync("/dev/loop-control")

/** A node with real containers, and an API server in memory, for tests and benchmarks. */
export interface RealNode {
  readonly server: TestServer
  readonly containerd: Containerd
  kubelet: RealKubelet
  readonly directory: string
  create(name: string, spec: Draft<Pod["spec"]>, metadata?: Draft<Pod["metadata"]>): Promise<Pod>
  get(name: string): Promise<Pod>
  /** Resolves to the pod once `condition` holds; undefined stands for a pod that is gone. */
  until(name: string, condition: (pod: Pod | undefined) => boolean): Promise<Pod>
  events(name: string): Promise<string[]>
  exec(pod: Pod, container: string, ...command: string[]): Promise<string>
  /** Ends the kubelet as a crash does, and starts another one. */
  restartKubelet(): Promise<void>
  /** Stops everything. Resolves to what is left on the machine: nothing, one hopes. */
  stop(): Promise<string[]>
}

export interface RealNodeOptions {
  readonly log?: Logger
  /** What of the kubelet's configuration is not as usual. */
  readonly configuration?: Partial<KubeletConfiguration>
  readonly credentialProviders?: ProviderPlaces
}

export async function startRealNode(options: RealNodeOptions = {}): Promise<RealNode> {
  const { log = silentLogger } = options
  const directory = mkdtempSync(join(tmpdir(), "coracle-node-"))
  const server = await startTestServer({ clock: realClock, random: realRandom })
  const { client } = server
  for (const name of ["default", "kube-node-lease"])
    await client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)
  const commands = createCommands()
  const cni = writeTestNetwork(directory)
  const containerd = await startContainerd({
    directory: join(directory, "containerd"),
    ...cni,
    clock: realClock,
    random: realRandom,
    log,
    commands,
  })
  await containerd.loadImages(buildBusyboxImage(testImage, { output: join(directory, "busybox.tar") }))
  const cgroupParent = `/${basename(directory)}/node`
  const startKubelet = async () => {
    const kubelet = await createRealKubelet({
      node: { name: "node-1", labels: {} },
      client,
      clock: realClock,
      random: realRandom,
      log,
      commands,
      runtime: containerd.runtime,
      images: containerd.images,
      network: { prepare: async () => {}, release: async () => {} },
      rootDirectory: join(directory, "kubelet"),
      cgroupParent,
      nodeIps: ["127.0.0.1"],
      credentialProviders: options.credentialProviders,
      configuration: usualConfiguration({
        clusterDNS: ["10.96.0.10"],
        clusterDomain: "cluster.local",
        staticPodPath: join(directory, "manifests"),
        podLogsDir: join(directory, "kubelet/logs"),
        ...options.configuration,
      }),
    })
    const stop = new AbortController()
    return { kubelet, stop, running: kubelet.run(stop.signal) }
  }
  let current = await startKubelet()
  await current.kubelet.ready
  const get = (name: string) => client.get(Pod, { namespace: "default", name })
  const node: RealNode = {
    server,
    containerd,
    kubelet: current.kubelet,
    directory,
    create: (name, spec, metadata = {}) =>
      client.create(Pod, {
        metadata: { name, namespace: "default", ...metadata },
        spec: { nodeName: "node-1", terminationGracePeriodSeconds: 3, ...spec },
      }),
    get,
    async until(name, condition) {
      let pod: Pod | undefined
      for (const endMs = realClock.monotonic() + 15_000; realClock.monotonic() < endMs; ) {
        pod = await get(name).catch((error: unknown) => {
          if (isStatusError(error, "NotFound")) return undefined
          throw error
        })
        if (condition(pod)) return pod as Pod
        await pause(10)
      }
      throw new Error(`pod ${name} did not come so far: ${JSON.stringify(pod?.status, null, 1)}`)
    },
    async events(name) {
      await pause(200)
      const { items } = await client.list(Event, { namespace: "default" })
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`)
    },
    async exec(pod, container, ...command) {
      const status = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]
      const id = status.find(({ name }) => name === container)?.containerID?.split("://")[1] ?? ""
      const { stdout, stderr } = await containerd.runtime.execSync(id, command, 10)
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
    },
    async restartKubelet() {
      current.stop.abort()
      await current.running
      current = await startKubelet()
      node.kubelet = current.kubelet
      await current.kubelet.ready
    },
    async stop() {
      current.stop.abort()
      await current.running
      await stopAllPods(containerd.runtime, { graceSeconds: 1, clock: realClock })
      await current.kubelet.close()
      await containerd.stop()
      await server.stop()
      const left = leftovers(directory)
      rmSync(directory, { recursive: true, force: true })
      return left
    },
  }
  return node
}

/** Real time that keeps the process alive, unlike a Clock's. */
function pause(milliseconds: number): Promise<void> {
  // oxlint-disable-next-line no-restricted-globals -- a test waits for real programs
  return new Promise((resolve) => void setTimeout(resolve, milliseconds))
}

/** A container of the test image that runs a shell script. */
export function shell(name: string, script: string, more: object = {}) {
  return {
    name,
    image: testImage,
    imagePullPolicy: "IfNotPresent" as const,
    command: ["sh", "-c", script],
    ...more,
  }
}

/** A script that runs until it is asked to stop, and then stops at once. */
export const forever = "trap 'exit 0' TERM; while :; do sleep 0.1; done"

/** Every pod gets the same address and no cable: enough for the runtime to call the network ready. */
function writeTestNetwork(directory: string) {
  const cniConfigDirectory = join(directory, "cni/conf")
  const cniBinaryDirectory = join(directory, "cni/bin")
  mkdirSync(cniConfigDirectory, { recursive: true })
  mkdirSync(cniBinaryDirectory, { recursive: true })
  const config = { cniVersion: "0.4.0", name: "test", plugins: [{ type: "nothing" }] }
  writeFileSync(join(cniConfigDirectory, "10-test.conflist"), JSON.stringify(config))
  const result = `{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"'$CNI_NETNS'"}],"ips":[{"version":"4","address":"198.51.100.2/24","interface":0}]}`
  const script = `#!/bin/sh\n[ "$CNI_COMMAND" = ADD ] && echo '${result}'\nexit 0\n`
  for (const name of ["nothing", "loopback"])
    writeFileSync(join(cniBinaryDirectory, name), script, { mode: 0o755 })
  return { cniConfigDirectory, cniBinaryDirectory }
}

/** Mounts, processes and control groups that mention a directory. */
function leftovers(directory: string): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n")
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      } catch {
        return ""
      }
    })
  const groups = ["", ...readdirSync("/sys/fs/cgroup")]
    .map((tree) => join("/sys/fs/cgroup", tree, basename(directory)))
    .filter((path) => existsSync(path))
  return [...[...mounts, ...processes].filter((line) => line.includes(directory)), ...groups]
}

/** Why real containers cannot run here; undefined if they can. */
export function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "Linux"
  if (process.getuid?.() !== 0) return "root"
  for (const program of ["containerd", "runc", "busybox"]) {
    try {
      execFileSync("sh", ["-c", `command -v ${program} || test -x /usr/sbin/${program}`], { stdio: "ignore" })
    } catch {
      return program
    }
  }
  return undefined
}
