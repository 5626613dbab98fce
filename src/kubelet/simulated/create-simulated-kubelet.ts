import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import { Service } from "../../api/core/v1/service.ts"
import type { Client } from "../../client/client.ts"
import { Informer } from "../../client/informer.ts"
import type { ImageService, RuntimeService } from "../../container-runtime/cri.ts"
import { createKubelet, type Kubelet } from "../kubelet.ts"
import { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { usualConfiguration } from "../configuration/usual-configuration.ts"
import type { NodeIdentity } from "../node/node-object.ts"
import { NodeObjects } from "../objects/node-objects.ts"
import type { PodFeed } from "../objects/pod-feed.ts"
import type { ShutdownOptions } from "../shutdown/node-shutdown.ts"
import { type ContainerBehaviour, createSimulatedHost } from "./simulated-host.ts"

// Of thousands of simulated kubelets in one process nobody asks each what it counts: they count together.
const together = new KubeletMetrics()

export interface SimulatedKubeletOptions {
  readonly node: NodeIdentity
  readonly nodeIp: string
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** A simulated one: SimulatedRuntime and SimulatedImages of container-runtime/. */
  readonly runtime: RuntimeService
  readonly images: ImageService
  /** What the runtime knows of a container's profile: `(id) => runtime.findProfile(id)`. */
  readonly findBehaviour: (containerId: string) => ContainerBehaviour | undefined
  /** @default 32 cpu, 256Gi of memory, 110 pods */
  readonly capacity?: ResourceList
  /** @default "amd64" */
  readonly architecture?: string
  readonly clusterDomain?: string
  /** Shared by many kubelets of one process: see sharedPodFeed. @default a watch of its own */
  readonly pods?: PodFeed
  /** Shared by many kubelets of one process; its owner lets it run. @default one of its own */
  readonly services?: Informer<Service>
  readonly port?: () => number
  /** @default the machine does not wait for pods */
  readonly shutdown?: ShutdownOptions
  /** How often the node shows that it lives. @default 10 s */
  readonly leaseRenewMs?: number
}

const defaultCapacity: ResourceList = {
  cpu: "32",
  memory: "256Gi",
  "ephemeral-storage": "1Ti",
  "hugepages-1Gi": "0",
  "hugepages-2Mi": "0",
  pods: "110",
}

/** The very same kubelet, on a machine and a runtime that are not there. Cheap: nothing of it polls but lease and status. */
export async function createSimulatedKubelet(options: SimulatedKubeletOptions): Promise<Kubelet> {
  const { client, clock, random, log, node, nodeIp } = options
  const stopped = new AbortController()
  const objects = new NodeObjects({ client, clock, random, log, signal: stopped.signal })
  const services =
    options.services ?? new Informer<Service>({ resource: Service, client, clock, random, log })
  const kubelet = await createKubelet({
    metrics: together,
    node,
    configuration: usualConfiguration({ clusterDomain: options.clusterDomain ?? "cluster.local" }),
    client,
    clock,
    random,
    log,
    runtime: options.runtime,
    images: options.images,
    objects,
    host: createSimulatedHost({
      nodeName: node.name,
      nodeIp,
      capacity: options.capacity ?? defaultCapacity,
      architecture: options.architecture ?? "amd64",
      objects,
      clock,
      findBehaviour: options.findBehaviour,
    }),
    network: { prepare: async () => {}, release: async () => {} },
    httpGet: async () => ({}),
    seccompDirectory: "",
    services: () => services.objects.list(),
    servicesSynced: services.synced,
    port: options.port ?? (() => 10250),
    // Nothing about it changes by itself.
    checkMs: 60_000,
    keepsHouse: false,
    ...(options.leaseRenewMs !== undefined && { leaseRenewMs: options.leaseRenewMs }),
    ...(options.pods && { pods: options.pods }),
    ...(options.shutdown && { shutdown: options.shutdown }),
  })
  return {
    ...kubelet,
    async run(signal) {
      signal.addEventListener("abort", () => stopped.abort(), { once: true })
      if (!options.services)
        services
          .run(signal)
          .catch((error: unknown) => log.error("services are no longer followed", { error }))
      await kubelet.run(signal)
    },
  }
}
