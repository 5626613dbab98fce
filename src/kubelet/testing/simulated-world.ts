import { onTestFinished } from "vitest"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { Event } from "../../api/core/v1/event.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { SimulatedImages } from "../../container-runtime/simulated/simulated-images.ts"
import {
  SimulatedRuntime,
  type SimulatedRuntimeOptions,
} from "../../container-runtime/simulated/simulated-runtime.ts"
import type { Kubelet } from "../kubelet.ts"
import {
  createSimulatedKubelet,
  type SimulatedKubeletOptions,
} from "../simulated/create-simulated-kubelet.ts"

/** Of annotations that say how a simulated container behaves. */
export const prefix = "simulation.coracle.dev/"

/** One simulated node and the server it works for, under a clock that the test moves. */
export interface World {
  readonly server: TestServer
  readonly clock: SimulatedClock
  readonly runtime: SimulatedRuntime
  readonly images: SimulatedImages
  kubelet: Kubelet
  /** Ends the kubelet, as a crash does, and starts another on the same machine. */
  restartKubelet(): Promise<void>
}

/** A server and one simulated node, started and with what it needs to be Ready. It ends with the test that starts it. */
export async function startWorld({
  handlers = [],
  ...more
}: Pick<SimulatedKubeletOptions, "shutdown"> &
  Pick<SimulatedRuntimeOptions, "handlers"> = {}): Promise<World> {
  const clock = new SimulatedClock()
  const random = new SeededRandom("kubelet")
  const server = await startTestServer({ clock, random })
  await server.client.create(Namespace, { metadata: { name: "default" } }).catch(() => {})
  let address = 1
  const runtime = new SimulatedRuntime({
    clock,
    random,
    handlers,
    assignIp: () => `10.244.0.${address++}`,
  })
  const images = new SimulatedImages({ clock })
  const startKubelet = async () => {
    const kubelet = await createSimulatedKubelet({
      node: { name: "node-1", labels: {} },
      nodeIp: "192.0.2.1",
      client: server.client,
      clock,
      random,
      log: silentLogger,
      runtime,
      images,
      findBehaviour: (id) => runtime.findProfile(id),
      capacity: { cpu: "4", memory: "8Gi", pods: "10" },
      ...more,
    })
    const stop = new AbortController()
    const running = kubelet.run(stop.signal)
    return { kubelet, stop, running }
  }
  let current = await startKubelet()
  const stopKubelet = async () => {
    current.stop.abort()
    await clock.advance(1000)
    await current.running
  }
  onTestFinished(async () => {
    await stopKubelet()
    await server.stop()
  })
  await clock.advance(500)
  const started: World = {
    server,
    clock,
    runtime,
    images,
    kubelet: current.kubelet,
    async restartKubelet() {
      await stopKubelet()
      current = await startKubelet()
      started.kubelet = current.kubelet
      await clock.advance(500)
    },
  }
  return started
}

export function podOf(
  name: string,
  spec: Draft<Pod["spec"]> = {},
  annotations: Record<string, string> = {},
): Draft<Pod> {
  return {
    metadata: { name, namespace: "default", annotations },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "main", image: "app:1", imagePullPolicy: "IfNotPresent" }],
      ...spec,
    },
  }
}

export const get = ({ server }: World, name: string) => server.client.get(Pod, { namespace: "default", name })
export const condition = (pod: Pod, type: string) => pod.status.conditions?.find((each) => each.type === type)

export async function eventsOf({ server, clock }: World, name: string): Promise<string[]> {
  await clock.advance(100)
  const { items } = await server.client.list(Event, { namespace: "default" })
  return items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`)
}
