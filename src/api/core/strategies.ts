import { finalDnsSubdomainName, pathSegmentName } from "../../apimachinery/names.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { dropSwitchedOff, preparePod } from "./prepare/pod.ts"
import type { Pod } from "./v1/pod.ts"
import type { PodTemplate } from "./v1/pod-template.ts"
import type { ReplicationController } from "./v1/replication-controller.ts"
import {
  validateEphemeralContainersUpdate,
  validatePod,
  validatePodTemplate,
  validatePodUpdate,
} from "./validation/pod.ts"
import { validatePodResize } from "./validation/pod-resize.ts"
import {
  validateReplicationController,
  validateReplicationControllerStatusUpdate,
} from "./validation/replication-controller.ts"
import { validatePodStatusUpdate } from "./validation/pod-status.ts"

import type { Service } from "./v1/service.ts"
import { validateService, validateServiceUpdate } from "./validation/service.ts"
import { validateServiceStatusUpdate } from "./validation/service-external.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { nameWarnings, podTemplateWarnings, podWarnings } from "./warnings/pod.ts"
import { tlsSecretWarnings } from "./warnings/tls-secret.ts"
import { serviceWarnings } from "./validation/service-warnings.ts"

import type { ConfigMap } from "./v1/config-map.ts"
import type { Endpoints } from "./v1/endpoints.ts"
import type { LimitRange } from "./v1/limit-range.ts"
import type { Namespace } from "./v1/namespace.ts"
import type { Node } from "./v1/node.ts"
import type { ResourceQuota } from "./v1/resource-quota.ts"
import type { Secret } from "./v1/secret.ts"
import type { ServiceAccount } from "./v1/service-account.ts"
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from "./validation/config-data.ts"
import { endpointsWarnings, validateEndpoints, validateEndpointsUpdate } from "./validation/endpoints.ts"
import { validateLimitRange } from "./validation/limit-range.ts"
import {
  validateNamespace,
  validateNamespaceFinalize,
  validateNamespaceStatusUpdate,
} from "./validation/namespace.ts"
import {
  nodeWarnings,
  validateNode,
  validateNodeStatusUpdate,
  validateNodeUpdate,
} from "./validation/node.ts"
import {
  resourceQuotaWarnings,
  validateResourceQuota,
  validateResourceQuotaStatusUpdate,
  validateResourceQuotaUpdate,
} from "./validation/resource-quota.ts"

import { alignDataSources } from "./prepare/persistent-volume-claim.ts"
import type { Event } from "./v1/event.ts"
import type { PersistentVolume } from "./v1/persistent-volume.ts"
import type { PersistentVolumeClaim } from "./v1/persistent-volume-claim.ts"
import { validateEvent } from "./validation/event.ts"
import {
  validatePersistentVolume,
  validatePersistentVolumeStatusUpdate,
  validatePersistentVolumeUpdate,
} from "./validation/persistent-volume.ts"
import {
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimStatusUpdate,
  validatePersistentVolumeClaimUpdate,
} from "./validation/persistent-volume-claim.ts"
import { persistentVolumeClaimWarnings, persistentVolumeWarnings } from "./validation/storage-warnings.ts"

export const coreRules: RulesByResource = {
  pods: rules<Pod>({
    prepareForCreate: preparePod,
    prepareForUpdate: (pod, old) => dropSwitchedOff(pod.spec, old.spec),
    prepareForStatusUpdate: ({ status }, old) => {
      const field = "nodeAllocatableResourceClaimStatuses"
      if (!old.status[field]?.length) delete status[field]
    },
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    validateStatusUpdate: validatePodStatusUpdate,
    warnings: podWarnings,
    subresources: { resize: validatePodResize, ephemeralcontainers: validateEphemeralContainersUpdate },
  }),
  podtemplates: rules<PodTemplate>({
    prepareForCreate: ({ template }) => dropSwitchedOff(template.spec, undefined),
    prepareForUpdate: ({ template }, old) => dropSwitchedOff(template.spec, old.template.spec),
    validate: validatePodTemplate,
    *warnings({ metadata, template }, old) {
      if (metadata.generation === old?.metadata.generation) return
      yield* podTemplateWarnings(template, fieldPath("template"))
    },
  }),
  replicationcontrollers: rules<ReplicationController>({
    nameRule: finalDnsSubdomainName,
    prepareForCreate: ({ spec }) => spec.template && dropSwitchedOff(spec.template.spec, undefined),
    prepareForUpdate: ({ spec }, old) =>
      spec.template && dropSwitchedOff(spec.template.spec, old.spec.template?.spec),
    validate: validateReplicationController,
    *warnings({ metadata, spec }, old) {
      if (!old) yield* nameWarnings(metadata.name)
      // Upstream looks at the template that was there before.
      const { template } = (old ?? { spec }).spec
      if (!template || metadata.generation === old?.metadata.generation) return
      yield* podTemplateWarnings(template, fieldPath("spec", "template"))
    },
    validateStatusUpdate: validateReplicationControllerStatusUpdate,
  }),
  services: rules<Service>({
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    validateStatusUpdate: validateServiceStatusUpdate,
    warnings: serviceWarnings,
  }),
  namespaces: rules<Namespace>({
    validate: validateNamespace,
    validateStatusUpdate: validateNamespaceStatusUpdate,
    subresources: { finalize: validateNamespaceFinalize },
  }),
  nodes: rules<Node>({
    prepareForCreate({ spec, status }) {
      delete spec.configSource
      delete status.config
    },
    prepareForUpdate({ spec }, old) {
      if (!old.spec.configSource) delete spec.configSource
    },
    prepareForStatusUpdate({ status }, old) {
      if (!old.status.config) delete status.config
    },
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    validateStatusUpdate: validateNodeStatusUpdate,
    warnings: nodeWarnings,
  }),
  configmaps: rules<ConfigMap>({ validate: validateConfigMap, validateUpdate: validateConfigMapUpdate }),
  secrets: rules<Secret>({
    prepareForUpdate(secret, old) {
      secret.type ||= old.type
    },
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    warnings: tlsSecretWarnings,
  }),
  serviceaccounts: rules<ServiceAccount>({
    prepareForCreate: keepSecretNames,
    prepareForUpdate: keepSecretNames,
    *warnings({ metadata }, old) {
      const name = "kubernetes.io/enforce-mountable-secrets"
      if (metadata.annotations?.[name] === undefined || old?.metadata.annotations?.[name] !== undefined)
        return
      yield `metadata.annotations[${name}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`
    },
  }),
  endpoints: rules<Endpoints>({
    validate: validateEndpoints,
    validateUpdate: validateEndpointsUpdate,
    warnings: endpointsWarnings,
  }),
  limitranges: rules<LimitRange>({ namesItself: true, validate: validateLimitRange }),
  resourcequotas: rules<ResourceQuota>({
    validate: validateResourceQuota,
    validateUpdate: validateResourceQuotaUpdate,
    validateStatusUpdate: validateResourceQuotaStatusUpdate,
    warnings: resourceQuotaWarnings,
  }),
  persistentvolumes: rules<PersistentVolume>({
    prepareForCreate(volume, now) {
      volume.status = { phase: "Pending", lastPhaseTransitionTime: now }
    },
    prepareForStatusUpdate({ status }, old, now) {
      const { phase, lastPhaseTransitionTime: before } = old.status
      const time = status.lastPhaseTransitionTime
      if (phase !== status.phase && (!time || time === before)) status.lastPhaseTransitionTime = now
      else if (phase === status.phase && !time && before) status.lastPhaseTransitionTime = before
    },
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
    validateStatusUpdate: validatePersistentVolumeStatusUpdate,
    warnings: persistentVolumeWarnings,
  }),
  persistentvolumeclaims: rules<PersistentVolumeClaim>({
    prepareForCreate: (claim) => alignDataSources(claim, undefined),
    prepareForUpdate: (claim, old) => alignDataSources(claim, old),
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    validateStatusUpdate: validatePersistentVolumeClaimStatusUpdate,
    warnings: persistentVolumeClaimWarnings,
  }),
  events: rules<Event>({ nameRule: pathSegmentName, validate: validateEvent }),
}

/** Of the Secrets that an account may use, only the names mean anything. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}))
}
