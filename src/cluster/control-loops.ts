import { tokenKeys } from "../apiserver/authentication/real/token-keys.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { createEventRecorder } from "../client/create-event-recorder.ts"
import { createEventSeriesRecorder } from "../client/create-event-series-recorder.ts"
import { runAsLeader } from "../client/leader-election.ts"
import { createAuthoritySigner } from "../controller-manager/certificates/real/authority-signer.ts"
import { sha256Hex } from "../controller-manager/attach-detach/real/sha256-hex.ts"
import { hmacSha256 } from "../controller-manager/bootstrap/real/hmac-sha256.ts"
import { createControllerManager } from "../controller-manager/create-controller-manager.ts"
import { publishClusterDns } from "../dns/publish-cluster-dns.ts"
import { createLocalProvisioner } from "../local-provisioner/create-local-provisioner.ts"
import { ensureLocalStorageClass } from "../local-provisioner/local-storage-class.ts"
import { ensureClusterPolicyDefinitions } from "../network/policy/cluster-wide/definitions.ts"
import { schedulerPage } from "../scheduler/pages.ts"
import { createScheduler } from "../scheduler/scheduler.ts"
import type { ControlPlane } from "./control-plane.ts"
import {
  selfUser,
  controllerManagerUser,
  controllerUser,
  localProvisionerUser,
  schedulerUser,
} from "./identities.ts"
import { machineName } from "./machine.ts"
import { remoteVolumeDirectories } from "./nodes/node-volumes.ts"
import { simulatedNodeAnnotation } from "./nodes/start-simulated-node.ts"

export interface LoopParts
  extends Pick<
    ControlPlane,
    "server" | "clientFor" | "informersFor" | "certificates" | "networks" | "volumeDirectories"
  > {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
  /** Unique among the control planes of one cluster, of which one works at a time; undefined: it is the only one. */
  readonly identity?: string
}

/** Scheduler, controllers and what makes volumes, until the signal aborts. */
export function runControlLoops(parts: LoopParts): Promise<void>[] {
  return [
    runControllers(parts),
    runScheduler(parts),
    runClusterDns(parts),
    runLocalProvisioner(parts),
    ensureClusterPolicyDefinitions(parts.clientFor(selfUser)),
  ]
}

async function runControllers({
  server,
  certificates,
  networks,
  clock,
  random,
  log,
  signal,
  identity,
}: LoopParts): Promise<void> {
  const manager = createControllerManager({
    transport: server.transportFor(controllerManagerUser),
    transportFor: (controllerName) => server.transportFor(controllerUser(controllerName)),
    rootCertificateAuthority: certificates.authority("ca").certificatePem,
    nodeIpam: { clusterCidrs: networks.pods },
    signServiceAccountToken: tokenKeys(certificates.serviceAccountKey.privateKeyPem).sign,
    certificateSigner: createAuthoritySigner({ ...certificates.authority("ca"), random }),
    hmacSha256,
    sha256Hex,
    controllers: ["*", "bootstrap-signer-controller", "token-cleaner-controller"],
    clock,
    random,
    log: log.named("controller-manager"),
    ...(identity !== undefined && { leaderElection: { identity } }),
  })
  server.parts.metrics.add(...manager.metrics)
  // With an election it ends when the Lease is lost: back to the candidates.
  do await manager.run(signal)
  while (!signal.aborted)
}

async function runScheduler({ clientFor, informersFor, identity, ...parts }: LoopParts): Promise<void> {
  const client = clientFor(schedulerUser)
  const log = parts.log.named("scheduler")
  const speaking = { ...parts, client, log, component: "default-scheduler", host: machineName() }
  const lead = (signal: AbortSignal): Promise<void> => {
    const informers = informersFor(schedulerUser)
    const events = createEventSeriesRecorder({ ...speaking, signal })
    const scheduler = createScheduler({ ...parts, client, informers, events, log })
    parts.server.parts.pages.set("scheduler", (path) => schedulerPage(scheduler, path))
    informers.start(signal)
    return scheduler.run(signal)
  }
  if (identity === undefined) return lead(parts.signal)
  const lease = { namespace: "kube-system", name: "kube-scheduler" }
  const events = createEventRecorder(speaking)
  do await runAsLeader({ ...parts, client, log, events, identity, lease }, lead)
  while (!parts.signal.aborted)
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
    clusterIPs: networks.dnsServices,
    serves: ({ metadata }) => metadata.annotations?.[simulatedNodeAnnotation] === undefined,
    clock,
    log: log.named("dns"),
  })
  informers.start(signal)
  await dns.run(signal)
}

/** The default storage class, and what makes its volumes on the nodes of this process. */
async function runLocalProvisioner(parts: LoopParts): Promise<void> {
  const { clientFor, informersFor, volumeDirectories, signal } = parts
  await ensureLocalStorageClass(clientFor(selfUser))
  const informers = informersFor(localProvisionerUser)
  // What a node is asked, the cluster itself asks: the provisioner's user has no right to what nodes do.
  const toNodes = parts.server.transportFor(selfUser)
  const provisioner = createLocalProvisioner({
    ...parts,
    client: clientFor(localProvisionerUser),
    informers,
    directoriesOf: (node) =>
      volumeDirectories.get(node.metadata.name) ?? remoteVolumeDirectories(toNodes, node),
    log: parts.log.named("local-provisioner"),
  })
  informers.start(signal)
  return provisioner.run(signal)
}
