import { setMaxListeners } from "node:events"
import { Deployment } from "../../src/api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../src/api/apps/v1/replica-set.ts"
import { Job } from "../../src/api/batch/v1/job.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { KubeObject } from "../../src/apimachinery/meta.ts"
import type { Resource } from "../../src/apimachinery/resource.ts"
import { ignoreAlreadyExists } from "../../src/apimachinery/status-error.ts"
import { startTestServer } from "../../src/apiserver/testing.ts"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import type { Client } from "../../src/client/client.ts"
import { createClient } from "../../src/client/create-client.ts"
import { createEventSeriesRecorder } from "../../src/client/create-event-series-recorder.ts"
import { Informer } from "../../src/client/informer.ts"
import { createInformers } from "../../src/client/informers.ts"
import { SimulatedImages } from "../../src/container-runtime/simulated/simulated-images.ts"
import { SimulatedRuntime } from "../../src/container-runtime/simulated/simulated-runtime.ts"
import { createControllerManager } from "../../src/controller-manager/create-controller-manager.ts"
import { sharedPodFeed } from "../../src/kubelet/objects/pod-feed.ts"
import { createSimulatedKubelet } from "../../src/kubelet/simulated/create-simulated-kubelet.ts"
import { createScheduler } from "../../src/scheduler/scheduler.ts"
import { WriteCounts } from "./count-writes.ts"

export interface World {
  readonly client: Client
  /** Does something `count` times, sixteen at once, as scheduler_perf's client does. */
  inParallel(count: number, act: (index: number) => Promise<unknown>): Promise<void>
  /** How many there are, by a cache of the bench's own. */
  count<T extends KubeObject>(resource: Resource<T>, where?: (object: T) => boolean): number
  reaches(holds: () => boolean): Promise<void>
  /** Of components; not of the bench. */
  readonly writes: WriteCounts
  stop(): Promise<void>
}

const concurrency = 16

// A thousand kubelets wait for the same end.
setMaxListeners(0)

/** API server, store in memory, every controller, the scheduler, and kubelets on nodes that are not there. */
export async function startWorld(nodeCount: number): Promise<World> {
  const server = await startTestServer()
  const { client, transport } = server
  const writes = new WriteCounts()
  const clientOf = (component: string) => createClient(writes.of(component, transport))
  const random = new SeededRandom("bench")
  const parts = { client, clock: realClock, random, log: silentLogger }
  const stop = new AbortController()
  const { signal } = stop
  for (const name of ["default", "kube-system", "kube-node-lease"])
    await client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)

  const manager = createControllerManager({
    ...parts,
    transport: writes.of("controller-manager", transport),
    transportFor: (name) => writes.of(name, transport),
  })
  void manager.run(signal)
  await manager.ready

  const schedulerParts = { ...parts, client: clientOf("scheduler") }
  const schedulerInformers = createInformers(schedulerParts)
  const events = createEventSeriesRecorder({ ...schedulerParts, component: "default-scheduler", signal })
  void createScheduler({ ...schedulerParts, informers: schedulerInformers, events }).run(signal)
  schedulerInformers.start(signal)

  const own = createInformers(parts)
  for (const resource of [Deployment, ReplicaSet, Job, Pod, Node] as Resource[])
    own.onChange(resource, () => {})
  own.start(signal)
  await own.synced()

  await startNodes(nodeCount)
  const world: World = {
    client,
    inParallel,
    count: (resource, where) => own.cache.list(resource, where && { where }).length,
    writes,
    async reaches(holds) {
      while (!holds()) await new Promise((resolve) => void setTimeout(resolve, 50))
    },
    async stop() {
      stop.abort()
      await server.stop()
    },
  }
  const isReady = ({ status }: Node) =>
    status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true
  await world.reaches(() => world.count(Node, isReady) === nodeCount)
  return world

  async function startNodes(count: number): Promise<void> {
    const pods = new Informer<Pod>({ ...parts, resource: Pod })
    const services = new Informer<Service>({ ...parts, resource: Service })
    const feed = sharedPodFeed(pods)
    const kubeletClient = clientOf("kubelet")
    void pods.run(signal)
    void services.run(signal)
    await pods.synced
    for (let index = 0; index < count; index++) {
      const name = `node-${index}`
      let last = 0
      const assignIp = () => `10.${64 + (index >> 8)}.${index & 255}.${(last = (last % 250) + 1)}`
      const runtime = new SimulatedRuntime({ clock: realClock, random, assignIp })
      const kubelet = await createSimulatedKubelet({
        ...parts,
        client: kubeletClient,
        node: { name, labels: {} },
        nodeIp: "192.0.2.1",
        runtime,
        images: new SimulatedImages({ clock: realClock }),
        findBehaviour: (id) => runtime.findProfile(id),
        pods: feed(name),
        services,
      })
      void kubelet.run(signal)
    }
  }
}

async function inParallel(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await act(index)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
