import { expect, vi } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { startTestServer } from "../apiserver/testing.ts"
import type { Draft } from "../apimachinery/meta.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import type { Client } from "../client/client.ts"
import { createEventSeriesRecorder } from "../client/create-event-series-recorder.ts"
import { createInformers } from "../client/informers.ts"
import { SchedulerMetrics } from "./metrics.ts"
import { Probe } from "./probe.ts"
import { createScheduler, type Scheduler, type SchedulerOptions } from "./scheduler.ts"

export interface TestScheduler {
  readonly client: Client
  readonly scheduler: Scheduler
  /** 2 cpu, 4Gi of memory, 10 pods, unless `parts` says otherwise. */
  addNode(name: string, parts?: Draft<Node>): Promise<Node>
  addPod(name: string, spec?: Draft<Pod["spec"]>, labels?: Record<string, string>): Promise<Pod>
  /** Where the pod is, once it is somewhere. */
  nodeOf(name: string): Promise<string>
  /** The message of its PodScheduled condition, once it says Unschedulable. */
  pendingBecause(name: string): Promise<string>
  stop(): Promise<void>
}

/** The real scheduler against the real API server in memory. */
export async function startTestScheduler(
  options: Partial<Pick<SchedulerOptions, "profiles" | "extenders">> = {},
): Promise<TestScheduler> {
  const server = await startTestServer()
  const { client } = server
  const stop = new AbortController()
  const parts = { client, clock: realClock, random: new SeededRandom("scheduler"), log: silentLogger }
  const informers = createInformers(parts)
  const events = createEventSeriesRecorder({ ...parts, component: "default-scheduler", signal: stop.signal })
  const scheduler = createScheduler({ ...parts, ...options, informers, events })
  informers.start(stop.signal)
  const running = scheduler.run(stop.signal)
  const get = (name: string) => client.get(Pod, { namespace: "default", name })

  return {
    client,
    scheduler,
    addNode: (name, parts = {}) =>
      client.create(Node, {
        metadata: {
          ...parts.metadata,
          name,
          labels: { "kubernetes.io/hostname": name, ...parts.metadata?.labels },
        },
        spec: { ...parts.spec },
        status: { allocatable: { cpu: "2", memory: "4Gi", pods: "10" }, ...parts.status },
      }),
    addPod: (name, spec = {}, labels) =>
      client.create(Pod, {
        metadata: { name, namespace: "default", ...(labels && { labels }) },
        spec: { containers: [{ name: "main", image: "app" }], ...spec },
      }),
    nodeOf: (name) =>
      vi.waitFor(async () => {
        const { spec } = await get(name)
        expect(spec.nodeName).toBeTruthy()
        return spec.nodeName!
      }, 5000),
    pendingBecause: (name) =>
      vi.waitFor(async () => {
        const { status } = await get(name)
        const condition = status.conditions?.find(({ type }) => type === "PodScheduled")
        expect(condition).toMatchObject({ status: "False", reason: "Unschedulable" })
        return condition!.message!
      }, 5000),
    async stop() {
      stop.abort()
      await running
      await server.stop()
    },
  }
}

/** Measures what nobody reads. */
export function testProbe(): Probe {
  const nothing = () => ({ nodes: 0, pods: 0, assumed: 0 })
  return new Probe(new SchedulerMetrics(() => ({ all: () => [], sizes: noPods }), nothing), realClock, "test")
}

const noPods = { gated: 0, active: 0, backoff: 0, unschedulable: 0, taken: 0, gone: 0 }

/** The containers of a pod that asks for so much cpu. */
export const asking = (cpu: string) => ({
  containers: [{ name: "main", image: "app", resources: { requests: { cpu } } }],
})
