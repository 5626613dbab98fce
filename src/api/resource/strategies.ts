import { finalDnsSubdomainName } from "../../apimachinery/names.ts"
import { forbiddenValue } from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { validateAnnotations, validateLabels } from "../../apimachinery/validate-object-meta.ts"
import { type Errors, immutable } from "../validation/checks.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { forgetDeallocated } from "./forget-deallocated.ts"
import { dateTaints, dropSwitchedOffDevices } from "./prepare-slice.ts"
import type { DeviceClass } from "./v1/device-class.ts"
import type { ResourceClaim } from "./v1/resource-claim.ts"
import type { ResourceClaimTemplate } from "./v1/resource-claim-template.ts"
import type { ResourceSlice } from "./v1/resource-slice.ts"
import type { DeviceTaintRule } from "./v1alpha3/device-taint-rule.ts"
import { validateClaimSpec, validateClaimUpdate } from "./validation/claim.ts"
import { validateClaimStatus } from "./validation/claim-status.ts"
import { checkSelector } from "./validation/check-selector.ts"
import { validateDeviceClass } from "./validation/device-class.ts"
import { validateSlice } from "./validation/slice.ts"
import type { ResourcePoolStatusRequest } from "./v1alpha3/resource-pool-status-request.ts"
import { validatePoolStatus, validatePoolStatusRequest } from "./validation/pool-status-request.ts"
import { validateTaintRule, validateTaintRuleStatus } from "./validation/taint-rule.ts"

export const resourceRules: RulesByResource = {
  resourceclaims: rules<ResourceClaim>({
    validate: ({ spec }) => validateClaimSpec(spec, fieldPath("spec"), checkSelector),
    validateUpdate: validateClaimUpdate,
    prepareForStatusUpdate: forgetDeallocated,
    validateStatusUpdate: validateClaimStatus,
  }),
  resourceclaimtemplates: rules<ResourceClaimTemplate>({
    validate: validateTemplate,
    *validateUpdate(template, old) {
      yield* validateTemplate(template)
      yield* immutable(template.spec, old.spec, fieldPath("spec"))
    },
  }),
  deviceclasses: rules<DeviceClass>({
    nameRule: finalDnsSubdomainName,
    validate: (deviceClass) => validateDeviceClass(deviceClass, undefined, checkSelector),
    validateUpdate: (deviceClass, old) => validateDeviceClass(deviceClass, old, checkSelector),
  }),
  resourceslices: rules<ResourceSlice>({
    prepareForCreate(slice, now) {
      dropSwitchedOffDevices(slice, undefined)
      dateTaints(slice, now)
    },
    prepareForUpdate(slice, old, now) {
      dropSwitchedOffDevices(slice, old)
      dateTaints(slice, now)
    },
    validate: (slice) => validateSlice(slice),
    validateUpdate: validateSlice,
  }),
  resourcepoolstatusrequests: rules<ResourcePoolStatusRequest>({
    validate: validatePoolStatusRequest,
    validateUpdate: (request, old) => immutable(request.spec, old.spec, fieldPath("spec")),
    validateStatusUpdate: validatePoolStatus,
  }),
  devicetaintrules: rules<DeviceTaintRule>({
    prepareForCreate({ spec }, now) {
      spec.taint.timeAdded ??= now
    },
    /** The time of a taint is that of its effect, unless its writer says otherwise. */
    prepareForUpdate({ spec: { taint } }, { spec: { taint: before } }, now) {
      const isNew = taint.effect !== before.effect && taint.timeAdded === before.timeAdded
      if (isNew || taint.timeAdded === undefined) taint.timeAdded = now
    },
    validate: validateTaintRule,
    validateStatusUpdate: validateTaintRuleStatus,
  }),
}

function* validateTemplate({ spec }: ResourceClaimTemplate): Errors {
  const path = fieldPath("spec", "metadata")
  yield* validateAnnotations(spec.metadata?.annotations, path.child("annotations"))
  yield* validateLabels(spec.metadata?.labels, path.child("labels"))
  for (const name of Object.keys(spec.metadata ?? {})) {
    if (name === "annotations" || name === "labels") continue
    yield forbiddenValue(path.child(name === "uid" ? "uID" : name), "cannot be set")
  }
  yield* validateClaimSpec(spec.spec, fieldPath("spec", "spec"), checkSelector)
}
