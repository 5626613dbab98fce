import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import type { Clock } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { ClusterTrustBundle } from "../../api/certificates/v1beta1/cluster-trust-bundle.ts"
import { PodCertificateRequest } from "../../api/certificates/v1beta1/pod-certificate-request.ts"
import type { Client } from "../../client/client.ts"
import type { Kubelet } from "../kubelet.ts"
import type { Machine } from "../node-host.ts"
import { LazyInformer } from "../objects/lazy-informer.ts"
import type { NodeObjects } from "../objects/node-objects.ts"
import { hostIpsOf } from "../pods/pod-addresses.ts"
import { ServiceAccountTokens } from "../volumes/service-account-tokens.ts"
import { projectTrustBundle } from "../volumes/trust-bundles.ts"
import { AllocatableUpdates } from "./csi/allocatable-updates.ts"
import { CsiDrivers } from "./csi/csi-drivers.ts"
import type { CsiNodeObject } from "./csi/csi-node-object.ts"
import { CsiVolumes } from "./csi/csi-volumes.ts"
import type { KubeletPaths } from "./kubelet-paths.ts"
import { PodCertificates } from "./volumes/pod-certificates.ts"
import { RealPodVolumes } from "./volumes/real-pod-volumes.ts"
import { VolumeGrowth } from "./volumes/volume-growth.ts"

export interface CreatePodVolumesOptions {
  readonly nodeName: string
  readonly paths: KubeletPaths
  readonly machine: Machine
  readonly client: Client
  readonly objects: NodeObjects
  /** Tells the API of this node's CSI drivers. */
  readonly nodeObject: CsiNodeObject
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly commands: Commands
  readonly metrics: KubeletMetrics
  /** Whom the volumes belong to; asked when something is mounted, not before. */
  readonly kubelet: () => Pick<Kubelet, "services" | "reporter">
  /** Aborts at the end of the process. */
  readonly signal: AbortSignal
}

export interface RealVolumes {
  readonly volumes: RealPodVolumes
  readonly csi: CsiVolumes
  readonly drivers: CsiDrivers
}

/** Everything that pods can mount on this machine, put together. Nothing is looked at yet. */
export function createPodVolumes(options: CreatePodVolumesOptions): RealVolumes {
  const { nodeName, paths, machine, client, objects, clock, random, log, commands, kubelet } = options
  const tokens = new ServiceAccountTokens({ client, clock, random })
  const events = () => kubelet().services.events
  const drivers: CsiDrivers = new CsiDrivers({
    root: paths.root,
    clock,
    nodeObject: options.nodeObject,
    registered(name) {
      allocatable.start(name)
      return csi.unstageUnused(name)
    },
    unregistered: (name) => allocatable.stop(name),
  })
  const allocatable = new AllocatableUpdates({
    objects,
    clock,
    log,
    signal: options.signal,
    refresh: (name) => drivers.refresh(name),
  })
  const growth = new VolumeGrowth({ client, objects, events })
  const csi: CsiVolumes = new CsiVolumes({
    paths,
    nodeName,
    drivers,
    objects,
    tokens,
    log,
    growth,
    clock,
    tellInUse: () => kubelet().reporter.told(),
  })
  const lazily = { client, clock, random, log, signal: options.signal }
  const bundles = new LazyInformer({
    ...lazily,
    resource: ClusterTrustBundle,
    changed: () => volumes.refreshProjected("clusterTrustBundle"),
  })
  const requests = new LazyInformer({
    ...lazily,
    resource: PodCertificateRequest,
    scope: { fieldSelector: `spec.nodeName=${nodeName}` },
    changed: ({ spec }) => volumes.refreshProjected("podCertificate", spec.podUID),
  })
  const certificates = new PodCertificates({
    nodeName,
    client,
    clock,
    random,
    requests: () => requests.list(),
    events,
  })
  const volumes: RealPodVolumes = new RealPodVolumes({
    certificates,
    paths,
    objects,
    tokens,
    csi,
    growth,
    metrics: options.metrics,
    commands,
    clock,
    log,
    facts: () => ({
      allocatable: machine.allocatable,
      addresses: { hostIps: hostIpsOf(machine), podIps: [] },
      trustBundle: async (source) => projectTrustBundle(source, await bundles.list()),
    }),
  })
  return { volumes, csi, drivers }
}
