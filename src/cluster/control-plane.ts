import { builtInResources } from "../api/index.ts"
import { type ApiServer, createApiServer } from "../apiserver/server.ts"
import { loadDescriptions } from "../apiserver/serve/load-descriptions.ts"
import { type Listening, serveHttps } from "../apiserver/serve/serve-https.ts"
import { ensureKubernetesService } from "../apiserver/start-hooks/ensure-kubernetes-service.ts"
import { createBackends } from "../apiserver/streaming/real/backends.ts"
import { createWebhookTransport } from "../apiserver/webhooks/real/send-webhook.ts"
import type { UserInfo } from "../apiserver/authentication/authenticator.ts"
import type { Clock } from "../base/clock.ts"
import { parseNetwork } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Client } from "../client/client.ts"
import { createClient } from "../client/create-client.ts"
import { createEventRecorder } from "../client/create-event-recorder.ts"
import { createInformers, type Informers } from "../client/informers.ts"
import { createAuthoritySigner } from "../controller-manager/certificates/real/authority-signer.ts"
import { hmacSha256 } from "../controller-manager/bootstrap/real/hmac-sha256.ts"
import { createControllerManager } from "../controller-manager/create-controller-manager.ts"
import { openEmbeddedStore } from "../etcd/embedded/embedded-store.ts"
import type { Store } from "../etcd/store.ts"
import { createLocalProvisioner } from "../local-provisioner/create-local-provisioner.ts"
import { ensureLocalStorageClass } from "../local-provisioner/local-storage-class.ts"
import type { VolumeDirectories } from "../local-provisioner/volume-directories.ts"
import { publishClusterDns } from "../dns/publish-cluster-dns.ts"
import { createScheduler } from "../scheduler/scheduler.ts"
import type { ApiServerSettings } from "./api-server-settings.ts"
import { type ClusterCertificates, ensureClusterCertificates } from "./certificates/cluster-certificates.ts"
import { type KubeconfigEntry, writeKubeconfig } from "./certificates/kubeconfig.ts"
import type { DataDirectory } from "./data-directory.ts"
import {
  controllerManagerUser,
  controllerUser,
  localProvisionerUser,
  schedulerUser,
  selfUser,
} from "./identities.ts"
import { machineAddress, machineName } from "./machine.ts"
import { type Networks, usualNetworks } from "./networks.ts"
import { LocalKubelets } from "./nodes/local-kubelets.ts"
import { simulatedNodeAnnotation } from "./nodes/start-simulated-node.ts"
import { encryptAtRest } from "./encrypt-at-rest.ts"
import { openAuditTrail } from "./open-audit-trail.ts"
import { createClusterSecurity } from "./security.ts"

export interface ControlPlaneOptions {
  readonly directory: DataDirectory
  readonly listen: { readonly host: string; readonly port: number }
  /** @default the usual ones */
  readonly networks?: Networks
  /** @default everything as in a cluster made by kubeadm */
  readonly apiServer?: ApiServerSettings
  /** More addresses by which the server will be called. */
  readonly hosts?: readonly string[]
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
      hosts: [...serverNames(listen.host), ...(options.hosts ?? [])],
      serviceAddress: networks.kubernetesService,
    },
    clock,
    random,
  })
  const plainStore = await openEmbeddedStore({
    directory: directory.store,
    clock,
    log: log.named("etcd"),
    random,
  })
  const { encryption } = options.apiServer ?? {}
  const store = encryption
    ? await encryptAtRest(plainStore, encryption, { clock, log: log.named("encryption") })
    : plainStore
  try {
    return await startOnStore(options, certificates, store)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Kubelets know the API server by its certificate, and it knows them by the cluster's authority. */
function kubeletIdentity(certificates: ClusterCertificates) {
  const { certificatePem: cert, keyPem: key } = certificates.get("apiserver-kubelet-client")
  return { ca: certificates.authority("ca").certificatePem, cert, key }
}

async function startOnStore(
  options: ControlPlaneOptions,
  certificates: ClusterCertificates,
  store: Store,
): Promise<ControlPlane> {
  const { directory, clock, random, log, networks = usualNetworks } = options
  const stop = new AbortController()
  const localKubelets = new LocalKubelets()
  const volumeDirectories = new Map<string, VolumeDirectories>()
  const host = reachableHost(options.listen.host)
  const { apiServer = {} } = options
  const auditTrail =
    apiServer.audit && (await openAuditTrail(apiServer.audit, { clock, log: log.named("audit") }))
  const server = createApiServer({
    store,
    ...(auditTrail && { audit: auditTrail }),
    resources: builtInResources,
    clock,
    random,
    log: log.named("apiserver"),
    security: createClusterSecurity(certificates, `${host}:${options.listen.port}`),
    backends: localKubelets.reachedBy(
      createBackends({
        kubeletIdentity: () => kubeletIdentity(certificates),
        clock,
        log: log.named("apiserver"),
      }),
    ),
    webhookTransport: createWebhookTransport(),
    serviceClusterIpRanges: [networks.services],
    loadDescriptions,
  })
  const listeners: Listening[] = []
  const listenAt = async (address: string, port: number): Promise<Listening> => {
    const listening = await serveHttps((request) => server.handle(request), {
      host: address,
      port,
      serving: servingPair(certificates),
      clientAuthorities: ["ca", "front-proxy-ca"]
        .map((name) => certificates.authority(name as "ca").certificatePem)
        .join(""),
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
  const parts: LoopParts = {
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
  }
  const loops =
    options.loops === false
      ? []
      : [runControllers(parts), runScheduler(parts), runClusterDns(parts), runLocalProvisioner(parts)]
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
      await ensureKubernetesService(clientFor(selfUser), parseNetwork(networks.services)!, {
        address: podAddress,
        port,
      })
    },
    async stop() {
      stop.abort()
      renewal.cancel()
      await Promise.allSettled(loops)
      await server.stop()
      await Promise.all(listeners.map((listening) => listening.close(closeGraceMs)))
      await auditTrail?.close()
      await store.close()
    },
  }
}

interface LoopParts
  extends Pick<
    ControlPlane,
    "server" | "clientFor" | "informersFor" | "certificates" | "networks" | "volumeDirectories"
  > {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

function runControllers({
  server,
  certificates,
  networks,
  clock,
  random,
  log,
  signal,
}: LoopParts): Promise<void> {
  const manager = createControllerManager({
    transport: server.transportFor(controllerManagerUser),
    transportFor: (controllerName) => server.transportFor(controllerUser(controllerName)),
    rootCertificateAuthority: certificates.authority("ca").certificatePem,
    nodeIpam: { clusterCidrs: [networks.pods] },
    certificateSigner: createAuthoritySigner({ ...certificates.authority("ca"), random }),
    hmacSha256,
    controllers: ["*", "bootstrap-signer-controller", "token-cleaner-controller"],
    clock,
    random,
    log: log.named("controller-manager"),
  })
  return manager.run(signal)
}

function runScheduler({ clientFor, informersFor, clock, random, log, signal }: LoopParts): Promise<void> {
  const client = clientFor(schedulerUser)
  const informers = informersFor(schedulerUser)
  const named = log.named("scheduler")
  const events = createEventRecorder({
    client,
    clock,
    random,
    log: named,
    component: "default-scheduler",
    signal,
  })
  const scheduler = createScheduler({ client, informers, events, clock, random, log: named })
  informers.start(signal)
  return scheduler.run(signal)
}

/** The default storage class, and what makes its volumes on the nodes of this process. */
async function runLocalProvisioner(parts: LoopParts): Promise<void> {
  const { clientFor, informersFor, volumeDirectories, signal } = parts
  await ensureLocalStorageClass(clientFor(selfUser))
  const informers = informersFor(localProvisionerUser)
  const provisioner = createLocalProvisioner({
    ...parts,
    client: clientFor(localProvisionerUser),
    informers,
    directoriesOf: (nodeName) => volumeDirectories.get(nodeName),
    log: parts.log.named("local-provisioner"),
  })
  informers.start(signal)
  return provisioner.run(signal)
}

/** What an administrator would install: the Service and the endpoints of the cluster's DNS. */
async function runClusterDns({
  clientFor,
  informersFor,
  networks,
  clock,
  log,
  signal,
}: LoopParts): Promise<void> {
  const informers = informersFor(selfUser)
  const dns = publishClusterDns({
    client: clientFor(selfUser),
    informers,
    clusterIPs: [networks.dnsService],
    serves: ({ metadata }) => metadata.annotations?.[simulatedNodeAnnotation] === undefined,
    clock,
    log: log.named("dns"),
  })
  informers.start(signal)
  await dns.run(signal)
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

function listensEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::"
}

function reachableHost(host: string): string {
  return listensEverywhere(host) ? "127.0.0.1" : host
}

/** Everything by which somebody may call the server. */
function serverNames(host: string): string[] {
  const address = machineAddress()
  return [machineName(), ...(listensEverywhere(host) ? [] : [host]), ...(address ? [address] : [])]
}
