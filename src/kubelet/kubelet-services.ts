import type { HealthRecord } from "../apimachinery/health-checks.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import type { Service } from "../api/core/v1/service.ts"
import type { Client } from "../client/client.ts"
import type { EventRecorder } from "../client/event-recorder.ts"
import type { RuntimeService } from "../container-runtime/cri.ts"
import type { KubeletConfiguration } from "./configuration/kubelet-configuration.ts"
import type { HookRunner } from "./hooks/hook-runner.ts"
import type { ImagePuller } from "./images/image-puller.ts"
import type { KubeletMetrics } from "./metrics/kubelet-metrics.ts"
import type { Machine, NodeHost } from "./node-host.ts"
import type { CredentialProvider } from "./images/credentials/credential-provider.ts"
import type { NodeObjects } from "./objects/node-objects.ts"
import type { RuntimeObserver } from "./runtime/runtime-observer.ts"
import type { StatusWriter } from "./status/status-writer.ts"

/** What pod workers share: one of each per kubelet. */
export interface KubeletServices {
  readonly nodeName: string
  readonly configuration: KubeletConfiguration
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly client: Client
  readonly events: EventRecorder
  readonly runtime: RuntimeService
  readonly metrics: KubeletMetrics
  /** What `/healthz` has found. */
  readonly healthRecord: HealthRecord
  /** "containerd": prefix of container ids in statuses. */
  readonly runtimeName: string
  readonly puller: ImagePuller
  readonly observer: RuntimeObserver
  readonly host: NodeHost
  readonly machine: Machine
  readonly objects: NodeObjects
  /** Who knows the passwords of registries, beside pull secrets. */
  readonly credentialProviders: readonly CredentialProvider[]
  readonly hooks: HookRunner
  readonly statuses: StatusWriter
  readonly network: PodNetworkPort
  readonly dns: { readonly servers: readonly string[]; readonly domain: string }
  /** Profiles of type Localhost. */
  readonly seccompDirectory: string
  /** The pod in the API that shows a pod's status: itself, or a static pod's mirror, once that is there. */
  readonly findApiPod: (pod: Pod) => Pod | undefined
  /** All Services, for containers' environment. */
  readonly services: () => readonly Service[]
}

/** What the kubelet needs of the node's network; its plugin gives pods their addresses behind the container runtime. */
export interface PodNetworkPort {
  /** Called before the pod's sandbox is made. */
  prepare(pod: PodToConnect): Promise<unknown>
  /** Called when the pod's sandbox is gone. Unknown pods are fine. */
  release(podUid: string): Promise<void>
}

export interface PodToConnect {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly hostPorts?: readonly {
    readonly protocol: "TCP" | "UDP" | "SCTP"
    readonly hostPort: number
    readonly containerPort: number
    readonly hostIP?: string
  }[]
}
