import { storeSizeMetric } from "../apiserver/metrics/storage-metrics.ts"
import { processMetrics, processStartMetric } from "../base/real/process-metrics.ts"
import { builtInResources } from "../api/index.ts"
import { NodeMetrics } from "../api/metrics/v1beta1/node-metrics.ts"
import { PodMetrics } from "../api/metrics/v1beta1/pod-metrics.ts"
import { type ApiServer, createApiServer } from "../apiserver/server.ts"
import { loadDescriptions } from "../apiserver/serve/load-descriptions.ts"
import { cipherList } from "../apiserver/serve/cipher-suites.ts"
import { type Listening, serveHttps } from "../apiserver/serve/serve-https.ts"
import { ensureKubernetesService } from "../apiserver/start-hooks/ensure-kubernetes-service.ts"
import { ServerLeases } from "../apiserver/start-hooks/server-leases.ts"
import { createBackends } from "../apiserver/streaming/real/backends.ts"
import { createWebhookTransport } from "../apiserver/webhooks/real/send-webhook.ts"
import type { UserInfo } from "../apiserver/authentication/authenticator.ts"
import type { Clock } from "../base/clock.ts"
import { parseNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import { type Random, uuid } from "../base/random.ts"
import type { Client } from "../client/client.ts"
import { createClient } from "../client/create-client.ts"
import { createInformers, type Informers } from "../client/informers.ts"
import { MetricsServer } from "../metrics-server/metrics-server.ts"
import type { VolumeDirectories } from "../local-provisioner/volume-directories.ts"
import type { ApiServerSettings } from "./api-server-settings.ts"
import { type ClusterCertificates, ensureClusterCertificates } from "./certificates/cluster-certificates.ts"
import { type KubeconfigEntry, writeKubeconfig } from "./certificates/kubeconfig.ts"
import { runControlLoops } from "./control-loops.ts"
import type { DataDirectory } from "./data-directory.ts"
import { componentPaths, profilePath } from "./component-facts.ts"
import { selfUser } from "./identities.ts"
import { publishClusterInfo } from "./joining/publish-cluster-info.ts"
import { listensEverywhere, machineAddress, machineName, publicAddress } from "./machine.ts"
import { type Networks, usualNetworks } from "./networks/networks.ts"
import { readResourceMetrics } from "./nodes/read-resource-metrics.ts"
import { LocalKubelets } from "./nodes/local-kubelets.ts"
import { encryptAtRest } from "./encrypt-at-rest.ts"
import { openAuditTrail } from "./open-audit-trail.ts"
import { ReloadMetrics } from "./reload-metrics.ts"
import { readSecurityAdditions } from "./read-security-additions.ts"
import { createClusterSecurity } from "./security.ts"
import { checkAuthority } from "./store/check-authority.ts"
import { type ClusterStore, openClusterStore } from "./store/open-store.ts"
import { type StoreOptions, usualStore } from "./store/store-flags.ts"
import { storePaths } from "./store/store-paths.ts"

/** Pages of the API server that people read when something is wrong. */
const apiServerPaths = ["/debug", "/healthz", "/livez", "/metrics", "/readyz", "/version"]

export interface ControlPlaneOptions {
  readonly directory: DataDirectory
  readonly listen: { readonly host: string; readonly port: number }
  /** @default the usual ones */
  readonly networks?: Networks
  /** @default everything as in a cluster made by kubeadm */
  readonly apiServer?: ApiServerSettings
  /** More addresses by which the server will be called. */
  readonly hosts?: readonly string[]
  /** The machine's addresses where it has several networks, the one that others reach first. @default found out */
  readonly nodeIps?: readonly string[]
  /** @default in the data directory */
  readonly store?: StoreOptions
  /** False: the API server alone; scheduler and controllers run elsewhere. @default true */
  readonly loops?: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Store, API server, controllers and scheduler, in this process. */
export interface ControlPlane {
  /** "https://127.0.0.1:6443" */
  readonly address: string
  readonly port: number
  readonly certificates: ClusterCertificates
  readonly localKubelets: LocalKubelets
  /** Where the nodes of this process keep their volumes; a node adds its own. */
  readonly volumeDirectories: Map<string, VolumeDirectories>
  readonly networks: Networks
  readonly server: ApiServer
  /** The client of a component of this process, as this user. */
  clientFor(user: UserInfo): Client
  informersFor(user: UserInfo, scope?: Parameters<typeof createInformers>[0]["scope"]): Informers
  /** Also listens at this address of the machine, and tells pods to come there: the Service `kubernetes`. */
  advertise(address: string): Promise<void>
  stop(): Promise<void>
}

/** Long enough for answers under way; watches are told to end at once. */
const closeGraceMs = 500

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory, clock, random, log, listen, networks = usualNetworks } = options
  const certificates = ensureClusterCertificates({
    directory: directory.pki,
    server: {
      hosts: [...serverNames(listen.host), ...(options.hosts ?? []), ...(options.nodeIps ?? [])],
      serviceAddress: networks.kubernetesService,
    },
    clock,
    random,
  })
  const opened = await openClusterStore(options.store ?? usualStore, {
    directory: directory.store,
    pki: directory.pki,
    hosts: serverNames(options.store?.listen?.host ?? listen.host),
    clock,
    log: log.named("etcd"),
    random,
  })
  const { encryption } = options.apiServer ?? {}
  const reloads = new ReloadMetrics(clock, machineName())
  const store = encryption
    ? await encryptAtRest(opened.store, encryption, { clock, reloads, log: log.named("encryption") })
    : opened.store
  try {
    return await startOnStore(options, certificates, { ...opened, store }, reloads)
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** Kubelets know the API server by its certificate, and it knows them by the cluster's authority. */
function kubeletIdentity(certificates: ClusterCertificates) {
  const { certificatePem: cert, keyPem: key } = certificates.get("apiserver-kubelet-client")
  return { ca: certificates.authority("ca").certificatePem, cert, key }
}

/** Extension API servers believe what this client says of the user. */
function frontProxyIdentity(certificates: ClusterCertificates) {
  const { certificatePem: cert, keyPem: key } = certificates.get("front-proxy-client")
  return { cert, key }
}

async function startOnStore(
  options: ControlPlaneOptions,
  certificates: ClusterCertificates,
  opened: ClusterStore,
  reloads: ReloadMetrics,
): Promise<ControlPlane> {
  const { directory, clock, random, log, networks = usualNetworks } = options
  const stop = new AbortController()
  const localKubelets = new LocalKubelets()
  const volumeDirectories = new Map<string, VolumeDirectories>()
  const host = reachableHost(options.listen.host)
  const { apiServer = {} } = options
  const { tls = {} } = apiServer
  const additions = await readSecurityAdditions(apiServer, { clock, reloads, log: log.named("security") })
  const auditTrail =
    apiServer.audit && (await openAuditTrail(apiServer.audit, { clock, log: log.named("audit") }))
  const { store, isShared, compaction } = opened
  const metricsServer = new MetricsServer({ clock, log: log.named("metrics-server") })
  const snapshot = options.store?.snapshot
  const backends = localKubelets.reachedBy(
    createBackends({
      kubeletIdentity: () => kubeletIdentity(certificates),
      frontProxyIdentity: () => frontProxyIdentity(certificates),
      clock,
      log: log.named("apiserver"),
    }),
  )
  const server = createApiServer({
    store,
    compaction,
    extraPaths: {
      ...componentPaths("kube-apiserver", { clock, paths: apiServerPaths, values: apiServer.flags ?? {} }),
      ...(opened.embedded && storePaths(opened.embedded, clock)),
    },
    ...((apiServer.profiling ?? true) && { profile: profilePath(clock) }),
    ...(apiServer.eventTtlMs !== undefined && { eventTtlMs: apiServer.eventTtlMs }),
    storageMediaType: options.store?.mediaType ?? "application/json",
    ...(auditTrail && { audit: auditTrail }),
    resources: builtInResources,
    computed: [
      { resource: NodeMetrics, list: () => metricsServer.nodeMetrics() },
      { resource: PodMetrics, list: (namespace) => metricsServer.podMetrics(namespace) },
    ],
    clock,
    random,
    log: log.named("apiserver"),
    security: createClusterSecurity(certificates, `${host}:${options.listen.port}`, {
      ...additions,
      ...(snapshot && { backup: snapshot }),
    }),
    backends,
    webhookTransport: createWebhookTransport(),
    serviceClusterIpRanges: networks.services,
    loadDescriptions,
  })
  server.parts.metrics.add(...processMetrics(clock), ...reloads.metrics)
  const { embedded } = opened
  if (embedded) server.parts.metrics.add(storeSizeMetric(() => embedded.stats().diskBytes))
  server.parts.healthRecord.add(processStartMetric(clock))
  const listeners: Listening[] = []
  const listenAt = async (address: string, port: number): Promise<Listening> => {
    const listening = await serveHttps((request) => server.handle(request), {
      host: address,
      port,
      serving: servingPair(certificates),
      clientAuthorities: ["ca", "front-proxy-ca"]
        .map((name) => certificates.authority(name as "ca").certificatePem)
        .join(""),
      ...(tls.minVersion && { minTlsVersion: tls.minVersion }),
      ciphers: cipherList(tls.cipherSuites),
      handshakeFailed: () => server.parts.metrics.access.handshakeFailed(),
      clock,
      log: log.named("apiserver"),
    })
    listeners.push(listening)
    return listening
  }
  const { port } = await listenAt(options.listen.host, options.listen.port)
  const address = `https://${host.includes(":") ? `[${host}]` : host}:${port}`
  const writeAdmin = () => writeKubeconfig(directory.kubeconfig, adminEntry(certificates, address))
  writeAdmin()
  await server.start()
  if (isShared) {
    await checkAuthority(server, certificates).catch(async (error: unknown) => {
      await server.stop()
      await Promise.all(listeners.map((listening) => listening.close(closeGraceMs)))
      throw error
    })
  }
  const renewal = certificates.keepFresh()
  certificates.onRenewed((name) => {
    if (name === "apiserver") for (const listening of listeners) listening.renew(servingPair(certificates))
    if (name === "admin") writeAdmin()
  })

  const clientFor = (user: UserInfo) => createClient(server.transportFor(user))
  const informersFor: ControlPlane["informersFor"] = (user, scope) =>
    createInformers({
      client: clientFor(user),
      clock,
      random,
      log: log.named("informers"),
      ...(scope && { scope }),
    })
  // A backup goes on saying where its own cluster was.
  const serviceNetwork = parseNetwork(networks.services[0]!)!
  if (!snapshot) {
    await ensureKubernetesService(clientFor(selfUser), serviceNetwork, { addresses: [], port })
    await publishClusterInfo(clientFor(selfUser), {
      server: joinAddress(options, port),
      authorityPem: certificates.authority("ca").certificatePem,
      networks,
    })
  }
  const loops =
    options.loops === false || (snapshot && !snapshot.controllers)
      ? []
      : runControlLoops({
          server,
          clientFor,
          informersFor,
          certificates,
          networks,
          clock,
          random,
          log,
          volumeDirectories,
          signal: stop.signal,
          ...(isShared && { identity: `${machineName()}_${uuid(random)}` }),
        })
  // Everybody who answers for metrics.k8s.io measures for himself.
  const measuring = metricsServer.run(
    { cache: server.parts.cache, readNode: (node) => readResourceMetrics({ backends, clock }, node) },
    stop.signal,
  )
  const serverLeases: ServerLeases[] = []
  return {
    address,
    port,
    certificates,
    localKubelets,
    volumeDirectories,
    networks,
    server,
    clientFor,
    informersFor,
    async advertise(podAddress) {
      if (!listensEverywhere(options.listen.host)) await listenAt(podAddress, port)
      const [client, network] = [clientFor(selfUser), serviceNetwork]
      if (!isShared) return ensureKubernetesService(client, network, { addresses: [podAddress], port })
      const advertised = { address: podAddress, port }
      const leases = new ServerLeases({ store, client, clock, log, network, advertised })
      serverLeases.push(leases)
      await leases.start()
    },
    async stop() {
      stop.abort()
      renewal.cancel()
      await Promise.allSettled([...loops, measuring, ...serverLeases.map((leases) => leases.stop())])
      await server.stop()
      await Promise.all(listeners.map((listening) => listening.close(closeGraceMs)))
      await auditTrail?.close()
      for (const timer of additions.timers) timer.cancel()
      await opened.close()
    },
  }
}

function servingPair(certificates: ClusterCertificates): { certificate: string; key: string } {
  const { certificatePem, keyPem } = certificates.get("apiserver")
  return { certificate: certificatePem, key: keyPem }
}

/** The admin's kubeconfig, for people and for the cluster's own commands. */
export function adminEntry(certificates: ClusterCertificates, server: string): KubeconfigEntry {
  return {
    name: "coracle",
    user: "coracle-admin",
    server,
    authorityPem: certificates.authority("ca").certificatePem,
    client: certificates.get("admin"),
  }
}

/** Where other machines reach the server, if they do. */
function joinAddress({ listen, nodeIps }: ControlPlaneOptions, port: number): string {
  const address = publicAddress(listen.host, nodeIps?.[0])
  return `https://${address.includes(":") ? `[${address}]` : address}:${port}`
}

function reachableHost(host: string): string {
  return listensEverywhere(host) ? "127.0.0.1" : host
}

/** Everything by which somebody may call the server. */
function serverNames(host: string): string[] {
  const address = machineAddress()
  return [machineName(), ...(listensEverywhere(host) ? [] : [host]), ...(address ? [address] : [])]
}
