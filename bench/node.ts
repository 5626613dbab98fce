// How long a pod takes from its creation in the API to "Ready" in the API, with real containers, against the very same
// containers started by bare CRI calls in the same run: one at a time, and many at once; and how long until both are
// gone again. Needs root and containerd.
//   npm run bench -- node [ROUNDS] [AT_ONCE]
import { Pod } from "../src/api/core/v1/pod.ts"
import { silentLogger } from "../src/base/log.ts"
import { realClock } from "../src/base/real/clock.ts"
import { realRandom } from "../src/base/real/random.ts"
import { Informer } from "../src/client/informer.ts"
import type { ContainerConfig, PodSandboxConfig } from "../src/container-runtime/cri.ts"
import {
  forever,
  reasonToSkip,
  type RealNode,
  shell,
  startRealNode,
  testImage,
} from "../src/kubelet/testing/real-node.ts"

const rounds = Number(process.argv[2] ?? 15)
const atOnce = Number(process.argv[3] ?? 50)

const why = reasonToSkip()
if (why) {
  console.log(`bench/node needs ${why}`)
  process.exit(0)
}
// Timers of the clock do not keep the process alive.
const hold = setInterval(() => {}, 60_000)

const node = await startRealNode()
const { client } = node.server
let pods = 0

// Pods are watched, not asked for again and again: many who ask at once would take the time that is measured.
const seen = new Informer<Pod>({
  resource: Pod,
  client,
  clock: realClock,
  random: realRandom,
  log: silentLogger,
  scope: { namespace: "default" },
})
const watching = new AbortController()
void seen.run(watching.signal)
await seen.synced

function until(name: string, condition: (pod: Pod | undefined) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = seen.onChange((pod, before) => {
      if ((pod ?? before)?.metadata.name !== name || !condition(pod)) return
      stop()
      resolve()
    })
  })
}

async function kubeletStart(name = `bench-${pods++}`): Promise<number> {
  const startedMs = performance.now()
  const ready = until(name, (pod) => pod?.status.containerStatuses?.[0]?.ready === true)
  await node.create(name, { containers: [shell("main", forever)] })
  await ready
  return performance.now() - startedMs
}

/** From the deletion in the API until the pod is gone from there. */
async function kubeletStop(name: string): Promise<number> {
  const startedMs = performance.now()
  const gone = until(name, (pod) => pod === undefined)
  await client.delete(Pod, { namespace: "default", name })
  await gone
  return performance.now() - startedMs
}

async function removeAllPods(): Promise<void> {
  const { items } = await client.list(Pod, { namespace: "default" })
  await Promise.all(items.map(({ metadata }) => kubeletStop(metadata.name)))
}

/** What the kubelet asks for, by hand. */
async function bareStart({ containerd, directory }: RealNode): Promise<number> {
  const uid = `bare-${pods++}`
  const { runtime } = containerd
  const sandboxConfig: PodSandboxConfig = {
    metadata: { name: uid, uid, namespace: "bare", attempt: 0 },
    hostname: uid,
    logDirectory: `${directory}/bare/${uid}`,
    labels: { bare: "true" },
    annotations: {},
    linux: {
      cgroupParent: `/${directory.split("/").at(-1)}/node/bare/${uid}`,
      securityContext: { namespaceOptions: { network: "POD", pid: "CONTAINER", ipc: "POD" } },
    },
  }
  const config: ContainerConfig = {
    metadata: { name: "main", attempt: 0 },
    image: { image: testImage },
    command: ["sh", "-c", forever],
    labels: {},
    annotations: {},
    logPath: "main.log",
    linux: { resources: { cpuShares: 2 } },
  }
  const startedMs = performance.now()
  const sandbox = await runtime.runPodSandbox(sandboxConfig)
  const container = await runtime.createContainer(sandbox, config, sandboxConfig)
  await runtime.startContainer(container)
  return performance.now() - startedMs
}

/** The container by its signal, then the sandbox: what a kubelet must at least do. */
async function bareStop({ containerd: { runtime } }: RealNode, sandbox: string): Promise<number> {
  const startedMs = performance.now()
  const containers = await runtime.listContainers({ podSandboxId: sandbox })
  await Promise.all(containers.map(({ id }) => runtime.stopContainer(id, 3)))
  await runtime.stopPodSandbox(sandbox)
  await runtime.removePodSandbox(sandbox)
  return performance.now() - startedMs
}

async function bareSandboxes({ containerd: { runtime } }: RealNode): Promise<string[]> {
  const sandboxes = await runtime.listPodSandboxes({ labelSelector: { bare: "true" } })
  return sandboxes.map(({ id }) => id)
}

async function removeBare({ containerd: { runtime } }: RealNode): Promise<void> {
  const sandboxes = await runtime.listPodSandboxes({ labelSelector: { bare: "true" } })
  await Promise.all(sandboxes.map(({ id }) => runtime.removePodSandbox(id)))
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

interface Figures {
  readonly kubelet: number[]
  readonly bare: number[]
}

function report(what: string, { kubelet, bare }: Figures): void {
  const line = (name: string, values: readonly number[]) =>
    `  ${name.padEnd(10)} p50 ${percentile(values, 0.5).toFixed(0).padStart(6)} ms   p99 ${percentile(values, 0.99).toFixed(0).padStart(6)} ms`
  console.log(what)
  console.log(line("kubelet", kubelet))
  console.log(line("bare CRI", bare))
  const ratio = (share: number) => (percentile(kubelet, share) / percentile(bare, share)).toFixed(2)
  console.log(`  ratio      p50 ${ratio(0.5).padStart(6)}      p99 ${ratio(0.99).padStart(6)}`)
}

try {
  await kubeletStart()
  await bareStart(node)
  await removeAllPods()
  await removeBare(node)
  const starts: Figures = { kubelet: [], bare: [] }
  const stops: Figures = { kubelet: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    // Each has the machine to itself: what runs already is taken away.
    starts.kubelet.push(await kubeletStart(`one-${round}`))
    stops.kubelet.push(await kubeletStop(`one-${round}`))
    starts.bare.push(await bareStart(node))
    stops.bare.push(await bareStop(node, (await bareSandboxes(node))[0]!))
  }
  report(`start, one at a time, ${rounds} times`, starts)
  report(`stop, one at a time, ${rounds} times`, stops)

  const names = Array.from({ length: atOnce }, (_, index) => `many-${index}`)
  const startedMany = {
    kubelet: await Promise.all(names.map((name) => kubeletStart(name))),
    bare: [] as number[],
  }
  const stoppedMany = { kubelet: await Promise.all(names.map(kubeletStop)), bare: [] as number[] }
  startedMany.bare = await Promise.all(names.map(() => bareStart(node)))
  const sandboxes = await bareSandboxes(node)
  stoppedMany.bare = await Promise.all(sandboxes.map((sandbox) => bareStop(node, sandbox)))
  report(`start, ${atOnce} at once`, startedMany)
  report(`stop, ${atOnce} at once`, stoppedMany)
} finally {
  watching.abort()
  const left = await node.stop()
  if (left.length > 0) console.log("left on the machine:", left)
  clearInterval(hold)
}
process.exit(0)
