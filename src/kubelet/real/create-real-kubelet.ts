import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { onAbort } from "../../base/on-abort.ts"
import type { Random } from "../../base/random.ts"
import { ClusterTrustBundle } from "../../api/certificates/v1beta1/cluster-trust-bundle.ts"
import { PodCertificateRequest } from "../../api/certificates/v1beta1/pod-certificate-request.ts"
import { Service } from "../../api/core/v1/service.ts"
import type { Client } from "../../client/client.ts"
import { Informer } from "../../client/informer.ts"
import type { ImageService, RuntimeService } from "../../container-runtime/cri.ts"
import { createKubelet, type Kubelet } from "../kubelet.ts"
import type { PodNetworkPort } from "../kubelet-services.ts"
import type { NodeIdentity } from "../node/node-object.ts"
import { LazyInformer } from "../objects/lazy-informer.ts"
import { NodeObjects } from "../objects/node-objects.ts"
import { hostIpsOf } from "../pods/pod-addresses.ts"
import { PeriodicProber } from "../probes/periodic-prober.ts"
import { projectTrustBundle } from "../volumes/trust-bundles.ts"
import { ServiceAccountTokens } from "../volumes/service-account-tokens.ts"
import { CsiDrivers } from "./csi/csi-drivers.ts"
import { CsiNodeObject } from "./csi/csi-node-object.ts"
import { CsiVolumes } from "./csi/csi-volumes.ts"
import { DeviceManager } from "./devices/device-manager.ts"
import { servePodResources } from "./devices/serve-pod-resources.ts"
import { kubeletPaths } from "./kubelet-paths.ts"
import { PluginWatcher } from "./plugins/plugin-watcher.ts"
import { RealCgroups } from "./cgroups.ts"
import { RealContainerFiles } from "./container-files.ts"
import { RealContainerLogs } from "./logs/real-container-logs.ts"
import { readMachine } from "./machine.ts"
import { readPodUsage } from "./pod-usage.ts"
import { httpStatus, httpTarget } from "./probes/http-request.ts"
import { tryProbe } from "./probes/try-probe.ts"
import { staticPodFiles } from "./static-pod-files.ts"
import { readUsage } from "./usage.ts"
import { PodCertificates } from "./volumes/pod-certificates.ts"
import { RealPodVolumes } from "./volumes/real-pod-volumes.ts"

export interface RealKubeletOptions {
  readonly node: NodeIdentity
  /** A client with the rights of this node. */
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly commands: Commands
  readonly runtime: RuntimeService
  readonly images: ImageService
  readonly network: PodNetworkPort
  /** The kubelet's own: pods' volumes, logs. */
  readonly rootDirectory: string
  /** This node's control group, told apart from those of other nodes and clusters: "/coracle/3f2a/node-1". */
  readonly cgroupParent: string
  /** Where pods look names up; empty: as the machine does. */
  readonly dnsServers: readonly string[]
  readonly clusterDomain: string
  /** @default found out */
  readonly nodeIps?: readonly string[]
  readonly maxPods?: number
  /** Manifests of pods that run here whatever the API says. @default none */
  readonly staticPodDirectory?: string
  /** @default "/etc/resolv.conf" */
  readonly resolvConf?: string
}

export interface RealKubelet extends Kubelet {
  /** Where the kubelet's server listens; told in the node's status. */
  setPort(port: number): void
  /**
   * Unmounts every volume and removes every control group. Call it when `run` has ended and all pods are stopped; left
   * out, the next kubelet takes everything over.
   */
  close(): Promise<void>
}

/** A kubelet on this machine. Nothing runs before `run`. */
export async function createRealKubelet(options: RealKubeletOptions): Promise<RealKubelet> {
  const { client, clock, random, log, commands, runtime, rootDirectory, clusterDomain } = options
  await mkdir(rootDirectory, { recursive: true, mode: 0o750 })
  const stopped = new AbortController()
  const machine = await readMachine({ ...options, nodeName: options.node.name })
  const objects = new NodeObjects({ client, clock, random, log, signal: stopped.signal })
  const hostIps = hostIpsOf(machine)
  const paths = kubeletPaths(rootDirectory)
  const tokens = new ServiceAccountTokens({ client, clock, random })
  const nodeName = options.node.name
  const nodeObject = new CsiNodeObject({ client, nodeName })
  const drivers = new CsiDrivers({
    root: rootDirectory,
    clock,
    nodeObject,
    registered: (name) => csi.unstageUnused(name),
  })
  const tellInUse = () => kubelet.reporter.told()
  const csi: CsiVolumes = new CsiVolumes({
    paths,
    nodeName,
    drivers,
    objects,
    tokens,
    client,
    clock,
    log,
    events: () => kubelet.services.events,
    tellInUse,
  })
  const lazily = { client, clock, random, log, signal: stopped.signal }
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
    events: () => kubelet.services.events,
  })
  const volumes: RealPodVolumes = new RealPodVolumes({
    certificates,
    paths,
    objects,
    tokens,
    csi,
    facts: () => ({
      allocatable: machine.allocatable,
      addresses: { hostIps, podIps: [] },
      trustBundle: async (source) => projectTrustBundle(source, await bundles.list()),
    }),
    commands,
    clock,
    log,
  })
  await volumes.start()
  const devices = new DeviceManager({
    directory: paths.devicePlugins,
    clock,
    log,
    changed: () => kubelet.reporter.look(),
  })
  await devices.start()
  const cgroups = new RealCgroups({ parent: options.cgroupParent, log })
  const services = new Informer<Service>({ resource: Service, client, clock, random, log })
  let port = 10250
  const kubelet: Kubelet = await createKubelet({
    ...options,
    objects,
    volumesInUse: () => csi.inUse(),
    host: {
      volumes,
      devices,
      cgroups,
      files: new RealContainerFiles({
        paths,
        logDirectory: join(rootDirectory, "logs"),
        clusterDomain,
        random,
      }),
      prober: new PeriodicProber({
        clock,
        log,
        tryProbe: (target, probe) => tryProbe({ runtime, clock }, target, probe),
      }),
      logs: new RealContainerLogs(clock),
      machine: async () => machine,
      usage: () => readUsage(rootDirectory, clock.now()),
      podUsage: (pod, containerIds) => readPodUsage(cgroups, pod, containerIds),
    },
    httpGet: (action, to, podIp, signal) =>
      httpStatus(httpTarget(action, to, podIp, "kube-lifecycle/1.36"), signal),
    seccompDirectory: join(rootDirectory, "seccomp"),
    services: () => services.objects.list(),
    servicesSynced: services.synced,
    relistMs: 10_000,
    ...(options.staticPodDirectory !== undefined && {
      staticPods: staticPodFiles({
        directory: options.staticPodDirectory,
        nodeName: options.node.name,
        clock,
        log,
      }),
    }),
    port: () => port,
  })
  /** Drivers are told to the API once the node is. */
  async function findPlugins(signal: AbortSignal): Promise<void> {
    await Promise.race([kubelet.ready, new Promise<void>((resolve) => onAbort(signal, resolve))])
    while (!signal.aborted) {
      try {
        await nodeObject.ensure()
        break
      } catch (error) {
        log.warn("CSINode not made, trying again", { error })
        await sleep(clock, 1000, signal)
      }
    }
    if (signal.aborted) return
    await new PluginWatcher({ paths, handlers: { CSIPlugin: drivers }, clock, log }).start(signal)
    await csi.run(signal)
  }

  return {
    ...kubelet,
    setPort(value) {
      port = value
      kubelet.reporter.look()
    },
    async run(signal) {
      signal.addEventListener("abort", () => stopped.abort(), { once: true })
      services.run(signal).catch((error: unknown) => log.error("services are no longer followed", { error }))
      const podResources = await servePodResources({
        directory: paths.podResources,
        pods: () =>
          kubelet.workers.list().flatMap(({ state }) => (state.stage.kind === "syncing" ? [state.pod] : [])),
        devices,
      }).catch((error: unknown) => log.warn("nobody is told of pods' resources", { error }))
      await Promise.all([kubelet.run(signal), findPlugins(signal)])
      await podResources?.close()
      await devices.close()
    },
    async close() {
      await volumes.close()
      await cgroups.close()
    },
  }
}
