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
import { serviceWarnings } from "./validation/service-warnings.ts"

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
    subresources: { resize: validatePodResize, ephemeralcontainers: validateEphemeralContainersUpdate },
  }),
  podtemplates: rules<PodTemplate>({
    prepareForCreate: ({ template }) => dropSwitchedOff(template.spec, undefined),
    prepareForUpdate: ({ template }, old) => dropSwitchedOff(template.spec, old.template.spec),
    validate: validatePodTemplate,
  }),
  replicationcontrollers: rules<ReplicationController>({
    prepareForCreate: ({ spec }) => spec.template && dropSwitchedOff(spec.template.spec, undefined),
    prepareForUpdate: ({ spec }, old) =>
      spec.template && dropSwitchedOff(spec.template.spec, old.spec.template?.spec),
    validate: validateReplicationController,
    validateStatusUpdate: validateReplicationControllerStatusUpdate,
  }),
  services: rules<Service>({
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    validateStatusUpdate: validateServiceStatusUpdate,
    warnings: serviceWarnings,
  }),
}
