import type { PodCertificateRequest } from "../../api/certificates/v1beta1/pod-certificate-request.ts"
import { podCertificateRequestProof } from "./strategies/key-proofs.ts"
import { returnsDeletedObject } from "../../api/deleted-object.ts"
import { rulesFor } from "../../api/strategies.ts"
import type { KindRules } from "../../api/validation/kind-rules.ts"
import { anyPathSegmentName } from "../../apimachinery/names.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import { bumpGeneration, defaultStrategy, keepAllBut } from "./default-strategy.ts"
import { customResourceDefinitionStrategy } from "./strategies/custom-resource-definition.ts"
import { keepMetadata } from "../subresources/keep-metadata.ts"
import { namespaceStrategy } from "./strategies/namespace.ts"
import { resourceClaimStrategy, resourceClaimTemplateStrategy } from "./strategies/resource-claim.ts"
import { signingRequestStrategy } from "./strategies/signing-request.ts"
import { podStrategy } from "./strategies/pod.ts"
import { serviceStrategy } from "./service/service-strategy.ts"
import type { Strategy } from "./strategy.ts"

/** How objects of a kind, kept as `storage`, are written: what the server sees to here, and the kind's own rules of `api/`. */
export function strategyFor(resource: Resource, storage = resource): Strategy {
  const special = {
    returnsDeletedObject: returnsDeletedObject(storage),
    ...specialities[groupResource(storage)],
  }
  return withRules(defaultStrategy(storage, special), rulesFor(resource))
}

/** The kind's rules find the status in its place, and what they change counts for the generation. */
function withRules(strategy: Strategy, rules: KindRules): Strategy {
  const { validate, validateUpdate, validateStatusUpdate, subresources, warnings } = rules
  return {
    ...strategy,
    nameRule: rules.nameRule ?? strategy.nameRule,
    ...(rules.namesItself && { namesItself: true }),
    prepareForCreate(object, context) {
      strategy.prepareForCreate(object, context)
      rules.prepareForCreate?.(object, context.now)
      if (strategy.hasGeneration) object.metadata.generation = 1
    },
    prepareForUpdate(object, old, context) {
      strategy.prepareForUpdate(object, old, context)
      rules.prepareForUpdate?.(object, old, context.now)
      if (strategy.hasGeneration) bumpGeneration(object, old)
    },
    prepareForStatusUpdate(object, old, context) {
      strategy.prepareForStatusUpdate(object, old, context)
      if (strategy.statusKeepsMetadata) keepMetadata(object, old)
      rules.prepareForStatusUpdate?.(object, old, context.now)
    },
    validate: (object, context) => [...(validate?.(object) ?? []), ...strategy.validate(object, context)],
    validateUpdate: (object, old, context) => [
      ...(validateUpdate?.(object, old) ?? validate?.(object) ?? []),
      ...strategy.validateUpdate(object, old, context),
    ],
    validateStatusUpdate: (object, old, context) => [
      ...(validateStatusUpdate?.(object, old, context.now) ?? []),
      ...strategy.validateStatusUpdate(object, old, context),
    ],
    validateSubresource: (name, object, old) => [...(subresources?.[name]?.(object, old) ?? [])],
    warnings: (object, old) => [...(warnings?.(object, old) ?? []), ...strategy.warnings(object, old)],
  }
}

/** The status is there, but what is wished for has no generation. */
const withoutGeneration: Partial<Strategy> = { hasGeneration: false }
/** No status, and yet a generation of what is wished for. */
const withGeneration: Partial<Strategy> = { hasGeneration: true }

const strictStatus: Partial<Strategy> = { statusKeepsMetadata: true }
const createdByUpdate: Partial<Strategy> = { allowsCreateOnUpdate: true }
const rbac: Partial<Strategy> = { allowsCreateOnUpdate: true, nameRule: anyPathSegmentName }
const needsVersion: Partial<Strategy> = { allowsUnconditionalUpdate: false }

const specialities: Readonly<Record<string, Partial<Strategy>>> = {
  pods: podStrategy,
  namespaces: namespaceStrategy,
  // A kubelet registers its node with a status.
  nodes: { ...withoutGeneration, prepareForCreate() {} },
  services: serviceStrategy,
  podtemplates: withGeneration,
  resourcequotas: withoutGeneration,
  persistentvolumes: withoutGeneration,
  persistentvolumeclaims: {
    ...withoutGeneration,
    prepareForCreate: (object) => void (object["status"] = { phase: "Pending" }),
  },
  replicationcontrollers: { garbageCollection: "orphan" },
  limitranges: createdByUpdate,
  endpoints: createdByUpdate,
  events: { allowsCreateOnUpdate: true, garbageCollection: "unsupported" },
  "leases.coordination.k8s.io": { allowsCreateOnUpdate: true, allowsUnconditionalUpdate: false },
  "endpointslices.discovery.k8s.io": withGeneration,
  "priorityclasses.scheduling.k8s.io": {
    prepareForCreate: (object) => void (object.metadata.generation = 1),
  },
  "ingressclasses.networking.k8s.io": withGeneration,
  "networkpolicies.networking.k8s.io": withGeneration,
  "deviceclasses.resource.k8s.io": withGeneration,
  "resourceslices.resource.k8s.io": withGeneration,
  "validatingwebhookconfigurations.admissionregistration.k8s.io": { ...withGeneration, ...needsVersion },
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": { ...withGeneration, ...needsVersion },
  "validatingadmissionpolicybindings.admissionregistration.k8s.io": { ...withGeneration, ...needsVersion },
  "mutatingadmissionpolicies.admissionregistration.k8s.io": { ...withGeneration, ...needsVersion },
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io": { ...withGeneration, ...needsVersion },
  "validatingadmissionpolicies.admissionregistration.k8s.io": { ...needsVersion, ...strictStatus },
  "customresourcedefinitions.apiextensions.k8s.io": customResourceDefinitionStrategy,
  "apiservices.apiregistration.k8s.io": { ...withoutGeneration, ...needsVersion },
  "certificatesigningrequests.certificates.k8s.io": signingRequestStrategy,
  "podcertificaterequests.certificates.k8s.io": {
    ...withoutGeneration,
    ...strictStatus,
    ...needsVersion,
    validate: (object, { server: { keyProofs } }) =>
      keyProofs ? podCertificateRequestProof(object as PodCertificateRequest, keyProofs) : [],
  },
  "clustertrustbundles.certificates.k8s.io": needsVersion,
  // Whoever writes the status of a Deployment cannot take it away from those who select by its labels.
  "deployments.apps": {
    prepareForStatusUpdate(object, old) {
      keepAllBut(object, old, ["status", "metadata"])
      if (old.metadata.labels) object.metadata.labels = { ...old.metadata.labels }
      else delete object.metadata.labels
    },
  },
  "clusterroles.rbac.authorization.k8s.io": rbac,
  "clusterrolebindings.rbac.authorization.k8s.io": rbac,
  "roles.rbac.authorization.k8s.io": rbac,
  "rolebindings.rbac.authorization.k8s.io": rbac,
  "horizontalpodautoscalers.autoscaling": withoutGeneration,
  "jobs.batch": { garbageCollection: "orphan" },
  "poddisruptionbudgets.policy": needsVersion,
  "csinodes.storage.k8s.io": needsVersion,
  "csidrivers.storage.k8s.io": needsVersion,
  "csistoragecapacities.storage.k8s.io": needsVersion,
  "volumeattachments.storage.k8s.io": { ...withoutGeneration, ...strictStatus, ...needsVersion },
  "runtimeclasses.node.k8s.io": needsVersion,
  "ipaddresses.networking.k8s.io": { generatesNothing: true },
  "servicecidrs.networking.k8s.io": { ...withoutGeneration, ...strictStatus },
  "resourceclaims.resource.k8s.io": resourceClaimStrategy,
  "resourceclaimtemplates.resource.k8s.io": resourceClaimTemplateStrategy,
  "devicetaintrules.resource.k8s.io": strictStatus,
  "flowschemas.flowcontrol.apiserver.k8s.io": strictStatus,
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": strictStatus,
  "resourcepoolstatusrequests.resource.k8s.io": {
    ...withoutGeneration,
    ...strictStatus,
    ...needsVersion,
  },
  "podgroups.scheduling.k8s.io": { ...withoutGeneration, ...strictStatus },
  "storageversionmigrations.storagemigration.k8s.io": {
    ...withoutGeneration,
    ...strictStatus,
    ...needsVersion,
  },
  "storageversions.internal.apiserver.k8s.io": { ...withoutGeneration, ...strictStatus, ...needsVersion },
}
