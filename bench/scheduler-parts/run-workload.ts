import { performance } from "node:perf_hooks"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import { type Draft, keyOf } from "../../src/apimachinery/meta.ts"
import { ignoreAlreadyExists } from "../../src/apimachinery/status-error.ts"
import { startTestServer } from "../../src/apiserver/testing.ts"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import type { Client } from "../../src/client/client.ts"
import { createEventSeriesRecorder } from "../../src/client/create-event-series-recorder.ts"
import { createInformers } from "../../src/client/informers.ts"
import { createScheduler } from "../../src/scheduler/scheduler.ts"
import { profiled } from "../parts/profiled.ts"
import type { Workload } from "./workloads.ts"

export interface Outcome {
  readonly podsPerSecond: number
  readonly seconds: number
  /** Of this process, all threads. */
  readonly cpuSeconds: number
  readonly heapMegabytes: number
}

/** Requests under way at once, as scheduler_perf's client sends them. */
const concurrency = 30

/** API server, store in memory and scheduler in this process, on one thread. `profile`: a file for a profile of what counts. */
export async function runWorkload(workload: Workload, profile?: string): Promise<Outcome> {
  const server = await startTestServer()
  const { client } = server
  const stop = new AbortController()
  const counts = await startScheduler(client, stop.signal)
  await prepare(client, workload, counts)
  globalThis.gc?.()
  const churn = workload.churn ? startChurn(client) : undefined
  const before = counts.scheduled()
  const startedMs = performance.now()
  const cpuBefore = process.cpuUsage()
  await profiled(profile, async () => {
    await inParallel(workload.measuredPods, (index) => {
      const pod = workload.measuredPod(index)
      return client.create(Pod, named(pod, `measured-${index}`))
    })
    await counts.reaches(before + workload.measuredPods)
  })
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  churn?.()
  const heapMegabytes = process.memoryUsage().heapUsed / 2 ** 20
  stop.abort()
  await server.stop()
  return {
    podsPerSecond: workload.measuredPods / seconds,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    heapMegabytes,
  }
}

interface Counts {
  /** Pods that have a node. */
  scheduled(): number
  reaches(count: number): Promise<void>
}

async function startScheduler(client: Client, signal: AbortSignal): Promise<Counts> {
  const parts = { client, clock: realClock, random: new SeededRandom("bench"), log: silentLogger }
  const informers = createInformers(parts)
  const events = createEventSeriesRecorder({ ...parts, component: "default-scheduler", signal })
  const scheduler = createScheduler({ ...parts, informers, events })
  const scheduled = new Set<string>()
  let waiting: { count: number; resolve: () => void } | undefined
  informers.onChange(Pod, (pod) => {
    if (!pod?.spec.nodeName) return
    scheduled.add(pod.metadata.uid)
    if (waiting && scheduled.size >= waiting.count) waiting.resolve()
  })
  informers.start(signal)
  void scheduler.run(signal)
  await informers.synced()
  return {
    scheduled: () => scheduled.size,
    reaches(count) {
      if (scheduled.size >= count) return Promise.resolve()
      return new Promise((resolve) => (waiting = { count, resolve }))
    },
  }
}

async function prepare(client: Client, workload: Workload, counts: Counts): Promise<void> {
  const namespaces = new Set(["default"])
  for (let index = 0; index < Math.max(workload.initialPods, 200); index++)
    namespaces.add((workload.initialPod ?? workload.measuredPod)(index).metadata!.namespace!)
  namespaces.add(workload.measuredPod(0).metadata!.namespace!)
  for (const name of namespaces) {
    const labels = workload.namespaceLabels
    await client
      .create(Namespace, { metadata: { name, ...(labels && { labels }) } })
      .catch(ignoreAlreadyExists)
  }
  await inParallel(workload.nodes, (index) =>
    client.create(Node, nodeOf(`node-${index}`, workload.node?.(index))),
  )
  if (workload.extraNode) {
    const allocatable = { cpu: "1000k", memory: "1000Ti", pods: "90000" }
    await client.create(Node, { ...nodeOf(workload.extraNode), status: { allocatable } })
  }
  await inParallel(workload.initialPods, (index) => {
    const pod = (workload.initialPod ?? basicPodOf(workload))(index)
    return client.create(Pod, named(pod, `initial-${index}`))
  })
  if (!workload.initialPodsFitNowhere) await counts.reaches(workload.initialPods)
}

/** Without anything special: the same containers as the measured ones. */
function basicPodOf({ measuredPod }: Workload): (index: number) => Draft<Pod> {
  return (index) => {
    const { metadata, spec } = measuredPod(index)
    return { metadata: { namespace: metadata!.namespace! }, spec: { containers: spec!.containers! } }
  }
}

function nodeOf(name: string, parts: Draft<Node> = {}): Draft<Node> {
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...parts.metadata?.labels } },
    spec: {},
    status: {
      capacity: { cpu: "4", memory: "32Gi", pods: "110" },
      allocatable: { cpu: "4", memory: "32Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True" }],
      phase: "Running",
    } as never,
  }
}

function named(pod: Draft<Pod>, name: string): Draft<Pod> {
  return { ...pod, metadata: { ...pod.metadata, name } }
}

/** Every second a node, a pod that fits nowhere and a Service come, and those of the second before go. */
function startChurn(client: Client): () => void {
  let count = 0
  const turn = async () => {
    const name = `churn-${count++}`
    const allocatable = { cpu: "0", memory: "0", pods: "0" }
    const requests = { cpu: "9", memory: "500Mi" }
    const container = { name: "pause", image: "registry.k8s.io/pause:3.10.1", resources: { requests } }
    const node = await client.create(Node, { ...nodeOf(name), status: { allocatable } })
    const pod = await client.create(Pod, {
      metadata: { namespace: "default", name },
      spec: { containers: [container], priority: 10 },
    })
    const service = await client.create(Service, {
      metadata: { namespace: "default", name },
      spec: { selector: { app: "foo" }, ports: [{ port: 8080 }] },
    })
    setTimeout(() => {
      for (const done of [
        client.delete(Node, keyOf(node)),
        client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0 }),
        client.delete(Service, keyOf(service)),
      ])
        void done.catch(() => {})
    }, 1000)
  }
  const timer = setInterval(() => void turn().catch(() => {}), 1000)
  return () => clearInterval(timer)
}

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker))
}
