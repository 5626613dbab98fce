import type { ControllerDefinition } from "../client/controller.ts"
import type { Discovered } from "../client/discover-resources.ts"
import type { Transport } from "../client/transport.ts"
import { createApprovingController } from "./certificates/approve.ts"
import type { CertificateSigner } from "./certificates/certificate-signer.ts"
import { cleaningController } from "./certificates/clean.ts"
import { createSigningController } from "./certificates/sign.ts"
import { createAttachDetachController, type Sha256Hex } from "./attach-detach/attach-detach.ts"
import { createBootstrapSigner } from "./bootstrap/bootstrap-signer.ts"
import type { Hmac } from "./bootstrap/detached-signature.ts"
import { tokenCleanerController } from "./bootstrap/token-cleaner.ts"
import { clusterRoleAggregationController } from "./clusterrole-aggregation/clusterrole-aggregation.ts"
import type { ControllerMetrics } from "./controller-metrics.ts"
import { createCronJobController } from "./cronjob/cronjob.ts"
import { createDaemonSetController } from "./daemonset/daemonset.ts"
import { deploymentController } from "./deployment/deployment.ts"
import { createDeviceTaintEvictionController } from "./device-taint-eviction/device-taint-eviction.ts"
import { createDisruptionController } from "./disruption/disruption.ts"
import { createEndpointsController } from "./endpoints/endpoints.ts"
import { createEndpointSliceController } from "./endpointslice/endpointslice.ts"
import { endpointSliceMirroringController } from "./endpointslice-mirroring/endpointslice-mirroring.ts"
import { ephemeralVolumeController } from "./ephemeral-volume/ephemeral-volume.ts"
import { createHorizontalPodAutoscalerController } from "./horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts"
import { createGarbageCollector } from "./garbage-collector/garbage-collector.ts"
import { createJobController } from "./job/job.ts"
import { createNamespaceController } from "./namespace/namespace.ts"
import { createNodeIpamController, type NodeIpamOptions } from "./node-ipam/node-ipam.ts"
import { createNodeLifecycleController } from "./node-lifecycle/node-lifecycle.ts"
import { persistentVolumeBinderController } from "./persistentvolume-binder/persistentvolume-binder.ts"
import { persistentVolumeExpanderController } from "./persistentvolume-expander/persistentvolume-expander.ts"
import { createPodGarbageCollector } from "./pod-garbage-collector/pod-garbage-collector.ts"
import { podGroupProtectionController } from "./podgroup-protection/podgroup-protection.ts"
import { replicaSetController } from "./replicaset/replicaset.ts"
import { replicationControllerController } from "./replicationcontroller/replicationcontroller.ts"
import { resourceClaimController } from "./resourceclaim/resourceclaim.ts"
import { createResourceQuotaController } from "./resourcequota/resourcequota.ts"
import { createRootCaPublisher } from "./root-ca-publisher/root-ca-publisher.ts"
import { createTokenSecretCleaner } from "./serviceaccount-token/token-cleaner.ts"
import { createServiceAccountTokenController } from "./serviceaccount-token/serviceaccount-token.ts"
import { serviceAccountController } from "./serviceaccount/serviceaccount.ts"
import { serviceCidrController } from "./service-cidr/service-cidr.ts"
import { serviceLoadBalancerController } from "./service-lb/service-lb.ts"
import { createStorageVersionMigrator } from "./storage-version-migrator/storage-version-migrator.ts"
import { statefulSetController } from "./statefulset/statefulset.ts"
import { createTaintEvictionController } from "./taint-eviction/taint-eviction.ts"
import { ttlAfterFinishedController } from "./ttl-after-finished/ttl-after-finished.ts"
import { createTtlController } from "./ttl/ttl.ts"
import {
  createPolicyStatusController,
  type ReadOpenApi,
} from "./validatingadmissionpolicy-status/validatingadmissionpolicy-status.ts"
import { attributesClassProtectionController } from "./volume-protection/attributes-class-protection.ts"
import { claimProtectionController } from "./volume-protection/claim-protection.ts"
import { volumeProtectionController } from "./volume-protection/volume-protection.ts"

/** What controllers need beside the API; a controller whose part is missing does not run. */
export interface ControllerSettings {
  readonly discover: () => Promise<Discovered>
  /** The road of a controller that asks for more than objects. */
  readonly transportOf: (controllerName: string) => Transport
  /** What the server says of the types of a group and version. */
  readonly readOpenApi: ReadOpenApi
  /** Certificates in PEM by which pods recognize the API server. */
  readonly rootCertificateAuthority?: string
  /** Signs the claims of a ServiceAccount's token with the key that the API server knows. */
  readonly signServiceAccountToken?: (claims: object) => string
  /** Ranges from which nodes get addresses for their pods. */
  readonly nodeIpam?: NodeIpamOptions
  /** The authority that signs certificates which nodes and people ask for; see certificates/real/authority-signer.ts. */
  readonly certificateSigner?: CertificateSigner
  /** With which bootstrap tokens sign; see bootstrap/real/hmac-sha256.ts. */
  readonly hmacSha256?: Hmac
  /** By which attachments of volumes are named; see attach-detach/real/sha256-hex.ts. */
  readonly sha256Hex?: Sha256Hex
  /** Where controllers count what they do. @default nobody reads it */
  readonly metrics?: ControllerMetrics
}

interface Entry {
  /** As `--controllers` knows it. */
  readonly name: string
  /** It runs only where it is named: "*" does not mean it. */
  readonly onlyIfNamed?: true
  readonly create: (settings: ControllerSettings) => ControllerDefinition | undefined
}

/** Every controller there is, by upstream's names, in upstream's order of starting. */
const entries: readonly Entry[] = [
  {
    name: "serviceaccount-token-controller",
    create: ({ signServiceAccountToken: sign, rootCertificateAuthority }) =>
      sign && createServiceAccountTokenController({ sign, rootCertificateAuthority }),
  },
  { name: "serviceaccount-controller", create: () => serviceAccountController },
  { name: "garbage-collector-controller", create: createGarbageCollector },
  { name: "namespace-controller", create: createNamespaceController },
  { name: "deployment-controller", create: () => deploymentController },
  { name: "replicaset-controller", create: () => replicaSetController },
  { name: "replicationcontroller-controller", create: () => replicationControllerController },
  { name: "resourcequota-controller", create: createResourceQuotaController },
  {
    name: "horizontal-pod-autoscaler-controller",
    create: ({ discover, transportOf, metrics }) =>
      createHorizontalPodAutoscalerController({
        discover,
        metrics: metrics?.horizontalPodAutoscaler,
        transport: transportOf("horizontal-pod-autoscaler-controller"),
      }),
  },
  { name: "disruption-controller", create: createDisruptionController },
  { name: "clusterrole-aggregation-controller", create: () => clusterRoleAggregationController },
  { name: "daemonset-controller", create: createDaemonSetController },
  { name: "job-controller", create: ({ metrics }) => createJobController(metrics?.job) },
  { name: "cronjob-controller", create: ({ metrics }) => createCronJobController(metrics?.cronJob) },
  { name: "statefulset-controller", create: () => statefulSetController },
  { name: "endpoints-controller", create: createEndpointsController },
  {
    name: "endpointslice-controller",
    create: ({ metrics }) => createEndpointSliceController({ metrics: metrics?.endpointSlice }),
  },
  { name: "endpointslice-mirroring-controller", create: () => endpointSliceMirroringController },
  {
    name: "root-ca-certificate-publisher-controller",
    create: ({ rootCertificateAuthority }) =>
      rootCertificateAuthority === undefined
        ? undefined
        : createRootCaPublisher({ rootCertificateAuthority }),
  },
  {
    name: "node-lifecycle-controller",
    create: ({ metrics }) => createNodeLifecycleController({ metrics: metrics?.nodeLifecycle }),
  },
  {
    name: "taint-eviction-controller",
    create: ({ metrics }) => createTaintEvictionController(metrics?.taintEviction),
  },
  { name: "service-lb-controller", create: () => serviceLoadBalancerController },
  { name: "legacy-serviceaccount-token-cleaner-controller", create: () => createTokenSecretCleaner() },
  {
    name: "pod-garbage-collector-controller",
    create: ({ metrics }) => createPodGarbageCollector({ metrics: metrics?.podGarbageCollector }),
  },
  { name: "ttl-after-finished-controller", create: () => ttlAfterFinishedController },
  {
    name: "certificatesigningrequest-signing-controller",
    create: ({ certificateSigner }) => certificateSigner && createSigningController(certificateSigner),
  },
  {
    name: "certificatesigningrequest-approving-controller",
    create: ({ certificateSigner }) => certificateSigner && createApprovingController(certificateSigner),
  },
  { name: "certificatesigningrequest-cleaner-controller", create: () => cleaningController },
  { name: "ttl-controller", create: createTtlController },
  {
    name: "bootstrap-signer-controller",
    onlyIfNamed: true,
    create: ({ hmacSha256 }) => hmacSha256 && createBootstrapSigner(hmacSha256),
  },
  { name: "token-cleaner-controller", onlyIfNamed: true, create: () => tokenCleanerController },
  { name: "persistentvolume-binder-controller", create: () => persistentVolumeBinderController },
  {
    name: "persistentvolume-attach-detach-controller",
    create: ({ sha256Hex }) => sha256Hex && createAttachDetachController(sha256Hex),
  },
  { name: "persistentvolume-expander-controller", create: () => persistentVolumeExpanderController },
  { name: "persistentvolumeclaim-protection-controller", create: () => claimProtectionController },
  { name: "persistentvolume-protection-controller", create: () => volumeProtectionController },
  { name: "volumeattributesclass-protection-controller", create: () => attributesClassProtectionController },
  { name: "podgroup-protection-controller", create: () => podGroupProtectionController },
  { name: "resourceclaim-controller", create: () => resourceClaimController },
  { name: "device-taint-eviction-controller", create: createDeviceTaintEvictionController },
  { name: "ephemeral-volume-controller", create: () => ephemeralVolumeController },
  { name: "storage-version-migrator-controller", create: createStorageVersionMigrator },
  { name: "service-cidr-controller", create: () => serviceCidrController },
  { name: "validatingadmissionpolicy-status-controller", create: createPolicyStatusController },
  {
    name: "node-ipam-controller",
    create: ({ nodeIpam }) => nodeIpam && createNodeIpamController(nodeIpam),
  },
]

export const controllerNames: readonly string[] = entries.map(({ name }) => name)

/**
 * The controllers that `selection` names, as `--controllers` does: "*" is all that run by default, "foo" that one also,
 * "-foo" not that one; the first that mentions a name counts. Throws for a name that does not exist.
 */
export function createControllers(
  settings: ControllerSettings,
  selection: readonly string[] = ["*"],
): readonly ControllerDefinition[] {
  for (const item of selection) {
    const name = item.replace(/^-/, "")
    if (name !== "*" && !controllerNames.includes(name))
      throw new Error(`"${name}" is not in the list of known controllers: ${controllerNames.join(", ")}`)
  }
  return entries
    .filter((entry) => isSelected(entry, selection))
    .map(({ create }) => create(settings))
    .filter((controller) => controller !== undefined)
}

function isSelected({ name, onlyIfNamed }: Entry, selection: readonly string[]): boolean {
  for (const item of selection) {
    if (item === name) return true
    if (item === `-${name}`) return false
  }
  return selection.includes("*") && !onlyIfNamed
}
